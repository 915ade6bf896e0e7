"""What an import found and did: counts that add up, every refused cell, warnings, things left aside."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import ngettext

from dabiao.facts.logic import coerce


@dataclass(frozen=True)
class TableCount:
    """read = inserted + updated + unchanged + rejected + skipped, except in a dry run, where good rows are `ready`."""

    into: str
    source: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: int = 0
    skipped: int = 0
    ready: int = 0

    @property
    def loaded(self) -> int:
        return self.inserted + self.updated

    @property
    def adds_up(self) -> bool:
        return self.read == self.loaded + self.unchanged + self.rejected + self.skipped + self.ready


@dataclass(frozen=True)
class CellError:
    """A refused cell: where it is, what it says, why it is refused, what to do."""

    source: str
    file: str
    row: int
    column: str
    into: str
    value: str | None
    reason: str

    @property
    def said(self) -> str:
        return coerce.result.said(self.reason)

    @property
    def mend(self) -> str:
        return coerce.result.mend(self.reason)


@dataclass(frozen=True)
class ErrorKind:
    """How many cells of a column are refused for the same reason."""

    source: str
    column: str
    into: str
    reason: str
    count: int
    first_row: int
    example: str | None

    @property
    def said(self) -> str:
        return coerce.result.said(self.reason)

    @property
    def mend(self) -> str:
        return coerce.result.mend(self.reason)


@dataclass(frozen=True)
class Warning_:
    """Something that loads, and that the user should know."""

    code: str
    text: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """The first rows of a table as they would be loaded."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class MonthChange:
    """A month ("2026-01") of a fact table before and after. Amounts are exact text; null: no row has one."""

    month: str
    rows_before: int
    rows_after: int
    amount_before: str | None = None
    amount_after: str | None = None


@dataclass(frozen=True)
class TableChange:
    """What a load does to a table: the same figures before it, from a dry run, and of it. amount: what months sum."""

    into: str
    new: int = 0
    changed: int = 0
    gone: int = 0
    same: int = 0
    amount: str | None = None
    months: tuple[MonthChange, ...] = ()


@dataclass(frozen=True)
class PersonTotal:
    """What the rows of a load say of one person: how many there are of a fact table, and the exact sum of their amount.

    person: employee number, or what the file says; null: rows of nobody. others: how many people are told together.
    """

    into: str
    person: str | None
    name: str
    rows: int
    amount: str | None = None
    others: int = 0


@dataclass(frozen=True)
class Finding:
    """Why a load stops and asks. code: what has to be said to go on."""

    code: str
    into: str
    text: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The whole outcome. `rejects`: source → file with the rows to mend. `shown_errors` is the beginning of all.

    changes: per table what it does to the lake and the organisation. findings: why it asks before it does.
    people: what its rows sum to, person by person.
    """

    batch: str
    dry_run: bool
    tables: tuple[TableCount, ...]
    errors: tuple[ErrorKind, ...] = ()
    shown_errors: tuple[CellError, ...] = ()
    error_cells: int = 0
    warnings: tuple[Warning_, ...] = ()
    asides: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    preview: Mapping[str, Preview] = field(default_factory=dict)
    rejects: Mapping[str, str] = field(default_factory=dict)
    all_errors: str = ""
    snapshot: int | None = None
    seconds: float = 0.0
    changes: tuple[TableChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    people: tuple[PersonTotal, ...] = ()

    def total(self, name: str) -> int:
        return sum(int(getattr(table, name)) for table in self.tables)

    @property
    def brings_nothing(self) -> bool:
        """Whether all rows are handed back and none would go: loading it would do nothing."""
        gone = sum(change.gone for change in self.changes)
        return self.dry_run and self.total("rejected") > 0 and not (self.total("ready") or gone)

    @property
    def changed(self) -> bool:
        return any(table.loaded or table.removed for table in self.tables)

    def as_json(self) -> dict[str, object]:
        """Plain values for the database and `--format json`."""
        return asdict(self)


def from_json(stored: Mapping[str, object]) -> Report:
    """The report that `as_json` made."""
    values = dict(stored)
    values["tables"] = tuple(TableCount(**row) for row in values.get("tables", []))  # type: ignore[attr-defined]  # our own JSON
    values["errors"] = tuple(ErrorKind(**row) for row in values.get("errors", []))  # type: ignore[attr-defined]  # our own JSON
    values["shown_errors"] = tuple(CellError(**row) for row in values.get("shown_errors", []))  # type: ignore[attr-defined]  # our own JSON
    values["warnings"] = tuple(
        Warning_(**{**row, "examples": tuple(row["examples"])})
        for row in values.get("warnings", [])  # type: ignore[attr-defined]  # our own JSON
    )
    changes: Any = values.get("changes", ())
    values["changes"] = tuple(
        TableChange(**{**row, "months": tuple(MonthChange(**month) for month in row["months"])})
        for row in changes
    )
    findings: Any = values.get("findings", ())
    values["findings"] = tuple(Finding(**{**row, "examples": tuple(row["examples"])}) for row in findings)
    people: Any = values.get("people", ())
    values["people"] = tuple(PersonTotal(**row) for row in people)
    previews: Any = values.get("preview", {})
    values["preview"] = {
        name: Preview(tuple(shown["columns"]), tuple(tuple(row) for row in shown["rows"]))
        for name, shown in previews.items()
    }
    values["notes"] = tuple(values.get("notes", ()))  # type: ignore[arg-type]  # our own JSON
    return Report(**values)  # type: ignore[arg-type]  # our own JSON


def verdict(report: Report) -> str:
    """One sentence that says how it went."""
    rejected, ready = report.total("rejected"), report.total("ready")
    if report.dry_run:
        if rejected:
            text = ngettext(
                "%(ready)s row is ready, %(rejected)s would be rejected.",
                "%(ready)s rows are ready, %(rejected)s would be rejected.",
                ready,
            )
            return text % {"ready": f"{ready:,}", "rejected": f"{rejected:,}"}
        text = ngettext("The one row is ready to load.", "All %(ready)s rows are ready to load.", ready)
        return text % {"ready": f"{ready:,}"}
    loaded, unchanged = report.total("loaded"), report.total("unchanged")
    parts = {"loaded": f"{loaded:,}", "unchanged": f"{unchanged:,}", "rejected": f"{rejected:,}"}
    if rejected:
        text = ngettext(
            "%(loaded)s row loaded, %(unchanged)s unchanged, %(rejected)s rejected: mend them and load them again.",
            "%(loaded)s rows loaded, %(unchanged)s unchanged, %(rejected)s rejected: mend them and load them again.",
            loaded,
        )
        return text % parts
    text = ngettext(
        "%(loaded)s row loaded, %(unchanged)s unchanged, none rejected.",
        "%(loaded)s rows loaded, %(unchanged)s unchanged, none rejected.",
        loaded,
    )
    return text % parts
