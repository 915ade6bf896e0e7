"""Attainment part by part and month by month: who reached what of the year, in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.core.errors import NotFound
from dabiao.engine.period import Period
from dabiao.metrics import labels, splits
from dabiao.metrics.attainment import AttainmentRow, attaining
from dabiao.metrics.figure import Where
from dabiao.metrics.frame import Frame
from dabiao.performance.queries.breakdown import nobodys
from dabiao.ui.listing import Cell, Column, Kind, Listing

_KINDS: Final[Mapping[str, Kind]] = {"money": "money", "ratio": "ratio", "count": "count"}
_UNIT: Final = "unit"


@dataclass(frozen=True)
class Choice:
    """By whom or what it can be listed."""

    key: str
    label: str
    on: bool


@dataclass(frozen=True)
class OverTime:
    """What the page shows."""

    where: Where
    metric: str
    label: str
    by: str
    choices: tuple[Choice, ...]
    table: Listing
    months: tuple[Period, ...] = ()


def over_time(frame: Frame, key: str, by: str) -> OverTime:
    """The year around the period: attainment of each month, and how the whole year stands. Raises NotFound."""
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    known = [] if splits.is_nobodys(frame.metrics[key]) else _ways(frame, key)
    if not known:
        by = ""
    elif not by or (by == _UNIT and by not in known):  # the address may come from a scope that has units
        by = known[0]
    if known and by not in known:
        raise NotFound(_("This metric cannot be split by %(by)s.") % {"by": by})
    year = frame.at(frame.fiscal.containing("year", frame.period.start))
    months = frame.fiscal.parts(year.period, frame.fiscal.monthly)
    return OverTime(
        where=Where(frame.name, year.period, frame.today, frame.currency, frame.lake.number),
        metric=key,
        label=frame.label(key),
        by=by,
        choices=tuple(Choice(name, _title(name), name == by) for name in known),
        table=_table(year, key, by, months) if known else Listing("months", (), (), empty=nobodys()),
        months=tuple(months) if known else (),
    )


def _ways(frame: Frame, key: str) -> list[str]:
    of_one = frame.scope is not None and frame.scope.kind == "person"
    splitting = [name for name in splits.NARROWING if splits.can_split(frame.metrics[key], name)]
    return ["person", *([] if of_one else [_UNIT]), *splitting]


def _title(by: str) -> str:
    return labels.column(by)


def _table(frame: Frame, key: str, by: str, months: Sequence[Period]) -> Listing:
    cells = {(row.key, row.period): row for row in attaining(frame, key, f"{by},{frame.fiscal.monthly}")}
    kind: Kind = _KINDS.get(frame.metrics[key].unit, "figure")
    return Listing(
        key="months",
        columns=[
            Column("light", pgettext("colour of a status", "Light"), "light", export=False),
            Column("name", _title(by), link="href"),
            Column("rank", _("Rank"), "count", note=_("By attainment, among those that have a target")),
            Column("actual", frame.label(key), kind, note=frame.note(key)),
            Column("target", _("Target"), kind),
            Column("attained", _("Attainment"), "ratio", doubt="check"),
            *(Column(month.label, month.label, "ratio", doubt=checked(month)) for month in months),
            Column("key", _("Key"), hidden=True),
        ],
        rows=[
            {**_row(row, cells, months), "unit": frame.metrics[key].unit} for row in attaining(frame, key, by)
        ],
        currency=frame.currency,
        empty=_("Nothing of this metric in the year, and no target."),
    )


def checked(month: Period) -> str:
    """What a row calls the address of the target of a month."""
    return f"check {month.label}"


def _row(
    row: AttainmentRow, cells: Mapping[tuple[str, str], AttainmentRow], months: Sequence[Period]
) -> dict[str, Cell]:
    of_months = ((month.label, cells.get((row.key, month.label))) for month in months)
    return {
        "key": row.key,
        "name": row.name or _("Not assigned"),
        "light": row.light,
        "rank": row.rank,
        "actual": row.actual,
        "target": row.target,
        "attained": row.attainment,
        **{label: cell.attainment if cell else None for label, cell in of_months},
    }
