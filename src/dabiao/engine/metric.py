"""Metrics are data: a measure aggregates one fact table, a ratio or a share is divided after everything is summed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dabiao.engine.light import DEFAULT, Lights
from dabiao.engine.message import Words
from dabiao.engine.row import Condition, Terms, Together, Value
from dabiao.engine.spread import Spread

Kind = Literal["result", "process", "quality", "capability", "team"]
Unit = Literal["money", "count", "quantity", "days", "minutes", "ratio", "score"]
Direction = Literal["up", "down"]
How = Literal["sum", "count", "distinct", "mean", "median", "min", "max"]

_ADDITIVE: Final[frozenset[How]] = frozenset({"sum", "count"})
_ROLLABLE: Final[frozenset[How]] = frozenset({"sum", "count", "mean", "min", "max"})
_DECIMALS: Final[Mapping[Unit, int]] = {"money": 2, "ratio": 1, "quantity": 2, "score": 1}


@dataclass(frozen=True)
class Source:
    """One fact table, seen by one date and credited by one rule: what the caller has to supply.

    on: the date column that decides the period; None for a state that has no period ("open now").
    credit: name of the attribution rule; None for the default one.
    spread: its facts are of more than a day, and what is summed up of each is the part that falls into a window.
    derived: columns that other facts say about a fact, which have to be worked out.
    """

    table: str
    on: str | None
    credit: str | None = None
    spread: Spread | None = None
    derived: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Stable, and usable as a table name."""
        parts = [self.table, self.on or "now", *([self.credit] if self.credit else [])]
        return "__".join([*parts, *(["spread"] if self.spread else []), *self.derived])


@dataclass(frozen=True, kw_only=True)
class Described:
    """What every metric says about itself. `decimals` are those shown (of a ratio: of its percentage)."""

    key: str
    label: Words
    kind: Kind
    unit: Unit
    direction: Direction = "up"
    note: Words | None = None
    lights: Lights = DEFAULT
    aliases: tuple[str, ...] = ()
    decimals: int = 0


@dataclass(frozen=True, kw_only=True)
class Measure(Described):
    """One aggregate over the facts of one source that meet all conditions.

    of: the value aggregated; None for a count of facts.
    """

    source: Source
    how: How
    of: Value | None = None
    where: tuple[Condition, ...] = ()

    @property
    def additive(self) -> bool:
        """Whether parts sum to the whole over any dimension."""
        return self.how in _ADDITIVE

    @property
    def column(self) -> str | None:
        """The one column whose values are aggregated as they are; None of anything else."""
        return self.of.columns[0] if isinstance(self.of, Terms) and len(self.of.columns) == 1 else None

    @property
    def told_by(self) -> tuple[str, ...]:
        """Columns without which nobody can tell: where no fact at all has a value there, a count of 0 would be a guess.

        What is counted apart, and what a condition asks for; a condition that lets the unknown pass asks for nothing.
        """
        apart = (self.of.parts[-1:] if isinstance(self.of, Together) else self.of.columns) if self.of else ()
        asked = (
            name for test in self.where if test.test not in {"none_of", "is_null"} for name in test.columns
        )
        return tuple(dict.fromkeys([*(apart if self.how == "distinct" else ()), *asked]))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the fact table that it reads, without the date."""
        named = [
            *(self.of.columns if self.of else ()),
            *(name for test in self.where for name in test.columns),
        ]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, kw_only=True)
class Ratio(Described):
    """Two measures, divided last."""

    part: Measure
    whole: Measure


@dataclass(frozen=True, kw_only=True)
class Share(Described):
    """A cell's part of its parent.

    within: the dimensions that make the parent; None = all that the result is grouped by, but the last.
    """

    of: Measure
    within: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Side(Described):
    """What is added up behind a mean: the sum of its values, or how many they are. No entry of a dictionary."""

    of: Measure
    side: Literal["sum", "count"]


Metric = Measure | Ratio | Share | Side


def default_decimals(unit: Unit) -> int:
    return _DECIMALS.get(unit, 0)


def measures_of(metric: Metric) -> tuple[Measure, ...]:
    """The measures that a metric is made of."""
    if isinstance(metric, Measure):
        return (metric,)
    return (metric.part, metric.whole) if isinstance(metric, Ratio) else (metric.of,)


def sources_of(metrics: Iterable[Metric]) -> tuple[Source, ...]:
    """Every source that has to be supplied for these metrics."""
    found = {each.source for metric in metrics for each in measures_of(metric)}
    return tuple(sorted(found, key=lambda source: source.name))


def sides_of(mean: Measure) -> tuple[Side, Side]:
    """The two sums whose quotient a mean is; over any parts they add up, which the mean itself does not."""

    def side(which: Literal["sum", "count"], unit: Unit) -> Side:
        key = f"{mean.key}__{which}"
        return Side(
            key=key,
            label=mean.label,
            kind=mean.kind,
            unit=unit,
            direction=mean.direction,
            of=mean,
            side=which,
        )

    return side("sum", mean.unit), side("count", "count")


def is_flow(metric: Metric) -> bool:
    """Whether it grows while a period runs (a sum or a count), so that pace applies to it."""
    if isinstance(metric, Side):
        return metric.of.source.on is not None
    return isinstance(metric, Measure) and metric.additive and metric.source.on is not None


def grows(metric: Metric) -> bool:
    """Whether it can only grow while a period runs, so that pace applies and its targets add up: flows, and counts of
    different things. Promises to win so many different customers do, although their facts can't be added."""
    distinct = isinstance(metric, Measure) and metric.how == "distinct" and metric.source.on is not None
    return is_flow(metric) or distinct


def adds_up(metric: Metric) -> bool:
    """Whether it is made of sums over dated facts, so that parts account for it: a sum, a mean, a ratio of sums."""
    if isinstance(metric, Ratio):
        return all(each.additive and each.source.on is not None for each in (metric.part, metric.whole))
    if not isinstance(metric, Measure) or metric.source.on is None:
        return False
    return metric.additive or metric.how == "mean"


def zero_without_facts(metric: Metric) -> bool:
    """Whether it is 0 where nothing was recorded: sums and counts of what happens. Of a mean, a ratio or a level that
    is told for a span, nothing is known then."""
    if not isinstance(metric, Measure):
        return False
    return metric.how in {"sum", "count", "distinct"} and metric.source.spread is None


def rollable(metric: Metric) -> bool:
    """Whether it can be computed from partial aggregates; distinct counts need their members, medians the facts.

    So does what is spread over a window: whether the window is covered cannot be told day by day.
    """
    return all(each.how in _ROLLABLE and each.source.spread is None for each in measures_of(metric))
