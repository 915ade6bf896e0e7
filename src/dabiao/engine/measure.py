"""Metrics computed: each fact table is summed up by itself, and divided last.

`measure` turns any set of metrics into one table. Each fact table is aggregated before it meets another, so
joining can't multiply anything, and rows whose dimension is missing keep a row of their own, so parts sum to
the whole. `roll_up` and `members_of` make smaller tables from which `measure` computes exactly the same numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from dabiao.engine import number
from dabiao.engine.aggregate import counted, side_by_side, summed
from dabiao.engine.message import Objection, message
from dabiao.engine.metric import (
    How,
    Measure,
    Metric,
    Ratio,
    Side,
    Source,
    measures_of,
    rollable,
    sides_of,
    sources_of,
    zero_without_facts,
)
from dabiao.engine.row import all_hold
from dabiao.engine.spread import ABOUT, ASKED, HELD, undivided

SHARE: Final = "credit_share"
"""A source with this column (decimal(18, 6)) carries credit: sums, counts and means weigh by it.

Not plain `share`: the lake's `market` table has a column of that name."""

COUNTED: Final = "counted_value"
"""The column of what a fact adds to a number, where that stands in no column of the fact itself."""

MEMBER: Final = "member"
"""The column of what a distinct count tells apart."""


class CannotMeasure(Objection):
    """The metrics, the sources and the dimensions asked for don't fit together."""


class MixedCurrencies(CannotMeasure):
    """Original amounts of several currencies would be added raw."""


def measure(
    metrics: Sequence[Metric],
    sources: Mapping[Source, ir.Table],
    *,
    by: Sequence[str],
    rolled: Collection[Source] = (),
    members: Mapping[str, ir.Table] | None = None,
    told: ir.Table | None = None,
    unknown: Collection[str] = (),
) -> ir.Table:
    """One row per combination of `by` that any source has, one column per metric; `by=[]` gives one row.

    sources: per source its facts (already limited to a window and a scope, with every `by` column), or, for
        those in `rolled`, what `roll_up` made of them.
    members: per key of a distinct count what `members_of` made of its source; it is then not read from `sources`.
    told: source (its name), window: into which windows the facts of each source reach. Where a cell has no fact of a
        source that reaches into its window (into any, where `by` has none), its sums and counts are 0; else they are
        null, "no data": what was before the first fact, or is behind the last, nobody knows. A cell that has facts,
        none of which meets a measure's conditions, is 0 either way; one whose facts meet them but have no value is
        null. None: no source reaches anywhere.
    unknown: keys of measures of which no fact tells anything (`Measure.told_by`), and of ratios that nobody can know:
        null everywhere.

    returns: sums exact (money decimal(38, 4); six more decimals when weighed by `credit_share`, nothing rounded),
        counts int64 (decimal when weighed), means, medians, ratios and shares float64, minima and maxima as
        the column.

    A `credit_share` column weighs sums, counts and means exactly; medians, minima, maxima and distinct counts take
    each row as it is.
    """
    wanted = {each.key: each for metric in metrics for each in measures_of(metric)}
    if not wanted:
        raise CannotMeasure(message("No metric was asked for."))
    listed = members or {}
    of_source: dict[Source, list[Measure]] = {source: [] for source in sources_of(metrics)}
    for each in wanted.values():
        if each.key not in listed:
            of_source[each.source].append(each)
    of_source = {source: measures for source, measures in of_source.items() if measures}
    for source, measures in of_source.items():
        _check(source, measures, sources, by=by, rolled=source in rolled)
    grouped = [
        _merged(measures, sources[source], by=by)
        if source in rolled
        else _aggregated(measures, sources[source], by=by)
        for source, measures in of_source.items()
    ]
    told_apart = [
        _told_apart(each, listed[each.key], by=by) for each in wanted.values() if each.key in listed
    ]
    wide = side_by_side([*grouped, *told_apart], by=by)
    zero = {source: _reaching(source, wide, told) for source in sources_of(metrics)}
    ratios = [metric for metric in metrics if isinstance(metric, Ratio)]
    cells = wide.select(
        *by,
        **{
            each.key: _finished(each, wide, zero=zero[each.source], known=each.key not in unknown)
            for each in wanted.values()
        },
        **{side.key: _of_mean(side, wide) for side in metrics if isinstance(side, Side)},
        **{_met_by(ratio): met for ratio in ratios if (met := _meeting(ratio, wide, by)) is not None},
    )
    values = {metric.key: _value(metric, cells, by=by) for metric in metrics}
    return cells.select(
        *by, **{key: ibis.null(value.type()) if key in unknown else value for key, value in values.items()}
    )


def roll_up(measures: Sequence[Measure], source: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Partial aggregates of one source: one row per combination of `by`, to be given to `measure` as `rolled`.

    A sum, minimum or maximum is kept under the measure's key, a mean as sum and count, and with conditions
    how many facts met them, so that 0 and null stay apart. Additive over any later grouping.
    """
    for each in measures:
        if not rollable(each):
            raise CannotMeasure(
                message("{metric} is a {how}: it can't be rolled up.", metric=each.key, how=each.how)
            )
        _check_currency(each, by)
    return _aggregated(measures, source, by=by)


def roll_up_further(measures: Sequence[Measure], cells: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Partial aggregates (see `roll_up`) of one source to coarser ones, of the same columns."""
    return _merged(measures, cells, by=by)


def members_of(each: Measure, source: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """What a distinct count counts: one row per combination of `by` and member, to be given to `measure`.

    returns: by…, member (null for facts that do not meet the conditions or have no value), and the number of
        facts. Unlike a count of members it can be grouped further and stay exact.
    """
    if each.how != "distinct" or each.of is None:
        raise CannotMeasure(message("{metric} is a {how}: it has no members.", metric=each.key, how=each.how))
    met, value = _met(each, source), each.of.value(source)
    member = value if met is None else ibis.cases((met, value), else_=ibis.null(value.type()))
    return source.mutate(**{MEMBER: member}).aggregate(
        by=[*by, MEMBER], **{_rows(each.source): lambda table: table.count()}
    )


def first_shown(each: Measure, source: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """A distinct count as parts that add up to it: what it counts, each once, where it first showed in its window.

    source: facts with window, day, source, key and every `by` column
    returns: by…, window, and how many under the measure's key (int64)
    """
    if each.how != "distinct" or each.of is None:
        raise CannotMeasure(message("{metric} is a {how}: it has no members.", metric=each.key, how=each.how))
    met = _met(each, source)
    kept = (source if met is None else source.filter(met)).mutate(**{MEMBER: each.of.value})
    kept = kept.filter(kept[MEMBER].notnull())
    order = ibis.row_number().over(group_by=["window", MEMBER], order_by=["day", "source", "key"])
    first = kept.mutate(__place=order).filter(lambda table: table["__place"] == 0)
    return first.aggregate(by=list(dict.fromkeys(["window", *by])), **{each.key: first.count()})


def counted_facts(each: Measure, source: ir.Table) -> ir.Table:
    """The facts of a source that a measure counts: a number is its aggregate of exactly these rows.

    returns: the columns of `source`, `credit_share` among them where the number weighs by it; `counted_value`, what
        is aggregated of each, where that is no column of the fact (a difference, a part of an amount, what of a figure
        of a quarter falls into the window).
    """
    met = _met(each, source)
    kept = source if met is None else source.filter(met)
    if each.source.spread is not None:
        kept = kept.filter(kept[HELD] > 0)
        return undivided(kept.mutate(**{COUNTED: _worked_out_part(each, kept)}), each.source.spread)
    value = _worked_out(each, kept)
    return kept if value is None else kept.mutate(**{COUNTED: value})


def _worked_out_part(each: Measure, table: ir.Table) -> ir.Value:
    """What the part of a fact that falls into the window adds."""
    value = _worked_out(each, table)
    return each.of.value(table) if value is None and each.of else value


def _worked_out(each: Measure, table: ir.Table) -> ir.Value | None:
    """What a measure aggregates of a fact; None where that is a column as it is, or the fact itself."""
    weight = table[SHARE] if SHARE in table.columns and each.how in {"sum", "count"} else None
    if each.of is None or each.how == "distinct":
        return weight
    if weight is not None:
        return each.of.value(table) * weight
    return None if each.column else each.of.value(table)


def _met(each: Measure, table: ir.Table) -> ir.BooleanValue | None:
    """What a fact has to meet to count; None: every fact does."""
    return all_hold(each.where, table)


def _told_apart(each: Measure, table: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Members to their distinct count."""
    rows = _rows(each.source)
    return table.aggregate(by=list(by), **{rows: summed(table[rows]), each.key: table[MEMBER].nunique()})


def _check(
    source: Source,
    measures: Sequence[Measure],
    sources: Mapping[Source, ir.Table],
    *,
    by: Sequence[str],
    rolled: bool,
) -> None:
    keys = ", ".join(each.key for each in measures)
    if source not in sources:
        raise CannotMeasure(
            message(
                "{metrics}: no table was given for the source {source}.", metrics=keys, source=source.name
            )
        )
    if missing := [name for name in by if name not in sources[source].columns]:
        raise CannotMeasure(
            message(
                "{metrics}: {table} has no dimension {dimensions}.",
                metrics=keys,
                table=source.table,
                dimensions=", ".join(missing),
            )
        )
    for each in measures:
        if rolled and not rollable(each):
            raise CannotMeasure(
                message("{metric} is a {how}: it can't come from a roll-up.", metric=each.key, how=each.how)
            )
        if not rolled:
            _check_currency(each, by)


def _check_currency(each: Measure, by: Sequence[str]) -> None:
    if each.unit != "money" or each.of is None or each.how == "distinct":
        return
    fixed = any(
        test.column == "currency" and test.test == "one_of" and len(test.values) == 1 for test in each.where
    )
    raw = [name for name in each.of.columns if name.startswith("original_")]
    if raw and not fixed and "currency" not in by:
        raise MixedCurrencies(
            message(
                "{metric} adds {column}, which may be in several currencies. Group by currency, limit it to one, or "
                "use {converted}, which is converted.",
                metric=each.key,
                column=raw[0],
                converted=raw[0].removeprefix("original_"),
            )
        )


def _aggregated(measures: Sequence[Measure], table: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Facts to partial aggregates."""
    partials = {name: value for each in measures for name, value in _partials(each, table).items()}
    source = measures[0].source
    if source.spread is None:
        return table.aggregate(by=list(by), **{_rows(source): table.count()}, **partials)
    cells = table.aggregate(by=list(by), **{_rows(source): table[HELD].sum()}, **partials)
    return cells.filter(cells[_rows(source)] > 0) if by else cells


def _merged(measures: Sequence[Measure], table: ir.Table, *, by: Sequence[str]) -> ir.Table:
    """Partial aggregates to coarser ones."""
    rows = _rows(measures[0].source)
    merged = {
        name: summed(table[name])
        for each in measures
        if each.how not in {"min", "max"}
        for name in _names(each)
    }
    least = {each.key: table[each.key].min() for each in measures if each.how == "min"}
    most = {each.key: table[each.key].max() for each in measures if each.how == "max"}
    return table.aggregate(by=list(by), **{rows: summed(table[rows])}, **merged, **least, **most)


def _names(each: Measure) -> tuple[str, ...]:
    """The columns that hold a measure's partial aggregates."""
    if each.how == "mean":
        total, count = sides_of(each)
        return (total.key, count.key)
    met_too = each.how == "sum" and each.where and each.source.spread is None
    return (each.key, f"{each.key}__met") if met_too else (each.key,)


def _partials(each: Measure, table: ir.Table) -> dict[str, ir.Scalar]:
    met = _met(each, table)
    weight = table[SHARE] if SHARE in table.columns else None
    if each.of is None:
        return {each.key: counted(table, met, weight)}
    value = each.of.value(table)
    if each.how == "mean":
        known = value.notnull() if met is None else met & value.notnull()
        total, count = _names(each)
        return {total: summed(value, met, weight), count: counted(table, known, weight)}
    if each.source.spread is not None:
        return {each.key: _tiled(value, table, met, weight)}
    if each.how == "sum":
        met_by = {} if met is None else {f"{each.key}__met": counted(table, met)}
        return {each.key: summed(value, met, weight), **met_by}
    return {each.key: _of_values(each.how, value, met)}


def _tiled(
    value: ir.Value, table: ir.Table, met: ir.BooleanValue | None, weight: ir.Column | None
) -> ir.Scalar:
    """The sum of parts, null unless every thing that is told of is told of for all days that are asked for."""
    held = summed(table[HELD], met, weight)
    whole = table[ABOUT].nunique(where=met) * table[ASKED].max(where=met)
    return ibis.ifelse(held == whole, summed(value, met, weight), ibis.null())


def _of_values(how: How, value: ir.Value, met: ir.BooleanValue | None) -> ir.Scalar:
    if how == "distinct":
        return value.nunique(where=met)
    if how == "median":
        return value.cast("float64").median(where=met)
    return value.min(where=met) if how == "min" else value.max(where=met)


def _reaching(source: Source, wide: ir.Table, told: ir.Table | None) -> ir.BooleanValue:
    """Whether the facts of a source reach into the window of a cell."""
    if told is None:
        return ibis.literal(False)
    of_source = told.filter(told.source == source.name)
    return wide.window.isin(of_source.window) if "window" in wide.columns else of_source.count() > 0


def _finished(each: Measure, wide: ir.Table, *, zero: ir.BooleanValue, known: bool) -> ir.Value:
    """A measure's value from its partial aggregates, with 0 and null kept apart. `zero`: where none would be 0."""
    if not known:
        return ibis.null(wide[_names(each)[0]].type())
    if each.how == "mean":
        total, count = _names(each)
        return number.ratio(wide[total], wide[count])
    value = wide[each.key]
    if not zero_without_facts(each):
        return value
    nothing, empty = ibis.literal(0).cast(value.type()), ibis.null(value.type())
    if each.how == "sum" and each.where:
        value = ibis.cases((wide[f"{each.key}__met"] == 0, nothing), else_=value)
    without_facts = wide[_rows(each.source)].fill_null(0) == 0
    empty = ibis.null(value.type())
    return ibis.cases(
        (without_facts, empty if zero is None else ibis.ifelse(zero, nothing, empty)), else_=value
    )


def _of_mean(side: Side, wide: ir.Table) -> ir.Value:
    """One of the two sums behind a mean. How many values are known is known everywhere."""
    value = wide[side.key]
    return value.fill_null(ibis.literal(0).cast(value.type())) if side.side == "count" else value


def _value(metric: Metric, cells: ir.Table, *, by: Sequence[str]) -> ir.Value:
    if isinstance(metric, Measure | Side):
        return cells[metric.key]
    if isinstance(metric, Ratio):
        value = number.ratio(cells[metric.part.key], _whole_of(metric, cells, by))
        return (
            ibis.ifelse(cells[_met_by(metric)], value, ibis.null())
            if _met_by(metric) in cells.columns
            else value
        )
    within = list(by[:-1]) if metric.within is None else list(metric.within)
    if unknown := [name for name in within if name not in by]:
        raise CannotMeasure(
            message(
                "{metric} is a share within {dimensions}: group by it too.",
                metric=metric.key,
                dimensions=", ".join(unknown),
            )
        )
    value = cells[metric.of.key]
    return number.ratio(value, value.sum().over(group_by=within))


def _whole_of(ratio: Ratio, cells: ir.Table, by: Sequence[str]) -> ir.Value:
    """What a part is held against in each cell. A market is nobody's: units and people each have a share of all of it."""
    whole, told = cells[ratio.whole.key], ratio.whole.source.spread
    about = [name for name in by if told is not None and name in ("window", *told.about)]
    if told is None or ratio.part.source == ratio.whole.source or about == list(by):
        return whole
    return whole.max().over(ibis.window(group_by=[cells[name] for name in about]))


def _meeting(ratio: Ratio, wide: ir.Table, by: Sequence[str]) -> ir.BooleanValue | None:
    """Whether facts of the part stand under anything that the whole is told about: sales of which none is of a segment
    of the market are no sales of 0 in each of them. None: there is nothing to tell apart by."""
    told = ratio.whole.source.spread
    about = [name for name in by if told is not None and name in told.about]
    if not about or ratio.part.source == ratio.whole.source:
        return None
    part, whole = (wide[_rows(side.source)].fill_null(0) > 0 for side in (ratio.part, ratio.whole))
    over = ibis.window(group_by=[wide[name] for name in by if name == "window"])
    return (part & whole).any().over(over) | ~part.any().over(over)


def _met_by(ratio: Ratio) -> str:
    return f"{ratio.key}__met_by"


def _rows(source: Source) -> str:
    return f"{source.name}__rows"
