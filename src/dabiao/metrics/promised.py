"""Targets of scopes for a period, at the middle level, as attainment counts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from dabiao.core import room
from dabiao.engine.period import Period
from dabiao.metrics.frame import Frame
from dabiao.org.queries import Scope


@dataclass(frozen=True)
class Promise:
    """A target; `derived` when it was prorated, summed or inherited rather than set for exactly this."""

    value: Decimal | None = None
    derived: bool = False


NONE = Promise()
Promises = Mapping[tuple[Scope | None, str], Promise]


def promised(frame: Frame, scopes: Iterable[Scope | None], metrics: Sequence[str]) -> Promises:
    """(scope, metric) → target, of those that have one. The scopes are visible: the frame has checked them."""
    wanted = tuple(dict.fromkeys(scope for scope in scopes if scope is not None))
    return _promised(wanted, tuple(metrics), frame.period, frame.versions)


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
