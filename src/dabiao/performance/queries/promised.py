"""Targets of scopes for a period, at the middle level, as attainment counts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dabiao.org.queries import Scope
from dabiao.performance.queries.frame import Frame


@dataclass(frozen=True)
class Promise:
    """A target; `derived` when it was prorated or summed rather than set for exactly this."""

    value: Decimal | None = None
    derived: bool = False


NONE = Promise()
Promises = Mapping[tuple[Scope | None, str], Promise]


def promised(frame: Frame, scopes: Iterable[Scope | None], metrics: Sequence[str]) -> Promises:
    """(scope, metric) → target, of those that have one."""
    return {}
