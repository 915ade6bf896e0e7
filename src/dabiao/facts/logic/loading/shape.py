"""Rows of a source → rows of one table: every column by its rule, every cell that fails with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import polars as pl

from dabiao.core.written import Mark
from dabiao.engine import needs
from dabiao.facts.logic import coerce
from dabiao.facts.logic.coerce import numbers
from dabiao.facts.logic.loading import fx, labels, money
from dabiao.facts.logic.loading.context import Context
from dabiao.facts.logic.mapping import Rule, TableMap, Where
from dabiao.facts.logic.mapping.known import INTO, UNIT_COLUMNS, Into
from dabiao.facts.logic.reading import PROBLEM, PROBLEM_OF, ROW
from dabiao.lake import dated

WHOLE: Final = "__whole__"
"""The whole source row as text, from which a key is generated."""
ERRORS: Final = {
    ROW: pl.Int64,
    "column": pl.String,
    "into": pl.String,
    "value": pl.String,
    "reason": pl.String,
}
"""Columns of a frame of refused cells."""
POSITIVE: Final[Mapping[str, frozenset[str]]] = {"fx_rates": frozenset({"rate", "per"})}
"""Columns that must lie above zero: a rate of zero makes every amount vanish."""
_RATES: Final = frozenset({"fx_rate", "fx_per"})
FOREVER: Final = date(9999, 12, 31)
_BETWEEN: Final = "|"


@dataclass(frozen=True)
class Shaped:
    """rows: ROW and the table's columns, refused rows included. errors: refused cells. skipped: filtered out.

    other_mark: columns of the source in which some text is a number only if its decimals stand behind the other mark
    """

    rows: pl.DataFrame
    errors: pl.DataFrame
    skipped: int
    other_mark: frozenset[str] = frozenset()


def shaped(frame: pl.DataFrame, table: TableMap, context: Context) -> Shaped:
    """The rows that pass the table's filter, in the table's types."""
    known = INTO[table.into]
    passing = passed(frame, table)
    errors = [_ragged(passing, table)]
    columns = [passing[ROW]]
    if known.keyed and "key" not in table.columns:
        columns.append(_key(passing, table, context, errors))
    for name, rule in table.columns.items():
        if rule.next is None:
            columns.append(_column(passing, name, rule, table, known, context, errors))
    if table.into in {"units", "people"} and "name" not in table.columns:
        rule = table.columns["unit" if table.into == "units" else "person"]
        columns.append(coerce.words.to_text(_cells(passing, rule)).values.alias("name"))
    rows = pl.DataFrame(columns)
    money.refuse_foreign(passing, rows, table, known, context, errors)
    if table.into in dated.TABLES:
        rows = _open_ended(rows) if dated.TABLES[table.into].lasts else _ended(passing, rows, table, errors)
    if table.into == "activities":
        _refuse_other_depth(passing, rows, table, errors)
    if known.home == "lake":
        rows = fx.converted(rows, known, table, context, errors)
    other_mark = _in_other_mark(passing, table, known, context)
    return Shaped(rows, pl.concat(errors), frame.height - passing.height, other_mark)


def _open_ended(rows: pl.DataFrame) -> pl.DataFrame:
    """What does not say until when it holds, holds."""
    ends = pl.col("ends_on") if "ends_on" in rows.columns else pl.lit(None, pl.Date)
    return rows.with_columns(ends.fill_null(FOREVER).alias("ends_on"))


def _ended(
    frame: pl.DataFrame, rows: pl.DataFrame, table: TableMap, errors: list[pl.DataFrame]
) -> pl.DataFrame:
    """A figure's end, as the label of its period says it or a column of its own; a day alone says none."""
    on = dated.TABLES[table.into].first
    rule = table.columns[on]
    cells = _cells(frame, rule) if rule.values is None else _translated(_cells(frame, rule), rule)[0]
    label = labels.ends(cells)
    given = (
        rows["ends_on"]
        if "ends_on" in rows.columns
        else pl.repeat(None, len(label), dtype=pl.Date, eager=True)
    )
    ends = given.fill_null(label)
    said = ", ".join(rule.columns) or on
    _note(errors, frame[ROW], cells, _where(ends.is_null() & rows[on].is_not_null(), "no_end"), said, on)
    _note(errors, frame[ROW], cells, _where((given != label).fill_null(False), "other_end"), said, on)
    return rows.with_columns(ends.alias("ends_on"))


def _refuse_other_depth(
    frame: pl.DataFrame, rows: pl.DataFrame, table: TableMap, errors: list[pl.DataFrame]
) -> None:
    """How deep the needs go and which they are say the same, or one of them is not said."""
    flags = [pl.col(name) for name in needs.FLAGS if name in rows.columns]
    if needs.DEPTH not in rows.columns or not flags:
        return
    depth, told = pl.col(needs.DEPTH), pl.any_horizontal(flag.is_not_null() for flag in flags)
    least = pl.sum_horizontal(flag.fill_null(False).cast(pl.Int64) for flag in flags)
    most = len(needs.FLAGS) - pl.sum_horizontal((~flag).fill_null(False).cast(pl.Int64) for flag in flags)
    wrong = rows.select(told & ~depth.is_between(least, most)).to_series().fill_null(False)
    said = ", ".join(table.columns[needs.DEPTH].columns) or needs.DEPTH
    _note(errors, frame[ROW], rows[needs.DEPTH], _where(wrong, "other_depth"), said, needs.DEPTH)


def passed(frame: pl.DataFrame, table: TableMap) -> pl.DataFrame:
    """The rows that pass the table's filter."""
    return frame.filter(_passes(table.where)) if table.where else frame


def refused(rows: pl.Series, values: pl.Series, reason: pl.Series, *, column: str, into: str) -> pl.DataFrame:
    """The refused cells of a column as a frame of errors."""
    frame = pl.DataFrame({ROW: rows, "value": values.cast(pl.String), "reason": reason})
    frame = frame.filter(pl.col("reason").is_not_null())
    return frame.with_columns(pl.lit(column).alias("column"), pl.lit(into).alias("into")).select(list(ERRORS))


def no_errors() -> pl.DataFrame:
    return pl.DataFrame(schema=ERRORS)


def _passes(wheres: Sequence[Where]) -> pl.Expr:
    return pl.all_horizontal([_passing(where) for where in wheres])


def _passing(where: Where) -> pl.Expr:
    cell = pl.col(where.column).cast(pl.String)
    if where.filled is not None:
        return cell.is_not_null() if where.filled else cell.is_null()
    among = cell.is_in(list(where.values)).fill_null(False)
    return ~among if where.negate else among


def _ragged(frame: pl.DataFrame, table: TableMap) -> pl.DataFrame:
    """Rows that are wrong as a whole."""
    parts = pl.col(PROBLEM).str.splitn(PROBLEM_OF, 2).struct
    named = parts.field("field_1").is_not_null()
    bad = frame.filter(pl.col(PROBLEM).is_not_null()).select(
        ROW,
        pl.lit("").alias("column"),
        pl.lit(table.into).alias("into"),
        pl.when(named).then(parts.field("field_1")).otherwise(parts.field("field_0")).alias("value"),
        pl.when(named).then(parts.field("field_0")).otherwise(pl.lit("ragged")).alias("reason"),
    )
    return bad.cast(ERRORS)  # type: ignore[arg-type]  # the stub asks for an invariant mapping


def _key(frame: pl.DataFrame, table: TableMap, context: Context, errors: list[pl.DataFrame]) -> pl.Series:
    if table.key == "generated":
        names = sorted(context.own)
        cells = [pl.lit(f"{name}=") + pl.col(name).cast(pl.String).fill_null("\x00") for name in names]
        return frame.select(pl.concat_str(cells, separator="\x1f").alias(WHOLE)).to_series()
    parts = []
    for name in table.key:
        got = coerce.words.to_text(frame[name])
        _note(errors, frame[ROW], frame[name], got.reason, name, "key")
        parts.append(got.values)
    whole = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
    keys = whole.select(pl.concat_str(pl.all(), separator=_BETWEEN).alias("key")).to_series()
    empty = (
        pl.DataFrame({"k": keys})
        .select(pl.when(pl.col("k").is_null()).then(pl.lit("empty")).cast(pl.String))
        .to_series()
    )
    if empty.null_count() < len(empty):
        said = _merged(frame[ROW], table.key, empty, context)
        errors.append(refused(frame[ROW], keys, said, column=", ".join(table.key), into="key"))
    return keys


def _column(
    frame: pl.DataFrame, name: str, rule: Rule, table: TableMap, known: Into, context: Context, errors: list[pl.DataFrame]
) -> pl.Series:  # fmt: skip
    """The column's values; what is refused goes to `errors`."""
    cells = _cells(frame, rule)
    said = ", ".join(rule.columns) or name
    given = cells
    if rule.values is not None:
        cells, reason = _translated(cells, rule)
        _note(errors, frame[ROW], given, reason, said, name)
    if table.into in dated.TABLES and known.on == name:
        cells = labels.begins(cells)
    how = _how(name, rule, known, context, cells)
    got = coerce.coerced(cells, how)
    if rule.default is not None:
        got = _or_default(got, cells, rule.default, how)
    _note(errors, frame[ROW], given, got.reason, said, name)
    values = _computed(frame, rule, how, got.values, errors)
    if name in POSITIVE.get(table.into, _RATES):
        _note(errors, frame[ROW], given, _where((values <= 0).fill_null(False), "not_positive"), said, name)
    if rule.add_days:
        values = values.to_frame("v").select(pl.col("v").dt.offset_by(f"{rule.add_days}d")).to_series()
    if (table.into, name) in UNIT_COLUMNS:
        values = unit_key(values)
    needed = name in known.required if rule.required is None else rule.required
    if needed and values.null_count():
        missing = (
            values.is_null()
            & got.reason.is_null()
            & (given.is_null() if rule.values is None else cells.is_null())
        )
        empty = _merged(frame[ROW], rule.columns, _where(missing, "empty"), context)
        _note(errors, frame[ROW], given, empty, said, name)
    return values.alias(name)


def _how(name: str, rule: Rule, known: Into, context: Context, cells: pl.Series) -> coerce.Cells:
    """How a column's cells are to be read. What the mapping itself says has a decimal point, whatever the source has."""
    ours = rule.constant is not None or rule.values is not None
    return coerce.Cells(
        known.columns[name],
        unit=rule.unit,
        formats=rule.formats,
        rounding=rule.round or context.doubles or cells.dtype.is_float(),
        mark="point" if ours else context.mark,
        zone=context.zone,
        business_zone=context.business_zone,
    )


def _or_default(got: coerce.Coerced, cells: pl.Series, default: str, how: coerce.Cells) -> coerce.Coerced:
    """The default where the cell is empty."""
    spare = coerce.coerced(pl.Series([default], dtype=pl.String), replace(how, mark="point"))
    filled = cells.is_not_null()
    values = got.values.zip_with(filled, spare.values.new_from_index(0, len(cells)))
    return coerce.Coerced(values, got.reason.zip_with(filled, spare.reason.new_from_index(0, len(cells))))


def _merged(rows: pl.Series, names: Sequence[str], reason: pl.Series, context: Context) -> pl.Series:
    """The reason, which names the merging where that is why a cell is empty."""
    below = [context.merged[name] for name in names if name in context.merged]
    if not below:
        return reason
    inside = rows.is_in(sorted(frozenset[int]().union(*below))) & reason.is_not_null()
    return reason.zip_with(~inside, pl.repeat("merged", len(reason), dtype=pl.String, eager=True))


def _in_other_mark(frame: pl.DataFrame, table: TableMap, known: Into, context: Context) -> frozenset[str]:
    """The source's own columns in which some text is a number only if its decimals stand behind the other mark."""
    other: Mark = "comma" if context.mark == "point" else "point"
    texts = [
        name for name in numeric(table, known) if name in context.own and frame.schema[name] == pl.String
    ]
    return frozenset(
        name
        for name in texts
        if (marked := numbers.marked(frame[name].drop_nulls(), context.mark).unique()).len()
        and (numbers.readable(marked, other) & ~numbers.readable(marked, context.mark)).any()
    )


def numeric(table: TableMap, known: Into) -> tuple[str, ...]:
    """Columns of the source whose cells are read as numbers, by rules that take them as they stand."""
    kinds = {*coerce.column.SCALES, "int"}
    rules = [rule for name, rule in table.columns.items() if known.columns.get(name) in kinds]
    return tuple(dict.fromkeys(name for rule in rules if rule.values is None for name in rule.reads))


def unit_key(names: pl.Series) -> pl.Series:
    """A unit's name as its key: what a key cannot hold becomes a hyphen."""
    return names.str.replace_all(r"[^\w./-]+", "-").str.strip_chars("-/")


def _cells(frame: pl.DataFrame, rule: Rule) -> pl.Series:
    if rule.constant is not None:
        return pl.repeat(rule.constant, frame.height, dtype=pl.String, eager=True)
    if not rule.columns:  # a constant of nothing
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    if len(rule.columns) == 1:
        return frame[rule.columns[0]]
    texts = [pl.col(name).cast(pl.String) for name in rule.columns]
    joined = pl.coalesce(texts) if rule.first else pl.concat_str(texts, separator=_BETWEEN)
    return frame.select(joined.alias(rule.column)).to_series()


def _translated(cells: pl.Series, rule: Rule) -> tuple[pl.Series, pl.Series]:
    """Values by the rule's pairs, and the reason for each cell that is not among them."""
    texts = cells.cast(pl.String)
    table = dict(rule.values or {})
    default = texts if rule.otherwise == "keep" else None
    values = texts.replace_strict(table, default=default, return_dtype=pl.String)
    strange = texts.is_not_null() & ~texts.is_in(list(table)) & (rule.otherwise == "error")
    return values, _where(strange, "not_in_values")


def _computed(
    frame: pl.DataFrame, rule: Rule, how: coerce.Cells, values: pl.Series, errors: list[pl.DataFrame]
) -> pl.Series:
    """plus, minus and times: an empty operand makes the result empty."""
    scale = coerce.column.SCALES.get(how.type)
    if scale is None:
        return values
    for name, operation in (
        [(n, "plus") for n in rule.plus]
        + [(n, "minus") for n in rule.minus]
        + [(n, "times") for n in rule.times]
    ):
        other = coerce.coerced(frame[name], how)
        _note(errors, frame[ROW], frame[name], other.reason, name, rule.column)
        values = numbers.combined(values, other.values, operation, scale)
    return values


def _note(
    errors: list[pl.DataFrame], rows: pl.Series, given: pl.Series, reason: pl.Series, column: str, into: str
) -> None:
    if reason.null_count() < len(reason):
        errors.append(refused(rows, given, reason, column=column, into=into))


def _where(mask: pl.Series, reason: str) -> pl.Series:
    return pl.DataFrame({"m": mask}).select(pl.when("m").then(pl.lit(reason)).cast(pl.String)).to_series()
