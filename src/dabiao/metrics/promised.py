"""Targets of scopes for a period, at the middle level, as attainment counts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from dabiao.core import room
from dabiao.engine.period import Period
from dabiao.metrics.frame import Frame
from dabiao.org import queries
from dabiao.org.queries import Scope


@dataclass(frozen=True)
class Promise:
    """A target; `derived` when it was prorated, summed or inherited rather than set for exactly this."""

    value: Decimal | None = None
    derived: bool = False


NONE = Promise()
Promises = Mapping[tuple[Scope | None, str], Promise]


def promised(frame: Frame, scopes: Iterable[Scope | None], metrics: Sequence[str]) -> Promises:
    """(scope, metric) → target, of those that have one. The scopes are visible: the frame has checked them.

    Of somebody of whom the viewer sees no day of the period nothing: what is promised after a move is not theirs.
    """
    asked = dict.fromkeys(scope for scope in scopes if scope is not None)
    people = {scope.key for scope in asked if scope.kind == "person"}
    period, on = frame.period, frame.today
    shown = queries.seen_between(frame.viewer, people, period.start, period.end, on) if people else people
    wanted = tuple(scope for scope in asked if scope.kind == "unit" or scope.key in shown)
    return _promised(wanted, tuple(metrics), period, frame.versions)


@lru_cache(maxsize=512)
def _promised(
    scopes: tuple[Scope, ...], metrics: tuple[str, ...], period: Period, versions: tuple[str, int]
) -> Promises:
    """Kept until somebody changes a target or the organisation."""
    known = room.promises()
    if known is None:
        return {}
    promises = known.promised(scopes, metrics, period.start, period.end)
    return {key: Promise(promise.target, promise.derived) for key, promise in promises.items()}
