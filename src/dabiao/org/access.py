"""Who may do what: roles, what each of them is able to do, and the one way to ask."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dabiao.core.errors import Forbidden
from dabiao.org.can import Can
from dabiao.org.models import User

__all__ = ["Can", "User", "UserRequest", "may", "page", "require"]

P = ParamSpec("P")


_ROLES: Final[Mapping[str, frozenset[Can]]] = {
    User.Role.ADMIN: frozenset(Can),
    User.Role.OPERATIONS: frozenset(Can) - {Can.ADMINISTER},
    User.Role.MANAGER: frozenset({Can.LOOK, Can.WRITE, Can.WRITE_FOR_OTHERS, Can.SET_TARGETS}),
    User.Role.REP: frozenset({Can.LOOK, Can.WRITE}),
    User.Role.READER: frozenset({Can.LOOK}),
}
_REFUSALS: Final[Mapping[Can, Promise]] = {
    Can.WRITE: _("You can look, but not enter anything."),
    Can.OPERATE: _("Only sales operations or an administrator may do this."),
    Can.ADMINISTER: _("Only an administrator may do this."),
}


class UserRequest(HttpRequest):
    """A request behind `page` or a token: `user` is one of ours."""

    user: User


def may(viewer: User | None, can: Can) -> bool:
    """Whether somebody is able to do this at all; None is the program itself, which may do everything."""
    return viewer is None or (viewer.is_active and can in _ROLES[viewer.role])


def require(viewer: User | None, can: Can) -> None:
    """Raises Forbidden unless `viewer` may."""
    if not may(viewer, can):
        raise Forbidden(str(_REFUSALS.get(can, _("You may not do this."))))


class Rights:
    """What a template asks: `{% if can.OPERATE %}`. Raises ImproperlyConfigured for what is no capability."""

    def __init__(self, viewer: User | AnonymousUser) -> None:
        self._viewer = viewer

    def __getattr__(self, name: str) -> bool:
        if name not in Can.__members__:
            raise ImproperlyConfigured(f"can.{name} is no capability; there are {', '.join(Can.__members__)}")
        return isinstance(self._viewer, User) and may(self._viewer, Can[name])


def context(request: HttpRequest) -> dict[str, Rights]:
    """Django's context processor: `can` in every template."""
    return {"can": Rights(getattr(request, "user", AnonymousUser()))}


View = Callable[Concatenate[UserRequest, P], HttpResponseBase]


def page(methods: str = "GET", *, can: Can = Can.LOOK) -> Callable[[View[P]], View[P]]:
    """A view for people who have signed in and are able to; its right stands in the signature and on the view.

    methods: those it answers, by space; GET brings HEAD.
    """
    answered = [*methods.split(), *(["HEAD"] if "GET" in methods else [])]

    def wrap(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: UserRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            require(request.user, can)
            return view(request, *args, **kwargs)

        guarded = login_required(require_http_methods(answered)(checked))
        guarded.can, guarded.methods = can, tuple(methods.split())  # type: ignore[attr-defined]  # what the access matrix reads
        return cast("View[P]", guarded)

    return wrap
