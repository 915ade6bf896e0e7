"""Calibrating from the facts: what people brought in earlier years calibrates a period, and what then happened."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.engine.calibration.assumption import certain, from_history
from dabiao.engine.calibration.calibrate import Case
from dabiao.engine.calibration.capacity import Team
from dabiao.engine.calibration.market import Segment
from dabiao.engine.metric import Metric
from dabiao.engine.number import RATE_SCALE, rounded
from dabiao.engine.period import Fiscal, Period, between
from dabiao.targets.logic.cascade.history import brought


@dataclass(frozen=True)
class Happened:
    """What facts say of the calibrated period itself: the amount up to the last day that has any."""

    amount: Decimal
    until: date
    share_of_period: Decimal


@dataclass(frozen=True)
class Past:
    """One earlier period as far as facts cover it: what each person brought, in how many days."""

    period: Period
    days: int
    by_person: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.by_person.values(), Decimal(0))

    def per_day(self, amount: Decimal) -> Decimal:
        return amount / self.days


def case_from_facts(metric: Metric, period: Period, fiscal: Fiscal, years: int = 3) -> Case:
    """Capacity and trend from up to `years` earlier periods; a partly covered one counts by its days.

    Capacity: output per head × the heads of the last period × (1 − the share of people who stopped selling).
    Market: the last period's total, grown as it grew before; there is no market data in it, so its share is 1.
    Raises Malformed where no earlier period has facts.
    """
    pasts = _pasts(metric, period, fiscal, years)
    if not pasts:
        raise Malformed(
            _("%(metric)s has no facts in the %(years)s years before %(period)s.")
            % {"metric": metric.key, "years": years, "period": period.label}
        )
    made, last = period.start, pasts[-1]
    heads = [past.per_day(past.total) / len(past.by_person) * period.days for past in pasts]
    per_head = from_history(
        "per_head", f"{metric.key} per head", [rounded(one, RATE_SCALE) for one in heads], made
    )
    attrition = from_history("attrition", "people who stopped selling", _attrition(pasts), made)
    headcount = certain("headcount", "people who sold", Decimal(len(last.by_person)), made, last.period.label)
    size = certain(
        "size",
        f"{metric.key} of {last.period.label}",
        rounded(last.per_day(last.total) * period.days, 2),
        made,
        "facts",
    )
    growth = from_history("growth", "growth on the period before", _growth(pasts), made)
    share = certain("share", "share of what the market gave us", Decimal(1), made, "no market data")
    none = certain("attrition", "people who stopped selling", Decimal(0), made, "only one period is known")
    team = Team("all", headcount, per_head, attrition or none) if per_head else None
    return Case(
        period,
        segments=(Segment("all", size, growth, share),) if growth else (),
        teams=(team,) if team else (),
    )


def happened(metric: Metric, period: Period) -> Happened | None:
    """What people brought in the period itself; None where it has no facts."""
    days = sorted(brought(metric, "day", period))
    if not days:
        return None
    until = date.fromisoformat(days[-1])
    covered = Decimal((until - period.start).days + 1) / period.days
    amount = sum(brought(metric, "person", period).values(), Decimal(0))
    return Happened(amount, until, rounded(covered, RATE_SCALE))


def _pasts(metric: Metric, period: Period, fiscal: Fiscal, years: int) -> list[Past]:
    """Earlier periods that have facts of people, the oldest first."""
    windows = [period]
    for _year in range(years):
        windows.append(fiscal.year_before(windows[-1]))
    days = sorted(map(date.fromisoformat, brought(metric, "day", between(windows[-1].start, period.start))))
    found = []
    for window in reversed(windows[1:]):
        people = {key: value for key, value in brought(metric, "person", window).items() if value > 0}
        if people:
            covered = min(window.end, days[-1] + timedelta(days=1)) - max(window.start, days[0])
            found.append(Past(window, covered.days, people))
    return found


def _growth(pasts: list[Past]) -> list[Decimal | None]:
    pairs = itertools.pairwise(pasts)
    return [
        rounded(later.per_day(later.total) / earlier.per_day(earlier.total) - 1, RATE_SCALE)
        for earlier, later in pairs
    ]


def _attrition(pasts: list[Past]) -> list[Decimal | None]:
    pairs = itertools.pairwise(pasts)
    return [
        rounded(
            Decimal(len(earlier.by_person.keys() - later.by_person.keys())) / len(earlier.by_person),
            RATE_SCALE,
        )
        for earlier, later in pairs
    ]
