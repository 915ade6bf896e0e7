"""Refusals become pages (placeholder)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dabiao.core.errors import Refused

Handler = Callable[[HttpRequest], HttpResponse]


class refusals:
    """Middleware: a Refused raised by a view becomes a plain page with its status."""

    def __init__(self, handle: Handler) -> None:
        self.handle = handle

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.handle(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return HttpResponse(str(error), status=error.status) if isinstance(error, Refused) else None
