"""A plan as plain sentences: what a person would be given to sign, said by `core.sentence` in their language.

Everything is generated from the plan's values, so the sentences cannot say anything else than what is paid.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from dabiao.engine.message import Message, Money, Percent, Series, Value, message, noted
from dabiao.engine.payout.explain_bonus import bonus_sentences
from dabiao.engine.payout.phrase import amount, apart, between, last_day, listed, number, span, title
from dabiao.engine.payout.plan import (
    PAY,
    Attained,
    Clawback,
    Component,
    Credit,
    Draw,
    Factor,
    Gate,
    Guarantee,
    Leaver,
    Measure,
    Member,
    Plan,
    Prorate,
    Raise,
    Recipient,
    Step,
    Table,
    Tiers,
)
from dabiao.engine.payout.validate import completed
from dabiao.engine.row import Condition, Written

_COMPARED: Final[Mapping[str, str]] = {
    "one_of": noted("{column} is {values}"),
    "known_none_of": noted("{column} is not {values}"),
    "none_of": noted("{column} is not {values}"),
    "at_least": noted("{column} is at least {values}"),
    "above": noted("{column} is above {values}"),
    "at_most": noted("{column} is at most {values}"),
    "below": noted("{column} is below {values}"),
    "not_null": noted("{column} is filled in"),
    "is_null": noted("{column} is empty"),
}
_REASONS: Final[Mapping[str, Message]] = {
    "joining": message("joining"),
    "leaving": message("leaving"),
    "transfer": message("transfer"),
    "absence": message("absence"),
    "probation": message("probation"),
}
_MEMBERS: Final[Mapping[str, str]] = {
    "role": noted("everyone in the role {key}"),
    "unit": noted("unit {key} and all units below it"),
    "person": noted("person {key}"),
}
_ON_TOP: Final[Mapping[str, str]] = {
    "each": noted("On top, {share} goes to each of {whom}."),
    "equal": noted("On top, {share} goes equally among {whom}."),
    "weight": noted("On top, {share} goes by weight among {whom}."),
}
_HELD: Final[Mapping[str, Message]] = {
    "pay": message("what is held back is paid"),
    "forfeit": message("what is held back is forfeited"),
}
_DRAW: Final[Mapping[str, Message]] = {
    "recover": message("an open draw is recovered as far as pay goes"),
    "forgive": message("an open draw is forgiven"),
}
_LATER: Final[Mapping[str, Message]] = {
    "pay": message("what is earned later is paid"),
    "stop": message("nothing earned later is paid"),
}


def explain(plan: Plan) -> list[Message]:
    """The sentences of a plan, in the order in which somebody would read them."""
    plan = completed(plan)
    sentences = [*_who(plan), *_money(plan)]
    used = [component for component in plan.components.values() if component.base in plan.measures]
    for key in dict.fromkeys(component.base for component in used):
        sentences += _measure(plan, plan.measures[key])
    for component in plan.components.values():
        sentences += _component(plan, component)
    return [*sentences, *_settlement(plan), _leaving(plan.settlement.leaver)]


def _who(plan: Plan) -> Iterator[Message]:
    yield message(
        "Plan {plan}, version {version}: {title}. In force from {first} to {last}.",
        plan=plan.key,
        version=plan.version,
        title=title(plan.title),
        first=plan.start,
        last=last_day(plan.end),
    )
    if plan.who:
        yield message("It applies to {members}.", members=_members(plan.who))
    else:
        yield message("It applies to everyone who is credited.")
    if plan.except_who:
        yield message("It does not apply to {members}.", members=_members(plan.except_who))
    if plan.managers:
        yield message(
            "A person's manager is whoever holds {positions} in the person's unit on that day, else in the nearest one above.",
            positions=", ".join(plan.managers),
        )


def _members(members: Sequence[Member]) -> Series:
    return apart(
        [
            between(message(_MEMBERS[member.kind], key=member.key), member.start, member.end)
            for member in members
        ]
    )


def _money(plan: Plan) -> Iterator[Message]:
    every = span(plan.period)
    yield message("Amounts are in {currency} and settled per {span}.", currency=plan.currency, span=every)
    if plan.round == "line":
        yield message("Every line is rounded to {digits} decimals, half away from zero.", digits=plan.digits)
    else:
        yield message(
            "Each component is rounded once per person and {span}, to {digits} decimals, half away from zero.",
            span=every,
            digits=plan.digits,
        )
    for rate in plan.exchange:
        yield message(
            "From {day} on, 1 {foreign} counts as {rate} {currency}.",
            day=rate.start,
            foreign=rate.currency,
            rate=rate.rate,
            currency=plan.currency,
        )


def _measure(plan: Plan, measure: Measure) -> Iterator[Message]:
    text = message(
        "“{measure}” counts {amount} of {table} by {date}",
        measure=measure.key,
        amount=measure.amount,
        table=measure.table,
        date=measure.on,
    )
    if measure.where:
        text = message("{text}, where {conditions}", text=text, conditions=_conditions(measure.where))
    for group in measure.exclude:
        text = message(
            "{text}, leaving out those where {conditions}", text=text, conditions=_conditions(group)
        )
    yield _ended(text)
    if measure.refunds == "original":
        yield message(
            "A refund undoes the sale that it names: in that sale's period, at that sale's rate, posted when it becomes known."
        )
    else:
        yield message("Refunds and credit notes count as negative amounts on their own date, once.")
    yield from _credit(plan.credits[measure.credit])


def _ended(sentence: Value) -> Message:
    return message("{sentence}.", sentence=sentence)


def _conditions(conditions: Sequence[Condition]) -> Series:
    return Series(
        [_condition(condition) for condition in conditions],
        message("{head} and {last}", context="conditions"),
    )


def _condition(condition: Condition) -> Message:
    values = Series(
        [value.text if isinstance(value, Written) else str(value) for value in condition.values],
        message("{head} or {last}"),
    )
    return message(_COMPARED[condition.test], column=condition.column, values=values)


def _credit(rule: Credit) -> Iterator[Message]:
    if rule.direct and rule.split:
        yield message(
            "Each fact is divided {parts}; where one is empty its part falls to the others.",
            parts=" : ".join(f"{column} {number(weight)}" for column, weight in rule.split),
        )
    elif rule.direct:
        yield message("Credit goes to {whom}.", whom=_recipient(rule.to))
    if rule.shared:
        yield message("Where shares are recorded for a fact, the newest ones decide.")
    for also in rule.also:
        yield message(_ON_TOP[also.divide], share=Percent(also.share), whom=_recipient(also.recipient))
    for level, share in enumerate(rule.rollup, start=1):
        yield message(
            "{share} also counts for the manager {level} level(s) above on that day.",
            share=Percent(share),
            level=level,
        )


def _recipient(to: Recipient) -> Message:
    if to.kind == "relation":
        return message(
            "whoever is {relation} for the {column} on that day", relation=to.relation, column=to.column
        )
    if to.kind == "rule" and to.relation != "record":
        return message("whom the rule {rule} names", rule=to.relation)
    if to.kind == "through":
        return message("the {take} of the {column} behind it", take=to.take, column=to.column, table=to.table)
    return message("the {column} on the record", column=to.column)


def _component(plan: Plan, component: Component) -> Iterator[Message]:
    if component.bonus is not None:
        yield from bonus_sentences(plan, component)
    elif component.base.startswith(PAY) and component.rate and component.rate.flat is not None:
        yield message(
            "{title}: {rate} of what {other} pays.",
            title=title(component.title),
            rate=Percent(component.rate.flat),
            other=title(plan.components[component.base.removeprefix(PAY)].title),
        )
    else:
        yield from _rate(plan, component)
    for factor in component.times:
        yield _factor(plan, factor)
    for raise_ in component.raises:
        yield message(
            "Where {condition}, the rate {rises}.", condition=_gate(raise_.when, plan), rises=_rises(raise_)
        )
    yield from _limits(plan, component)


def _rises(raise_: Raise) -> Message:
    if raise_.kind == "relative":
        return message("is multiplied by {factor}", factor=1 + raise_.by, share=Percent(raise_.by))
    return message("rises by {share} points", share=Percent(raise_.by))


def _rate(plan: Plan, component: Component) -> Iterator[Message]:
    rate, base, name = component.rate, component.base, title(component.title)
    if rate is None:
        return
    if rate.flat is not None:
        yield message("{title}: {rate} of “{base}”.", title=name, rate=Percent(rate.flat), base=base)
    elif rate.table:
        rates = _table(plan.tables[rate.table], shares=True)
        yield message("{title}: of “{base}”, by these rates: {rates}", title=name, base=base, rates=rates)
    elif rate.tiers is not None:
        yield from _tiers(plan, rate.tiers, component)


def _tiers(plan: Plan, tiers: Tiers, component: Component) -> Iterator[Message]:
    name, base, over = title(component.title), component.base, span(tiers.over or plan.period)
    reached = _reached(tiers, base)
    if tiers.per:
        yield message(
            "{title}: “{base}” earns rates by {reached} within the {span}, each {columns} by itself.",
            title=name,
            base=base,
            reached=reached,
            span=over,
            columns=Series(tiers.per, message("{head} and {last}", context="columns")),
        )
    else:
        yield message(
            "{title}: “{base}” earns rates by {reached} within the {span}.",
            title=name,
            base=base,
            reached=reached,
            span=over,
        )
    for step, end in zip(tiers.steps, [*(step.start for step in tiers.steps[1:]), None], strict=True):
        yield _tier(plan, tiers, step, end)
    if tiers.pay == "marginal" and tiers.below_zero == "nothing":
        yield message("Below zero nothing is earned or owed.")


def _reached(tiers: Tiers, base: str) -> Message:
    measure = tiers.measure or base
    if tiers.by == "attainment":
        return message("the attainment of “{measure}”", measure=measure)
    return message("the total of “{measure}”", measure=measure)


def _tier(plan: Plan, tiers: Tiers, step: Step, end: Decimal | None) -> Message:
    """What one step pays; the next one starts at `end`."""

    def bound(value: Decimal) -> Percent | Money:
        return Percent(value) if tiers.by == "attainment" else amount(value, plan)

    start, rate = bound(step.start), Percent(step.value)
    if tiers.pay == "whole":
        return message("From {start} on, all of it earns {rate}.", start=start, rate=rate)
    if end is None:
        return message("The part above {start} earns {rate}.", start=start, rate=rate)
    return message("The part from {start} to {end} earns {rate}.", start=start, end=bound(end), rate=rate)


def _table(table: Table, *, shares: bool) -> Message:
    if table.source:
        return message(
            "{take} of {table} by {columns}.", take=table.take, table=table.source, columns=listed(table.by)
        )

    def shown(value: Decimal) -> Value:
        return Percent(value) if shares else value

    rows: list[Value] = [
        between(
            message("{which} {value}", which=_which(row.match), value=shown(row.value)), row.start, row.end
        )
        for row in table.rows
    ]
    if table.otherwise is not None:
        rows.append(message("otherwise {value}", value=shown(table.otherwise)))
    return _ended(apart(rows))


def _which(match: Sequence[tuple[str, str]]) -> Value:
    return listed([f"{column} {value}" for column, value in match]) if match else message("all")


def _factor(plan: Plan, factor: Factor) -> Message:
    if factor.flat is not None:
        return message("This is multiplied by {number}.", number=factor.flat)
    if factor.table:
        return message(
            "This is multiplied by: {table}", table=_table(plan.tables[factor.table], shares=False)
        )
    what = _asked(factor, plan)
    if factor.steps:
        return message(
            "This is multiplied by {what}: {steps}.", what=what, steps=apart(_factor_steps(factor))
        )
    if factor.most is None:
        return message("This is multiplied by {what}.", what=what)
    return message("This is multiplied by {what}, at most {most}.", what=what, most=factor.most)


def _factor_steps(factor: Factor) -> list[Message]:
    is_share = factor.attained is not None and factor.attained.by == "attainment"
    is_share = is_share or (factor.feature is not None and factor.feature.kind == "ratio")
    steps = [
        message(
            "from {start}: × {value}", start=Percent(step.start) if is_share else step.start, value=step.value
        )
        for step in factor.steps
    ]
    if factor.below is not None:
        steps.append(message("below that: × {value}", value=factor.below))
    if factor.unknown is not None:
        steps.append(message("where unknown: × {value}", value=factor.unknown))
    return steps


def _asked(factor: Factor, plan: Plan) -> Value:
    """What a multiplier depends on."""
    if factor.score:
        return message("the score “{score}”", score=factor.score)
    if factor.attained is not None:
        return _attained(factor.attained, plan)
    if factor.feature is None:
        return ""
    if factor.feature.kind == "days":
        first, last = factor.feature.of
        return message("the days from {first} to {last}", first=first, last=last)
    if factor.feature.kind == "ratio":
        part, whole = factor.feature.of
        return message("{part} ÷ {whole}", part=part, whole=whole)
    return factor.feature.of[0]


def _attained(attained: Attained, plan: Plan) -> Message:
    measure, over = attained.measure, span(attained.over or plan.period)
    if attained.by == "attainment":
        if attained.team:
            return message("the team's attainment of “{measure}” in the {span}", measure=measure, span=over)
        return message("the person's own attainment of “{measure}” in the {span}", measure=measure, span=over)
    if attained.team:
        return message("the team's total of “{measure}” in the {span}", measure=measure, span=over)
    return message("the person's own total of “{measure}” in the {span}", measure=measure, span=over)


def _gate(gate: Gate, plan: Plan) -> Message:
    least: Value
    if gate.attained is not None:
        what = _attained(gate.attained, plan)
        least = Percent(gate.at_least) if gate.attained.by == "attainment" else amount(gate.at_least, plan)
    else:
        what, least = message("the score “{score}”", score=gate.score), gate.at_least
    return message("{what} is at least {least}", what=what, least=least)


def _limits(plan: Plan, component: Component) -> Iterator[Message]:
    for gate in component.gates:
        yield message(
            "Unless {condition}, only {share} of it is paid.",
            condition=_gate(gate, plan),
            share=Percent(gate.otherwise),
        )
    if component.unit == "points" and component.worth is not None:
        yield message("It counts points, each worth {amount}.", amount=amount(component.worth, plan))
    if component.cap is not None:
        yield message(
            "At most {amount} per {span}.",
            amount=amount(component.cap.amount, plan),
            span=span(component.cap.over or plan.period),
        )
    if component.floor is not None:
        yield message(
            "At least {amount} per {span}.",
            amount=amount(component.floor.amount, plan),
            span=span(component.floor.over or plan.period),
        )
    yield from _payment(component)


def _payment(component: Component) -> Iterator[Message]:
    """When it is paid, and when not all of it, or not for good."""
    if component.prorate is not None:
        yield _prorate(component.prorate)
    if component.stages:
        parts = [
            message("{share} {event}", share=Percent(stage.share), event=stage.event)
            for stage in component.stages
        ]
        yield message(
            "It is paid in stages: {stages}.",
            stages=Series(parts, message("{head}, {last}", context="stages of payment")),
        )
    for clawback in component.clawbacks:
        yield _clawback(clawback)
    if component.hold is not None:
        yield message(
            "{share} is held back until the {span} ends.",
            share=Percent(component.hold.share),
            span=span(component.hold.until),
        )


def _clawback(clawback: Clawback) -> Message:
    share, days = Percent(clawback.share), clawback.days
    if clawback.when == "unpaid":
        return message(
            "{share} of it is taken back if the money has not come {days} days after the fact, and given again when it comes.",
            share=share,
            days=days,
        )
    return message(
        "{share} of it is taken back if the customer leaves within {days} days.", share=share, days=days
    )


def _prorate(prorate: Prorate) -> Message:
    return message(
        "Fixed amounts count for the share of {days} in force ({reasons}).",
        days=message("working days") if prorate.days == "working" else message("calendar days"),
        reasons=listed([_REASONS[reason] for reason in prorate.reasons]),
    )


def _settlement(plan: Plan) -> Iterator[Message]:
    rules = plan.settlement
    if rules.guarantee is not None:
        yield _guarantee(rules.guarantee, plan)
    if rules.hold is not None:
        yield message(
            "{share} of pay is held back until the {span} ends.",
            share=Percent(rules.hold.share),
            span=span(rules.hold.until),
        )
    if rules.instalments > 1 or rules.recover_most < 1:
        yield message(
            "What is taken back is recovered in {count} instalment(s), each at most {share} of pay.",
            count=rules.instalments,
            share=Percent(rules.recover_most),
        )
    if rules.draw is not None:
        yield _advance(rules.draw, plan)


def _guarantee(guarantee: Guarantee, plan: Plan) -> Message:
    least = amount(guarantee.amount, plan)
    if not guarantee.months:
        return message("Pay is filled up to {amount}.", amount=least)
    return message(
        "Pay is filled up to {amount} for {months} months after joining.",
        amount=least,
        months=guarantee.months,
    )


def _advance(draw: Draw, plan: Plan) -> Message:
    level = amount(draw.amount, plan)
    if draw.recoverable:
        return message(
            "A draw fills pay up to {amount}; it is recovered from later pay above that.", amount=level
        )
    return message("A draw fills pay up to {amount}; it is not owed back.", amount=level)


def _leaving(leaver: Leaver) -> Message:
    return message(
        "On leaving {held}, {draw}, and {later}.",
        held=_HELD[leaver.held],
        draw=_DRAW[leaver.draw],
        later=_LATER[leaver.later],
    )
