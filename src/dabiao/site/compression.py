"""Pages and tables travel compressed; what is packed already (workbooks, archives, fonts) as it is."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_PACKED: Final = (
    "application/vnd.",
    "application/zip",
    "application/gzip",
    "application/octet-stream",
    "font/",
    "image/png",
)


def compressed(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware. Random bytes of the packing hide how long a page is, so that nobody guesses tokens from it (BREACH)."""
    packing = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.get("Content-Type", "").startswith(_PACKED):
            return response
        return packing.process_response(request, response)

    return middleware
