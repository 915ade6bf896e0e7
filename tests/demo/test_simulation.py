"""The simulated company holds together: every reference is met, sums reconcile, days and seeds behave."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dabiao.demo.simulation.company import SEED, Company, simulate
from dabiao.demo.simulation.goals import RATIOS
from dabiao.demo.simulation.timeline import as_date, as_day, timeline
from dabiao.lake.tables import FACTS, TABLES
from tests.demo.conftest import ON

REFERENCES = [
    # table, column, table referred to, its column
    ("leads", "opportunity", "opportunities", "key"),
    ("stage_changes", "opportunity", "opportunities", "key"),
    ("quotes", "opportunity", "opportunities", "key"),
    ("activities", "opportunity", "opportunities", "key"),
    ("activities", "plan", "visit_plans", "key"),
    ("contracts", "opportunity", "opportunities", "key"),
    ("order_lines", "contract", "contracts", "key"),
    ("order_lines", "reverses", "order_lines", "key"),
    ("order_lines", "product", "products", "product"),
    ("deliveries", "order_line", "order_lines", "key"),
    ("deliveries", "order", "order_lines", "order"),
    ("invoices", "contract", "contracts", "key"),
    ("invoices", "reverses", "invoices", "key"),
    ("revenue", "contract", "contracts", "key"),
    ("receivables", "contract", "contracts", "key"),
    ("receivables", "order", "order_lines", "order"),
    ("receipts", "contract", "contracts", "key"),
    ("allocations", "receipt", "receipts", "key"),
    ("allocations", "receivable", "receivables", "key"),
    ("renewals", "contract", "contracts", "key"),
    ("leads", "referrer", "customers", "customer"),
    ("usage", "product", "products", "product"),
]
FIRST_TO_LAST = [
    # table, earlier, later
    ("leads", "created_on", "qualified_on"),
    ("leads", "qualified_on", "converted_on"),
    ("opportunities", "created_on", "closed_on"),
    ("contracts", "negotiation_from", "signed_on"),
    ("order_lines", "ordered_on", "promised_on"),
    ("deliveries", "shipped_on", "accepted_on"),
    ("feedback", "asked_on", "answered_on"),
    ("complaints", "opened_at", "resolved_at"),
    ("allocations", "received_on", "allocated_on"),
]


def strings(column: pa.ChunkedArray) -> set[str]:
    return set(pc.drop_null(column).to_pylist())


def total(table: pa.Table, by: str, value: str) -> dict[str, int]:
    """Exact sums in ten-thousandths."""
    sums = table.group_by(by).aggregate([(value, "sum")])
    return dict(zip(sums[by].to_pylist(), sums[f"{value}_sum"].to_pylist(), strict=True))


class TestTables:
    def test_follow_the_lake_exactly(self, simulated: Company):
        for name, table in simulated.tables.items():
            assert table.schema.equals(TABLES[name].schema), name

    def test_have_a_key_that_is_unique_and_whole(self, simulated: Company):
        for name, table in simulated.tables.items():
            keys = list(zip(*(table[column].to_pylist() for column in TABLES[name].key), strict=True))
            assert len(set(keys)) == len(keys), name
            assert not any(part is None for key in keys for part in key), name

    def test_fill_every_fact_table_but_the_one_filed_by_hand(self, simulated: Company):
        expected = {table.name for table in FACTS} - {"daily_figures"}
        assert {name for name in expected if simulated.tables[name].num_rows} == expected

    @pytest.mark.parametrize(("table", "column", "other", "key"), REFERENCES)
    def test_refer_to_rows_that_exist(self, simulated: Company, table, column, other, key):
        asked = strings(simulated.tables[table][column])
        assert asked
        assert asked <= strings(simulated.tables[other][key])

    def test_name_only_people_customers_and_products_that_exist(self, simulated: Company):
        people = {person.key for person in simulated.people}
        customers = strings(simulated.tables["customers"]["customer"])
        for name, table in simulated.tables.items():
            if "person" in table.column_names:
                assert strings(table["person"]) <= people, name
            if "customer" in table.column_names:
                assert strings(table["customer"]) <= customers, name

    def test_know_nothing_of_the_future_but_what_is_planned(self, simulated: Company):
        planned = {"receivables": 500, "renewals": 130}
        for table in FACTS:
            if table.name in simulated.tables:
                last = pc.max(simulated.tables[table.name][table.on].cast(pa.date32())).as_py()
                assert last <= ON + timedelta(days=planned.get(table.name, 0)), table.name

    @pytest.mark.parametrize(("table", "earlier", "later"), FIRST_TO_LAST)
    def test_put_first_things_first(self, simulated: Company, table, earlier, later):
        rows = simulated.tables[table]
        assert pc.all(pc.less_equal(rows[earlier], rows[later])).as_py()

    def test_credit_a_person_only_while_they_hold_a_seat(self, simulated: Company):
        held: dict[str, list[tuple[date, date]]] = {}
        for each in simulated.assignments:
            held.setdefault(each.person, []).append((each.starts_on, each.ends_on))
        for table in FACTS:
            name, on = table.name, table.on
            # An opportunity is as it is now: who took it over may have come after it was created.
            if name not in simulated.tables or name in {"stock", "market", "market_events", "opportunities"}:
                continue
            rows = simulated.tables[name]
            rows = rows.filter(pc.less_equal(rows[on].cast(pa.date32()), pa.scalar(ON)))
            rows = rows.filter(pc.greater_equal(rows[on].cast(pa.date32()), pa.scalar(simulated.first)))
            pairs = set(zip(rows["person"].to_pylist(), rows[on].cast(pa.date32()).to_pylist(), strict=True))
            strays = [(p, d) for p, d in pairs if not any(start <= d < end for start, end in held[p])]
            assert strays == [], name

    def test_happen_on_working_days(self, simulated: Company):
        worked = timeline(ON)
        for name, on in (("leads", "created_on"), ("contracts", "signed_on"), ("activities", "started_at")):
            days = simulated.tables[name][on].cast(pa.date32()).cast(pa.int32()).to_numpy().astype("int64")
            assert worked.worked[days - worked.start].all(), name


class TestMoney:
    def test_of_a_contract_is_that_of_its_lines_without_returns(self, simulated: Company):
        lines = simulated.tables["order_lines"]
        sold = lines.filter(pc.is_null(lines["reverses"]))
        for column in ("amount", "amount_with_tax", "original_amount"):
            contracts = simulated.tables["contracts"]
            expected = dict(zip(contracts["key"].to_pylist(), contracts[column].to_pylist(), strict=True))
            assert total(sold, "contract", column) == expected

    def test_due_from_a_contract_is_its_price_less_what_came_back(self, simulated: Company):
        due = simulated.tables["receivables"]
        booked = due.filter(pc.is_valid(due["contract"]))
        assert total(booked, "contract", "amount_with_tax") == total(
            simulated.tables["order_lines"], "contract", "amount_with_tax"
        )

    def test_settled_is_never_more_than_received_or_due(self, simulated: Company):
        settled = simulated.tables["allocations"]
        for side, other in (("receipt", "receipts"), ("receivable", "receivables")):
            limit = {
                key: abs(value)
                for key, value in zip(
                    simulated.tables[other]["key"].to_pylist(),
                    simulated.tables[other]["amount_with_tax"].to_pylist(),
                    strict=True,
                )
            }
            over = {k for k, v in total(settled, side, "amount_with_tax").items() if abs(v) > limit[k]}
            assert over == set(), side

    def test_sometimes_comes_in_advance(self, simulated: Company):
        received = pc.sum(simulated.tables["receipts"]["amount_with_tax"]).as_py()
        settled = pc.sum(simulated.tables["allocations"]["amount_with_tax"]).as_py()
        assert settled < received < settled * 105 / 100

    def test_delivered_and_recognised_is_at_most_what_was_ordered(self, simulated: Company):
        ordered = total(simulated.tables["order_lines"], "contract", "amount")
        lines = simulated.tables["order_lines"]
        returned = total(lines.filter(pc.is_valid(lines["reverses"])), "contract", "amount")
        for name in ("invoices", "revenue"):
            for contract, amount in total(simulated.tables[name], "contract", "amount").items():
                assert amount <= ordered[contract] - returned.get(contract, 0), name

    @pytest.mark.parametrize("table", ["order_lines", "contracts", "receivables", "receipts", "quotes"])
    def test_in_yuan_is_the_original_at_its_rate(self, simulated: Company, table):
        rows = (
            simulated.tables[table].select(["amount", "original_amount", "fx_rate", "currency"]).to_pylist()
        )
        # A contract of several lines, or an instalment of it, is rounded more than once.
        assert all(abs(row["amount"] - row["original_amount"] * row["fx_rate"]) < 1 for row in rows)
        assert {row["currency"] for row in rows} == {"CNY", "USD", "EUR"}

    def test_adds_up_to_about_five_hundred_million_a_year(self, simulated: Company):
        lines = simulated.tables["order_lines"]
        year = lines.filter(pc.greater_equal(lines["ordered_on"], pa.scalar(ON - timedelta(days=365))))
        assert 400_000_000 < pc.sum(year["amount"]).as_py() < 620_000_000


class TestStages:
    def test_follow_one_another_and_end_where_the_opportunity_stands(self, simulated: Company):
        changes = simulated.tables["stage_changes"].sort_by(
            [("opportunity", "ascending"), ("changed_at", "ascending")]
        )
        deal, before, after = (changes[c].to_pylist() for c in ("opportunity", "from_stage", "to_stage"))
        for row in range(len(deal)):
            first = row == 0 or deal[row - 1] != deal[row]
            assert before[row] == (None if first else after[row - 1])
        last = dict(zip(deal, after, strict=True))
        deals = simulated.tables["opportunities"]
        assert dict(zip(deals["key"].to_pylist(), deals["stage"].to_pylist(), strict=True)) == last

    def test_won_opportunities_are_the_contracts(self, simulated: Company):
        deals = simulated.tables["opportunities"]
        won = deals.filter(pc.equal(deals["outcome"], "won"))
        assert strings(won["key"]) == strings(simulated.tables["contracts"]["opportunity"])
        signed = pc.sum(simulated.tables["contracts"]["amount"]).as_py()
        assert abs(pc.sum(won["amount"]).as_py() - signed) < 1


class TestPeople:
    def test_are_forty_five_reps_and_one_seat_is_vacant(self, simulated: Company):
        reps = {seat.key for seat in simulated.seats if seat.role == "rep"}
        sitting = {each.seat for each in simulated.assignments if each.starts_on <= ON < each.ends_on}
        assert len(reps & sitting) == 45
        assert reps - sitting == {"chongqing-rep-4"}

    def test_never_sit_on_two_seats_and_no_seat_holds_two(self, simulated: Company):
        for what in ("person", "seat"):
            spans: dict[str, list[tuple[date, date]]] = {}
            for each in simulated.assignments:
                spans.setdefault(getattr(each, what), []).append((each.starts_on, each.ends_on))
            for key, held in spans.items():
                ordered = sorted(held)
                assert all(a[1] <= b[0] for a, b in pairwise(ordered)), key

    def test_move_in_the_middle_of_a_month(self, simulated: Company):
        seats: dict[str, list[date]] = {}
        for each in simulated.assignments:
            seats.setdefault(each.person, []).append(each.starts_on)
        moved = [max(starts).day for starts in seats.values() if len(starts) > 1]
        assert moved == [16, 16, 16]


class TestTargets:
    def test_of_teams_sum_to_regions_and_of_regions_to_the_company(self, simulated: Company):
        children: dict[str, list[str]] = {}
        for unit in simulated.units:
            if unit.parent and unit.kind != "staff":
                children.setdefault(unit.parent, []).append(unit.key)
        values = {
            (t.scope, t.metric, t.part, t.starts_on): t.target
            for t in simulated.targets
            if t.scope_kind == "unit" and t.metric not in RATIOS
        }
        for (scope, *rest), value in values.items():
            if scope in children:
                assert value == sum(values.get((child, *rest), 0) for child in children[scope]), (scope, rest)

    def test_of_people_and_of_lines_sum_to_the_company(self, simulated: Company):
        def total_of(kind: str, metric: str, products: Iterable[str], unit: str = "") -> int:
            return sum(
                t.target
                for t in simulated.targets
                if (t.scope_kind, t.metric) == (kind, metric)
                and t.part.member in products
                and (not unit or t.scope == unit)
            )

        company = total_of("unit", "sales_amount", {""}, "company")
        assert total_of("person", "sales_amount", {""}) == company
        lines = {"new_energy", "cnc", "automation", "inspection", "service"}
        assert total_of("unit", "sales_amount", lines, "company") == company

    def test_reach_from_the_first_month_to_december(self, simulated: Company):
        months = sorted({t.starts_on for t in simulated.targets if t.scope == "company"})
        assert (months[0], months[-1], len(months)) == (date(2024, 11, 1), date(2026, 12, 1), 26)
        assert all(t.base < t.target < t.challenge for t in simulated.targets if t.target)

    def test_were_within_reach_of_every_region_most_months(self, simulated: Company):
        attained = np.array(list(_attainments(simulated, "region").values()))
        assert ((attained > 0.6) & (attained < 1.3)).mean() > 0.95
        assert 0.9 < attained.mean() < 1.05

    def test_do_not_know_of_the_events(self, simulated: Company, quiet: Company):
        assert simulated.targets == quiet.targets


def _attainments(company: Company, kind: str) -> dict[tuple[str, date], float]:
    """Sales against target by unit of a kind and closed month, by person and day of the order."""
    parents = {unit.key: unit.parent for unit in company.units}
    kinds = {unit.key: unit.kind for unit in company.units}
    seats = {seat.key: seat.unit for seat in company.seats}
    sold: dict[tuple[str, date], float] = {}
    lines = company.tables["order_lines"]
    for person, on, amount in zip(
        *(lines[c].to_pylist() for c in ("person", "ordered_on", "amount")), strict=True
    ):
        seat = next(
            a.seat for a in company.assignments if a.person == person and a.starts_on <= on < a.ends_on
        )
        unit: str | None = seats[seat]
        while unit and kinds[unit] != kind:
            unit = parents[unit]
        if unit:
            sold[unit, on.replace(day=1)] = sold.get((unit, on.replace(day=1)), 0.0) + float(amount)
    return {
        (t.scope, t.starts_on): sold.get((t.scope, t.starts_on), 0.0) / float(t.target)
        for t in company.targets
        if t.metric == "sales_amount" and not t.part.member and kinds.get(t.scope) == kind and t.ends_on <= ON
    }


class TestSeedAndDay:
    def test_the_same_seed_and_day_give_the_same_company(self, simulated: Company):
        assert simulate(SEED, ON) == simulated

    def test_another_seed_gives_another(self, simulated: Company):
        other = simulate(SEED + 1, ON)
        assert other.tables["order_lines"].num_rows != simulated.tables["order_lines"].num_rows

    def test_a_later_day_of_the_month_only_adds(self, simulated: Company):
        later = simulate(SEED, ON + timedelta(days=2))
        for name, on in (
            ("order_lines", "ordered_on"),
            ("leads", "created_on"),
            ("activities", "started_at"),
            ("receipts", "received_on"),
            ("usage", "used_on"),
        ):
            rows = later.tables[name]
            known = rows.filter(pc.less_equal(rows[on].cast(pa.date32()), pa.scalar(ON)))
            was = set(simulated.tables[name]["key"].to_pylist())
            assert set(known["key"].to_pylist()) >= was, name
            assert rows.num_rows > len(was), name

    @pytest.mark.parametrize(
        "on", [date(2025, 1, 1), date(2026, 2, 28), date(2026, 12, 31), date(2027, 5, 3)]
    )
    def test_any_day_will_do(self, on):
        company = simulate(3, on)
        months = {row.replace(day=1) for row in company.tables["order_lines"]["ordered_on"].to_pylist()}
        assert len(months - {on.replace(day=1)}) == 24
        assert company.first == as_date(as_day(company.first)) == min(months)


def test_nobody_orders_while_dormant(simulated: Company):
    dormant: dict[str, list[tuple[date, date]]] = {}
    for row in simulated.tables["customer_history"].to_pylist():
        if row["status"] == "dormant":
            dormant.setdefault(row["customer"], []).append((row["starts_on"], row["ends_on"]))
    lines = [row for row in simulated.tables["order_lines"].to_pylist() if row["reverses"] is None]
    ordered = {(row["customer"], row["ordered_on"]) for row in lines}

    assert dormant and len({customer for customer, _day in ordered} & dormant.keys()) > 100
    assert not [
        (customer, day)
        for customer, day in ordered
        if any(start <= day < end for start, end in dormant.get(customer, ()))
    ]
