"""The three needs of a visit: filed by hand, corrected, loaded, sent; and what all visits found by the day of a proposal."""

from datetime import date, datetime

import pytest
from django.utils import timezone

from dabiao.engine.period import Fiscal
from dabiao.facts.actions import Activity, correct_activity, file_activity, upserts
from dabiao.facts.actions.upserts import RowsRefused
from dabiao.lake import outbox, reading
from dabiao.metrics import query
from dabiao.metrics.query import Query
from dabiao.org.queries import operator
from tests.facts.test_load import write
from tests.performance.facts import load as publish

NEEDS = "SELECT needs_depth, need_pain, need_weights, need_budget FROM activities"
MAP = """
schema: dabiao/map/1
system: crm
sources:
  visits: visits.csv
tables:
  - into: activities
    from: visits
    key: 号
    columns: {{started_at: 时间, {columns}}}
"""
FLAGS = "need_pain: 痛点, need_weights: 权重, need_budget: 预算"


def asked(metric, period="2026-03"):
    question = Query((metric,), (), Fiscal().parse(period), None, None)
    reply = query.run_query(
        reading.current(), question, viewer=operator(), fiscal=Fiscal(), on=date(2026, 3, 31)
    )
    return reply.rows[0][metric] if reply.rows else None


class TestTheForm:
    @pytest.fixture
    def filed(self, as_, company, at, sql):
        def by(**ticked):
            said = {
                "kind": "visit",
                "customer": "Acme",
                "new_customer": "on",
                "at": "09:30",
                "person": "P04",
                **ticked,
            }
            reply = as_("rita").post("/facts/today/", {"day": timezone.localdate().isoformat(), **said})
            assert reply.status_code == 302, reply.content.decode()
            outbox.drain(at=at)
            return sql(NEEDS)

        return by

    def test_has_three_boxes_in_place_of_a_number(self, as_):
        page = as_("rita").get("/facts/today/").content.decode()

        assert all(f'type="checkbox" name="need_{name}"' in page for name in ("pain", "weights", "budget"))
        assert "needs_depth" not in page

    def test_says_which_and_so_how_many(self, filed):
        assert filed(need_pain="on", need_budget="on") == [(2, True, False, True)]

    def test_of_a_visit_without_any_says_none_and_of_a_call_nothing(self, filed):
        assert filed() == [(0, False, False, False)]
        assert filed(kind="call", at="10:00")[-1:] != [] and (None, None, None, None) in filed(
            kind="call", at="11:00"
        )


class TestCorrecting:
    NOW = datetime(2026, 3, 16, 9, 30)  # the lake's times have no zone

    def corrected(self, company, at, on, key, needs):
        rita = company.users["rita"]
        correct_activity(key, Activity("visit", self.NOW, needs=needs), by=rita, at=at, on=on)
        outbox.drain(at=at)

    def test_says_anew_what_was_found(self, company, at, on, sql):
        visit = Activity("visit", self.NOW, needs=frozenset({"need_pain"}))
        key = file_activity("P04", visit, by=company.users["rita"], at=at, on=on)
        outbox.drain(at=at)
        self.corrected(company, at, on, key, frozenset({"need_weights", "need_budget"}))

        assert sql(NEEDS) == [(2, False, True, True)]

    def test_keeps_a_number_that_says_not_which_until_somebody_does(self, company, at, on, sql, as_):
        row = {"source": "hand", "key": "old", "person": "P04", "kind": "visit", "needs_depth": 2}
        outbox.put("activities", [{**row, "started_at": "2026-03-16 09:30:00"}], by="rita", at=at)
        outbox.drain(at=at)

        self.corrected(company, at, on, "old", frozenset())
        assert sql(NEEDS) == [(2, None, None, None)]
        self.corrected(company, at, on, "old", frozenset({"need_pain"}))
        assert sql(NEEDS) == [(1, True, False, False)]


class TestFiles:
    @pytest.mark.parametrize(
        ("case", "columns", "rows", "expected"),
        [
            ("flags alone", FLAGS, "A,2026-03-02,是,否,是,\n", [(2, True, False, True)]),
            (
                "the number alone, as ever",
                "needs_depth: 深度",
                "A,2026-03-02,,,,2\n",
                [(2, None, None, None)],
            ),
            (
                "both, which agree",
                FLAGS + ", needs_depth: 深度",
                "A,2026-03-02,是,,否,1\n",
                [(1, True, None, False)],
            ),
            ("nothing", FLAGS, "A,2026-03-02,,,,\n", [(None, None, None, None)]),
        ],
    )
    def test_by_example(self, folder, load, sql, case, columns, rows, expected):
        report = load(
            write(folder, "号,时间,痛点,权重,预算,深度\n" + rows, "visits.csv"), MAP.format(columns=columns)
        )

        assert (len(report.shown_errors), sql(NEEDS)) == (0, expected), case

    def test_whose_number_and_flags_contradict_are_handed_back(self, folder, load, sql):
        text = "号,时间,痛点,权重,预算,深度\nA,2026-03-02,是,否,是,3\nB,2026-03-02,是,否,否,1\n"
        report = load(write(folder, text, "visits.csv"), MAP.format(columns=FLAGS + ", needs_depth: 深度"))

        assert [(cell.row, cell.column, cell.reason) for cell in report.shown_errors] == [
            (2, "深度", "other_depth")
        ]
        assert sql("SELECT key FROM activities") == [("B",)]


def test_rows_by_api_that_contradict_themselves_are_refused(company, at):
    row = {"key": "1", "started_at": "2026-03-02 09:00:00", "need_pain": True, "need_weights": True}
    with pytest.raises(RowsRefused, match="needs_depth"):
        upserts.upsert("activities", [{**row, "needs_depth": 1}], by=company.users["otto"], at=at)
    assert upserts.upsert("activities", [{**row, "needs_depth": 3}], by=company.users["otto"], at=at) == 1


ACTIVITIES = """
key  person  kind      started_at           opportunity  need_pain  need_weights  need_budget
1    P04     visit     2026-03-02T09:00:00  O1           true       false         false
2    P09     visit     2026-03-05T09:00:00  O1           false      true          true
3    P04     proposal  2026-03-09T09:00:00  O1           -          -             -
4    P04     proposal  2026-03-03T09:00:00  O1           -          -             -
"""


class TestDepthOfAProposal:
    def test_unites_what_visits_found_by_its_day(self, company):
        """Pain on one visit, weights and budget on another: three at the proposal after both, one between them."""
        publish(activities=ACTIVITIES)

        assert asked("proposal_depth") == 2.0
        assert asked("proposal_depth", "2026-03-09") == 3.0
        assert asked("needs_depth") == 1.5

    def test_stays_right_when_a_visit_is_filed_late(self, company):
        """What pages read is mended on every later day too, and says the same as the facts made anew."""
        publish(activities=ACTIVITIES)
        late = ACTIVITIES.strip().splitlines()[0] + "\n9 P04 visit 2026-03-01T09:00:00 O1 false true false"
        publish(activities=late)

        assert "activities__started_at__united_depth" in reading.current().rolled
        assert asked("proposal_depth") == 2.5  # weights are known on the 3rd now

    def test_is_a_mean_over_visits_not_over_days(self, company):
        """1.0 over three visits and 2.0 over one: 1.25."""
        rows = [f"{n} P04 visit 2026-03-02T0{n}:00:00 1" for n in (1, 2, 3)] + [
            "4 P04 visit 2026-03-03T09:00:00 2"
        ]
        publish(activities="key person kind started_at needs_depth\n" + "\n".join(rows))

        assert asked("needs_depth") == 1.25
