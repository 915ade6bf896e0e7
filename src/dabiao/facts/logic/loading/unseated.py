"""Facts of days on which their person sits nowhere: they count for the company and for no unit, so sums of units fall short."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic import labels
from dabiao.facts.logic.loading.prepare import Prepared
from dabiao.facts.logic.loading.report import Warning_
from dabiao.lake.tables import TABLES

_SHOWN: Final = 12
_SEATS: Final = {"person": pl.String, "starts_on": pl.Date, "ends_on": pl.Date}


def unseated(
    done: Prepared, names: Mapping[str, str], seats: Sequence[tuple[str, date, date]]
) -> Iterator[Warning_]:
    """A word per fact table with rows of days on which their people hold no main seat, with the people of most rows.

    A fact is credited to the main seat of its day, see `engine.credit`. Rows without a day or a person are told as
    empty ones, people whom nobody knows as strangers.

    names: employee number → name, of everybody known after the load. seats: the main seats there are then
    """
    held = pl.DataFrame(seats, schema=_SEATS, orient="row")
    for into, frames in _facts(done).items():
        gaps = _gaps(_days(frames, TABLES[into].on or "", names), held)
        if not gaps.height:
            continue
        text = _(
            "%(table)s: rows are of days on which their people sit in no unit (before their first day, or after their "
            "last); they count for the company and for no unit. Where a first or last day is wrong, correct it"
        ) % {"table": labels.table(into)}
        shown = [_example(gap, names) for gap in gaps.head(_SHOWN).to_dicts()]
        more = gaps.height - len(shown)
        yield Warning_("unseated", text, int(gaps["rows"].sum()), (*shown, *([f"… +{more}"] if more else [])))


def _facts(done: Prepared) -> dict[str, list[pl.LazyFrame]]:
    """Fact table → the finished rows of every table map that says their day and person."""
    found: dict[str, list[pl.LazyFrame]] = {}
    for index, table in enumerate(done.mapping.tables):
        known = TABLES.get(table.into)
        if known is None or known.kind != "fact" or not done.finished[index].ready:
            continue
        if {"person", known.on} <= table.columns.keys():
            found.setdefault(table.into, []).append(pl.scan_parquet(done.finished[index].file))
    return found


def _days(frames: Iterable[pl.LazyFrame], on: str, people: Iterable[str]) -> pl.DataFrame:
    """person, day, rows: how many facts each of the people has of each day."""
    every = pl.concat(
        [frame.select("person", pl.col(on).cast(pl.Date).alias("day")) for frame in frames], how="vertical"
    )
    known = pl.LazyFrame({"person": list(people)}, schema={"person": pl.String})
    counted = every.drop_nulls().group_by("person", "day").agg(pl.len().alias("rows"))
    return counted.join(known, on="person", how="semi").collect()


def _gaps(days: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """person, until, since, rows, first, last: stretches without a seat that have facts, those of most rows first.

    Main seats of one person never overlap, so that the one begun last is the only one that can hold on a day.
    until: end of the seat before; since: first day of the one after
    """
    seats = held.sort("starts_on")
    before = seats.select("person", pl.col("starts_on").alias("day"), pl.col("ends_on").alias("until"))
    after = seats.select("person", pl.col("starts_on").alias("day"), pl.col("starts_on").alias("since"))
    placed = days.sort("day").join_asof(before, on="day", by="person", check_sortedness=False)
    away = placed.filter(pl.col("until").is_null() | (pl.col("day") >= pl.col("until")))
    around = away.join_asof(after, on="day", by="person", strategy="forward", check_sortedness=False)
    gaps = around.group_by("person", "until", "since").agg(
        pl.col("rows").sum(), pl.col("day").min().alias("first"), pl.col("day").max().alias("last")
    )
    return gaps.sort("rows", "person", "first", descending=[True, False, False])


def _example(gap: Mapping[str, Any], names: Mapping[str, str]) -> str:
    first, last, until, since = gap["first"], gap["last"], gap["until"], gap["since"]
    told = {
        "person": _called(gap["person"], names),
        "days": f"{first}" if first == last else f"{first}..{last}",
        "rows": f"{gap['rows']:,}",
        "until": until and _day_before(until),
        "since": since,
    }
    return _words(until, since) % told


def _words(until: date | None, since: date | None) -> str:
    if until and since:
        return _("%(person)s %(days)s (%(rows)s; sat until %(until)s and sits again from %(since)s)")
    if until:
        return _("%(person)s %(days)s (%(rows)s; sat until %(until)s)")
    if since:
        return _("%(person)s %(days)s (%(rows)s; sits from %(since)s)")
    return _("%(person)s %(days)s (%(rows)s; never had a seat)")


def _day_before(day: date) -> date:
    return day - timedelta(days=1)


def _called(person: str, names: Mapping[str, str]) -> str:
    return person if names[person] == person else f"{names[person]} {person}"
