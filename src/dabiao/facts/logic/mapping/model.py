"""What a mapping says, as values: sources, tables, and a rule for each column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dabiao.facts.logic.reading import Options


@dataclass(frozen=True)
class Join:
    """Columns looked up in another source. The other source is reduced to one row per key, so rows never multiply.

    on, take: column of this source (for `take`: its new name) → column of the other
    """

    source: str
    on: Mapping[str, str]
    take: Mapping[str, str]
    missing: Literal["report", "ignore"] = "report"
    line: int = 0


@dataclass(frozen=True)
class Unpivot:
    """Columns that are values of one thing (a month each) become rows: what each stands for, and its cell.

    columns: header → what it stands for. name, value: what the two new columns are called. Empty cells become no row.
    """

    columns: Mapping[str, str]
    name: str
    value: str
    line: int = 0


@dataclass(frozen=True)
class Apart:
    """A name that several share, told apart by what another column of the row says.

    values: name → {what stands in `by`: what the name is read as}
    """

    column: str
    by: str
    values: Mapping[str, Mapping[str, str]]
    line: int = 0


@dataclass(frozen=True)
class Source:
    """Where rows come from: files by pattern, or a query through a connector.

    system: what its rows say they come from, where that is not what the mapping says
    decides: columns that the mapping was made by, which nobody has to read again: who reports to whom

    replace: column → {as the file writes it: as it should be}, done before anything else and reported
    """

    name: str
    files: tuple[str, ...] = ()
    query: str | None = None
    connector: str | None = None
    options: Options = field(default_factory=Options)
    replace: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    unpivot: Unpivot | None = None
    apart: Apart | None = None
    decides: tuple[str, ...] = ()
    system: str | None = None
    optional: bool = False
    line: int = 0


@dataclass(frozen=True)
class Agree:
    """A column of one source should say what a column of another says; where it does not, the report tells.

    latest: of several rows per key in the other source, the one with the largest value here counts
    """

    source: str
    column: str
    other: str
    its: str
    on: Mapping[str, str]
    latest: str | None = None
    line: int = 0


@dataclass(frozen=True)
class Where:
    """A filter on one column of the source, as the cell reads after trimming."""

    column: str
    values: tuple[str, ...] = ()
    negate: bool = False
    filled: bool | None = None
    line: int = 0


@dataclass(frozen=True)
class Next:
    """The value of `column` in the next row of the same `per`; `last` for the last row."""

    column: str
    per: tuple[str, ...]
    last: str | None = None


@dataclass(frozen=True)
class Rule:
    """How one column comes about.

    columns:   of the source; several are joined by "-" (text), or the first filled one (`first`)
    values:    text in the source → value; what is not named follows `otherwise`
    plus, minus, times: further columns of the source (numbers)
    """

    column: str
    columns: tuple[str, ...] = ()
    first: bool = False
    constant: str | None = None
    values: Mapping[str, str | None] | None = None
    otherwise: Literal["error", "keep", "empty"] = "error"
    default: str | None = None
    formats: tuple[str, ...] = ()
    unit: str | None = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    round: bool = False
    add_days: int = 0
    required: bool | None = None
    next: Next | None = None
    line: int = 0

    @property
    def reads(self) -> tuple[str, ...]:
        """Every column of the source that the rule needs."""
        return (*self.columns, *self.plus, *self.minus, *self.times)


@dataclass(frozen=True)
class TableMap:
    """Which table a source feeds, and how.

    key:      columns of the source; "generated" makes one from the whole row and its occurrence
    window:   with mode "replace": what the file covers, in whole months, days, or from its first to last date
    distinct: the source repeats the thing (a product in every order line); one row per key is kept
    """

    into: str
    source: str
    columns: Mapping[str, Rule]
    key: tuple[str, ...] | Literal["generated"] = ()
    mode: Literal["upsert", "replace"] = "upsert"
    window: Literal["month", "day", "file"] = "month"
    where: tuple[Where, ...] = ()
    distinct: bool = False
    line: int = 0

    @property
    def reads(self) -> tuple[str, ...]:
        """Every column of the source that the table needs, joined ones included."""
        keys = () if self.key == "generated" else self.key
        ruled = (name for rule in self.columns.values() for name in rule.reads)
        return tuple(dict.fromkeys((*keys, *(where.column for where in self.where), *ruled)))

    def named(self, column: str) -> str:
        """What the file calls a column of the table; the table's own name where no column of the file is it."""
        rule = self.columns.get(column)
        return ", ".join(rule.columns) if rule is not None and rule.columns else column


@dataclass(frozen=True)
class MapFile:
    """A whole mapping. `system` is the `source` column of every fact it loads."""

    system: str
    sources: Mapping[str, Source]
    tables: tuple[TableMap, ...]
    currency: str | None = None
    time_zone: str | None = None
    ignore: tuple[str, ...] = ()
    agree: tuple[Agree, ...] = ()
    text: str = ""

    @property
    def lookups(self) -> frozenset[str]:
        """Sources that are read whole, because others are looked up in or compared with them."""
        joined = {join.source for source in self.sources.values() for join in source.joins}
        return frozenset(joined | {name for agree in self.agree for name in (agree.source, agree.other)})

    def system_of(self, source: str) -> str:
        """The `source` column of the facts that a source loads."""
        return self.sources[source].system or self.system

    def fed_by(self, source: str) -> tuple[TableMap, ...]:
        """The tables that a source feeds."""
        return tuple(table for table in self.tables if table.source == source)
