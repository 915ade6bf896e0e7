"""What a mapping may load into: the lake's facts and dated dimensions, the organisation, targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dabiao.lake.tables import TABLES
from dabiao.metrics.splits import NARROWING

Home = Literal["lake", "org", "targets"]
_FROM_ORG: Final = frozenset({"units", "unit_levels", "assignments", "absences", "calendar", "targets"})
"""Lake tables that other rooms publish: they are fed through their rooms, never written here."""


@dataclass(frozen=True)
class Into:
    """A table that can be loaded: its columns with short type names, what must be there, where it goes."""

    name: str
    home: Home
    columns: Mapping[str, str]
    key: tuple[str, ...]
    required: tuple[str, ...]
    on: str | None = None

    @property
    def keyed(self) -> bool:
        """Rows have a natural key inside a source."""
        return "key" in self.columns


def _lake() -> dict[str, Into]:
    known = {}
    for name, table in TABLES.items():
        if name in _FROM_ORG:
            continue
        columns = {
            column.name: column.type for column in table.columns if column.name not in {"source", "batch"}
        }
        names = {f"{kind}_name": "text" for kind in ("customer", "product") if kind in columns}
        must = [column for column in table.key if column != "source"]
        if table.on:
            must.append(table.on)
        known[name] = Into(name, "lake", columns | names, table.key, tuple(must), table.on)
    return known


INTO: Final[Mapping[str, Into]] = _lake() | {
    "units": Into(
        "units",
        "org",
        {"unit": "text", "name": "text", "name_en": "text", "kind": "text", "parent": "text", "order": "int"},
        ("unit",),
        ("unit",),
    ),
    "people": Into(
        "people",
        "org",
        {"person": "text", "name": "text", "email": "text", "hired_on": "date", "left_on": "date"},
        ("person",),
        ("person",),
    ),
    "assignments": Into(
        "assignments",
        "org",
        {
            "person": "text",
            "unit": "text",
            "position": "text",
            "starts_on": "date",
            "ends_on": "date",
            "probation_until": "date",
            "fte": "rate",
            "primary": "flag",
        },
        ("person", "unit", "starts_on"),
        ("person", "unit", "starts_on"),
    ),
    "targets": Into(
        "targets",
        "targets",
        {
            "person": "text",
            "unit": "text",
            "metric": "text",
            **dict.fromkeys(NARROWING, "text"),
            "product": "text",
            "period": "text",
            "starts_on": "date",
            "ends_on": "date",
            "base": "money",
            "target": "money",
            "challenge": "money",
        },
        ("person", "unit", "metric", *NARROWING, "product", "period", "starts_on"),
        ("metric",),
    ),
}
UNIT_COLUMNS: Final = frozenset(
    {("units", "unit"), ("units", "parent"), ("assignments", "unit"), ("targets", "unit")}
)
"""Columns that hold a unit's key; text there is made a valid key, the same way everywhere."""
