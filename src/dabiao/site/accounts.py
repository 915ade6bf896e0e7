"""How allauth lets people in: accounts are made by administrators, nobody signs up alone."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from dabiao.org.access import User

A_YEAR = 365 * 24 * 3600


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type information
    """Closes sign-up; after a change of password one stays where one is."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

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
