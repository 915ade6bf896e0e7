"""Facts of a period: one window as a filter, several at once as a small table.

Windows come into a query as rows, not as constants, so that SQL compiled once for a shape serves any dates.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from dabiao.engine.metric import Source
from dabiao.engine.period import Period

SCHEMA = pa.schema([("window", pa.string()), ("starts_on", pa.date32()), ("ends_on", pa.date32())])


def within(table: ir.Table, period: Period, *, on: str) -> ir.Table:
    """The rows whose `on` (a date, or a time in the business time zone) lies in the period."""
    return table.filter(table[on] >= period.start, table[on] < period.end)


def window_table(periods: Mapping[str, Period]) -> ir.Table:
    """Periods by name as rows: window, starts_on, ends_on. They may overlap."""
    rows = [
        {"window": name, "starts_on": period.start, "ends_on": period.end} for name, period in periods.items()
    ]
    return ibis.memtable(pa.Table.from_pylist(rows, schema=SCHEMA))


def windowed(table: ir.Table, windows: ir.Table, *, source: Source) -> ir.Table:
    """The rows once for every window they lie in, with its name as the column `window`.

    A source without a date ("as it is now") lies in every window.
    """
    if source.on is None:
        return table.cross_join(windows.select("window"))
    inside = [table[source.on] >= windows.starts_on, table[source.on] < windows.ends_on]
    joined = table.inner_join(windows, inside)
    return joined.select(*(joined[name] for name in table.columns), "window")
