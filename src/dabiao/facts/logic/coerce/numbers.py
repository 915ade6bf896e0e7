"""Columns of numbers as people write them (`core.written` has the grammar), exact at a scale."""

from typing import Final

import polars as pl

from dabiao.core import written
from dabiao.core.written import UNITS, Mark
from dabiao.facts.logic.coerce import words
from dabiao.facts.logic.coerce.result import Coerced, fine, nothing

_PAD: Final = "0" * 64
_FURTHEST: Final = 20
"""Larger powers of ten are no amounts."""
_SMALLEST: Final = -40
"""Smaller powers of ten are nothing at any scale."""


def to_decimal(
    cells: pl.Series, scale: int, *, unit: str | None = None, rounding: bool = False, mark: Mark = "point"
) -> Coerced:
    """Decimal(18, scale). `unit` is the column's own (万); a cell that names a unit means that one.

    rounding: half away from zero to the scale; otherwise more decimals are refused.
    mark: what stands before the decimals of a text; what has a type has none
    """
    if cells.dtype == pl.Null:
        return fine(cells.cast(pl.Decimal(18, scale)))
    if cells.dtype.is_integer() and not unit:
        return _checked(cells.cast(pl.Decimal(18, scale), strict=False), cells)
    if cells.dtype == pl.Boolean:
        return Coerced(
            pl.Series(cells.name, [None] * len(cells), pl.Decimal(18, scale)),
            _reasons(cells.is_not_null(), "not_a_number"),
        )
    mark = mark if cells.dtype == pl.String else "point"
    texts = cells.cast(pl.String)
    plain = texts.str.contains(
        rf"^-?[0-9]{{1,{18 - scale}}}(?:\.[0-9]{{1,{max(scale, 1)}}}0*)?$"
        if scale and mark == "point"
        else rf"^-?[0-9]{{1,{18 - scale}}}$"
    )
    if unit or not plain.fill_null(True).all():
        easy = pl.repeat(False, len(texts), eager=True) if unit else plain
        return _mixed(texts, scale, unit, rounding, mark, easy)
    return fine(texts.cast(pl.Decimal(18, scale), strict=False))


def to_int(cells: pl.Series, *, unit: str | None = None, mark: Mark = "point") -> Coerced:
    """Int64; 3.0 is whole, 3.5 is refused."""
    got = to_decimal(cells, 0, unit=unit, mark=mark)
    values = got.values.cast(pl.Int64, strict=False)
    return Coerced(values, got.reason.replace({"too_precise": "not_whole"}))


def combined(left: pl.Series, right: pl.Series, how: str, scale: int) -> pl.Series:
    """left + right, left − right, left × right at `scale`, exact; a product is rounded half away from zero."""
    unit = 10**scale
    frame = pl.DataFrame({"a": minor(left, scale), "b": minor(right, scale)})
    a, b = pl.col("a"), pl.col("b")
    if how == "times":
        product = a * b
        size = pl.when(product < 0).then(0 - product).otherwise(product)
        half_up = (size * 2 + unit) // (2 * unit)
        units = pl.when(product < 0).then(0 - half_up).otherwise(half_up)
    else:
        units = a + b if how == "plus" else a - b
    return major(frame.select(units.alias(left.name)).to_series(), scale)


def minor(values: pl.Series, scale: int) -> pl.Series:
    """Decimal(18, scale) → whole units of 10^-scale, 128 bits wide."""
    shifted = values.cast(pl.Decimal(38, scale)).cast(pl.String).str.replace(".", "", literal=True)
    return shifted.cast(pl.Int128)


def major(units: pl.Series, scale: int) -> pl.Series:
    """Whole units of 10^-scale → Decimal(18, scale); null where it does not fit."""
    texts = units.cast(pl.String).str.strip_prefix("-").str.zfill(scale + 1)
    frame = pl.DataFrame({"t": texts, "s": units < 0})
    t = pl.col("t")
    number = (
        t.str.head(pl.col("t").str.len_chars() - scale)
        + pl.lit("." if scale else "")
        + (t.str.tail(scale) if scale else pl.lit(""))
    )
    signed = pl.when(pl.col("s")).then(pl.lit("-") + number).otherwise(number)
    return frame.select(signed.cast(pl.Decimal(18, scale), strict=False).alias(units.name)).to_series()


def _mixed(
    texts: pl.Series, scale: int, unit: str | None, rounding: bool, mark: Mark, plain: pl.Series
) -> Coerced:
    """Plain cells the fast way, the others by their parts."""
    easy = plain.fill_null(True)
    values = texts.set(~easy, None).cast(pl.Decimal(18, scale), strict=False)
    where = (~easy).arg_true()
    hard = _by_parts(texts.gather(where), scale, unit, rounding, mark)
    order = pl.concat([easy.arg_true(), where]).arg_sort()
    merged = pl.concat([values.filter(easy), hard.values]).gather(order).alias(texts.name)
    reason = pl.concat([nothing(int(easy.sum())), hard.reason]).gather(order)
    return Coerced(merged, reason)


def _by_parts(texts: pl.Series, scale: int, unit: str | None, rounding: bool, mark: Mark) -> Coerced:
    """Sign, digits, point, unit and power taken apart, then put together as whole units of 10^-scale."""
    parts = _parts(texts, UNITS[unit] if unit else 0, mark)
    point = pl.lit(len(_PAD)) + pl.col("whole").str.len_chars().cast(pl.Int64) + pl.col("power")
    digits = pl.lit(_PAD) + pl.col("whole") + pl.col("part") + pl.lit(_PAD)
    shifted = parts.with_columns(
        digits.str.head(point + scale).alias("kept"), digits.str.slice(point + scale).alias("rest")
    )
    too_large = (pl.col("power") > _FURTHEST) | (
        pl.col("kept").str.strip_chars_start("0").str.len_chars() > 18
    )
    finer = pl.col("rest").str.contains("[1-9]")
    up = pl.col("rest").str.contains("^[5-9]").cast(pl.Int64) if rounding else pl.lit(0, pl.Int64)
    reason = (
        pl.when(pl.col("text").is_null()).then(None)
        .when(pl.col("text") == words.NO_RESULT).then(pl.lit("no_result"))
        .when(pl.col("text").str.contains("^#[A-Z/0!?]+$")).then(pl.lit("excel_error"))
        .when(pl.col("whole").is_null()).then(pl.lit("not_a_number"))
        .when(too_large).then(pl.lit("too_large"))
        .when(finer & pl.lit(not rounding)).then(pl.lit("too_precise"))
    )  # fmt: skip
    done = shifted.with_columns(reason.cast(pl.String).alias("reason"))
    units = pl.when(pl.col("reason").is_null()).then(pl.col("kept").str.tail(19)).cast(pl.Int64) + up
    sums = done.select(
        pl.when(pl.col("negative")).then(-units).otherwise(units).alias(texts.name)
    ).to_series()
    values = major(sums, scale)
    overflown = values.is_null() & sums.is_not_null()
    return Coerced(values, _either(_reasons(overflown, "too_large"), done["reason"]))


def _parts(texts: pl.Series, power: int, mark: Mark) -> pl.DataFrame:
    """text, negative, whole, part, power; `whole` is null where the text is no number."""
    frame = pl.DataFrame({"text": texts.alias("text"), "t": _plain(texts)})
    bare = pl.col("t").str.replace(written.BEFORE, "${1}${2}").str.replace(written.AFTER, "")
    groups = bare.str.extract_groups(written.pattern(mark))
    frame = frame.select("text", groups.alias("g")).unnest("g")
    whole = pl.col("whole").str.replace_all(written.GROUPING, "")
    part = pl.col("part").fill_null("")
    given = pl.col("unit").replace_strict(UNITS, default=None, return_dtype=pl.Int64).fill_null(power)
    return frame.select(
        "text",
        (pl.col("sign") == "-").fill_null(False).alias("negative"),
        pl.when((whole + part) != "").then(whole).alias("whole"),
        part.alias("part"),
        (given + pl.col("power").cast(pl.Int64, strict=False).fill_null(0)).clip(_SMALLEST).alias("power"),
    )


def signs(texts: pl.Series) -> pl.Series:
    """The sign of money in each text; null where there is none."""
    return _plain(texts.cast(pl.String)).str.extract(f"({written.SIGN})")


def marked(texts: pl.Series, mark: Mark) -> pl.Series:
    """Those of the texts in which a comma or a point stands among digits, but for plain numbers with this mark."""
    among = texts.str.contains(r"[0-9０-９][.,，．' \u00a0\u202f][0-9０-９]")
    plain = texts.str.contains(r"^-?[0-9]+[.][0-9]+$" if mark == "point" else "^-?[0-9]+,[0-9]+$")
    return texts.filter((among & ~plain).fill_null(False))


def either_way(texts: pl.Series) -> pl.Series:
    """Whether each text is a number with a decimal point and another one with a decimal comma."""
    both = readable(texts, "point") & readable(texts, "comma")
    return both & texts.cast(pl.String).str.contains(r"[.,，．]").fill_null(False)


def readable(texts: pl.Series, mark: Mark) -> pl.Series:
    """Whether each text is a number where `mark` stands before the decimals."""
    return _parts(texts.cast(pl.String), 0, mark)["whole"].is_not_null()


def _plain(texts: pl.Series) -> pl.Series:
    """As `written.plain`: full width made half, blanks gone, a minus in front."""
    return (
        texts.str.replace_many(dict(written.WIDE))
        .str.strip_chars(written.AROUND)
        .str.to_lowercase()
        .str.replace(written.IN_PARENTHESES, "-${1}")
        .str.replace(written.MINUS_BEHIND, "-${1}")
    )


def _checked(values: pl.Series, cells: pl.Series) -> Coerced:
    return Coerced(values, _reasons(values.is_null() & cells.is_not_null(), "too_large"))


def _either(first: pl.Series, second: pl.Series) -> pl.Series:
    return pl.DataFrame({"a": first, "b": second}).select(pl.coalesce("a", "b")).to_series()


def _reasons(bad: pl.Series, reason: str) -> pl.Series:
    return pl.DataFrame({"b": bad}).select(pl.when("b").then(pl.lit(reason)).cast(pl.String)).to_series()
