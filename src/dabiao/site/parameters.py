"""Parameters that an address of the API does not know are refused: `peroid=2026-03` is no question about all time."""

import difflib
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.operation import Operation

from dabiao.core.errors import Malformed

Run = Callable[..., HttpResponse]


class UnknownParameter(Malformed):
    """The address has a parameter that means nothing there."""


def strict(run: Run) -> Run:
    """What Ninja is to do with every operation: once it is known who asks, what they ask must be known."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]  # Ninja hands over its bound method
    known = parameters(operation)
    view = operation.view_func

    @wraps(view)
    def checked(request: HttpRequest, **values: object) -> object:
        for name in request.GET:
            if name not in known:
                raise UnknownParameter(_refusal(name, known))
        return view(request, **values)

    operation.view_func = checked
    return run


def parameters(operation: Operation) -> list[str]:
    """Names that an operation takes in the query string."""
    asked = (model for model in operation.models if model.__ninja_param_source__ == "query")
    return sorted(name for model in asked for name in model.__ninja_flatten_map__)


def _refusal(name: str, known: list[str]) -> str:
    if not known:
        return _("There is no parameter %(name)r here; this address takes none.") % {"name": name}
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return _("There is no parameter %(name)r here. Did you mean %(near)s?") % {
            "name": name,
            "near": near[0],
        }
    return _("There is no parameter %(name)r here; there are %(known)s.") % {
        "name": name,
        "known": ", ".join(known),
    }
