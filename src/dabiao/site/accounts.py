"""How people get in: accounts are made by administrators, nobody signs up alone; guessing has an end."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_network

from allauth.account.adapter import DefaultAccountAdapter
from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dabiao.core.names import fold
from dabiao.org import queries
from dabiao.org.access import User
from dabiao.site import proxy

A_YEAR = 365 * 24 * 3600
_LONGEST = 255  # of a name that axes keeps


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type information
    """Closes sign-up; whoever is meant signs in, however the name is typed; who changes a password stays where they are."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """All spellings of a name become one, before failures are counted."""
        if typed := credentials.get("username"):
            credentials["username"] = queries.name_in_use(typed) or fold(typed)[:_LONGEST]
        user: User | None = super().authenticate(request, **credentials)
        return user

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_change_password")

    def post_login(self, request: HttpRequest, user: User, **options: object) -> HttpResponse:
        """Whoever has chosen a language finds it on every machine they sign in on."""
        response: HttpResponse = super().post_login(request, user, **options)
        if user.language:
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                user.language,
                A_YEAR,
                samesite="Lax",
                httponly=True,
                secure=secure,
            )
        return response


class Throttle(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no type information
    """Counts failures of a name at an address, and at a higher limit those of an address, whatever names it tries.

    So one that tries all names is stopped too, and who mistypes their own closes the door to nobody else.
    """

    def get_failures(self, request: HttpRequest, credentials: Mapping[str, str] | None = None) -> int:
        """On the scale of `AXES_FAILURE_LIMIT`, which both reach at limits of their own."""
        of_name, of_address = (
            attempts.aggregate(times=Sum("failures_since_start"))["times"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(of_name, of_address * settings.AXES_FAILURE_LIMIT // settings.FAILURES_OF_AN_ADDRESS)


def address_counted(request: HttpRequest) -> str | None:
    """Where a client is, told by the proxy if need be; of IPv6 the network, all of which one client can have."""
    address = proxy.read(request.META.get("REMOTE_ADDR", ""))
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed, 64), strict=False).network_address)
    return None if address is None else str(address)
