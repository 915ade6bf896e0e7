"""Figures of the market that divide it otherwise than those that are there: by region beside by line, it counts twice."""

from collections.abc import Iterator
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.loading.guards import CUTS
from dabiao.facts.logic.loading.prepare import Prepared
from dabiao.facts.logic.loading.report import Finding
from dabiao.lake.tables import TABLES

_TABLE: Final = "market"
_COLUMNS: Final = ("source", "key", "period", "ends_on", "segment", "size")
_SHOWN: Final = 4


def found(done: Prepared) -> Iterator[Finding]:
    """Asks where no segment of what comes is one of those there, and both tell of the same days.

    A sheet that has a segment in common with what is there goes on with it; one of other years says it anew.
    """
    held = done.context.dated.get(_TABLE)
    new = _coming(done)
    if held is None or not held.height or not new.height:
        return
    stays = held.join(new, on=list(TABLES[_TABLE].key), how="anti")
    days = pl.col("period") < pl.col("ends_on_there"), pl.col("period_there") < pl.col("ends_on")
    there = stays.select("period", "ends_on", "segment", "size").drop_nulls(["period", "ends_on", "size"])
    both = new.join_where(there.rename(lambda name: f"{name}_there"), *days)
    if not both.height or set(new["segment"]) & set(held["segment"]):
        return
    beside = both.select(period="period_there", segment="segment_there", size="size_there").unique()
    text = _(
        "%(table)s: its figures come beside those of other segments, of the same days, and are added to them"
    )
    told = (_shown(beside), _shown(both.select("period", "segment", "size").unique()))
    yield Finding(CUTS, _TABLE, text % {"table": _("Market")}, told)


def _coming(done: Prepared) -> pl.DataFrame:
    """The rows that come, as they will be written."""
    files = [
        done.finished[index].file
        for index, table in enumerate(done.mapping.tables)
        if table.into == _TABLE and index in done.finished and done.finished[index].ready
    ]
    schema = {name: pl.DataFrame(TABLES[_TABLE].schema.empty_table()).schema[name] for name in _COLUMNS}
    frames = [pl.read_parquet(file) for file in files]
    return pl.concat([pl.DataFrame(schema=schema), *frames], how="diagonal_relaxed").select(list(_COLUMNS))


def _shown(rows: pl.DataFrame) -> str:
    names = rows["segment"].fill_null("—").unique().sort().to_list()
    some = [*names[:_SHOWN], *(["…"] if len(names) > _SHOWN else [])]
    return f"{_(', ').join(some)}: {rows['size'].sum():,.2f}"
