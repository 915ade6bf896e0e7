"""A refusal, from wherever it was raised, becomes a fragment, a page or JSON with its status."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dabiao.core.errors import Refused, as_refusal
from dabiao.lake.reading import RollUpsDamaged

Handler = Callable[[HttpRequest], HttpResponse]


class refusals:
    """Middleware. Only refusals are answered here: other errors are bugs and stay visible as such."""

    def __init__(self, handle: Handler) -> None:
        self.handle = handle

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.handle(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django calls it with what a view raised; None lets the error pass."""
        if isinstance(error, RollUpsDamaged) and request.method in {"GET", "HEAD"} and request.resolver_match:
            view, args, given = request.resolver_match
            try:
                answer: HttpResponse = view(
                    request, *args, **given
                )  # they have been set aside: the facts answer
            except Exception as again:  # told, or let through, below
                error = again
            else:
                return answer
        refusal = as_refusal(error)
        return refused(request, refusal) if refusal else None


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """The answer in the form that was asked for."""
    if request.path.startswith("/api/") or _wants_json(request):
        return JsonResponse({"detail": str(error)}, status=error.status)
    if request.headers.get("HX-Request") == "true":
        return render(request, "_refused.html", {"message": str(error)}, status=error.status)
    return problem(request, error.status, str(error))


def problem(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """A whole page that says what happened and offers the way on: in the frame of who is signed in, unless the frame
    would be refused for the same reason, as by a period that is none."""
    titles = {
        400: _("That request could not be read"),
        403: _("You may not do this"),
        404: _("There is nothing here"),
        409: _("That is not possible now"),
        422: _("Something in it needs mending"),
        500: _("Something broke on our side"),
    }
    words = {"status": status, "title": titles.get(status, titles[409]), "message": message}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        try:
            return render(request, "problem.html", {**words, "frame": "base.html"}, status=status)
        except Refused:
            pass
    return render(request, "problem.html", {**words, "frame": "plain.html"}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return problem(request, 400, _("Please go back and try again."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler403."""
    return problem(request, 403, _("Ask an administrator if you think you should."))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return problem(
        request, 403, _("The form was too old. Please go back, reload the page and send it again.")
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return problem(request, 404, _("It may have been moved, or it is not yours to see."))


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler500. The page needs neither the database nor the user: one of them may be what broke."""
    return render(None, "broken.html", status=500)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
