"""What figures on pages are made of: a value, a change, and where the page stands."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dabiao.engine.period import Period

Number = Decimal | int | float


@dataclass(frozen=True)
class Delta:
    """A change on another period: relative, or in percentage points for a ratio. `good` knows the direction."""

    value: float | None
    points: bool = False
    good: bool | None = None


@dataclass(frozen=True)
class Where:
    """Where a page stands: whose figures of when, from which snapshot."""

    name: str
    period: Period
    today: date
    currency: str
    version: int
