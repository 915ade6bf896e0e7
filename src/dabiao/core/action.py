"""The one way a room changes something: one transaction, by somebody at a moment, with one line of the audit trail.

    @action("targets.plan.approved")
    def approve(pk: int, *, by: User | None, at: datetime) -> Plan:
        require(by, Can.OPERATE)
        ...
        tell(plan, {"lines": count})
        return plan

The line is written when the function has returned, in its transaction: a refusal changes nothing and leaves no line.
An action that tells nothing has changed nothing. An action inside another writes no line of its own, for the outer one
is what somebody did: its line has to say all of it. What several actions have to say on their own, as an import into
three rooms does, is called by a function that is none.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from django.db import models, transaction

from dabiao.core import audit
from dabiao.core.models import AuditLine

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

P = ParamSpec("P")
R = TypeVar("R")


class NotOneLine(RuntimeError):
    """An action tells twice what it did, or nothing of what actions inside it did: a mistake of the program."""


@dataclass
class Run:
    """An action under way, and what it has told so far. inside: an action within it has changed something."""

    name: str
    code: str
    by: "AbstractBaseUser | None"
    at: datetime
    reason: str
    outer: "Run | None"
    line: AuditLine | None = None
    inside: bool = False


_running: Final[ContextVar[Run | None]] = ContextVar("running", default=None)


def action(code: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an action, known to the audit trail by a code that its room has a label for.

    It takes `by` (None: the program itself) and `at` by keyword. A `reason` that it takes stands in the line.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        _demand_by_and_at(function)
        name = f"{function.__module__}.{function.__qualname__}"

        @wraps(function)
        def acting(*args: P.args, **kwargs: P.kwargs) -> R:
            said = cast("Mapping[str, Any]", kwargs)
            at = cast("datetime", said.get("at"))  # left out, the function says so itself
            run = Run(name, code, said.get("by"), at, said.get("reason", ""), _running.get())
            return carry_out(run, lambda: function(*args, **kwargs))

        acting.code = code  # type: ignore[attr-defined]  # what the contract of rooms reads
        return acting

    return wrap


def tell(subject: models.Model, detail: Mapping[str, object] | None = None) -> None:
    """Say what the action under way did to what; of what is removed, before it goes. `detail` is plain JSON.

    Raises NotOneLine.
    """
    run = _running.get()
    if run is None:
        raise NotOneLine(f"something was told of {subject} outside of any action")
    if run.line is not None:
        raise NotOneLine(f"{run.name} tells a second time what it did")
    told = {**(detail or {}), **({"reason": run.reason} if run.reason else {})}
    run.line = audit.line(run.code, subject, by=run.by, at=run.at, detail=told)


def carry_out(run: Run, act: Callable[[], R]) -> R:
    """Do it and write its line, both or neither."""
    mark = _running.set(run)
    try:
        with transaction.atomic():
            result = act()
            _close(run)
    finally:
        _running.reset(mark)
    return result


def _close(run: Run) -> None:
    if run.line is None and run.inside:
        raise NotOneLine(f"{run.name} acts by other actions and does not tell what they did")
    if run.line is None:
        return
    if run.outer is None:
        run.line.save()
    else:
        run.outer.inside = True


def _demand_by_and_at(function: Callable[..., object]) -> None:
    parameters = signature(function).parameters
    for name in ("by", "at"):
        taken = parameters.get(name)
        if taken is None or taken.kind is not Parameter.KEYWORD_ONLY or taken.default is not Parameter.empty:
            raise TypeError(f"{function.__qualname__} is an action: it takes `{name}` by keyword, always")
