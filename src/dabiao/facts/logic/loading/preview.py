"""What a load will do, from what is staged and what the lake holds, and what of it was loaded before."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.engine import number
from dabiao.facts.logic.loading import publishing
from dabiao.facts.logic.loading.prepare import Prepared
from dabiao.facts.logic.loading.report import MonthChange, PersonTotal, TableChange, Warning_
from dabiao.facts.logic.loading.rooms import RoomCount
from dabiao.facts.models import ImportBatch
from dabiao.lake import alike, comparing, home
from dabiao.lake.comparing import Comparison
from dabiao.lake.store import Store
from dabiao.lake.tables import TABLES

_MOST: Final = 200
"""People told one by one."""


def compared(
    done: Prepared, tables: Mapping[str, int], file_hash: str, *, keep: bool = False
) -> tuple[Comparison, ...]:
    """What is staged and finished against these versions of the lake's tables; see `lake.comparing` for `keep`.

    A file that was loaded before asks about the first row that would count twice: of its rows nobody can say "by chance".
    """
    changes, own = publishing.changes(done), publishing.systems(done)
    least = 1 if _earlier(done, file_hash) else alike.LEAST
    return comparing.compared(Store(home.lake()), changes, tables, own=own, keep=keep, least=least)


def told(
    done: Prepared, lake: Iterable[Comparison], rooms: Mapping[int, RoomCount]
) -> tuple[TableChange, ...]:
    """Tables of the lake with their months, and the organisation's and the targets', in the order of the mapping."""
    changes = {each.table: _of_lake(each) for each in lake}
    for index, count in rooms.items():
        into = done.mapping.tables[index].into
        before = changes.get(into, TableChange(into))
        changes[into] = TableChange(
            into,
            before.new + count.added,
            before.changed + count.changed,
            same=before.same + count.unchanged,
        )
    order = list(dict.fromkeys(table.into for table in done.mapping.tables))
    return tuple(sorted(changes.values(), key=lambda change: order.index(change.into)))


def months(comparison: Comparison) -> tuple[MonthChange, ...]:
    """The months of a table before and after, as a report keeps them."""
    return tuple(
        MonthChange(
            f"{month.month:%Y-%m}",
            month.before.rows,
            month.after.rows,
            number.text(month.before.amount),
            number.text(month.after.amount),
        )
        for month in comparison.months
    )


def people(done: Prepared, names: Mapping[str, str]) -> tuple[PersonTotal, ...]:
    """What the rows of each fact table sum to, person by person, the largest first. names: employee number → name."""
    told: dict[str, list[pl.LazyFrame]] = {}
    for index, table in enumerate(done.mapping.tables):
        into = table.into
        if (
            into in TABLES
            and TABLES[into].kind == "fact"
            and "person" in table.columns
            and done.finished[index].ready
        ):
            told.setdefault(into, []).append(pl.scan_parquet(done.finished[index].file))
    return tuple(total for into, frames in told.items() for total in _people(into, frames, names))


def _people(into: str, frames: Sequence[pl.LazyFrame], names: Mapping[str, str]) -> list[PersonTotal]:
    amount = next(
        (name for name in ("amount", "amount_with_tax") if any(_fills(f, name) for f in frames)), None
    )
    parts = [
        frame.select("person", pl.col(amount) if amount and _has(frame, amount) else pl.lit(None).alias("amount"))
        .rename({amount: "amount"} if amount and _has(frame, amount) else {})
        .group_by("person").agg(pl.len().alias("rows"), pl.col("amount").sum(), pl.col("amount").count().alias("filled"))
        .collect()
        for frame in frames
    ]  # fmt: skip
    sums = pl.concat(parts, how="vertical_relaxed").group_by("person").agg(pl.all().sum())
    sums = sums.sort("amount", "rows", "person", descending=[True, True, False], nulls_last=True)
    shown, rest = sums.head(_MOST), sums.tail(max(0, sums.height - _MOST))
    rows = [
        PersonTotal(
            into, row["person"], names.get(row["person"], row["person"] or ""), row["rows"], _exact(row)
        )
        for row in shown.to_dicts()
    ]
    if rest.height:
        row = rest.select(pl.col("rows", "amount", "filled").sum()).to_dicts()[0]
        rows.append(PersonTotal(into, None, "", row["rows"], _exact(row), rest.height))
    return rows


def _has(frame: pl.LazyFrame, name: str) -> bool:
    return name in frame.collect_schema().names()


def _fills(frame: pl.LazyFrame, name: str) -> bool:
    return _has(frame, name) and bool(frame.select(pl.col(name).count()).collect().item())


def _exact(row: Mapping[str, Any]) -> str | None:
    return number.text(row["amount"]) if row["filled"] else None


def known(done: Prepared, changes: Sequence[TableChange], file_hash: str) -> tuple[Warning_, ...]:
    """A word where the same file was loaded before, and where everything in it is there already."""
    words = []
    if earlier := _earlier(done, file_hash):
        text = _("The same file was loaded on %(day)s (import %(key)s)") % {
            "day": f"{timezone.localtime(earlier.at):%Y-%m-%d}",
            "key": earlier.key,
        }
        words.append(Warning_("same_file", text))
    if changes and not any(change.new or change.changed or change.gone for change in changes):
        rows = sum(change.same for change in changes)
        if rows:
            words.append(
                Warning_("nothing_new", _("Every row is there already, as it is: nothing changes"), rows)
            )
    return tuple(words)


def _earlier(done: Prepared, file_hash: str) -> ImportBatch | None:
    """The last import of the very same file. What a database answers is in no hash."""
    if any(source.query for source in done.mapping.sources.values()):
        return None
    before = ImportBatch.objects.filter(file_hash=file_hash, state=ImportBatch.State.DONE)
    return before.exclude(key=done.context.batch).order_by("-at", "-pk").first()


def _of_lake(one: Comparison) -> TableChange:
    counts = one.counts
    return TableChange(
        one.table, counts.inserted, counts.updated, counts.removed, counts.unchanged, one.amount, months(one)
    )
