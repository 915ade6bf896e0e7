"""Whose a fact is (业绩归属): from a fact table to who is credited, how much of it, and in which seat.

A rule is data. Whatever it says, the seat comes from the dated assignment of the credited person on the day
of the fact, so somebody who moved keeps what was theirs before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

Who = Literal["record", "signer", "owner", "holder"]

NOBODY = 0
"""The seat of facts that no assignment covers; parts still sum to the whole."""


class CannotCredit(ValueError):
    """The rule needs a column or a table that is not there."""


@dataclass(frozen=True)
class Rule:
    """A named way of crediting.

    record: the person on the record · signer: who signed the contract behind it, else the person on the
    record · owner: the customer's owners on that day, by their shares · holder: the record names a position,
    and whoever held it on that day is credited; of several holders one, see `holders`.
    """

    name: str
    who: Who = "record"


RECORD = Rule("record")
RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (RECORD, Rule("signer", "signer"), Rule("owner", "owner"), Rule("holder", "holder"))
}
"""The crediting rules that metrics and plans may name."""
_READS: Mapping[Who, tuple[str, ...]] = {
    "record": ("person",),
    "signer": ("person", "signer", "contract", "source"),
    "owner": ("person", "customer"),
    "holder": ("person",),
}


def reads(rule: Rule) -> tuple[str, ...]:
    """Columns of a fact that a rule reads, as far as the fact has them."""
    return _READS[rule.who]


def credited(facts: ir.Table, *, on: str | None, rule: Rule, tables: Mapping[str, ir.Table]) -> ir.Table:
    """Add `day` (date) and credit the rows: `person` becomes who is credited, null for nobody.

    facts:  a fact table; `on` its date column, or None for a state that has no day (seats then as of today)
    tables: contracts, ownership, assignments, as far as the rule needs them
    returns the columns of `facts` with `day`, and `credit_share` (decimal(18, 6)) where the rule splits.
    """
    dated = facts.mutate(day=facts[on].cast("date") if on else ibis.null("date"))
    return _BY_RULE[rule.who](dated, tables)


def seated(
    credits: ir.Table, assignments: ir.Table, *, scope: ir.Table | None = None, nobody: bool = False
) -> ir.Table:
    """Add `seat` (int64, 0 = nobody) and `unit` (null for nobody) by who held which seat on the day.

    scope:  a table with a column `seat`; only facts of these seats are kept
    nobody: whether the scope lists seat 0. What is nobody's is only known once every seat has been looked at.
    """
    assignments = assignments.filter(assignments.primary)
    if scope is None or nobody:
        held = credits.left_join(assignments, _on_the_day(credits, assignments))
        seat = assignments.seat.fill_null(NOBODY)
        seats = held.select(*_columns(credits), seat=seat, unit=assignments.unit)
        return seats if scope is None else seats.filter(seats.seat.isin(scope.seat))
    # Few seats, many facts: the seats are cut down before they meet the facts.
    inside = assignments.semi_join(scope, "seat")
    held = credits.inner_join(inside, _on_the_day(credits, inside))
    return held.select(*_columns(credits), seat=inside.seat, unit=inside.unit)


def holders(assignments: ir.Table) -> ir.Table:
    """Who holds each position, one person a day, however many seats it has.

    A main seat goes before a secondary one: a stand-in credits nothing while the holder is there. Of two alike
    the one who began first: during a handover the position stays with whoever has it until they leave, so that
    bringing in a successor changes no credit that was given. Of two who began together the smaller number.
    returns: position, person, starts_on, ends_on; spans of one position do not overlap
    """
    days = ibis.union(
        assignments.select("position", day=assignments.starts_on),
        assignments.select("position", day=assignments.ends_on),
        distinct=True,
    )
    after = days.day.lead().over(group_by="position", order_by="day")
    spans = days.mutate(until=after).filter(ibis._.until.notnull())
    # Nobody comes or goes within a span, so who holds a position on its first day does so to its end.
    seats = assignments.select("position", "person", "primary", "starts_on", "ends_on")
    held = spans.inner_join(
        seats, [spans.position == seats.position, spans.day >= seats.starts_on, spans.day < seats.ends_on]
    )
    held = held.select(spans.position, spans.day, spans.until, seats.person, seats.primary, seats.starts_on)
    order = [held.primary.desc(), held.starts_on, held.person]
    ranked = held.mutate(place=ibis.row_number().over(group_by=["position", "day"], order_by=order))
    first = ranked.filter(ranked.place == 0)
    return first.select("position", "person", starts_on=first.day, ends_on=first.until)


def _on_the_day(credits: ir.Table, assignments: ir.Table) -> list[ir.BooleanValue]:
    day = _day(credits)
    return [
        credits.person == assignments.person,
        day >= assignments.starts_on,
        day < assignments.ends_on,
    ]


def _day(facts: ir.Table) -> ir.DateValue:
    """The latest day stands in for a state's missing one: `today` of the snapshot is what is open-ended."""
    return facts.day.fill_null(ibis.date(9999, 12, 30))


def _columns(credits: ir.Table) -> list[str]:
    return [name for name in credits.columns if name not in {"seat", "unit"}]


def _by_record(facts: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    return facts


def _by_signer(facts: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    if "signer" in facts.columns:
        return facts.mutate(person=ibis.coalesce(facts.signer, facts.person))
    if "contract" not in facts.columns:
        raise CannotCredit("The rule 'signer' needs facts with a contract; use another rule for this table.")
    contracts = tables["contracts"]
    # A contract key is unique within its source, and a signer per (source, key) can't multiply facts.
    joined = facts.left_join(contracts, [facts.source == contracts.source, facts.contract == contracts.key])
    others = [name for name in facts.columns if name != "person"]
    return joined.select(*others, person=ibis.coalesce(contracts.signer, contracts.person, facts.person))


def _by_owner(facts: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    owners = tables["ownership"].filter(tables["ownership"].role == "owner")
    day = _day(facts)
    joined = facts.left_join(
        owners, [facts.customer == owners.customer, day >= owners.starts_on, day < owners.ends_on]
    )
    others = [name for name in facts.columns if name != "person"]
    return joined.select(*others, person=owners.person, credit_share=owners.share.fill_null(1))


def _by_holder(facts: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    held = holders(tables["assignments"])
    day = _day(facts)
    joined = facts.left_join(held, [facts.person == held.position, day >= held.starts_on, day < held.ends_on])
    others = [name for name in facts.columns if name != "person"]
    return joined.select(*others, person=held.person)


_BY_RULE = {"record": _by_record, "signer": _by_signer, "owner": _by_owner, "holder": _by_holder}
