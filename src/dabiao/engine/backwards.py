"""Working backwards: from revenue to deals, proposals, qualified leads and visits, week by week (S0, S2).

Each team by its own conversion, deal value and cycle length. What is needed is rounded up once per step and
shared over the weeks by largest remainder, so the weeks of a step sum to its total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import ceil, floor

from dabiao.engine.period import Fiscal, Period, between


class NoRate(ValueError):
    """A step whose yield is not known or is zero: working backwards would divide by nothing."""


@dataclass(frozen=True)
class Step:
    """One thing to do more of. `yields`: what one of it brings of the step before (a deal 20,000 of revenue,

    a proposal 1/4 of a deal). `days`: how long before the step before it has to happen, on average.
    """

    metric: str
    yields: Fraction
    days: int = 0

    def __post_init__(self) -> None:
        if self.yields <= 0:
            raise NoRate(
                f"{self.metric} yields {self.yields}: take the rate of the unit above, or of an earlier year"
            )


@dataclass(frozen=True)
class Need:
    """How many of a metric are needed in a period. early: the period starts before the plan does."""

    metric: str
    period: Period
    value: int
    early: bool


@dataclass(frozen=True)
class Counted:
    """What happened in the past, from the result backwards: (metric, how many), revenue first."""

    chain: tuple[tuple[str, Fraction], ...]
    days: Mapping[str, int]


def steps_of(past: Counted) -> tuple[Step, ...]:
    """A team's own steps from what it did: each yield is the count before it ÷ its own. Raises NoRate."""
    found = []
    for (_, result), (metric, many) in zip(past.chain[:-1], past.chain[1:], strict=True):
        if many <= 0:
            raise NoRate(f"no {metric} are on record: take the rate of the unit above")
        found.append(Step(metric, result / many, past.days.get(metric, 0)))
    return tuple(found)


def needed(amounts: Sequence[tuple[Period, int]], steps: Sequence[Step], fiscal: Fiscal) -> tuple[Need, ...]:
    """What has to be done in which week so that each period's amount comes about.

    amounts: result by period (whole units of whatever the first step yields). Returns one need per step and
    week that has any, by step, then week. A step's total is its predecessor's ÷ its yield, rounded up; it is
    placed `days` earlier, by days where that falls across two weeks.
    """
    start = min(period.start for period, _ in amounts)
    found: list[Need] = []
    due = [(period, value) for period, value in amounts if value]
    for step in steps:
        due = _a_step_back(due, step, fiscal)
        found += [Need(step.metric, week, value, week.start < start) for week, value in due]
    return tuple(found)


def brought(first: int, steps: Sequence[Step]) -> Fraction:
    """Forwards: what `first` of the last step bring in the end. 1,000 leads × 15 % = 150 deals."""
    result = Fraction(first)
    for step in reversed(steps):
        result *= step.yields
    return result


def _a_step_back(due: Sequence[tuple[Period, int]], step: Step, fiscal: Fiscal) -> list[tuple[Period, int]]:
    """Whole numbers by week that are needed for what is due."""
    weights: dict[Period, Fraction] = {}
    for period, value in due:
        earlier = between(period.start - timedelta(days=step.days), period.end - timedelta(days=step.days))
        for week, share in _by_week(earlier, fiscal):
            weights[week] = weights.get(week, Fraction(0)) + value * share
    weeks = sorted(weights)
    total = ceil(sum(weights.values(), Fraction(0)) / step.yields)
    parts = _shared(total, [weights[week] for week in weeks])
    return [(week, part) for week, part in zip(weeks, parts, strict=True) if part]


def _by_week(period: Period, fiscal: Fiscal) -> list[tuple[Period, Fraction]]:
    """The weeks around a period, each with the share of its days."""
    return [
        (fiscal.containing("week", part.start), Fraction(part.days, period.days))
        for part in fiscal.parts(period, "week")
    ]


def _shared(total: int, weights: Sequence[Fraction]) -> list[int]:
    """The largest remainder over exact fractions; ties to the earlier week."""
    whole = sum(weights, Fraction(0))
    ideal = [total * weight / whole for weight in weights]
    parts = [floor(share) for share in ideal]
    queue = sorted(range(len(parts)), key=lambda week: (parts[week] - ideal[week], week))
    for week in queue[: total - sum(parts)]:
        parts[week] += 1
    return parts
