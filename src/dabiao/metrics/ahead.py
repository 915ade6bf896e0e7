"""What is dated after today: it is kept, and counts on the pages from its day on."""

from collections.abc import Collection, Mapping
from datetime import date

from dabiao.engine.metric import Source, sources_of
from dabiao.engine.period import DAY, Period
from dabiao.lake.reading import Lake
from dabiao.lake.tables import TABLES
from dabiao.metrics import answer
from dabiao.metrics.answer import WINDOW, MetricRequest, Windows
from dabiao.metrics.request import metrics_of


def windows_ahead(period: Period, on: date) -> Windows | None:
    """The days of a period after `on`; None where it has none."""
    first = max(period.start, on + DAY)
    return Windows((("", first, period.end),)) if first < period.end else None


def dated_ahead(
    lake: Lake, asked: MetricRequest, *, period: Period, on: date, seats: Collection[int] | None
) -> Mapping[str, object]:
    """Metric → what the facts of the period that are dated after `on` come to; empty where there are none.

    Figures that lie ahead by their nature (sizes of a market, which are prorated by days) are not told.
    """
    windows = windows_ahead(period, on)
    sources = [each for each in sources_of(metrics_of(asked.metrics)) if each.on and not each.spread]
    if windows is None or not any(_last(lake, each) > on for each in sources):
        return {}
    whole = MetricRequest(asked.metrics, (WINDOW,), asked.where)
    cells = answer.rows(answer.answer(lake, whole, windows=windows, seats=seats))
    return {key: cell[key] for cell in cells for key in asked.metrics if cell[key] not in {None, 0}}


def tables_ahead(lake: Lake, on: date) -> Mapping[str, date]:
    """Fact table → the last day that its facts are dated, of those that tell of what has happened and are dated after
    `on`."""
    told = [table for table in TABLES.values() if table.happens and table.name in lake.tables]
    last = {table.name: _last(lake, Source(table.name, table.on)) for table in told}
    return {name: day for name, day in last.items() if day > on}


def _last(lake: Lake, source: Source) -> date:
    covered = answer.coverage(lake, source)
    return date.min if covered is None else covered[1]
