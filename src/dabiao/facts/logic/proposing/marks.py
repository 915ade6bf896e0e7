"""Whether a text file writes its decimals with a comma: only where some number can be read in no other way."""

import polars as pl

from dabiao.core.written import Mark
from dabiao.facts.logic import coerce
from dabiao.facts.logic.proposing.seen import Seen

_ENOUGH = 0.95


def mark_of(seen: Seen) -> Mark:
    """What stands before the decimals of the sheet's texts."""
    return seen.once(
        "mark", lambda: "comma" if any(_has_comma(seen, name) for name in seen.headers) else "point"
    )


def comma_example(seen: Seen) -> str:
    """A number of the sheet that can only have its decimals behind a comma, and what it is: 1.234,50 → 1234.50."""
    header = next(name for name in seen.headers if _has_comma(seen, name))
    texts = seen.values(header)
    point = coerce.coerced(texts, coerce.Cells("money", rounding=True, mark="point"))
    comma = coerce.coerced(texts, coerce.Cells("money", rounding=True, mark="comma"))
    rows = pl.DataFrame({"text": texts, "value": comma.values, "only": point.reason.is_not_null()})
    text, value = rows.filter(pl.col("only") & pl.col("value").is_not_null()).row(0)[:2]
    return f"{text} → {value.normalize():f}"


def _has_comma(seen: Seen, header: str) -> bool:
    values = seen.values(header)
    if seen.sheet.doubles or values.dtype != pl.String or not values.str.contains(r"\d,\d").any():
        return False
    point, comma = (_share(values, mark) for mark in ("point", "comma"))
    return point < 1 and comma >= _ENOUGH and comma > point


def _share(values: pl.Series, mark: Mark) -> float:
    got = coerce.coerced(values, coerce.Cells("money", rounding=True, mark=mark))
    return got.reason.null_count() / max(1, values.len())
