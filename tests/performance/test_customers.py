"""The list of customers and the page of one: whom somebody sees, as of when, and what happened."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from dabiao.core.calendars import fiscal
from dabiao.facts.models import Label
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org.queries import Scope
from dabiao.performance.queries import customer_facts, customer_list
from tests.performance.conftest import SECRET
from tests.performance.facts import load

FEBRUARY = "period=2026-02"
OWNERSHIP = """
customer  person  role   starts_on   ends_on
K1        P04     owner  2025-01-01  9999-12-31
K2        P04     owner  2025-01-01  2026-03-16
C2        P09     owner  2025-01-01  9999-12-31
"""
HISTORY = """
customer  tier       status   starts_on   ends_on
C1        nurture    dormant  2025-01-01  2026-02-01
C1        strategic  active   2026-02-01  2026-03-10
C1        maintain   lost     2026-03-10  9999-12-31
"""
CUSTOMERS = "customer  industry   province\nC1  aerospace  Shanghai\nK1  -  -\nK2  -  -\nK3  -  -"


@pytest.fixture
def known(facts):
    load(ownership=OWNERSHIP, customer_history=HISTORY, customers=CUSTOMERS)
    Label.objects.create(kind="industry", key="aerospace", name="航空航天")
    Label.objects.create(kind="province", key="Shanghai", name="上海")


@pytest.fixture
def frame(known, company):
    def made(user, scope=None, period="2026-02"):
        return frame_of(
            reading.current(),
            viewer=company.users[user],
            scope=Scope(*scope) if scope else None,
            period=fiscal().parse(period),
            today=date(2026, 3, 16),
            language="en",
        )

    return made


def rows(frame):
    return {row["key"]: row for row in customer_list.listing(frame, str).rows}


class TestList:
    @pytest.mark.parametrize(
        ("case", "user", "scope", "expected"),
        [
            ("a rep: those with facts of theirs, and whom they own", "rita", ("person", "P04"), {"C1", "C2", "K1"}),
            ("a manager: those of the team", "sam", ("unit", "shanghai"), {"C1", "C2", "C3", "C5", "K1"}),
            ("one region, by one who sees it", "wes", ("unit", "west"), {"C2", "C3", "C4"}),
            ("a team, by one who sees all", "ada", ("unit", "nanjing"), {"C6"}),
            (
                "everything: also nobody's, and those of whom there are no facts",
                "ada",
                ("unit", "company"),
                {"C1", "C2", "C3", "C4", "C5", "C6", "C9", "K1", "K2", "K3"},
            ),
        ],
    )  # fmt: skip
    def test_has_whom_the_scope_has_to_do_with(self, frame, case, user, scope, expected):
        assert set(rows(frame(user, scope))) == expected, case

    @pytest.mark.parametrize("user", ["rita", "sam", "wes", "emma", "ada"])
    def test_has_nobody_whose_page_does_not_open(self, known, as_, user):
        for row in as_(user).get(f"/customers/?{FEBRUARY}").context["table"].rows:
            assert as_(user).get(row["href"]).status_code == 200, row["key"]

    def test_tells_amount_and_last_order_of_the_period_in_sight(self, frame):
        everything = rows(frame("ada", ("unit", "company")))
        west = rows(frame("wes", ("unit", "west")))

        assert (everything["C1"]["value"], everything["C1"]["last"]) == (1000, date(2026, 2, 3))
        assert (everything["C4"]["value"], everything["K1"]["value"], everything["K1"]["last"]) == (
            100,
            None,
            None,
        )
        assert (west["C3"]["value"], west["C3"]["last"], west["C2"]["last"]) == (700, date(2026, 2, 20), None)

    def test_tells_tier_and_status_of_the_end_of_the_period(self, frame):
        told = {
            period: (row["tier"], row["status"])
            for period in ("2026-01", "2026-02", "2026-03")
            for row in [rows(frame("ada", ("unit", "company"), period))["C1"]]
        }

        assert told == {
            "2026-01": ("Nurture", "Dormant"), "2026-02": ("Strategic", "Active"), "2026-03": ("Maintain", "Lost"),
        }  # fmt: skip

    def test_names_owners_in_sight_alone(self, frame):
        assert rows(frame("ada", ("unit", "company")))["C2"]["owner"] == "cora"
        assert rows(frame("rita", ("person", "P04")))["C2"]["owner"] is None

    def test_names_industry_and_province_as_the_company_does(self, frame):
        row = rows(frame("ada", ("unit", "company")))["C1"]

        assert (row["industry"], row["region"]) == ("航空航天", "上海")

    def test_stands_in_the_order_of_what_they_brought(self, frame):
        assert list(rows(frame("sam", ("unit", "shanghai"))))[:3] == ["C1", "C5", "C2"]

    def test_filters_and_exports_what_it_shows(self, known, as_):
        answer = as_("emma").get(f"/customers/?{FEBRUARY}&export=csv&filter=客户1")
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        lines = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))

        assert [line[0] for line in lines[1:]] == ["客户1"]

    def test_hides_another_subtree_and_its_customers(self, known, as_):
        assert as_("emma").get(f"/customers/?scope=west&{FEBRUARY}").status_code == 404
        assert SECRET not in as_("emma").get(f"/customers/?{FEBRUARY}").content.decode()
        assert SECRET in as_("ada").get(f"/customers/?{FEBRUARY}").content.decode()

    def test_says_so_where_nobody_is_a_customer_yet(self, company, as_, home, settings):
        settings.LAKE_FOLDER = home / "lake"

        assert "No customer here yet" in as_("ada").get("/customers/").content.decode()


class TestPage:
    def test_names_what_has_a_name(self, known, as_):
        page = as_("emma").get(f"/customers/C1/?{FEBRUARY}").content.decode()

        assert "航空航天" in page and "上海" in page
        assert "aerospace" not in page and "Shanghai" not in page.split("What is known")[1].split("</dl>")[0]

    @pytest.mark.parametrize(
        ("period", "status", "day"),
        [
            ("2026-01", "Dormant", "31 Jan 2026"),
            ("2026-02", "Active", "28 Feb 2026"),
            ("2026-03", "Lost", "16 Mar 2026"),
        ],
    )
    def test_tells_the_status_of_the_end_of_the_period_and_says_of_when(
        self, known, as_, period, status, day
    ):
        page = as_("emma").get(f"/customers/C1/?period={period}").content.decode()
        told = page.split("What is known")[1].split("</dl>")[0]

        assert f"<dd>{status}</dd>" in told and f"as of {day}" in told


class TestSections:
    MORE = {
        "receivables": """
        key  source  person  customer  due_on      amount_with_tax  contract
        R1   test    P04     C1        2026-02-20  113              HT1
        R2   test    P09     C1        2026-02-21  999              HT2
        R3   test    P04     C1        2026-06-30  200              HT1
        R4   test    P04     C2        2026-02-20  777              HT9
        R5   test    P04     C1        2026-01-20  50               HT0
        """,
        "allocations": """
        key  person  customer  allocated_on  amount_with_tax  receivable
        L1   P04     C1        2026-03-01    100              R1
        L3   P04     C1        2026-01-21    50               R5
        L2   P04     C1        2026-04-01    13               R1
        """,
        "opportunities": """
        key   person  customer  created_on  amount  stage        outcome
        OP0   P04     C1        2026-03-03  4000    won          won
        OP1   P04     C1        2026-03-01  5000    negotiation  -
        OP2   P09     C1        2026-03-02  6000    proposal     -
        """,
        "complaints": """
        key  person  customer  opened_at            cause     severity
        Q1   P04     C1        2026-03-13T09:00:00  delivery  high
        """,
        "activities": """
        key  person  customer  started_at           kind   minutes  note    next_step
        V1   P04     C1        2026-03-10T09:00:00  call   15       谈价格  寄样品
        V2   P04     C1        2026-03-12T09:00:00  visit  40       -       -
        V3   P09     C1        2026-03-13T09:00:00  visit  41       绝密话  -
        """,
    }  # fmt: skip

    @pytest.fixture
    def told(self, known, frame):
        load(**self.MORE)

        def sections(user="rita", scope=("person", "P04"), customer="C1"):
            return {
                each.key: each.table.rows for each in customer_facts.sections(frame(user, scope), customer)
            }

        return sections

    def test_have_the_newest_orders_in_sight_first(self, told):
        assert [row["ordered_on"].isoformat() for row in told()["orders"]] == [
            "2026-03-05", "2026-02-03", "2026-01-12",
        ]  # fmt: skip

    def test_have_receivables_that_are_open_today_the_most_overdue_first(self, told):
        assert [(row["due_on"].isoformat(), row["open"], row["late"]) for row in told()["receivables"]] == [
            ("2026-02-20", Decimal(13), 24), ("2026-06-30", Decimal(200), None),
        ]  # fmt: skip

    def test_have_opportunities_of_the_scope_alone_open_ones_first(self, told):
        assert [row["amount"] for row in told()["opportunities"]] == [5000, 4000]
        assert [row["amount"] for row in told("ada", ("unit", "company"))["opportunities"]] == [
            6000,
            5000,
            4000,
        ]

    def test_call_stages_and_causes_by_their_names(self, told):
        assert [row["stage"] for row in told()["opportunities"]] == ["Negotiation", "Won"]
        assert told()["timeline"][0]["said"] == "High · Delivery"

    def test_have_one_line_of_time_of_all_that_happened(self, told):
        line = [(row["day"].isoformat(), row["what"], row["said"]) for row in told()["timeline"]]

        assert line[1:6] == [
            ("2026-03-12", "Visit", "40 min"),
            ("2026-03-10", "Call", "15 min · 谈价格 · next: 寄样品"),
            ("2026-03-05", "Order", "D1 · X"),
            ("2026-03-03", "Opportunity", "OP0"),
            ("2026-03-01", "Opportunity", "OP1"),
        ]
        assert line == sorted(line, key=lambda row: row[0], reverse=True)

    def test_are_on_the_page_and_lead_to_all_of_the_period(self, told, as_):
        page = as_("rita").get(f"/customers/C1/?{FEBRUARY}").content.decode()

        assert "谈价格" in page and "绝密话" not in page
        for metric in ("sales_amount", "due_amount", "new_opportunities"):
            assert f"/facts-of/{metric}/?{FEBRUARY}&amp;is_customer=C1" in page

    def test_export_each_by_its_name(self, told, as_):
        answer = as_("rita").get(f"/customers/C1/?{FEBRUARY}&export=csv&table=receivables")
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content

        assert "HT1" in text.decode() and "HT2" not in text.decode()


def test_the_page_of_a_customer_says_which_needs_visits_found_and_how_many_each_opportunity_has(known, frame):
    load(
        opportunities="key person customer created_on amount\nO1 P04 C1 2026-01-05 10\nO2 P04 C1 2026-01-06 10",
        activities="""
key  person  customer  kind   started_at           opportunity  need_pain  need_weights  need_budget
N1   P04     C1        visit  2026-03-02T09:00:00  O1           true       false         false
N2   P04     C1        visit  2026-03-03T09:00:00  O1           false      true          true""",
    )
    told = {each.key: each.table for each in customer_facts.sections(frame("rita", ("person", "P04")), "C1")}

    depths = [row["united_depth"] for row in told["opportunities"].rows]
    said = " ".join(str(row["said"]) for row in told["timeline"].rows)
    assert sorted(depths, key=str) == [3, None]
    assert "found: Pain" in said and "found: Decision weights + Budget cycle" in said
