"""Targets of scopes for a period, at the middle level, as attainment counts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dabiao.org.queries import Scope
from dabiao.performance.queries.frame import Frame
from dabiao.targets.queries import targets_for


@dataclass(frozen=True)
class Promise:
    """A target; `derived` when it was prorated, summed or inherited rather than set for exactly this."""

    value: Decimal | None = None
    derived: bool = False


NONE = Promise()
Promises = Mapping[tuple[Scope | None, str], Promise]


def promised(frame: Frame, scopes: Iterable[Scope | None], metrics: Sequence[str]) -> Promises:
    """(scope, metric) → target, of those that have one. The scopes are visible: the frame has checked them."""
    wanted = [scope for scope in scopes if scope is not None]
    found = targets_for(wanted, metrics, frame.period.start, frame.period.end)
    return {key: Promise(promise.target, promise.derived) for key, promise in found.items()}
