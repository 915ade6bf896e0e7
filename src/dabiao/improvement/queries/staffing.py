"""Who held a seat and was at work, month by month: what an explanation need not guess from the figures."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from dabiao.core import calendars
from dabiao.engine.period import Period
from dabiao.metrics.frame import Frame


def staff(frame: Frame, windows: Mapping[str, Period], dimensions: Sequence[str]) -> pa.Table | None:
    """period, share, and those of the dimensions that are people or kinds of units; None without any of them.

    share is the part of the window's working days on which somebody held a seat of the scope as the snapshot knows
    it and was not away, times how much of full time the seat is; the sum of it where a row is several people.
    windows are named by integers, as the periods of the cells are.
    """
    kinds = {node.kind for node in frame.tree.nodes}
    named = [name for name in dimensions if name == "person" or name in kinds]
    if not named:
        return None
    small = {
        "days": _days(windows),
        "called": pa.table({f"k{place}": [name] for place, name in enumerate(named)}),
    }
    if frame.seats is not None:
        small["scope"] = pa.table({"seat": pa.array(sorted(frame.seats), pa.int64())})
    found = frame.lake.run(_question(named, scoped=frame.seats is not None), **small)
    return found.rename_columns(["period", "share", *named])


def _days(windows: Mapping[str, Period]) -> pa.Table:
    """period, day, n, of: the working days of each window, all its days where none is worked, counted 1 … of."""
    first, last = min(one.start for one in windows.values()), max(one.end for one in windows.values())
    worked = calendars.working_days(first, last)
    rows = []
    for name, window in windows.items():
        days = [day for day in window.each_day() if day in worked] or list(window.each_day())
        rows += [
            {"period": int(name), "day": day, "n": n, "of": len(days)} for n, day in enumerate(days, start=1)
        ]
    return pa.Table.from_pylist(rows)


def _question(named: Sequence[str], *, scoped: bool) -> str:
    """Dimensions come out as c0, c1 …: what units are called is the company's own business.

    Days held are counted by where a seat's two ends fall among the days of a window, not day by day.
    """
    columns, joins = [], []
    for place, name in enumerate(named):
        if name == "person":
            columns.append(f"a.person AS c{place}")
            continue
        columns.append(f"u{place}.ancestor AS c{place}")
        above, kind = f"u{place}", f"(SELECT k{place} FROM called)"
        joins.append(f"LEFT JOIN unit_levels {above} ON {above}.unit = a.unit AND {above}.kind = {kind}")
    places = ", ".join(f"c{place}" for place in range(len(named)))
    return f"""
    WITH held AS (
        SELECT a.seat, a.person, a.starts_on, a.ends_on, a.fte, {", ".join(columns)}
        FROM assignments a {" ".join(joins)}
        WHERE a.primary {"AND a.seat IN (SELECT seat FROM scope)" if scoped else ""}
    ),
    spans AS (SELECT DISTINCT period, "of" FROM days),
    ends AS (SELECT h.seat, h.fte, s.period, s."of", h.starts_on, h.ends_on FROM held h CROSS JOIN spans s),
    until AS (
        SELECT e.*, coalesce(d.n, 0) AS last
        FROM ends e ASOF LEFT JOIN days d ON d.period = e.period AND e.ends_on > d.day
    ),
    seated AS (
        SELECT u.*, coalesce(d.n, 0) AS before
        FROM until u ASOF LEFT JOIN days d ON d.period = u.period AND u.starts_on > d.day
    ),
    away AS (
        SELECT DISTINCT x.person, d.period, d.day
        FROM absences x JOIN days d ON d.day >= x.starts_on AND d.day < x.ends_on
    ),
    gone AS (
        SELECT h.seat, a.period, count(*) AS n
        FROM held h JOIN away a ON a.person = h.person AND a.day >= h.starts_on AND a.day < h.ends_on
        GROUP BY h.seat, a.period
    )
    SELECT s.period, sum((s.last - s.before - coalesce(g.n, 0)) * s.fte / s."of")::DOUBLE AS share, {places}
    FROM seated s JOIN held h ON h.seat = s.seat
    LEFT JOIN gone g ON g.seat = s.seat AND g.period = s.period
    WHERE s.last - s.before - coalesce(g.n, 0) > 0
    GROUP BY s.period, {places}
    """
