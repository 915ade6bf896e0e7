"""Rounding and dividing, as the page says it."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def rounded(number: Decimal | Fraction, digits: int) -> Decimal:
    """Half away from zero."""
    if isinstance(number, Fraction):
        twice = abs(number) * 2 * 10**digits
        units = Decimal((twice.numerator // twice.denominator + 1) // 2).scaleb(-digits)
        return -units if number < 0 else units
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def cut(number: Fraction, digits: int) -> Decimal:
    """Towards zero, of a number that is not negative."""
    return Decimal(number.numerator * 10**digits // number.denominator).scaleb(-digits)


def added(numbers: "list[Decimal]") -> Decimal:
    return sum(numbers, Decimal(0))


def divided(whole: Decimal, weights: dict[str, Decimal], digits: int) -> dict[str, Decimal]:
    """Largest remainder: cut every part, then one unit each to the largest remainders, ties by name."""
    everything = added(list(weights.values()))
    if everything <= 0:
        return {}
    if whole < 0:
        return {name: -part for name, part in divided(-whole, weights, digits).items()}
    exact = {name: Fraction(whole) * Fraction(w) / Fraction(everything) for name, w in weights.items()}
    parts = {name: cut(part, digits) for name, part in exact.items()}
    unit = Decimal(1).scaleb(-digits)
    left = int((whole - added(list(parts.values()))) / unit)
    by_remainder = sorted(exact, key=lambda name: (-(exact[name] - Fraction(parts[name])), name))
    for name in by_remainder[:left]:
        parts[name] += unit
    return parts
