"""A gap taken apart into volume, rate and mix, member by member, so that the parts sum to it to the last digit.

The identities are the price-volume-mix analysis of management accounting (Horngren, Cost Accounting, on
sales-mix and sales-quantity variances), for a ratio the shift-share form (Oaxaca 1973; Kitagawa 1955).
Contributions are worked out as fractions and cut by largest remainder, so nothing is lost and nothing is
left over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from dabiao.engine.number import MONEY_SCALE, RATE_SCALE, decimal_of

Kind = Literal["sum", "ratio", "product"]
"""sum: the part alone. ratio: part / whole. product: the part, driven by the whole (sales = orders x order value)."""


class NoRatio(ValueError):
    """The whole is zero on one side: the ratio does not exist there, so neither does a gap."""


@dataclass(frozen=True)
class Member:
    """One of the groups that make up the total, now and as expected. The wholes are 0 for a sum."""

    name: str
    part: Decimal
    expected_part: Decimal
    whole: Decimal = Decimal(0)
    expected_whole: Decimal = Decimal(0)

    @property
    def arrived(self) -> bool:
        """Was not expected at all."""
        return bool(self.part or self.whole) and not (self.expected_part or self.expected_whole)

    @property
    def left(self) -> bool:
        """Was expected and is not there."""
        return bool(self.expected_part or self.expected_whole) and not (self.part or self.whole)


@dataclass(frozen=True)
class Contribution:
    """What a member adds to the gap, in the unit of the metric.

    volume: more or less of everything, at the expected composition and rate (0 for a ratio)
    mix:    another composition, at the expected rates
    rate:   another rate of its own; for a sum, the whole difference
    """

    member: Member
    volume: Decimal
    rate: Decimal
    mix: Decimal

    @property
    def total(self) -> Decimal:
        return self.volume + self.rate + self.mix


@dataclass(frozen=True)
class Decomposition:
    """Contributions in the order of the members; `gap` is their sum, exactly."""

    actual: Decimal
    expected: Decimal
    gap: Decimal
    contributions: tuple[Contribution, ...]

    @property
    def volume(self) -> Decimal:
        return sum((one.volume for one in self.contributions), Decimal(0))

    @property
    def rate(self) -> Decimal:
        return sum((one.rate for one in self.contributions), Decimal(0))

    @property
    def mix(self) -> Decimal:
        return sum((one.mix for one in self.contributions), Decimal(0))


def decompose(members: Sequence[Member], kind: Kind) -> Decomposition:
    """The gap between the total and its expectation, split over the members.

    Money and counts are exact at scale 4, ratios at scale 6. A ratio's `expected` is `actual - gap`, so the
    three agree in print. A member that was not expected is measured against the total's expected rate: all of
    its difference from that is rate, none is mix. Raises NoRatio when a ratio has no whole on either side.
    """
    if kind == "ratio":
        return _ratio(members)
    actual = sum((one.part for one in members), Decimal(0))
    expected = sum((one.expected_part for one in members), Decimal(0))
    parts = tuple(map(_plain, members)) if kind == "sum" else _product(members)
    return Decomposition(actual=actual, expected=expected, gap=actual - expected, contributions=parts)


def _plain(member: Member) -> Contribution:
    return Contribution(member, volume=Decimal(0), rate=member.part - member.expected_part, mix=Decimal(0))


def _product(members: Sequence[Member]) -> tuple[Contribution, ...]:
    """Per member: volume + mix + rate = its own change. Where nothing was expected, all of it is volume."""
    whole, expected_whole = _totals(members, "whole")
    _, expected_part = _totals(members, "part")
    if not expected_whole:
        return tuple(
            Contribution(one, volume=one.part - one.expected_part, rate=Decimal(0), mix=Decimal(0))
            for one in members
        )
    growth = whole / expected_whole
    lines = []
    for one in members:
        own = Fraction(one.expected_part)
        at_old_rate = Fraction(one.whole) * _expected_rate(one, expected_part / expected_whole)
        ideals = [own * (growth - 1), Fraction(one.part) - at_old_rate, at_old_rate - own * growth]
        lines.append(Contribution(one, *apportioned(ideals, one.part - one.expected_part, MONEY_SCALE)))
    return tuple(lines)


def _ratio(members: Sequence[Member]) -> Decomposition:
    whole, expected_whole = _totals(members, "whole")
    part, expected_part = _totals(members, "part")
    if not whole or not expected_whole:
        raise NoRatio("the whole of the ratio is zero, now or as expected: there is no ratio to explain")
    overall = expected_part / expected_whole
    ideals: list[Fraction] = []
    for one in members:
        rate = _expected_rate(one, overall)
        share, expected_share = Fraction(one.whole) / whole, Fraction(one.expected_whole) / expected_whole
        unmatched = Fraction(0) if one.expected_whole else Fraction(one.expected_part) / expected_whole
        ideals += [
            Fraction(one.part) / whole - share * rate - unmatched,
            (share - expected_share) * (rate - overall),
        ]
    gap = decimal_of(part / whole - overall, RATE_SCALE)
    actual = decimal_of(part / whole, RATE_SCALE)
    cut = apportioned(ideals, gap, RATE_SCALE)
    lines = [
        Contribution(one, volume=Decimal(0), rate=cut[2 * position], mix=cut[2 * position + 1])
        for position, one in enumerate(members)
    ]
    return Decomposition(actual=actual, expected=actual - gap, gap=gap, contributions=tuple(lines))


def _totals(members: Sequence[Member], side: Literal["part", "whole"]) -> tuple[Fraction, Fraction]:
    now = [one.part if side == "part" else one.whole for one in members]
    then = [one.expected_part if side == "part" else one.expected_whole for one in members]
    return Fraction(sum(now, Decimal(0))), Fraction(sum(then, Decimal(0)))


def _expected_rate(member: Member, overall: Fraction) -> Fraction:
    """The member's own expected rate; without an expected whole it is taken to be like everybody's."""
    return (
        Fraction(member.expected_part) / Fraction(member.expected_whole) if member.expected_whole else overall
    )


def apportioned(ideals: Sequence[Fraction], total: Decimal, digits: int) -> list[Decimal]:
    """Cut each ideal to `digits` decimals so that they sum to `total` (largest remainder, ties to the first)."""
    scale = 10**digits
    floors = [(ideal * scale).__floor__() for ideal in ideals]
    missing = int(total * scale) - sum(floors)
    order = sorted(range(len(ideals)), key=lambda place: (floors[place] - ideals[place] * scale, place))
    for place in order[:missing]:
        floors[place] += 1
    return [Decimal(value).scaleb(-digits) for value in floors]
