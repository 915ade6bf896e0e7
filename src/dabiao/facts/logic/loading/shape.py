"""Rows of a source → rows of one table: every column by its rule, every cell that fails with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from dabiao.facts.logic import coerce
from dabiao.facts.logic.coerce import numbers
from dabiao.facts.logic.loading import fx
from dabiao.facts.logic.loading.context import Context
from dabiao.facts.logic.mapping import Rule, TableMap, Where
from dabiao.facts.logic.mapping.known import INTO, UNIT_COLUMNS, Into
from dabiao.facts.logic.reading import PROBLEM, ROW

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
_BETWEEN: Final = "|"


@dataclass(frozen=True)
class Shaped:
    """rows: ROW and the table's columns, refused rows included. errors: refused cells. skipped: filtered out."""

    rows: pl.DataFrame
    errors: pl.DataFrame
    skipped: int


def shaped(frame: pl.DataFrame, table: TableMap, context: Context) -> Shaped:
    """The rows that pass the table's filter, in the table's types."""
    known = INTO[table.into]
    passing = frame.filter(_passes(table.where)) if table.where else frame
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
    if known.home == "lake":
        rows = fx.converted(rows, known, table, context, errors)
    return Shaped(rows, pl.concat(errors), frame.height - passing.height)


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
    bad = frame.filter(pl.col(PROBLEM).is_not_null()).select(
        ROW, pl.lit("").alias("column"), pl.lit(table.into).alias("into"), pl.col(PROBLEM).alias("value"), pl.lit("ragged").alias("reason")
    )  # fmt: skip
    return bad.cast(ERRORS)  # type: ignore[arg-type]  # the stub asks for an invariant mapping


def _key(frame: pl.DataFrame, table: TableMap, context: Context, errors: list[pl.DataFrame]) -> pl.Series:
    if table.key == "generated":
        names = sorted(context.own)
        cells = [pl.lit(f"{name}=") + pl.col(name).cast(pl.String).fill_null("\x00") for name in names]
        return frame.select(pl.concat_str(cells, separator="\x1f").alias(WHOLE)).to_series()
    parts = [coerce.words.to_text(frame[name]).values for name in table.key]
    whole = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
    keys = whole.select(pl.concat_str(pl.all(), separator=_BETWEEN).alias("key")).to_series()
    empty = (
        pl.DataFrame({"k": keys})
        .select(pl.when(pl.col("k").is_null()).then(pl.lit("empty")).cast(pl.String))
        .to_series()
    )
    if empty.null_count() < len(empty):
        errors.append(refused(frame[ROW], keys, empty, column=", ".join(table.key), into="key"))
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
    if rule.default is not None:
        cells = cells.cast(pl.String).fill_null(rule.default)
    how = coerce.Cells(
        known.columns[name],
        unit=rule.unit,
        formats=rule.formats,
        rounding=rule.round or context.doubles or cells.dtype.is_float(),
        zone=context.zone,
        business_zone=context.business_zone,
    )
    got = coerce.coerced(cells, how)
    _note(errors, frame[ROW], given, got.reason, said, name)
    values = _computed(frame, rule, how, got.values, errors)
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
        _note(errors, frame[ROW], given, _where(missing, "empty"), said, name)
    return values.alias(name)


def unit_key(names: pl.Series) -> pl.Series:
    """A unit's name as its key: what a key cannot hold becomes a hyphen."""
    return names.str.replace_all(r"[^\w./-]+", "-").str.strip_chars("-/")


def _cells(frame: pl.DataFrame, rule: Rule) -> pl.Series:
    if rule.constant is not None:
        return pl.repeat(rule.constant, frame.height, dtype=pl.String, eager=True)
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
