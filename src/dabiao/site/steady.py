"""A page that only reads sees one organisation from beginning to end."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dabiao.org.queries import one_tree

Handler = Callable[[HttpRequest], HttpResponse]


def steady(handle: Handler) -> Handler:
    """Middleware: what is asked with GET asks for the tree of units once, not a dozen times."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return handle(request)
        with one_tree():
            return handle(request)

    return guarded
