"""Now against an earlier period: like with like, the sign never turned round, points where it is points."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import ibis.expr.types as ir

from dabiao.engine.metric import Direction, Unit
from dabiao.engine.pace import Pace, pace
from dabiao.engine.period import DAY, Fiscal, Period, between

Step = Literal["previous", "year_before"]
Amount = Decimal | int | float


@dataclass(frozen=True)
class Windows:
    """The days compared: of the period what has gone by, and the same share of the earlier one.

    partial: the period still runs. now_pace, before_pace: "day 13 of 18" of each, for the page to say.
    """

    now: Period
    before: Period
    partial: bool
    now_pace: Pace
    before_pace: Pace


def windows(
    fiscal: Fiscal, period: Period, step: Step, *, on: date, working_days: Collection[date]
) -> Windows:
    """What to compare a period with: the one before it, or the same one a year before.

    A period that runs is compared with the same share, by working days, of the earlier one: after 13 of 18
    days, with the first 14 of 20 (13/18 of 20, rounded). The earlier cut is made right after a working day,
    so that a weekend counts on the same side in both. `working_days` must reach over both periods.
    """
    whole = fiscal.previous(period) if step == "previous" else fiscal.year_before(period)
    gone = pace(period, on, working_days)
    if on >= period.last_day:
        now, before = period, whole
    else:
        now = between(period.start, max(period.start, on + DAY))
        before = between(whole.start, _cut(whole, gone.share, working_days))
    return Windows(now, before, on < period.last_day, gone, pace(whole, before.last_day, working_days))


def _cut(whole: Period, share: Fraction, working_days: Collection[date]) -> date:
    """The day up to which `share` of a period has gone."""
    days = sorted(day for day in working_days if day in whole) or list(whole.each_day())
    count = int(share * len(days) + Fraction(1, 2))
    if share == 0:
        return days[0]
    return days[max(count, 1) - 1] + DAY


@dataclass(frozen=True)
class ChangeOnPeriod:
    """From an earlier value to the one now. Positive always means more, whichever direction is better.

    relative: of the earlier value's size; None where that is zero or unknown, and for ratios.
    points: for ratios, in percentage points.
    """

    difference: Amount | None
    relative: float | None
    points: float | None

    def is_better(self, direction: Direction) -> bool | None:
        """Whether the change is welcome; None where there is none."""
        if not self.difference:
            return None
        return (self.difference > 0) == (direction == "up")


def change(now: Amount | None, before: Amount | None, unit: Unit) -> ChangeOnPeriod:
    """How a metric changed; ratios in percentage points (62 % after 60 % is +2 points, not +3.3 %)."""
    if now is None or before is None:
        return ChangeOnPeriod(None, None, None)
    if unit == "ratio":
        return ChangeOnPeriod(float(now) - float(before), None, (float(now) - float(before)) * 100)
    difference = now - before  # type: ignore[operator]  # both come from one metric, so are of one type
    return ChangeOnPeriod(difference, float(difference) / abs(float(before)) if before else None, None)


def change_column(now: ir.NumericColumn, before: ir.NumericColumn, unit: Unit) -> ir.FloatingColumn:
    """`relative`, or for ratios `points`, of two columns."""
    if unit == "ratio":
        return (now.cast("float64") - before.cast("float64")) * 100
    return (now - before).cast("float64") / before.cast("float64").abs().nullif(0)
