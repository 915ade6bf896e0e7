"""A naive oracle for payouts: docs/incentives.md worked out with loops and Decimal, slow and obvious.

It was written from that page alone, knows nothing of the engine and shares no line with it. A plan is the
mapping that the YAML holds (numbers as Decimal, days as date); facts are lists of rows by table name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

Plan = dict[str, Any]
Row = dict[str, Any]
Facts = dict[str, list[Row]]
Paid = dict[tuple[str, date, str], Decimal]

DATE_OF = {
    "order_lines": "ordered_on",
    "allocations": "allocated_on",
    "invoices": "invoiced_on",
    "contracts": "signed_on",
}
FAR = date(9999, 12, 31)
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True)
class Span:
    """A stretch of days; the end is the first day after."""

    start: date
    end: date

    def holds(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True)
class Credit:
    """What one fact counts for one person; `known_on` is the day that the fact itself bears."""

    fact: Row
    order: tuple[Any, ...]
    person: str
    amount: Decimal
    day: date
    known_on: date


@dataclass(frozen=True)
class Line:
    """One credit with what it earns."""

    person: str
    period: Span
    credit: Credit
    amount: Decimal


@dataclass(frozen=True)
class Outcome:
    """All that is paid (zeros left out), and the lines of each component."""

    paid: Paid
    lines: dict[str, list[Line]]


def work_out(plan: Plan, facts: Facts) -> Outcome:
    """What a plan pays on facts, component by component, in the order in which they are written."""
    with localcontext() as context:
        context.prec = 100
        paid: Paid = {}
        lines: dict[str, list[Line]] = {}
        for name, component in plan["components"].items():
            lines[name] = []
            for person in everybody(plan, facts):
                pay_component(plan, facts, name, component, person, paid, lines[name])
        return Outcome({key: amount for key, amount in paid.items() if amount != 0}, lines)


# --- numbers -------------------------------------------------------------------------------------------


def rounded(number: Decimal, digits: int) -> Decimal:
    """Half away from zero."""
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def cut(number: Fraction, digits: int) -> Decimal:
    """Towards zero, of a number that is not negative."""
    return Decimal(number.numerator * 10**digits // number.denominator).scaleb(-digits)


def divided(whole: Decimal, weights: dict[str, Decimal], digits: int) -> dict[str, Decimal]:
    """Largest remainder: cut every part, then one unit each to the largest remainders, ties by name."""
    everything = sum(weights.values(), Decimal(0))
    if everything <= 0:
        return {}
    if whole < 0:
        return {name: -part for name, part in divided(-whole, weights, digits).items()}
    exact = {name: Fraction(whole) * Fraction(w) / Fraction(everything) for name, w in weights.items()}
    parts = {name: cut(part, digits) for name, part in exact.items()}
    unit = Decimal(1).scaleb(-digits)
    left = int((whole - sum(parts.values(), Decimal(0))) / unit)
    by_remainder = sorted(exact, key=lambda name: (-(exact[name] - Fraction(parts[name])), name))
    for name in by_remainder[:left]:
        parts[name] += unit
    return parts


# --- periods -------------------------------------------------------------------------------------------


def month_start(plan: Plan, number: int) -> date:
    """The first day of a month that is counted from year 0, on the day on which months are cut."""
    return date(number // 12, number % 12 + 1, plan.get("cut_day", 1))


def span_of(plan: Plan, kind: str, day: date) -> Span:
    """The week, month, quarter, half, year or plan that a day lies in."""
    if kind == "plan":
        return Span(plan["from"], plan["to"])
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=7))
    number = day.year * 12 + day.month - 1
    if day.day < plan.get("cut_day", 1):
        number -= 1
    first = number - (number - (plan.get("year_starts", 1) - 1)) % MONTHS[kind]
    return Span(month_start(plan, first), month_start(plan, first + MONTHS[kind]))


def over_of(plan: Plan, words: Row) -> str:
    """The kind of span that a rule counts in: the pay period where it does not say."""
    return str(words.get("over", plan.get("period", "month")))


def pay_period(plan: Plan, day: date) -> Span:
    return span_of(plan, plan.get("period", "month"), day)


def pay_periods(plan: Plan) -> Iterator[Span]:
    """Every pay period that the plan touches, in order."""
    period = pay_period(plan, plan["from"])
    while period.start < plan["to"]:
        yield period
        if period.end >= plan["to"]:
            return
        period = pay_period(plan, period.end)


# --- who is covered ------------------------------------------------------------------------------------


def covered(plan: Plan, person: str, day: date) -> bool:
    """Whether the plan is for this person on this day."""
    if any(names(entry, person, day) for entry in plan.get("except", [])):
        return False
    return plan["who"] == "everyone" or any(names(entry, person, day) for entry in plan["who"])


def names(entry: Row, person: str, day: date) -> bool:
    dated = entry.get("from", date.min) <= day < entry.get("to", FAR)
    return bool(entry["person"] == person and dated)


def everybody(plan: Plan, facts: Facts) -> list[str]:
    """All people who are credited with anything."""
    found = {credit.person for name in plan["measures"] for credit in credits_of(plan, name, facts)}
    return sorted(found)


# --- from facts to credits -----------------------------------------------------------------------------


def credits_of(plan: Plan, measure_name: str, facts: Facts) -> list[Credit]:
    """Every credit of a measure, in the order in which running totals take them."""
    measure = plan["measures"][measure_name]
    found = []
    for row in facts.get(measure["table"], []):
        fact, known_on = in_place_of_its_sale(measure, row, facts)
        day = fact[measure.get("on", DATE_OF[measure["table"]])]
        if not plan["from"] <= day < plan["to"] or not counts(measure, fact):
            continue
        for way, person, amount in credited(plan, measure, fact, day, facts):
            if covered(plan, person, day):
                order = (day, fact.get("place", fact["key"]), fact.get("refund", ""), way, amount)
                found.append(Credit(fact, order, person, amount, day, known_on))
    return sorted(found, key=lambda credit: credit.order)


def in_place_of_its_sale(measure: Row, row: Row, facts: Facts) -> tuple[Row, date]:
    """A refund takes all but its amounts from the sale that it names, where the measure says so."""
    table = measure["table"]
    known_on = row[measure.get("on", DATE_OF[table])]
    if measure.get("refunds") != "original" or not row.get("reverses"):
        return row, known_on
    for sale in facts[table]:
        if sale["key"] == row["reverses"]:
            own = {name: row.get(name) for name in ("amount", "amount_with_tax", "qty", "cost")}
            own["original_amount"] = row.get("original_amount")
            own |= {"key": row["key"], "place": sale["key"], "refund": row["key"]}
            return {**sale, **own}, known_on
    return row, known_on


def counts(measure: Row, fact: Row) -> bool:
    """All conditions hold and no exclusion matches."""
    if not matches(measure.get("where", {}), fact):
        return False
    return not any(matches(excluded, fact) for excluded in measure.get("exclude", []))


def matches(conditions: Row, fact: Row) -> bool:
    return all(holds(condition, fact.get(column)) for column, condition in conditions.items())


def holds(condition: Any, value: Any) -> bool:
    """One condition on one column; an empty column holds only `known: no`."""
    if not isinstance(condition, dict):
        condition = {"is": condition}
    for word, wanted in condition.items():
        if word == "known":
            if (value is not None) != wanted:
                return False
        elif value is None or not TESTS[word](value, wanted):
            return False
    return True


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, wanted: value in wanted if isinstance(wanted, list) else value == wanted,
    "not": lambda value, wanted: value not in wanted if isinstance(wanted, list) else value != wanted,
    "at_least": lambda value, wanted: value >= wanted,
    "above": lambda value, wanted: value > wanted,
    "at_most": lambda value, wanted: value <= wanted,
    "below": lambda value, wanted: value < wanted,
}


def amount_of(plan: Plan, measure: Row, fact: Row, day: date) -> Decimal:
    """F: the fact's amount, in the plan's currency, rounded to the decimals that credit is counted with."""
    decimals = plan.get("decimals", 4)
    column = measure.get("amount", "amount")
    if column == "count":
        return Decimal(1)
    if column == "margin":
        return rounded(fact["amount"] - fact["cost"], decimals)
    if column == "amount" and plan.get("amounts") == "original":
        return rounded(fact["original_amount"] * exchange_rate(plan, fact["currency"], day), decimals)
    return rounded(fact[column], decimals)


def exchange_rate(plan: Plan, currency: str, day: date) -> Decimal:
    """The newest rate that is not after the day."""
    if currency == plan["currency"]:
        return Decimal(1)
    known = [rate for rate in plan["exchange"] if rate["currency"] == currency and rate["from"] <= day]
    newest: Row = max(known, key=lambda rate: rate["from"])
    return Decimal(newest["rate"])


def credited(
    plan: Plan, measure: Row, fact: Row, day: date, facts: Facts
) -> Iterator[tuple[str, str, Decimal]]:
    """Way, person and amount, for every way in which a fact is credited.

    The page orders lines by "the way of credit" and does not say how ways are ordered: as text, by the names
    that the trace shows.
    """
    decimals = plan.get("decimals", 4)
    whole = amount_of(plan, measure, fact, day)
    rule = plan["credits"][measure["credit"]] if "credit" in measure else {}
    direct = directly(rule, measure, fact, day, whole, decimals, facts)
    if rule.get("direct", True):
        for person, amount in direct.items():
            yield way_of(rule, measure, fact, facts), person, amount
    for overlay in rule.get("also", []):
        for person, amount in on_top(overlay, fact, day, whole, decimals, facts):
            yield "also", person, amount
    for person, amount in direct.items():
        above: str | None = person
        for level, share in enumerate(rule.get("rollup", []), 1):
            above = manager_of(above, day, facts)
            if above is None:
                break
            yield f"rollup {level}", above, rounded(amount * share, decimals)


def way_of(rule: Row, measure: Row, fact: Row, facts: Facts) -> str:
    if rule.get("recorded_shares") and recorded_shares(measure["table"], fact["key"], facts):
        return "shared"
    return "split" if "split" in rule else "direct"


def directly(
    rule: Row, measure: Row, fact: Row, day: date, whole: Decimal, decimals: int, facts: Facts
) -> dict[str, Decimal]:
    """Steps 1 and 2: recorded shares, else a split over columns, else the recipient."""
    if rule.get("recorded_shares"):
        recorded = recorded_shares(measure["table"], fact["key"], facts)
        if recorded:
            return divided(whole, recorded, decimals)
    if "split" in rule:
        weights: dict[str, Decimal] = {}
        for column, weight in rule["split"].items():
            if fact.get(column):
                weights[fact[column]] = weights.get(fact[column], Decimal(0)) + weight
        return divided(whole, weights, decimals)
    recipients = recipients_of(rule.get("to", "person"), fact, day, facts)
    how = rule.get("divide", "weight")
    if how == "each":
        return dict.fromkeys(recipients, whole)
    if how == "equal":
        recipients = dict.fromkeys(recipients, Decimal(1))
    return divided(whole, recipients, decimals)


def recipients_of(to: Any, fact: Row, day: date, facts: Facts) -> dict[str, Decimal]:
    """Who is named by a column, through another table's row, or by a relation; each with a weight."""
    if isinstance(to, str):
        return {fact[to]: Decimal(1)} if fact.get(to) else {}
    if "through" in to:
        for row in facts.get(to["in"], []):
            if row["key"] == fact.get(to["through"]) and row.get(to["take"]):
                return {row[to["take"]]: Decimal(1)}
        return {}
    return {
        row["person"]: row["share"]
        for row in facts.get("relations", [])
        if row["relation"] == to["relation"]
        and row["key"] == fact.get(to["by"])
        and row["starts_on"] <= day < (row["ends_on"] or FAR)
    }


def recorded_shares(table: str, key: str, facts: Facts) -> dict[str, Decimal]:
    rows = [row for row in facts.get("shares", []) if row["table"] == table and row["key"] == key]
    newest = max((row["known_on"] for row in rows), default=None)
    return {row["person"]: row["share"] for row in rows if row["known_on"] == newest}


def on_top(
    overlay: Row, fact: Row, day: date, whole: Decimal, decimals: int, facts: Facts
) -> Iterator[tuple[str, Decimal]]:
    """Step 3: a share of the fact on top, to each recipient or divided among them."""
    amount = rounded(whole * overlay["share"], decimals)
    recipients = recipients_of(overlay["to"], fact, day, facts)
    how = overlay.get("divide", "each")
    if how == "each":
        yield from dict.fromkeys(recipients, amount).items()
        return
    if how == "equal":
        recipients = dict.fromkeys(recipients, Decimal(1))
    yield from divided(amount, recipients, decimals).items()


def manager_of(person: str | None, day: date, facts: Facts) -> str | None:
    for row in facts.get("managers", []):
        if row["person"] == person and row["starts_on"] <= day < (row["ends_on"] or FAR):
            return str(row["manager"])
    return None


# --- totals, targets, attainment -----------------------------------------------------------------------


def total(plan: Plan, facts: Facts, measure: str, person: str, start: date, end: date) -> Decimal:
    """What a person is credited with from one day to another."""
    amounts = [c.amount for c in credits_of(plan, measure, facts) if c.person == person]
    days = [c.day for c in credits_of(plan, measure, facts) if c.person == person]
    return sum((a for a, day in zip(amounts, days, strict=True) if start <= day < end), Decimal(0))


def target(plan: Plan, facts: Facts, measure: str, person: str, span: Span) -> Decimal | None:
    """The row with exactly the span's dates; else the sum inside it; else what touches it, by days."""
    metric = plan["measures"][measure].get("target", measure)
    rows = [r for r in facts.get("targets", []) if r["scope"] == person and r["metric"] == metric]
    exact = [r for r in rows if (r["starts_on"], r["ends_on"]) == (span.start, span.end)]
    if exact:
        return Decimal(exact[0]["target"])
    inside = [r for r in rows if r["starts_on"] >= span.start and r["ends_on"] <= span.end]
    if inside:
        return sum((r["target"] for r in inside), Decimal(0))
    shares = []
    for row in rows:
        touching = (min(row["ends_on"], span.end) - max(row["starts_on"], span.start)).days
        if touching > 0:
            shares.append(row["target"] * touching / (row["ends_on"] - row["starts_on"]).days)
    return rounded(sum(shares, Decimal(0)), 4) if shares else None


def attainment(
    plan: Plan, facts: Facts, measure: str, person: str, period: Span, over: str
) -> Fraction | None:
    """The total up to the period's end by the whole span's target; unknown without a target above 0."""
    span = span_of(plan, over, period.start)
    promised = target(plan, facts, measure, person, span)
    if promised is None or promised <= 0:
        return None
    return Fraction(total(plan, facts, measure, person, span.start, period.end)) / Fraction(promised)


# --- rates ---------------------------------------------------------------------------------------------


def from_table(plan: Plan, name: str, credit: Credit) -> Decimal:
    """The fitting row that names most columns, else `else`."""
    table = plan["tables"][name]
    best, most = table.get("else"), -1
    for row in table["rows"]:
        named = [column for column in row if column not in ("is", "from", "to")]
        fits = all(value_of(credit, column) == row[column] for column in named)
        dated = row.get("from", date.min) <= credit.day < row.get("to", FAR)
        if fits and dated and len(named) > most:
            best, most = row["is"], len(named)
    return Decimal(best)


def value_of(credit: Credit, column: str) -> Any:
    return credit.person if column == "person" else credit.fact.get(column)


def earned_by_moving(
    rate: Row, starts: list[Decimal], before: Decimal, after: Decimal, up: Decimal
) -> Decimal:
    """Σ part × rate of the move of a running total, tier by tier; `up` are points on every rate."""
    earned = Decimal(0)
    for number, tier in enumerate(rate["tiers"]):
        low: Decimal | None = starts[number]
        high = starts[number + 1] if number + 1 < len(starts) else None
        if number == 0 and rate.get("below_zero", "owed") == "owed":
            low = None
        part = within(after, low, high) - within(before, low, high)
        earned += part * (tier["is"] + up)
    return earned


def within(number: Decimal, low: Decimal | None, high: Decimal | None) -> Decimal:
    """A number pushed into an interval that may be open to either side."""
    if low is not None:
        number = max(number, low)
    if high is not None:
        number = min(number, high)
    return number


def tier_starts(plan: Plan, facts: Facts, component: Row, credit: Credit) -> list[Decimal]:
    """Where the tiers start: as written, or the shares of the target."""
    rate = component["rate"]
    if rate.get("by", "amount") == "amount":
        return [tier["from"] for tier in rate["tiers"]]
    span = span_of(plan, over_of(plan, rate), credit.day)
    promised = target(plan, facts, component["base"], credit.person, span)
    assert promised is not None and promised > 0
    return [rounded(tier["from"] * promised, plan.get("decimals", 4)) for tier in rate["tiers"]]


def last_step(steps: list[Row], number: Fraction | Decimal) -> Decimal | None:
    """The `is` of the last step that is reached; exactly at its start it is."""
    reached = [step["is"] for step in steps if Fraction(step["from"]) <= Fraction(number)]
    return Decimal(reached[-1]) if reached else None


# --- multipliers ---------------------------------------------------------------------------------------


def multipliers(plan: Plan, facts: Facts, component: Row, credit: Credit) -> Decimal:
    """All of a line's multipliers together."""
    product = Decimal(1)
    for factor in component.get("times", []):
        product *= multiplier(plan, facts, factor, credit)
    return product


def multiplier(plan: Plan, facts: Facts, factor: Any, credit: Credit) -> Decimal:
    if isinstance(factor, Decimal):
        return factor
    if "table" in factor:
        return from_table(plan, factor["table"], credit)
    period = pay_period(plan, credit.day)
    if "score" in factor:
        given = score(facts, factor["score"], credit.person, period)
        if given is None:
            return Decimal(factor["unknown"])
        if "steps" not in factor:
            return rounded(min(given, factor.get("most", Decimal(10))), 6)
        return stepped(factor, given)
    return stepped(factor, number_for(plan, facts, factor, credit, period))


def stepped(factor: Row, number: Fraction | Decimal | None) -> Decimal:
    if number is None:
        return Decimal(factor["unknown"])
    reached = last_step(factor["steps"], number)
    return Decimal(factor["below"]) if reached is None else reached


def number_for(
    plan: Plan, facts: Facts, factor: Row, credit: Credit, period: Span
) -> Fraction | Decimal | None:
    """The number that a multiplier's steps look at; None where it is not known."""
    over = over_of(plan, factor)
    if "attainment" in factor:
        return attainment(plan, facts, factor["attainment"], credit.person, period, over)
    if "total" in factor:
        start = span_of(plan, over, period.start).start
        return total(plan, facts, factor["total"], credit.person, start, period.end)
    if "days" in factor:
        begun, done = (credit.fact.get(column) for column in factor["days"])
        return None if begun is None or done is None else Decimal((done - begun).days)
    if "ratio" in factor:
        part, whole = (part_of_ratio(credit.fact, column) for column in factor["ratio"])
        return None if part is None or not whole else Fraction(part) / Fraction(whole)
    value = credit.fact.get(factor["column"])
    return None if value is None else Decimal(value)


def part_of_ratio(fact: Row, column: str) -> Decimal | None:
    if column != "margin":
        return fact.get(column)
    if fact.get("amount") is None or fact.get("cost") is None:
        return None
    return Decimal(fact["amount"] - fact["cost"])


def score(facts: Facts, name: str, person: str, period: Span) -> Decimal | None:
    """The score in force in the period that began last."""
    rows = [
        row
        for row in facts.get("scores", [])
        if row["score"] == name
        and row["person"] == person
        and row["starts_on"] < period.end
        and (row["ends_on"] or FAR) > period.start
    ]
    return Decimal(max(rows, key=lambda row: row["starts_on"])["value"]) if rows else None


def condition_holds(plan: Plan, facts: Facts, gate: Row, person: str, period: Span) -> bool:
    """What is not known fails."""
    over = over_of(plan, gate)
    number: Fraction | Decimal | None
    if "attainment" in gate:
        number = attainment(plan, facts, gate["attainment"], person, period, over)
    elif "total" in gate:
        start = span_of(plan, over, period.start).start
        number = total(plan, facts, gate["total"], person, start, period.end)
    else:
        number = score(facts, gate["score"], person, period)
    return number is not None and Fraction(number) >= Fraction(gate["at_least"])


def raised(plan: Plan, facts: Facts, component: Row, credit: Credit) -> tuple[Decimal, Decimal]:
    """What multiplies the rate, and the points that are added to it."""
    times, plus = Decimal(1), Decimal(0)
    period = pay_period(plan, credit.day)
    for raise_ in component.get("raise", []):
        if not condition_holds(plan, facts, raise_["when"], credit.person, period):
            continue
        if raise_["as"] == "relative":
            times *= 1 + raise_["by"]
        else:
            plus += raise_["by"]
    return times, plus


# --- lines ---------------------------------------------------------------------------------------------


def line_digits(plan: Plan) -> int:
    return int(plan.get("digits", 2)) if plan.get("round") == "line" else 6


def priced(plan: Plan, facts: Facts, component: Row, credits: list[Credit]) -> list[Line]:
    """One line for each of a person's credits: base × rate × multipliers, rounded once."""
    running: dict[tuple[Any, ...], Decimal] = {}
    lines = []
    for credit in credits:
        earned = before_multipliers(plan, facts, component, credit, credits, running)
        amount = rounded(earned * multipliers(plan, facts, component, credit), line_digits(plan))
        lines.append(Line(credit.person, pay_period(plan, credit.day), credit, amount))
    return lines


def before_multipliers(
    plan: Plan,
    facts: Facts,
    component: Row,
    credit: Credit,
    credits: list[Credit],
    running: dict[tuple[Any, ...], Decimal],
) -> Decimal:
    """Base × rate."""
    rate = component["rate"]
    times, plus = raised(plan, facts, component, credit)
    if isinstance(rate, Decimal):
        return credit.amount * (rate * times + plus)
    if "table" in rate:
        return credit.amount * (from_table(plan, rate["table"], credit) * times + plus)
    if rate.get("pay") == "whole":
        period = pay_period(plan, credit.day)
        return credit.amount * (whole_rate(plan, facts, component, credit, period, credits) * times + plus)
    over = span_of(plan, over_of(plan, rate), pay_period(plan, credit.day).start)
    counter = (over, *(credit.fact.get(column) for column in rate.get("per", [])))
    before = running.get(counter, Decimal(0))
    after = running[counter] = before + credit.amount
    starts = tier_starts(plan, facts, component, credit)
    return earned_by_moving(rate, starts, before, after, Decimal(0)) * times + earned_by_moving(
        {**rate, "tiers": [{**tier, "is": Decimal(0)} for tier in rate["tiers"]]}, starts, before, after, plus
    )


def whole_rate(
    plan: Plan, facts: Facts, component: Row, credit: Credit, period: Span, credits: list[Credit]
) -> Decimal:
    """The rate that all credit of a period earns: that of the last start reached by the period's end."""
    rate = component["rate"]
    span = span_of(plan, over_of(plan, rate), period.start)
    if "measure" in rate:
        reached = total(plan, facts, rate["measure"], credit.person, span.start, period.end)
    else:
        group = [credit.fact.get(column) for column in rate.get("per", [])]
        reached = sum(
            (
                c.amount
                for c in credits
                if span.start <= c.day < period.end
                and [c.fact.get(column) for column in rate.get("per", [])] == group
            ),
            Decimal(0),
        )
    starts = tier_starts(plan, facts, component, credit)
    found = rate["tiers"][0]["is"]
    for start, tier in zip(starts, rate["tiers"], strict=True):
        if start <= reached:
            found = tier["is"]
    return Decimal(found)


def catch_up(plan: Plan, facts: Facts, component: Row, credits: list[Credit], period: Span) -> Decimal:
    """(New rate − old rate) × Σ credit × multipliers of the span's earlier periods, rounded to 6."""
    rate = component["rate"]
    if not isinstance(rate, dict) or rate.get("pay") != "whole":
        return Decimal(0)
    span = span_of(plan, over_of(plan, rate), period.start)
    earlier = [credit for credit in credits if span.start <= credit.day < period.start]
    if not earlier:
        return Decimal(0)
    last = pay_period(plan, period.start - timedelta(days=1))
    new = whole_rate(plan, facts, component, earlier[0], period, credits)
    old = whole_rate(plan, facts, component, earlier[0], last, credits)
    lifted = sum((c.amount * multipliers(plan, facts, component, c) for c in earlier), Decimal(0))
    return rounded((new - old) * lifted, 6)


# --- what is paid --------------------------------------------------------------------------------------


def pay_component(
    plan: Plan, facts: Facts, name: str, component: Row, person: str, paid: Paid, trace: list[Line]
) -> None:
    """Every period of one person and component: steps, rounding, cap, less what was paid already."""
    earned: dict[Span, Decimal] = {}
    given: dict[Span, Decimal] = {}
    seen: dict[Span, Decimal] = {}
    for period in pay_periods(plan):
        span = settled_over(plan, component, period)
        step = period_steps(plan, facts, component, person, period, paid, seen)
        earned[span] = earned.get(span, Decimal(0)) + step
        due = rounded(earned[span], plan.get("digits", 2))
        if "cap" in component:
            due = min(due, limit(component["cap"]))
        paid[person, period.start, name] = due - given.get(span, Decimal(0))
        given[span] = due
    if not str(component["base"]).startswith("pay."):
        trace.extend(priced(plan, facts, component, credits_for(plan, facts, component, person)))


def credits_for(plan: Plan, facts: Facts, component: Row, person: str) -> list[Credit]:
    return [credit for credit in credits_of(plan, component["base"], facts) if credit.person == person]


def settled_over(plan: Plan, component: Row, period: Span) -> Span:
    """The span of the tiers, else of the cap, else the period itself."""
    rate = component["rate"]
    kind = plan.get("period", "month")
    if isinstance(rate, dict) and "tiers" in rate and "over" in rate:
        kind = rate["over"]
    elif isinstance(component.get("cap"), dict):
        kind = component["cap"].get("over", kind)
    return span_of(plan, kind, period.start)


def limit(cap: Any) -> Decimal:
    return Decimal(cap["amount"]) if isinstance(cap, dict) else Decimal(cap)


def period_steps(
    plan: Plan, facts: Facts, component: Row, person: str, period: Span, paid: Paid, seen: dict[Span, Decimal]
) -> Decimal:
    """The sum of a period's steps: lines, late ones, catch-up, worth, gates; or a share of other pay."""
    base = component["base"]
    if base.startswith("pay."):
        other = paid.get((person, period.start, base.removeprefix("pay.")), Decimal(0))
        return gated(plan, facts, component, person, period, rounded(other * component["rate"], 6))
    known = [c for c in credits_for(plan, facts, component, person) if c.known_on < period.end]
    lines = priced(plan, facts, component, known)
    earned = sum((line.amount for line in lines if line.period == period), Decimal(0))
    earned += late(plan, lines, period, seen)
    earned += catch_up(plan, facts, component, known, period)
    earned = gated(plan, facts, component, person, period, earned)
    if component.get("unit") == "points":
        earned = rounded(earned * component["worth"], 6)
    return earned


def late(plan: Plan, lines: list[Line], period: Span, seen: dict[Span, Decimal]) -> Decimal:
    """round(new) − round(old) of the lines of every closed period; `seen` carries the old ones."""
    difference = Decimal(0)
    for closed in pay_periods(plan):
        if closed.start > period.start:
            break
        sum_ = sum((line.amount for line in lines if line.period == closed), Decimal(0))
        now = rounded(sum_, plan.get("digits", 2))
        if closed.start < period.start:
            difference += now - seen[closed]
        seen[closed] = now
    return difference


def gated(plan: Plan, facts: Facts, component: Row, person: str, period: Span, earned: Decimal) -> Decimal:
    """Each gate that fails multiplies what was earned in the period."""
    for gate in component.get("gate", []):
        if not condition_holds(plan, facts, gate, person, period):
            earned = rounded(earned * gate.get("otherwise", Decimal(0)), 6)
    return earned
