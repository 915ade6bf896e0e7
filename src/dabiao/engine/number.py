"""Exact numbers: money at scale 4, rates at scale 6, and the one way each is rounded, split and read.

Nothing else in the product converts between text, Decimal, integers and columns. Rounding is half away
from zero (what invoices and payrolls do), ratios are divided last.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, DecimalException
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONEY_SCALE: Final = 4
RATE_SCALE: Final = 6
MONEY: Final = f"decimal(18, {MONEY_SCALE})"
RATE: Final = f"decimal(18, {RATE_SCALE})"

_WIDE = Context(prec=60)

Key = TypeVar("Key")


class NotANumber(ValueError):
    """The text or value is not a finite number."""


class TooPrecise(ValueError):
    """The value has more digits than the column can hold: keeping it would change it."""


def exact(value: Decimal | int | str, scale: int = MONEY_SCALE) -> Decimal:
    """The value at `scale`, refused rather than rounded when it would not fit in decimal(18, scale).

    Floats are not accepted: say `Decimal(repr(x))` where a spreadsheet only has doubles.
    """
    number = _finite(value)
    if number and number.adjusted() >= 18 - scale:  # before rounding, which gives up at 60 digits
        raise TooPrecise(f"{value} has more than {18 - scale} digits before the point")
    held = rounded(number, scale)
    if held != number:
        raise TooPrecise(f"{value} has more than {scale} decimals")
    return held


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half away from zero to `digits` decimals."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)


def decimal_of(value: Fraction, digits: int = 12) -> Decimal:
    """A fraction as digits, rounded half away from zero where it has more of them than `digits`."""
    units = abs(value) * 10**digits
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-digits, context=_WIDE)


def split(total: Decimal, weights: Mapping[Key, Decimal], digits: int) -> dict[Key, Decimal]:
    """Share `total` by weight so that the parts sum to it exactly at `digits` decimals.

    Largest remainder (Hamilton, 1792): each part is rounded toward zero, what is left goes one unit at a
    time to the largest remainders, ties to the smaller key, so the order of `weights` does not matter.

    weights: not negative, not all zero. Raises ValueError otherwise, TooPrecise if total has more digits.
    """
    if not weights or min(weights.values()) < 0 or not any(weights.values()):
        raise ValueError("weights must not be negative and at least one must be above zero")
    unit = Decimal(1).scaleb(-digits)
    if rounded(total, digits) != total:
        raise TooPrecise(f"{total} has more than {digits} decimals")
    whole = sum(weights.values(), Decimal(0))
    ideal = {key: _WIDE.divide(_WIDE.multiply(total, weight), whole) for key, weight in weights.items()}
    parts = {key: value.quantize(unit, rounding=ROUND_DOWN, context=_WIDE) for key, value in ideal.items()}
    missing = int((total - sum(parts.values(), Decimal(0))) / unit)
    step = unit if missing > 0 else -unit
    # The remainder is compared exactly, as total*weight - part*whole: a quotient has been cut at 60 digits.
    left = {
        key: abs(_WIDE.subtract(_WIDE.multiply(total, weights[key]), _WIDE.multiply(parts[key], whole)))
        for key in parts
    }
    takers = sorted((key for key in parts if weights[key]), key=lambda key: (-left[key], key))
    for key in takers[: abs(missing)]:
        parts[key] += step
    return parts


def text(value: Decimal | None) -> str | None:
    """How JSON and CSV carry an exact number: plain digits, no exponent, no trailing zeros."""
    if value is None:
        return None
    plain = format(value, "f")
    return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain


def minor(column: "ir.DecimalColumn", scale: int = MONEY_SCALE) -> "ir.IntegerColumn":
    """A decimal column as exact int64 units of 10^-scale. The column's own scale must not exceed `scale`."""
    return (column.cast(f"decimal(38, {scale})") * 10**scale).cast("int64")


def major(column: "ir.IntegerColumn", scale: int = MONEY_SCALE) -> "ir.DecimalColumn":
    """int64 units of 10^-scale as decimal(18, scale)."""
    import ibis  # half a second that whoever only reads numbers, such as the process that opens files, need not wait

    unit = ibis.literal(Decimal(1).scaleb(-scale), type=f"decimal(38, {scale})")
    return (column.cast(f"decimal(38, {scale})") * unit).cast(f"decimal(18, {scale})")


def divided(column: "ir.IntegerColumn", by: int) -> "ir.IntegerColumn":
    """Integer ÷ positive integer, rounded half away from zero, the same on every backend.

    Exact while |quotient| < 2^51: Ibis writes `int // int` as a float division, so the remainder is taken
    off first and the quotient of an exact multiple is rounded back.
    """
    shifted = column.abs() + by // 2
    quotient = ((shifted - shifted % by) / by).round().cast("int64")
    return quotient * column.sign().cast("int64")


def ratio(part: "ir.NumericColumn", whole: "ir.NumericColumn") -> "ir.FloatingColumn":
    """part ÷ whole as a float for showing and comparing; null where the whole is zero or unknown."""
    return part.cast("float64") / whole.cast("float64").nullif(0)


def _finite(value: Decimal | int | str) -> Decimal:
    try:
        number = Decimal(value)
    except (DecimalException, ValueError, TypeError):
        raise NotANumber(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise NotANumber(f"{value!r} is not a number")
    return number
