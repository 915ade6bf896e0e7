"""The bars from what was expected to what it is: by cause, or by volume, rate and mix."""

from dataclasses import dataclass
from decimal import Decimal

from dabiao.engine.diagnosis.decompose import Decomposition

EXPECTED, ACTUAL = "expected", "actual"


@dataclass(frozen=True)
class Bar:
    """A bar from `start` to `end`; totals stand on zero. Each bar starts where the one before it ended."""

    name: str
    start: Decimal
    end: Decimal
    total: bool = False

    @property
    def height(self) -> Decimal:
        return self.end - self.start


def by_cause(steps: Decomposition) -> tuple[Bar, ...]:
    """Expected, one bar a contribution in the given order, actual."""
    return _bars(steps, [(one.member.name, one.total) for one in steps.contributions])


def by_effect(steps: Decomposition) -> tuple[Bar, ...]:
    """Expected, volume, mix, rate, actual; an effect of zero is left out."""
    effects = [("volume", steps.volume), ("mix", steps.mix), ("rate", steps.rate)]
    return _bars(steps, [(name, value) for name, value in effects if value])


def _bars(steps: Decomposition, moves: list[tuple[str, Decimal]]) -> tuple[Bar, ...]:
    bars = [Bar(EXPECTED, Decimal(0), steps.expected, total=True)]
    level = steps.expected
    for name, value in moves:
        bars.append(Bar(name, level, level + value))
        level += value
    return (*bars, Bar(ACTUAL, Decimal(0), steps.actual, total=True))
