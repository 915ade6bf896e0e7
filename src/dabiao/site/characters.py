"""A request with a NUL character is refused at the door: no text that people write has one, PostgreSQL takes none."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dabiao.core.errors import Malformed
from dabiao.site.errors import refused

Handler = Callable[[HttpRequest], HttpResponse]


def no_nul(handle: Handler) -> Handler:
    """Middleware: looks at the path, the query, and bodies other than uploaded files."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if _has_nul(request):
            return refused(request, Malformed("The request contains a NUL character."))
        return handle(request)

    return guarded


def _has_nul(request: HttpRequest) -> bool:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    if request.method in {"GET", "HEAD"} or request.content_type == "multipart/form-data":
        return False
    marks = (
        (b"\0", b"%00")
        if request.content_type == "application/x-www-form-urlencoded"
        else (b"\0", b"\\u0000")
    )
    return any(mark in request.body for mark in marks)
