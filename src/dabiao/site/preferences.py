"""Language and theme: kept in a cookie, and with the account where somebody has signed in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from dabiao.org.actions import set_preferences
from dabiao.site.shell import THEMES

A_YEAR = 365 * 24 * 3600


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Set `language` and/or `theme`, then go back to `next`."""
    language, theme = request.POST.get("language", ""), request.POST.get("theme", "")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen: dict[str, str] = {}
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        chosen["language"] = language
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    if theme in THEMES:
        chosen["theme"] = theme
        _remember(response, "theme", theme)
    if chosen and request.user.is_authenticated:
        set_preferences(request.user, **chosen)
    return response


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
    )
