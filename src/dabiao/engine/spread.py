"""Facts that hold for a stretch of time: how much of each falls into a window, and whether they tile it.

A figure of a quarter says what the quarter is, so that a month has the part of its days. Parts are taken of the figure
as it has accumulated to a day, rounded to cents: parts of windows that tile the figure add up to it exactly. A window
with a day that no figure covers has no figure: what is known of its other days is not what it is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine.number import MONEY, MONEY_SCALE, major, minor

HELD: Final = "held_days"
"""How many days of the window a fact covers."""
ASKED: Final = "asked_days"
"""How many days have to be covered."""
ABOUT: Final = "about"
"""What a fact is about: each has to be covered by itself."""
_WHOLE: Final = "__whole"
_CENT: Final = 10 ** (MONEY_SCALE - 2)


@dataclass(frozen=True)
class Spread:
    """How the facts of a table hold for longer than a day.

    until: the date column that says the day after the last. columns: money that is of the whole stretch.
    about: what a fact is about; no two facts of one thing hold on one day.
    """

    until: str
    columns: tuple[str, ...]
    about: tuple[str, ...]


def spread(facts: ir.Table, windows: ir.Table, how: Spread, *, on: str, by: Collection[str]) -> ir.Table:
    """Every fact once per window, with the part of its figures that falls into it.

    facts: with `on`, `how.until` and `how.columns`. windows: window, day; of a window every day between its first and last.
    by: which of `window` and `day` the parts are told apart by; without `day` a window is taken as a whole.
    returns: the columns of `facts`, in which `how.columns` are the parts and `day` is the first day covered (or of the
        window); window; held_days, 0 where a fact lies outside or says no figure or end; asked_days; about; and the
        figures themselves under names of their own, see `undivided`.
    """
    spans = _spans(windows, by)
    met = facts.cross_join(spans)
    total = met[how.until].delta(met[on], unit="day")
    start, end = (_within(met[name].delta(met[on], unit="day"), total) for name in ("from_day", "to_day"))
    known = total > 0
    for name in how.columns:
        known = known & met[name].notnull()
    parts = {name: _to(met[name], end, total) - _to(met[name], start, total) for name in how.columns}
    return met.select(
        *(name for name in facts.columns if name not in {*how.columns, "day"}),
        "window",
        ASKED,
        day=ibis.greatest(met[on], met.from_day) if "day" not in by else met.from_day,
        **{ABOUT: _joined(met, how.about), HELD: ibis.ifelse(known, end - start, 0).fill_null(0)},
        **{name: part.cast(MONEY) for name, part in parts.items()},
        **{name + _WHOLE: met[name] for name in how.columns},
    )


def undivided(spreaded: ir.Table, how: Spread) -> ir.Table:
    """What `spread` made, with the figures as they stand in the facts."""
    figures = {name: spreaded[name + _WHOLE] for name in how.columns}
    left_out = [HELD, ASKED, ABOUT, *(name + _WHOLE for name in how.columns)]
    return spreaded.mutate(**figures).drop(*left_out)


def _spans(windows: ir.Table, by: Collection[str]) -> ir.Table:
    """window, from_day, to_day (the day after), asked_days."""
    names = ["window", *(["day"] if "day" in by else [])]
    spans = windows.aggregate(
        by=names,
        from_day=windows.day.min(),
        after=windows.day.max() + ibis.interval(days=1),
        n=windows.count(),
    )
    told = [name for name in names if name in by]
    asked = spans.n.sum().over(group_by=told) if told else spans.n.sum().over()
    return spans.select("window", "from_day", to_day=spans.after, **{ASKED: asked.cast("int64")})


def _within(days: ir.IntegerValue, total: ir.IntegerValue) -> ir.IntegerValue:
    return ibis.least(ibis.greatest(days, 0), total)


def _to(figure: ir.Column, days: ir.IntegerValue, total: ir.IntegerValue) -> ir.DecimalValue:
    """What a figure has come to after so many of its days, in whole cents until its last."""
    cents, over = minor(figure) - minor(figure) % _CENT, total.nullif(0)
    cents = _quotient(cents, ibis.literal(_CENT))
    rounded = _quotient(cents, over) * days + _quotient(2 * (cents % over) * days + over, 2 * over)
    return ibis.ifelse(days == total, figure, major(rounded * _CENT))


def _quotient(of: ir.IntegerValue, by: ir.IntegerValue) -> ir.IntegerValue:
    """Without what remains, which is taken off first: Ibis divides integers as floats, exact for exact multiples."""
    return ((of - of % by) / by).round().cast("int64")


def _joined(table: ir.Table, names: tuple[str, ...]) -> ir.StringValue:
    return ibis.literal("\x1f").join([table[name].cast("string").fill_null("") for name in names])
