"""Whose a fact is: from facts to credits, one row per fact and person credited.

A credit carries the fact's key, the date, the person, the way it came (`via`), the share in millionths and
the credited amount in int64 units of the plan's decimals. Splits give the whole amount away exactly, by
largest remainder, ties to the smaller employee number; overlays and roll-ups add credit on top.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, cast

import ibis
import ibis.expr.types as ir

from dabiao.engine.credit import RULES, Rule, reads
from dabiao.engine.credit import credited as whose
from dabiao.engine.measure import SHARE
from dabiao.engine.number import MONEY_SCALE, RATE_SCALE, divided, minor
from dabiao.engine.payout.feature import Tables, holds, named, with_columns
from dabiao.engine.payout.plan import Also, Credit, Measure, Plan, Recipient
from dabiao.engine.payout.scale import places, shrunk, units
from dabiao.engine.row import Terms

WHOLE: Final = 1_000_000
"""A share of 100 % in millionths."""


@dataclass(frozen=True)
class Window:
    """The facts that are asked for: dates from `since`, before `until`; only these people, if any are named.

    known: of refunds that count with their original, only those dated before this day are known.
    """

    since: date
    until: date
    people: tuple[str, ...] = ()
    known: date | None = None


def credits(plan: Plan, measure: Measure, tables: Tables, window: Window, keep: tuple[str, ...]) -> ir.Table:
    """Every credit that a measure gives inside a window to people whom the plan covers on that day.

    tables: the fact tables and dimensions of `docs/incentives.md`, unbound.
    keep: further columns of the fact to carry along.
    returns: the fact's key columns, on, person, via (where there is more than one way), share, credit, `keep`.
    """
    rows = credited(plan, measure, tables, window, keep)
    return _covered(plan, rows.filter(rows.person.notnull()), tables)


def credited(plan: Plan, measure: Measure, tables: Tables, window: Window, keep: tuple[str, ...]) -> ir.Table:
    """As `credits`, whomever the plan covers; person is null where a fact is nobody's."""
    return _by(plan.credits[measure.credit], plan, measure, tables, window, keep)


def given_once(plan: Plan, measure: Measure, tables: Tables, window: Window) -> ir.Table:
    """As `credited`, without credit on top (overlays, roll-ups): each fact counts once in a unit's sum."""
    once = replace(plan.credits[measure.credit], also=(), rollup=(), direct=True)
    return _by(once, plan, measure, tables, window, ())


def _by(
    rule: Credit, plan: Plan, measure: Measure, tables: Tables, window: Window, keep: tuple[str, ...]
) -> ir.Table:
    facts = counted(plan, measure, tables, window, (*keep, *_reads(rule, tables[measure.table])))
    rows = _direct(plan, measure, rule, facts, tables)
    rows = _on_top(measure, rule, facts, rows, tables)
    via = ["via"] if ways(rule) > 1 else []
    columns = [*measure.fact_key, "on", "person", *via, "share", "credit", *keep]
    columns += ["refund"] if measure.refunds == "original" else []
    rows = rows.select(*dict.fromkeys(columns))
    if window.people:
        rows = rows.filter(
            rows.person.isin([ibis.literal(who).cast(rows.person.type()) for who in window.people])
        )
    return rows


def ways(rule: Credit) -> int:
    """In how many ways a rule can credit one fact; only then a credit says its way (`via`)."""
    return (1 if rule.direct else 0) + (1 if rule.shared else 0) + len(rule.also) + len(rule.rollup)


def counted(
    plan: Plan, measure: Measure, tables: Tables, window: Window, keep: tuple[str, ...] = ()
) -> ir.Table:
    """The facts a measure counts, with `on` and `units` (int64 at the plan's decimals)."""
    facts = tables[measure.table]
    facts = facts.mutate(on=facts[measure.on].cast("date")) if measure.on != "on" else facts
    if measure.refunds == "original":
        facts = _at_original(measure, facts, window)
        keep = (*keep, "refund")
    facts = facts.filter(facts.on >= window.since, facts.on < window.until)
    facts = with_columns(facts, (*named(measure), *keep), tables, on="on")
    if measure.where:
        facts = facts.filter(holds(facts, measure.where))
    for group in measure.exclude:
        facts = facts.filter(~holds(facts, group))
    amount = _amount(plan, measure, facts)
    return facts.select(*dict.fromkeys([*measure.fact_key, "on", *keep]), units=amount)


_REFUNDED: Final = (
    "reverses",
    "amount",
    "amount_with_tax",
    "cost",
    "qty",
    "original_amount",
    "original_amount_with_tax",
)
"""What a refund brings itself; all else it takes from the fact that it takes back."""


def _at_original(measure: Measure, facts: ir.Table, window: Window) -> ir.Table:
    """The facts with every refund in the place of its original: same date, person, product; its own amounts.

    `refund` is the refund's own key, empty on other facts. A refund whose original is missing stays as it is.
    """
    original = facts.view()
    taken = [name for name in facts.columns if name not in (*_REFUNDED, *measure.fact_key)]
    behind = original.select(
        __key=original.key,
        **({"__source": original["source"]} if "source" in facts.columns else {}),
        **{f"__{name}": original[name] for name in taken},
    )
    same = [facts.reverses == behind["__key"]]
    if "source" in facts.columns:
        same.append(facts["source"] == behind["__source"])
    met = facts.left_join(behind, same)
    met = met.filter(met.on < (window.known or window.until))
    found = met["__key"].notnull()
    met = met.mutate(
        **{name: ibis.ifelse(found, met[f"__{name}"], met[name]) for name in taken},
        refund=ibis.ifelse(found, met.key, ibis.null("string")),
        key=ibis.ifelse(found, met["__key"], met.key),
    )
    return met.select(*facts.columns, "refund")


def _amount(plan: Plan, measure: Measure, facts: ir.Table) -> ir.IntegerValue:
    """The counted amount in units; in the plan's currency by the plan's own rates where it says so."""
    of = measure.metric.of
    if of is None:
        # Cast, because a bare constant stays 32 bits wide in DuckDB and overflows when it is split.
        return ibis.literal(10**plan.decimals, type="int32").cast("int64")
    if plan.amounts == "original" and of in (Terms(("amount",)), Terms(("amount_with_tax",))):
        return _exchanged(plan, facts, facts[f"original_{of.columns[0]}"])
    column = cast("ir.NumericValue", of.value(facts))
    if not column.type().is_decimal():
        return (column.cast("int64") * 10**plan.decimals).cast("int64")
    return as_units(column, plan.decimals)


def as_units(column: ir.DecimalValue, decimals: int) -> ir.IntegerValue:
    """A decimal column as int64 units of 10^-decimals.

    The usual 18 digits are multiplied as they are: widening each of them to 38 first costs half of the whole run.
    """
    kind = column.type()
    if (kind.precision or 38) <= 18 and (kind.scale or 0) <= decimals:
        return (column * 10**decimals).cast("int64")
    return minor(column, decimals)


def _exchanged(plan: Plan, facts: ir.Table, column: ir.DecimalColumn) -> ir.IntegerValue:
    """Original amounts at the plan's dated rates; null (and so reported) where the plan names none."""
    newest_first = sorted(plan.exchange, key=lambda rate: rate.start, reverse=True)
    answers = [
        ((facts.currency == rate.currency) & (facts.on >= rate.start), units(rate.rate, RATE_SCALE))
        for rate in newest_first
    ]
    own = (facts.currency == plan.currency, 10**RATE_SCALE)
    rate = ibis.cases(own, *answers, else_=ibis.null("int64"))
    exact = minor(column).cast("decimal(38, 0)") * rate.cast("decimal(38, 0)")
    return shrunk(exact * 10**plan.decimals, MONEY_SCALE + RATE_SCALE)


def _reads(rule: Credit, facts: ir.Table) -> tuple[str, ...]:
    """Columns of the fact that a rule reads."""
    if rule.to.kind == "rule":
        wanted = reads(RULES[rule.to.relation])
        return tuple(name for name in wanted if name == rule.to.column or name in facts.columns)
    recipients = [rule.to, *(also.recipient for also in rule.also)]
    return tuple(dict.fromkeys([*(r.column for r in recipients), *(column for column, _ in rule.split)]))


def _direct(plan: Plan, measure: Measure, rule: Credit, facts: ir.Table, tables: Tables) -> ir.Table:
    """The credit that gives each fact away once."""
    if not rule.shared:
        return _by_rule(plan, measure, rule, facts, tables)
    shares = _latest_shares(measure, tables["shares"])
    own = _by_rule(plan, measure, rule, facts.anti_join(shares, list(measure.fact_key)), tables)
    taken = facts.drop("person") if "person" in facts.columns else facts
    shared = taken.inner_join(shares, list(measure.fact_key))
    return ibis.union(own, _divided(measure, shared, "shared").select(own.columns))


def _by_rule(plan: Plan, measure: Measure, rule: Credit, facts: ir.Table, tables: Tables) -> ir.Table:
    if rule.split:
        return _split_by_columns(plan, measure, rule, facts)
    if rule.to.kind == "rule":
        return _as_metrics_are(measure, RULES[rule.to.relation], facts, tables)
    if rule.to.kind == "relation":
        return _related(measure, rule.to, facts, tables, rule.divide, via="direct")
    return _held(facts, rule.to, tables).mutate(
        via=ibis.literal("direct"), share=ibis.literal(WHOLE, type="int32"), credit=ibis._.units
    )


def _as_metrics_are(measure: Measure, rule: Rule, facts: ir.Table, tables: Tables) -> ir.Table:
    """The crediting of all metrics; where it shares a fact out, the parts are exact."""
    rows = whose(facts, on="on", rule=rule, tables=tables).drop("day")
    if SHARE in rows.columns:
        # Nobody's fact stays whole.
        shared = rows.mutate(weight=rows[SHARE]).drop(SHARE)
        return _divided(measure, shared, "direct")
    return rows.mutate(
        via=ibis.literal("direct"), share=ibis.literal(WHOLE, type="int32"), credit=ibis._.units
    )


def _held(facts: ir.Table, to: Recipient, tables: Tables) -> ir.Table:
    """The facts with `person`: a column of the fact, or of the row that a key of the fact points at."""
    if to.kind == "column":
        return facts.mutate(person=facts[to.column])
    behind = tables[to.table].select(
        **{"__behind": tables[to.table].key, "__taken": tables[to.table][to.take]}
    )
    joined = facts.left_join(behind, facts[to.column] == behind["__behind"])
    return joined.mutate(person=joined["__taken"]).drop("__behind", "__taken")


def _split_by_columns(plan: Plan, measure: Measure, rule: Credit, facts: ir.Table) -> ir.Table:
    """Columns of the fact share it by weight; an empty column's weight falls to the others."""
    scale = max(places(weight) for _, weight in rule.split)
    weights = [units(weight, scale) for _, weight in rule.split]
    fits = units(plan.largest, plan.decimals) * sum(weights) < 2**62
    if len(weights) == 2 and fits:
        return _split_in_two(rule, facts, weights)
    branches = [
        facts.filter(facts[column].notnull()).mutate(
            person=ibis._[column], weight=ibis.literal(weight, type="int64")
        )
        for (column, _), weight in zip(rule.split, weights, strict=True)
    ]
    nobodys = facts.filter(*(facts[column].isnull() for column, _ in rule.split))
    branches.append(nobodys.mutate(person=nobodys[rule.split[0][0]], weight=ibis.literal(1, type="int64")))
    return _divided(measure, ibis.union(*branches), "split")


def _split_in_two(rule: Credit, facts: ir.Table, weights: list[int]) -> ir.Table:
    """As `_divided`, without a sort: of two parts the larger remainder takes the unit that is left."""
    (one, _), (two, _) = rule.split
    first, second = facts[one], facts[two]
    whole = sum(weights)
    both = (first.notnull() & second.notnull() & (first != second)).fill_null(False)
    ideal = facts.units.abs() * weights[0]
    rest = ideal % whole
    up = (rest * 2 > whole) | ((rest * 2 == whole) & (first < second))
    part = (((ideal - rest) / whole).round().cast("int64") + up.cast("int64")) * facts.units.sign().cast(
        "int64"
    )
    share = (weights[0] * WHOLE * 2 + whole) // (whole * 2)
    mine = facts.mutate(
        person=first.coalesce(second),
        share=ibis.ifelse(both, share, WHOLE).cast("int32"),
        credit=ibis.ifelse(both, part, facts.units),
    )
    theirs = facts.filter(both).mutate(
        person=second, share=ibis.literal(WHOLE - share, type="int32"), credit=facts.units - part
    )
    return ibis.union(mine, theirs).mutate(via=ibis.literal("split"))


def _related(
    measure: Measure, to: Recipient, facts: ir.Table, tables: Tables, divide: str, *, via: str
) -> ir.Table:
    """Facts meet the people whom a dated relationship names on that day, by a column of the fact."""
    known = tables["relations"]
    known = known.filter(known.relation == to.relation)
    people = known.select(
        __at=known.key, __who=known.person, __weight=known.share, __from=known.starts_on, __to=known.ends_on
    )
    met = facts.inner_join(
        people,
        [facts[to.column] == people["__at"], facts.on >= people["__from"], facts.on < people["__to"]],
    )
    met = met.mutate(person=met["__who"], weight=met["__weight"]).drop(people.columns)
    if divide == "each":
        return met.drop("weight").mutate(
            via=ibis.literal(via), share=ibis.literal(WHOLE, type="int32"), credit=met.units
        )
    weights = met if divide == "weight" else met.mutate(weight=ibis.literal(1))
    return _divided(measure, weights, via)


def _divided(measure: Measure, rows: ir.Table, via: str) -> ir.Table:
    """Each fact's units shared by `weight` among its rows: largest remainder, ties to the smaller person.

    A person named twice for one fact adds up. Exact at 38 digits.
    """
    others = [column for column in rows.columns if column != "weight"]
    weighed = rows.group_by(others).agg(weight=rows.weight.sum())
    weighed = weighed.filter(weighed.weight > 0)
    weight = (weighed.weight.cast("decimal(38, 6)") * WHOLE).cast("decimal(38, 0)")
    fact = ibis.window(group_by=list(measure.fact_key))
    weighed = weighed.mutate(__weight=weight)
    weighed = weighed.mutate(__whole=weighed["__weight"].sum().over(fact).cast("decimal(38, 0)"))
    ideal = weighed.units.abs().cast("decimal(38, 0)") * weighed["__weight"]
    weighed = weighed.mutate(__rest=ideal % weighed["__whole"], __ideal=ideal)
    weighed = weighed.mutate(__floor=_quotient(weighed["__ideal"] - weighed["__rest"], weighed["__whole"]))
    by_rest = ibis.window(
        group_by=list(measure.fact_key), order_by=[weighed["__rest"].desc(), weighed.person]
    )
    weighed = weighed.mutate(
        __place=ibis.row_number().over(by_rest),
        __missing=weighed.units.abs()
        - weighed["__floor"].sum().over(fact).cast("decimal(18, 0)").cast("int64"),
    )
    part = weighed["__floor"] + (weighed["__place"] < weighed["__missing"]).cast("int64")
    return weighed.mutate(
        via=ibis.literal(via),
        share=_quotient(weighed["__weight"] * WHOLE, weighed["__whole"]).cast("int32"),
        credit=part * weighed.units.sign().cast("int64"),
    ).drop(column for column in weighed.columns if column.startswith("__") or column == "weight")


def _quotient(exact: ir.NumericValue, by: ir.NumericValue) -> ir.IntegerValue:
    """Exact multiple ÷ whole below 2^51 (see `number.divided`); else the nearest integer."""
    return (exact.cast("float64") / by.cast("float64")).round().cast("int64")


def _latest_shares(measure: Measure, shares: ir.Table) -> ir.Table:
    """Of each fact's recorded shares the newest set: a later one reassigns the whole fact."""
    mine = shares.filter(shares.table == measure.table)
    newest = mine.known_on.max().over(ibis.window(group_by=list(measure.fact_key)))
    mine = mine.mutate(__newest=newest)
    mine = mine.filter(mine.known_on == mine["__newest"])
    return mine.select(*measure.fact_key, "person", weight=mine.share)


def _on_top(measure: Measure, rule: Credit, facts: ir.Table, rows: ir.Table, tables: Tables) -> ir.Table:
    """The direct credit, with overlays and the roll-up over the managers of that day."""
    parts = [rows] if rule.direct else []
    parts += [_overlay(measure, also, facts, tables).select(rows.columns) for also in rule.also]
    level = rows
    for number, share in enumerate(rule.rollup, start=1):
        level = _to_managers(level, tables["managers"])
        level = level.mutate(via=ibis.literal(f"rollup {number}"))
        parts.append(level.mutate(**_part(level, share)).select(rows.columns))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _overlay(measure: Measure, also: Also, facts: ir.Table, tables: Tables) -> ir.Table:
    """Further credit: a share of the fact, to each person of a relation or divided among them."""
    facts = facts.mutate(units=_share_of(facts.units, also.share))
    via = f"also {also.recipient.relation or also.recipient.column}"
    if also.recipient.kind == "relation":
        return _related(measure, also.recipient, facts, tables, also.divide, via=via).mutate(
            share=_share_of(ibis._.share.cast("int64"), also.share).cast("int32")
        )
    held = _held(facts, also.recipient, tables)
    share = ibis.literal(int(also.share * WHOLE), type="int32")
    return held.filter(held.person.notnull()).mutate(via=ibis.literal(via), share=share, credit=held.units)


def _to_managers(rows: ir.Table, managers: ir.Table) -> ir.Table:
    """Each credit at the manager its person had on that day; nobody above, no credit."""
    above = managers.select(
        __below=managers.person, __manager=managers.manager, __from=managers.starts_on, __to=managers.ends_on
    )
    met = rows.inner_join(
        above, [rows.person == above["__below"], rows.on >= above["__from"], rows.on < above["__to"]]
    )
    return met.mutate(person=met["__manager"]).drop(above.columns)


def _part(rows: ir.Table, share: Decimal) -> dict[str, ir.IntegerValue]:
    return {
        "credit": _share_of(rows.credit, share),
        "share": _share_of(rows.share.cast("int64"), share).cast("int32"),
    }


def _share_of(column: ir.IntegerValue, share: Decimal) -> ir.IntegerValue:
    """A fixed share of units, rounded half away from zero."""
    if share == 1:
        return column
    scale = places(share)
    return divided(column * units(share, scale), 10**scale)


def _covered(plan: Plan, rows: ir.Table, tables: Tables) -> ir.Table:
    """Only credit of people whom the plan covers on that day."""
    if plan.who:
        rows = rows.semi_join(*_on_day(rows, tables["members"]))
    if plan.except_who:
        rows = rows.anti_join(*_on_day(rows, tables["members_except"]))
    return rows


def _on_day(rows: ir.Table, members: ir.Table) -> tuple[ir.Table, list[ir.BooleanValue]]:
    return members, [
        rows.person == members.person,
        rows.on >= members.starts_on,
        rows.on < members.ends_on,
    ]
