"""Dates: 2026-01-05 · 2026/1/5 · 2026年1月5日 · 20260105 · Excel serials · timestamps → the business day."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import polars as pl

from dabiao.core import written
from dabiao.facts.logic.coerce import words
from dabiao.facts.logic.coerce.result import Coerced, fine, nothing

MONTH: Final = "month"
"""As a format: 2026-01 or 2026年1月 means the first day of the month."""
_TEXT: Final = (
    r"^(?<y>[0-9]{4})\s*[-/.年]\s*(?<m>[0-9]{1,2})\s*[-/.月]\s*(?<d>[0-9]{1,2})\s*日?"
    r"(?:[T ]*(?<H>[0-9]{1,2})[:时](?<M>[0-9]{1,2})分?(?::?(?<S>[0-9]{1,2})(?:\.[0-9]+)?秒?)?)?\s*(?<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?$"
)
_MONTH: Final = r"^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*月?$"
_SERIAL_START: Final = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's day 0 has no zone
_STAMP: Final = "%Y-%m-%d %H:%M:%S"
_TIMES: Final = ("%H", "%I", "%k", "%l", "%M", "%S", "%T", "%R", "%X", "%r", "%c")
"""Parts of a format that make it a time; without one it is a day."""
_OFFSETS: Final = ("%z", "%:z", "%#z", "%+")


def to_date(cells: pl.Series, *, formats: Sequence[str] = (), zone: str, business_zone: str) -> Coerced:
    """Date, in the business zone. `zone` is meant where a timestamp names none."""
    got = to_time(cells, formats=formats, zone=zone, business_zone=business_zone)
    return Coerced(got.values.cast(pl.Date), got.reason)


def to_time(cells: pl.Series, *, formats: Sequence[str] = (), zone: str, business_zone: str) -> Coerced:
    """Datetime in microseconds without a zone: what the clock of the business zone showed.

    formats: strptime formats, tried in order before what needs none: years first, true dates of a workbook. "month"
    means first of the month.
    """
    if cells.dtype in {pl.Date, pl.Null}:
        return fine(cells.cast(pl.Datetime("us")))
    if isinstance(cells.dtype, pl.Datetime):
        return fine(_local(cells.cast(pl.Datetime("us", cells.dtype.time_zone)), zone, business_zone))
    texts = cells.cast(pl.String)
    distinct = texts.unique()
    parsed = _parsed(distinct, formats, zone, business_zone)
    if len(distinct) == len(texts) and parsed.height == len(texts):
        parsed = _parsed(texts, formats, zone, business_zone)
        return Coerced(parsed["value"].alias(cells.name), parsed["reason"])
    met = pl.DataFrame({"text": texts}).join(
        parsed, on="text", how="left", nulls_equal=True, maintain_order="left"
    )
    return Coerced(met["value"].alias(cells.name), met["reason"])


def _parsed(texts: pl.Series, formats: Sequence[str], zone: str, business_zone: str) -> pl.DataFrame:
    """text, value, reason for texts."""
    frame = pl.DataFrame({"text": texts.alias("text")})
    clean = pl.col("text").str.replace_many(dict(written.WIDE)).str.strip_chars(written.AROUND)
    frame = frame.with_columns(clean.alias("t"))
    tried = [_by_format(name, zone, business_zone) for name in formats]
    # What is written year first is what it is whatever else the column holds; 20260105 may be one of the formats.
    tried += (
        [_usual(zone, business_zone)] if formats else [_usual(zone, business_zone), _compact(), _serial()]
    )
    shaped = pl.any_horizontal(_shapes())
    value = pl.coalesce(tried)
    frame = frame.with_columns(value.alias("value"))
    known = pl.col("value").dt.year().is_between(1900, 9999)
    reason = (
        pl.when(pl.col("text").is_null() | known.fill_null(False)).then(None)
        .when(pl.col("t") == words.NO_RESULT).then(pl.lit("no_result"))
        .when(pl.col("t").str.contains("^#[A-Z/0!?]+$")).then(pl.lit("excel_error"))
        .when(shaped).then(pl.lit("no_such_day"))
        .otherwise(pl.lit("not_a_date"))
    )  # fmt: skip
    return frame.select(
        "text", pl.when(known).then("value").alias("value"), reason.cast(pl.String).alias("reason")
    )


def _usual(zone: str, business_zone: str) -> pl.Expr:
    """Year first, any of the usual separators, an optional time and offset."""
    part = pl.col("t").str.extract_groups(_TEXT).struct
    two = [part.field(name).fill_null("0").str.zfill(2) for name in "mdHMS"]
    stamp = pl.format("{}-{}-{} {}:{}:{}", part.field("y"), *two).str.to_datetime(
        _STAMP, time_unit="us", strict=False
    )
    offset = part.field("zone").str.to_uppercase().str.replace("Z", "+0000").str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).cast(pl.Int64)
    minutes = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
    universal = stamp - pl.duration(minutes=minutes)
    there = _here(universal.dt.replace_time_zone("UTC"), business_zone)
    here = _moved(stamp, part.field("H"), zone, business_zone)
    return pl.when(offset.is_null()).then(here).otherwise(there)


def _moved(stamp: pl.Expr, hour: pl.Expr, zone: str, business_zone: str) -> pl.Expr:
    """A day without a time is a day; a time is moved from its zone to ours."""
    return pl.when(hour.is_null()).then(stamp).otherwise(_placed(stamp, zone, business_zone))


def _placed(stamp: pl.Expr, zone: str, business_zone: str) -> pl.Expr:
    """What the clock of the business zone showed when that of `zone` showed `stamp`."""
    if zone == business_zone:
        return stamp
    placed = stamp.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return _here(placed, business_zone)


def _here(moment: pl.Expr, business_zone: str) -> pl.Expr:
    return moment.dt.convert_time_zone(business_zone).dt.replace_time_zone(None)


def _compact() -> pl.Expr:
    return (
        pl.col("t")
        .str.extract(r"^([0-9]{8})(?:\.0)?$")
        .str.to_datetime("%Y%m%d", time_unit="us", strict=False)
    )


def _serial() -> pl.Expr:
    """Days since 1899-12-30, as spreadsheets count; whole seconds."""
    number = pl.col("t").str.extract(r"^([2-9][0-9]{4}(?:\.[0-9]+)?)$").cast(pl.Float64)
    return pl.lit(_SERIAL_START).cast(pl.Datetime("us")) + pl.duration(
        seconds=(number * 86_400).round().cast(pl.Int64)
    )


def _by_format(name: str, zone: str, business_zone: str) -> pl.Expr:
    if name == MONTH:
        groups = pl.col("t").str.extract_groups(_MONTH).struct
        first = pl.format("{}-{}-01", groups.field("1"), groups.field("2").str.zfill(2))
        return first.str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
    if any(mark in name for mark in _OFFSETS):
        return _here(pl.col("t").str.to_datetime(name, time_unit="us", strict=False), business_zone)
    if any(mark in name for mark in _TIMES):
        return _placed(pl.col("t").str.to_datetime(name, time_unit="us", strict=False), zone, business_zone)
    return pl.col("t").str.to_date(name, strict=False).cast(pl.Datetime("us"))


def reads_days(name: str) -> bool:
    """Whether a format gives back the day that it writes. Year, day, month is nobody's order: 2026-01-05 would be May."""
    if name == MONTH:
        return True
    year, month, day = (name.find(part) for part in ("%Y", "%m", "%d"))
    if 0 <= year < day < month:
        return False
    moment = pl.Series([datetime(2026, 1, 31, 13, 45, 7)]).dt.replace_time_zone("UTC")  # noqa: DTZ001  # placed at once
    try:
        read = (
            pl.DataFrame({"t": moment.dt.strftime(name)}).select(_by_format(name, "UTC", "UTC")).to_series()
        )
    except (pl.exceptions.PolarsError, ValueError):
        return False
    return read.dt.date().to_list() == [moment[0].date()]


def _shapes() -> list[pl.Expr]:
    return [pl.col("t").str.contains(_TEXT), pl.col("t").str.contains(r"^[0-9]{8}$")]


def _local(values: pl.Series, zone: str, business_zone: str) -> pl.Series:
    if values.dtype.time_zone is None:  # type: ignore[attr-defined]  # the caller has seen that it is a Datetime
        if zone == business_zone:
            return values
        values = values.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return values.dt.convert_time_zone(business_zone).dt.replace_time_zone(None)


__all__ = ["MONTH", "nothing", "to_date", "to_time"]
