"""Facts of days on which their person sits in no unit are told: units would sum to less than the company, silently."""

from datetime import date

import pytest

from dabiao.engine.metric import Source
from dabiao.lake import reading
from dabiao.lake.placing import placed
from dabiao.lake.placing import sql as sql_of
from dabiao.metrics.unseated import Unseated, unseated_facts
from dabiao.org.models import Assignment, Person, Position, Unit

SEATS = """
schema: dabiao/map/1
system: hr
sources:
  seats: seats.csv
  orders: orders.csv
tables:
  - {into: units, from: seats, distinct: true, columns: {unit: 部门, kind: {constant: team}}}
  - {into: people, from: seats, distinct: true, columns: {person: 工号, name: 姓名}}
  - into: assignments
    from: seats
    columns: {person: 工号, unit: 部门, starts_on: 入职, ends_on: {from: 离职, required: false}}
"""
ORDERS = """
  - into: order_lines
    from: orders
    key: 单号
    columns: {ordered_on: {from: 日期, required: false}, person: {from: 工号, required: false}, amount: 金额}
"""
ONLY_ORDERS = SEATS[: SEATS.index("  - {into")].replace("  seats: seats.csv\n", "") + ORDERS.lstrip("\n")
HIRED = "7,张三,华东,2026-03-15,"
TEXT = (
    "Order lines: rows are of days on which their people sit in no unit (before their first day, or after their last); "
    "they count for the company and for no unit. Where a first or last day is wrong, correct it"
)


@pytest.fixture
def bring(folder, load):
    """Load seats and orders, lines of a CSV; without seats the orders alone."""

    def run(seats, orders, **options):
        (folder / "orders.csv").write_text("\n".join(["单号,日期,工号,金额", *orders]), encoding="utf-8")
        (folder / "seats.csv").write_text("\n".join(["工号,姓名,部门,入职,离职", *seats]), encoding="utf-8")
        return load(folder, SEATS + ORDERS if seats else ONLY_ORDERS, **options)

    return run


def told(report):
    return [
        (warning.text, warning.count, warning.examples)
        for warning in report.warnings
        if warning.code == "unseated"
    ]


def examples(report):
    return [example for _text, _count, some in told(report) for example in some]


class TestALoad:
    @pytest.mark.parametrize("dry_run", [True, False])
    def test_tells_who_was_hired_after_the_facts(self, bring, dry_run):
        orders = ["1,2026-01-05,7,10", "2,2026-02-28,7,20", "3,2026-03-14,7,5", "4,2026-03-15,7,30"]

        report = bring([HIRED], orders, dry_run=dry_run)

        assert told(report) == [(TEXT, 3, ("张三 7 2026-01-05..2026-03-14 (3; sits from 2026-03-15)",))]

    def test_goes_by_the_seats_that_are_there_already(self, bring, folder):
        bring([HIRED], ["1,2026-03-15,7,10"])

        report = bring([], ["2,2026-03-14,7,10"], dry_run=True)

        assert examples(report) == ["张三 7 2026-03-14 (1; sits from 2026-03-15)"]

    def test_goes_by_the_seats_that_the_load_itself_changes(self, bring):
        early = "7,张三,华东,2026-01-01,2026-03-15"
        bring([HIRED], ["1,2026-02-01,7,10"])

        assert told(bring([HIRED, early], ["1,2026-02-01,7,10"], dry_run=True)) == []

    def test_tells_of_the_days_between_two_seats_and_after_the_last(self, bring):
        seats = ["7,张三,华东,2026-01-01,2026-02-01", "7,张三,华北,2026-04-01,2026-05-01"]
        days = ["01-31", "02-01", "03-31", "04-01", "04-30", "05-01", "07-01", "07-02"]

        report = bring(seats, [f"{n},2026-{day},7,1" for n, day in enumerate(days)])

        assert [count for _text, count, _examples in told(report)] == [5]
        assert examples(report) == [
            "张三 7 2026-05-01..2026-07-02 (3; sat until 2026-04-30)",
            "张三 7 2026-02-01..2026-03-31 (2; sat until 2026-01-31 and sits again from 2026-04-01)",
        ]

    def test_tells_of_whom_nobody_gave_a_seat(self, bring):
        bring([HIRED], ["1,2026-03-15,7,10"])
        Person.objects.create(key="8", name="8")

        assert examples(bring([], ["2,2026-03-15,8,10"])) == ["8 2026-03-15 (1; never had a seat)"]

    def test_takes_a_second_seat_for_none_as_the_figures_do(self, bring):
        bring([HIRED], ["1,2026-03-15,7,10"])
        Assignment.objects.create(
            person=Person.objects.get(key="7"),
            position=Position.objects.create(key="x", title="x", unit=Unit.objects.get(key="华东")),
            starts_on=date(2026, 1, 1),
            primary=False,
        )

        assert examples(bring([], ["2,2026-02-01,7,10"])) == ["张三 7 2026-02-01 (1; sits from 2026-03-15)"]

    def test_tells_nothing_where_everybody_sits(self, bring):
        assert told(bring([HIRED], ["1,2026-03-15,7,10", "2,2036-01-01,7,10"])) == []

    def test_leaves_strangers_and_what_is_empty_to_the_words_about_those(self, bring):
        report = bring([HIRED], ["1,2026-01-05,9,10", "2,,7,10", "3,2026-01-05,,10"])

        assert told(report) == []
        assert {"strangers", "empty"} <= {warning.code for warning in report.warnings}

    def test_tells_nothing_where_there_are_no_units(self, bring):
        Person.objects.create(key="7", name="张三")

        assert told(bring([], ["1,2026-01-05,7,10"])) == []

    def test_names_those_of_most_rows_and_counts_the_others(self, bring):
        seats = [f"{n},人{n},华东,2026-03-15," for n in range(10, 30)]
        orders = [f"{n}-{row},2026-01-05,{n},1" for n in range(10, 30) for row in range(n)]

        shown = examples(bring(seats, orders))

        assert shown[0] == "人29 29 2026-01-05 (29; sits from 2026-03-15)"
        assert (len(shown), shown[-1]) == (13, "… +8")

    def test_tells_two_maps_of_one_table_as_one(self, bring, folder, load):
        bring([HIRED], ["1,2026-01-05,7,10"])
        (folder / "more.csv").write_text("单号,日期,工号,金额\n2,2026-01-09,7,10\n", encoding="utf-8")
        both = ONLY_ORDERS.replace("orders: orders.csv", "orders: orders.csv\n  more: more.csv")
        both += ORDERS.lstrip("\n").replace("from: orders", "from: more")

        report = load(folder, both, dry_run=True)

        assert examples(report) == ["张三 7 2026-01-05..2026-01-09 (2; sits from 2026-03-15)"]


class TestTheLake:
    def test_tells_the_same_of_what_is_loaded(self, bring):
        bring(
            [HIRED, "8,李四,华东,2026-02-01,"], ["1,2026-01-05,7,10", "2,2026-02-28,7,20", "3,2026-01-31,8,5"]
        )

        assert unseated_facts(reading.current(), {"7", "8"}) == [
            Unseated("order_lines", 3, "7", date(2026, 1, 5), date(2026, 2, 28))
        ]
        assert unseated_facts(reading.current(), {"8"}) == [
            Unseated("order_lines", 1, "8", date(2026, 1, 31), date(2026, 1, 31))
        ]

    def test_counts_what_no_unit_has(self, bring):
        """What is told is what the units' figures lack: the facts of seat 0."""
        bring([HIRED], ["1,2026-01-05,7,10", "2,2026-03-15,7,20"])
        (told,) = unseated_facts(reading.current(), {"7"})

        placing = sql_of(placed(Source("order_lines", "ordered_on")))
        nobody = reading.current().run(f"SELECT count(*) AS n FROM ({placing}) WHERE seat = 0")
        assert told.rows == nobody.to_pylist()[0]["n"] == 1

    def test_leaves_out_what_changes_hands(self, bring, folder, load):
        """Opportunities are of who has them now; what a newcomer took over began before them."""
        bring([HIRED], ["1,2026-03-15,7,10"])
        deals = ONLY_ORDERS.replace("order_lines", "opportunities").replace("ordered_on", "created_on")
        (folder / "orders.csv").write_text("单号,日期,工号,金额\n1,2026-01-05,7,10\n", encoding="utf-8")

        assert examples(load(folder, deals)) == ["张三 7 2026-01-05 (1; sits from 2026-03-15)"]
        assert unseated_facts(reading.current(), {"7"}) == []
