"""What holds for every run: order, batches and persons asked for change nothing; late facts are differences."""

import random
from datetime import date
from decimal import Decimal

import ibis
import pytest

from dabiao.engine.payout.delta import changed_lines, late_entries
from dabiao.engine.payout.entry import Payable
from dabiao.engine.payout.validate import read
from dabiao.engine.payout.whatif import compare
from dabiao.incentives.logic.cases import SCHEMAS, connection
from dabiao.incentives.logic.run import run
from dabiao.incentives.logic.tables import described

PLAN = """
schema: dabiao/plan/1
plan: runs
version: 1
from: 2026-01-01
to: 2027-01-01
who: everyone
currency: CNY
credits:
  pair: {split: {person: 60, dealer: 40}}
measures:
  sales: {table: order_lines, credit: pair}
tables:
  by_kind: {by: kind, rows: [{kind: new, is: 1.25}], else: 1}
components:
  commission:
    base: sales
    rate: {tiers: [{from: 0, is: 2%}, {from: 1000, is: 3.5%}, {from: 5000, is: 5%}], over: year}
    times: [{table: by_kind}]
"""


def facts(seed: int, count: int = 300) -> list[str]:
    rng = random.Random(seed)
    return [
        f"{number:04d} 2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d} {rng.choice('abc')} "
        f"{rng.choice(['a', 'b', 'd', '-'])} {rng.choice(['new', 'renewal'])} {rng.randint(-20000, 90000) / 100}"
        for number in range(count)
    ]


def carried_out(rows: list[str], text: str = PLAN, **options):
    table = "\n".join(["key ordered_on person dealer kind amount", *rows])
    return run(read(text, SCHEMAS), connection({"order_lines": table}), **options)


@pytest.mark.parametrize("seed", [1, 2])
def test_neither_order_nor_batches_change_a_line_or_the_hash(seed):
    rows = facts(seed)
    shuffled = random.Random(seed).sample(rows, len(rows))

    once = carried_out(rows)
    for other in (carried_out(shuffled), carried_out(rows, batch=7), carried_out(shuffled, batch=60)):
        assert other.hash == once.hash
        assert other.trace() == once.trace()
        assert other.statement == once.statement


def test_one_changed_cent_changes_the_hash():
    rows = facts(3)
    cents = rows[10].rsplit(" ", 1)
    changed = [*rows[:10], f"{cents[0]} {Decimal(cents[1]) + Decimal('0.01')}", *rows[11:]]

    assert carried_out(rows).hash != carried_out(changed).hash


def test_payables_settled_in_sql_are_those_of_the_statement():
    found = carried_out(facts(4))

    in_sql = [
        (row["person"], row["period"], Decimal(row["amount"]).scaleb(-2)) for row in found.paid.to_pylist()
    ]
    assert in_sql == [(p.person, p.period, p.amount) for p in found.statement.payables]


def test_running_tier_pays_the_rounded_year_whatever_the_months():
    found = carried_out(facts(5))

    for person in "abd":
        lines = sum(line["amount"] for line in found.trace(person))
        paid = sum(p.amount for p in found.statement.payables if p.person == person)
        assert paid == lines.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


def test_one_person_alone_is_paid_the_same():
    whole, alone = carried_out(facts(6)), carried_out(facts(6), people=("b",))

    assert alone.trace() == whole.trace("b")


SHARED = """
  capped: {base: sales, rate: 10%, cap: {amount: 9000, over: quarter}}
  race: {bonus: {kind: contest, measure: sales, prizes: [500, 300, 200]}}
  pool: {bonus: {kind: pool, measure: pay.capped, rate: 5%, weights: measure}}
  own: {bonus: {kind: breakthrough, measure: sales, best_of: 2, rate: 1%}}
settlement: {draw: {amount: 700, recoverable: yes}}
"""
OWN = """
  capped: {base: sales, rate: 10%, cap: {amount: 9000, over: quarter}, floor: {amount: 50, over: quarter}}
  own: {bonus: {kind: breakthrough, measure: sales, best_of: 2, rate: 1%}}
settlement: {draw: {amount: 700, recoverable: yes}}
"""
SEATS = "person position unit starts_on\n" + "".join(f"{who} rep n 2025-01-01\n" for who in "abcd")


@pytest.mark.parametrize("rules", [SHARED, OWN], ids=["others decide", "only the person decides"])
def test_one_person_alone_has_the_same_statement(rules):
    rows = "\n".join(["key ordered_on person dealer kind amount", *facts(10)])
    plan = read(PLAN + rules, SCHEMAS)
    tables = {"order_lines": rows, "assignments": SEATS}

    whole, alone = run(plan, connection(tables)), run(plan, connection(tables), people=("b",))

    mine = [payable for payable in whole.statement.payables if payable.person == "b"]
    assert list(alone.statement.payables) == mine
    assert {payable.component for payable in mine} == {*plan.components, ""}
    assert alone.paid.num_rows == len(mine)


def test_late_facts_are_posted_as_differences_with_their_lines():
    rows = facts(7)
    late = "9999 2026-02-10 a - new 4000"
    posted, fresh = carried_out(rows), carried_out([*rows, late])

    steps = late_entries(fresh.statement.payables, posted.statement.payables, date(2026, 4, 1))

    assert {step.rule for step in steps} <= {"late 2026-02-01", "late 2026-03-01"}
    assert {step.person for step in steps} == {"a"}
    closed = [p.amount for p in fresh.statement.payables if p.person == "a" and p.period < date(2026, 4, 1)]
    before = [p.amount for p in posted.statement.payables if p.person == "a" and p.period < date(2026, 4, 1)]
    assert sum(step.amount for step in steps) == sum(closed) - sum(before)
    again = late_entries(fresh.statement.payables, fresh.statement.payables, date(2026, 4, 1))
    assert again == []


def test_late_facts_of_the_open_period_are_part_of_it():
    march, april = (Payable("a", date(2026, month, 1), "commission", Decimal(10)) for month in (3, 4))

    assert late_entries([march, april], [march], date(2026, 4, 1)) == []
    assert [step.amount for step in late_entries([march, april], [], date(2026, 4, 1))] == [10]
    assert [step.amount for step in late_entries([], [march, april], date(2026, 4, 1))] == [-10]


def test_changed_lines_name_the_facts_behind_a_difference():
    rows = facts(8, 40)
    con = connection({})
    traces = {}
    for name, given in (("posted", rows), ("fresh", [*rows, "9999 2026-12-28 a - new 40"])):
        found = carried_out(given)
        con.register("__trace", found.con.execute("select * from trace_commission").to_arrow_table())
        con.execute(f"create or replace table {name}_trace as select * from __trace")
        traces[name] = described(con, f"{name}_trace")
    measure = read(PLAN, SCHEMAS).measures["sales"]

    changed = changed_lines(measure, traces["fresh"], traces["posted"])

    rows_changed = con.execute(ibis.to_sql(changed, dialect="duckdb")).to_arrow_table().to_pylist()
    assert [row["key"] for row in rows_changed] == ["9999"]
    assert rows_changed[0]["was"] == 0
    assert rows_changed[0]["difference"] == rows_changed[0]["now"] > 0


def test_comparison_adds_up_to_what_each_side_costs():
    rows = facts(9)
    now, then = carried_out(rows), carried_out(rows, PLAN.replace("3.5%", "4%"))

    found = compare(now.statement.payables, then.statement.payables)

    assert found.cost_after - found.cost_before == sum(change.difference for change in found.changes)
    assert found.cost_before == sum(p.amount for p in now.statement.payables)
    assert found.gaining == found.spread_after.people == 4
    assert found.losing == 0
    assert found.spread_after.lowest <= found.spread_after.middle <= found.spread_after.highest


def test_comparison_of_nothing_is_nothing():
    found = compare([], [])

    assert (found.changes, found.cost_after, found.spread_after.people) == ((), 0, 0)
