"""Numbers: 1,234.50 · （1,234） · 12.5万 · １２３ · 12% · ¥5 · 1.2E+3, exact at a scale."""

from typing import Final

import polars as pl

from dabiao.facts.logic.coerce.result import Coerced, fine, nothing

UNITS: Final = {
    "": 0, "十": 1, "百": 2, "千": 3, "k": 3, "万": 4, "十万": 5, "百万": 6, "m": 6, "千万": 7, "亿": 8, "%": -2, "‰": -3,
}  # fmt: skip
"""Suffix → power of ten."""
_WIDE: Final = dict(zip("０１２３４５６７８９．，－＋（）％￥−－＿　", "0123456789.,-+()%¥--_ ", strict=True))
_SIGNS: Final = "¥$€£"
_PAD: Final = "0" * 64
_FURTHEST: Final = 20
"""Larger powers of ten are no amounts."""
_SMALLEST: Final = -40
"""Smaller powers of ten are nothing at any scale."""


def to_decimal(cells: pl.Series, scale: int, *, unit: str | None = None, rounding: bool = False) -> Coerced:
    """Decimal(18, scale). `unit` is the column's own (万); a cell that names a unit means that one.

    rounding: half away from zero to the scale; otherwise more decimals are refused.
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
    texts = cells.cast(pl.String)
    plain = texts.str.contains(
        rf"^-?[0-9]{{1,{18 - scale}}}(?:\.[0-9]{{1,{max(scale, 1)}}}0*)?$"
        if scale
        else r"^-?[0-9]{1,18}(?:\.0*)?$"
    )
    if unit or not plain.fill_null(True).all():
        return _mixed(
            texts, scale, unit, rounding, pl.repeat(False, len(texts), eager=True) if unit else plain
        )
    return fine(texts.cast(pl.Decimal(18, scale), strict=False))


def to_int(cells: pl.Series, *, unit: str | None = None) -> Coerced:
    """Int64; 3.0 is whole, 3.5 is refused."""
    got = to_decimal(cells, 0, unit=unit)
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


def _mixed(texts: pl.Series, scale: int, unit: str | None, rounding: bool, plain: pl.Series) -> Coerced:
    """Plain cells the fast way, the others by their parts."""
    easy = plain.fill_null(True)
    values = texts.set(~easy, None).cast(pl.Decimal(18, scale), strict=False)
    where = (~easy).arg_true()
    hard = _by_parts(texts.gather(where), scale, unit, rounding)
    order = pl.concat([easy.arg_true(), where]).arg_sort()
    merged = pl.concat([values.filter(easy), hard.values]).gather(order).alias(texts.name)
    reason = pl.concat([nothing(int(easy.sum())), hard.reason]).gather(order)
    return Coerced(merged, reason)


def _by_parts(texts: pl.Series, scale: int, unit: str | None, rounding: bool) -> Coerced:
    """Sign, digits, point, unit and power taken apart, then put together as whole units of 10^-scale."""
    parts = _parts(texts, UNITS[unit] if unit else 0)
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


def _parts(texts: pl.Series, power: int) -> pl.DataFrame:
    """text, negative, whole, part, power; `whole` is null where the text is no number."""
    t = pl.col("text")
    frame = pl.DataFrame({"text": texts.alias("text")}).with_columns(
        t.str.replace_many(_WIDE).str.strip_chars(" \t\u00a0'").str.to_lowercase().alias("t")
    )
    bare = pl.col("t").str.replace(r"^-?\((.*)\)$", "-${1}").str.replace(r"^([^-]+)-$", "-${1}")
    frame = frame.with_columns(
        bare.str.replace(rf"^([-+]?)\s*[{_SIGNS}]\s*([-+]?)", "${1}${2}")
        .str.replace(r"\s*元$", "")
        .alias("t")
    )
    groups = pl.col("t").str.extract_groups(
        r"^(?<sign>[-+]?)(?<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|)(?:\.(?<part>[0-9]*))?(?:e(?<power>[-+]?[0-9]{1,3}))?\s*(?<unit>十万|百万|千万|[十百千万亿km%‰])?$"
    )
    frame = frame.select("text", groups.alias("g")).unnest("g")
    whole = pl.col("whole").str.replace_all(",", "")
    part = pl.col("part").fill_null("")
    given = pl.col("unit").replace_strict(UNITS, default=None, return_dtype=pl.Int64).fill_null(power)
    return frame.select(
        "text",
        (pl.col("sign") == "-").fill_null(False).alias("negative"),
        pl.when((whole + part) != "").then(whole).alias("whole"),
        part.alias("part"),
        (given + pl.col("power").cast(pl.Int64, strict=False).fill_null(0)).clip(_SMALLEST).alias("power"),
    )


def _checked(values: pl.Series, cells: pl.Series) -> Coerced:
    return Coerced(values, _reasons(values.is_null() & cells.is_not_null(), "too_large"))


def _either(first: pl.Series, second: pl.Series) -> pl.Series:
    return pl.DataFrame({"a": first, "b": second}).select(pl.coalesce("a", "b")).to_series()


def _reasons(bad: pl.Series, reason: str) -> pl.Series:
    return pl.DataFrame({"b": bad}).select(pl.when("b").then(pl.lit(reason)).cast(pl.String)).to_series()
