"""Security headers (placeholder)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def headers(handle: Handler) -> Handler:
    """Middleware; adds nothing yet."""
    return handle
