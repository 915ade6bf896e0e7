"""What the serving file stores of each source of the metrics, and how it is computed.

By seat: one row per day, seat and person, clustered by seat in tree order, so that any subtree is one stretch of
rows. By unit: one row per day, unit and child of that unit, so that a whole company costs no more to show than a
team. And per distinct count its members by day and seat: who was counted, because counts of them don't add up.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from dabiao.engine import number
from dabiao.engine.measure import SHARE, members_of, roll_up, roll_up_further
from dabiao.engine.metric import Measure, Metric, Source, measures_of, rollable
from dabiao.lake import crediting, dictionary
from dabiao.lake.placing import placed, sql

_PLACES = ("units", "unit_levels", "assignments")
_FORMAT = 4
_GRAIN = ("day", "seat", "person")
_TOUCHED = {"day": "date"}
_PATHS = {"seat": "int64", "unit": "string", "child": "string"}


PLACED = "placed"
"""The relation that the tables of a cube are computed from."""


@dataclass(frozen=True)
class Cube:
    """Everything stored of one source: measures that add up, and distinct counts."""

    source: Source
    measures: tuple[Measure, ...]
    distinct: tuple[Measure, ...]

    @property
    def reads(self) -> frozenset[str]:
        """Tables whose change makes the whole roll-up stale, not only some days of it."""
        return frozenset({*_PLACES, *crediting.tables(self.source.credit)})


@dataclass(frozen=True)
class Stored:
    """One table of the serving file, and the SQL that computes it from PLACED."""

    name: str
    select: str
    sorted_by: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """How a cube is computed: the SQL for PLACED, then its tables in this order."""

    placed: str
    tables: tuple[Stored, ...]


@lru_cache(maxsize=512)
def recipe(cube: Cube, *, touched: bool) -> Recipe:
    """Of all days, or of those in a table `touched` (day). Kept, because compiling takes longer than small data."""
    days = ibis.table(_TOUCHED, name="touched") if touched else None
    facts = _columns(cube, placed(cube.source, touched=days))
    at_hand = ibis.table(facts.schema(), name=PLACED)
    members = (
        Stored(members_name(each), sql(members_of(each, at_hand, by=_GRAIN)), ("seat", "day"))
        for each in cube.distinct
    )
    return Recipe(sql(facts), (*(_added_up(cube, at_hand, days) if cube.measures else ()), *members))


def _columns(cube: Cube, facts: ir.Table) -> ir.Table:
    """Day, seat, person, and what a measure reads."""
    read = {name for each in (*cube.measures, *cube.distinct) for name in each.columns}
    return facts.select(name for name in facts.columns if name in {*_GRAIN, SHARE, *read})


def _added_up(cube: Cube, at_hand: ir.Table, days: ir.Table | None) -> tuple[Stored, Stored]:
    """The cells by seat, and the totals by unit that are made from them."""
    seats = ibis.table(cells(cube.source, cube.measures).schema(), name=cube.source.name)
    if days is not None:
        seats = seats.filter(seats.day.isin(days.day))
    beneath = seats.inner_join(ibis.table(_PATHS, name="paths"), "seat")
    totals = roll_up_further(cube.measures, beneath, by=["unit", "child", "day"])
    return (
        Stored(cube.source.name, _narrowed(roll_up(cube.measures, at_hand, by=_GRAIN)), ("seat", "day")),
        Stored(totals_name(cube.source), _narrowed(totals), ("unit", "day")),
    )


def cubes(metrics: Mapping[str, Metric]) -> tuple[Cube, ...]:
    """Every roll-up that these metrics can use, by name of its source."""
    wanted = {each.key: each for metric in metrics.values() for each in measures_of(metric)}
    stored = [wanted[key] for key in sorted(wanted) if rollable(wanted[key]) or is_listed(wanted[key])]
    sources = sorted({each.source for each in stored}, key=lambda source: source.name)
    return tuple(
        Cube(
            source,
            tuple(each for each in stored if each.source == source and rollable(each)),
            tuple(each for each in stored if each.source == source and is_listed(each)),
        )
        for source in sources
    )


def is_listed(each: Measure) -> bool:
    """Whether its members are stored. What no day has (a state) is few rows anyway."""
    return each.how == "distinct" and each.of is not None and each.source.on is not None


def cells(source: Source, measures: Sequence[Measure]) -> ir.Table:
    """The roll-up of a source as an Ibis table without data: day, seat, person and the measures' partials."""
    rolled = roll_up(measures, placed(source), by=_GRAIN)
    return ibis.table({name: _narrow(kind) for name, kind in rolled.schema().items()}, name=source.name)


def totals(source: Source, measures: Sequence[Measure]) -> ir.Table:
    """The same by unit: unit (subtree; empty text: everything), the child it lies in, day, partials."""
    kinds = cells(source, measures).drop("seat", "person").schema().items()
    return ibis.table({"unit": "string", "child": "string", **dict(kinds)}, name=totals_name(source))


def members(each: Measure) -> ir.Table:
    """What a distinct count counts as an Ibis table without data: day, seat, person, member, number of facts."""
    return ibis.table(members_of(each, placed(each.source), by=_GRAIN).schema(), name=members_name(each))


def totals_name(source: Source) -> str:
    return f"{source.name}__units"


def members_name(each: Measure) -> str:
    return f"{each.source.name}__members__{each.key}"


def print_in_force() -> str:
    """Changes whenever a table would hold other columns or another meaning."""
    return _print(dictionary.edition())


@lru_cache(maxsize=4)
def _print(edition: dictionary.Edition) -> str:
    stored = cubes(dictionary.of(edition))
    return hashlib.sha256(repr((_FORMAT, stored)).encode()).hexdigest()[:10]


def _narrowed(rolled: ir.Table) -> str:
    return sql(rolled.cast({name: _narrow(kind) for name, kind in rolled.schema().items()}))


def _narrow(kind: dt.DataType) -> dt.DataType:
    """Sums of one day and seat fit into 64 bits, and 64 bits are read and added twice as fast as 128."""
    return dt.Decimal(18, kind.scale) if kind.is_decimal() and kind.scale <= number.MONEY_SCALE else kind
