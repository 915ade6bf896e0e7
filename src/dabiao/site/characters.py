"""What no text that people write has is refused at the door: a NUL, which PostgreSQL does not take, and half characters."""

import json
import re
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from dabiao.core.errors import Malformed
from dabiao.site.errors import refused

Handler = Callable[[HttpRequest], HttpResponse]
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""In JSON a character outside the first 65,536 is written as two halves, each of which alone is none."""


def no_nul(handle: Handler) -> Handler:
    """Middleware: looks at the path, the query, and bodies other than uploaded files."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if _has_nul(request):
            return refused(request, Malformed("The request contains a NUL character."))
        if _has_half(request):
            return refused(request, Malformed("The request contains half a character (a lone surrogate)."))
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


def _has_half(request: HttpRequest) -> bool:
    """Whether a body of JSON writes half a character. Two halves together are one, and fine."""
    if request.method in {"GET", "HEAD"} or "json" not in (request.content_type or ""):
        return False
    if not _HALF.search(request.body):
        return False
    for text in [request.body] if request.content_type == "application/json" else request.body.splitlines():
        try:
            json.dumps(json.loads(text), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return True
        except (ValueError, RecursionError):
            continue  # whoever reads it says what is wrong with it
    return False
