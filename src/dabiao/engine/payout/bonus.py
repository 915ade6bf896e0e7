"""Bonuses: amounts fixed per period, or earned by beating a target, one's own best, or each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from dabiao.engine.number import rounded, split
from dabiao.engine.payout.entry import Entry
from dabiao.engine.payout.plan import PAY, SCALE, Bonus, BonusKind, Component, Curve
from dabiao.engine.payout.results import Results
from dabiao.engine.payout.roster import decimal
from dabiao.engine.payout.spans import Span, span_of, spans

Paid = Mapping[tuple[str, str], Mapping[date, Decimal]]
"""What components have paid so far: component and person → period → payable."""


@dataclass(frozen=True)
class Asked:
    """A bonus in the pay period that asks, over the span that it counts."""

    results: Results
    component: Component
    bonus: Bonus
    period: Span
    span: Span
    paid: Paid

    def total(self, person: str) -> Decimal:
        """The bonus's measure, credited or paid, over the span up to now."""
        measure = self.bonus.measure
        if not measure.startswith(PAY):
            return self.results.total(measure, person, self.span, self.period.end)
        paid = self.paid.get((measure.removeprefix(PAY), person), {})
        return sum((amount for start, amount in paid.items() if start in self.span), Decimal(0))

    def entry(self, person: str, amount: Decimal, note: str, base: Decimal | None = None) -> Entry:
        return Entry(
            person,
            self.period.start,
            self.component.key,
            self.bonus.kind,
            rounded(amount, SCALE),
            base,
            None,
            note,
        )

    def fixed(self, person: str) -> Decimal:
        """The bonus amount for the share of the span that the person was in force."""
        return self.prorated(person, self.bonus.amount)

    def prorated(self, person: str, amount: Decimal) -> Decimal:
        share = self.results.roster.share_in_force(
            person, self.span, self.component.prorate, self.results.covered(person)
        )
        return decimal(Fraction(amount) * share, SCALE)


def bonus_entries(results: Results, component: Component, period: Span, paid: Paid) -> Iterator[Entry]:
    """What a bonus pays in a pay period; a bonus over a longer span pays in the span's last period."""
    bonus = component.bonus
    if bonus is None:
        return
    span = results.span(bonus.over, period)
    ends = min(span.end, results.plan.end)
    if not period.start < ends <= period.end:
        return
    asked = Asked(results, component, bonus, period, span, paid)
    people = [person for person in results.people if results.is_active(person, span) or asked.total(person)]
    yield from _BY_KIND[bonus.kind](asked, people)


def _attainment(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """amount × curve(attainment)."""
    bonus, results = asked.bonus, asked.results
    for person in people:
        attained = results.attainment(bonus.measure, person, asked.span, asked.period.end)
        if attained is None or bonus.curve is None:
            continue
        if bonus.at_least is not None and attained < Fraction(bonus.at_least):
            continue
        share = on_curve(bonus.curve, attained)
        amount = decimal(Fraction(asked.fixed(person)) * share, SCALE)
        if amount:
            note = f"attainment {decimal(attained * 100, 2)} % → {decimal(share * 100, 2)} %"
            yield asked.entry(person, amount, note, asked.total(person))


def on_curve(curve: Curve, attained: Fraction) -> Fraction:
    """The share of the bonus at an attainment; beyond the last point it stays there, below the first too."""
    points = [(Fraction(point.start), Fraction(point.value)) for point in curve.points]
    before = [point for point in points if point[0] <= attained]
    after = [point for point in points if point[0] > attained]
    if not before:
        return points[0][1]
    if not after or curve.between == "step":
        return before[-1][1]
    (low, least), (high, most) = before[-1], after[0]
    return least + (most - least) * (attained - low) / (high - low)


def _breakthrough(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """Above the best of the last spans, or above target: an amount, and a rate on what lies above."""
    bonus = asked.bonus
    for person in people:
        bar = _bar(asked, person)
        excess = None if bar is None else asked.total(person) - bar
        if excess is not None and excess > 0:
            amount = asked.fixed(person) + excess * (bonus.rate or Decimal(0))
            yield asked.entry(person, amount, f"{asked.total(person)} above {bar}", excess)


def _bar(asked: Asked, person: str) -> Decimal | None:
    """What has to be beaten; nothing where there is no history, or no target."""
    bonus, results = asked.bonus, asked.results
    if bonus.beat == "target":
        return results.roster.target(person, results.metric(bonus.measure), asked.span)
    best, span = None, asked.span
    for _ in range(bonus.best_of):
        span = span_of(results.plan, bonus.over or results.plan.period, span.start - timedelta(days=1))
        total = results.total(bonus.measure, person, span, span.end)
        known = total or any(
            results.pers(bonus.measure, person, period)
            for period in spans(results.plan, results.plan.period, span.start, span.end)
        )
        if known and (best is None or total > best):
            best = total
    return best


def _team(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """An amount for each person of a unit whose attainment reaches `at_least`."""
    bonus, results = asked.bonus, asked.results
    for person in people:
        unit = results.roster.unit_of(person, asked.span)
        if unit is None:
            continue
        total = results.unit_total(bonus.measure, unit, asked.span, asked.period.end)
        attained = results.unit_attainment(bonus.measure, unit, asked.span, asked.period.end)
        if attained is not None and attained >= Fraction(bonus.at_least or 0) and asked.fixed(person):
            note = f"{unit} {decimal(attained * 100, 2)} %"
            yield asked.entry(person, asked.fixed(person), note, total)


def _first_deal(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """An amount for a person's first credited deal, if it came soon enough after joining."""
    bonus, results = asked.bonus, asked.results
    for person in people:
        first = results.first_on.get((bonus.measure, person))
        joined = results.roster.joined_on(person)
        if first is None or first not in asked.span:
            continue
        days = None if joined is None else (first - joined).days
        if bonus.within_days is None or (days is not None and 0 <= days <= bonus.within_days):
            yield asked.entry(person, asked.fixed(person), f"first deal on {first}")


def _contest(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """Prizes by rank of the total; only totals above zero take part."""
    groups: dict[str, list[tuple[Decimal, str]]] = {}
    for person in people:
        total = asked.total(person)
        group = "" if asked.bonus.among == "plan" else asked.results.roster.unit_of(person, asked.span) or ""
        if total > 0:
            groups.setdefault(group, []).append((total, person))
    for group in sorted(groups):
        for person, place, prize, total in ranked(groups[group], asked.bonus, asked.results.plan.digits):
            yield asked.entry(person, prize, f"place {place}", total)


def ranked(
    totals: Sequence[tuple[Decimal, str]], bonus: Bonus, digits: int
) -> Iterator[tuple[str, int, Decimal, Decimal]]:
    """person, place, prize, total. Ties take the places they fill: they share those prizes to the cent,
    or each get the highest of them."""
    ordered = sorted(totals, key=lambda row: (-row[0], row[1]))
    place = 1
    while ordered and place <= len(bonus.prizes):
        tied = sorted(person for total, person in ordered if total == ordered[0][0])
        prizes = bonus.prizes[place - 1 : place - 1 + len(tied)]
        shared = split(sum(prizes, Decimal(0)), dict.fromkeys(tied, Decimal(1)), digits)
        for person in tied:
            yield person, place, shared[person] if bonus.ties == "share" else prizes[0], ordered[0][0]
        ordered = ordered[len(tied) :]
        place += len(tied)


def _pool(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """A sum handed down to people by weight, exact to the cent."""
    bonus, results = asked.bonus, asked.results
    inside = results.roster.below(bonus.unit) if bonus.unit else None
    takers = [
        person
        for person in people
        if results.is_active(person, asked.span)
        and (inside is None or results.roster.unit_of(person, asked.span) in inside)
    ]
    weights = {person: _weight(asked, person) for person in takers}
    weights = {person: weight for person, weight in weights.items() if weight > 0}
    size = rounded(_pool_size(asked, takers), results.plan.digits)
    if not weights or size <= 0:
        return
    for person, part in split(size, weights, results.plan.digits).items():
        yield asked.entry(person, part, f"of {size}", weights[person])


def _pool_size(asked: Asked, takers: Iterable[str]) -> Decimal:
    bonus = asked.bonus
    total = Decimal(0)
    if bonus.measure and bonus.unit and not bonus.measure.startswith(PAY):
        total = asked.results.unit_total(bonus.measure, bonus.unit, asked.span, asked.period.end)
    elif bonus.measure:
        total = sum((asked.total(person) for person in takers), Decimal(0))
    return bonus.amount + total * (bonus.rate or Decimal(0))


def _weight(asked: Asked, person: str) -> Decimal:
    """Equal, by what was credited, or by a score; each for the days in force."""
    if asked.bonus.weights == "measure":
        return max(asked.total(person), Decimal(0))
    if asked.bonus.weights == "score":
        score = asked.results.roster.score(person, asked.bonus.score, asked.span)
        return asked.prorated(person, max(score or Decimal(0), Decimal(0)))
    return asked.prorated(person, Decimal(1))


def _points(asked: Asked, people: Iterable[str]) -> Iterator[Entry]:
    """Points per unit of a measure; the component's `worth` turns them into money."""
    for person in people:
        total = asked.total(person)
        if total:
            yield asked.entry(person, total * (asked.bonus.rate or Decimal(0)), "points", total)


_BY_KIND: Final[Mapping[BonusKind, Callable[[Asked, Iterable[str]], Iterator[Entry]]]] = {
    "attainment": _attainment,
    "breakthrough": _breakthrough,
    "team": _team,
    "first_deal": _first_deal,
    "contest": _contest,
    "pool": _pool,
    "points": _points,
}
