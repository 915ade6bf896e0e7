"""Entries by hand put right and taken back: by whom, until when, and that the value before is kept."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dabiao.core.errors import Malformed, NotFound
from dabiao.core.models import AuditLine
from dabiao.facts import actions, queries
from dabiao.facts.actions import Activity
from dabiao.lake import outbox, reading
from dabiao.lake.models import Pending


@pytest.fixture
def file(company, at, on):
    """Files a visit as somebody, and publishes it unless it is to wait; returns its key."""

    def by(name, person="P04", *, day=on, published=True):
        visit = Activity("visit", datetime(day.year, day.month, day.day, 9, 30), minutes=20)
        key = actions.file_activity(person, visit, by=company.users[name], at=at, on=on)
        if published:
            outbox.drain(at=at)
        return key

    return by


@pytest.fixture
def correct(company, at, on):
    """Says the visit anew as a call of forty minutes."""

    def by(name, key, *, today=on):
        call = Activity("call", datetime(on.year, on.month, on.day, 10), minutes=40)
        actions.correct_activity(key, call, by=company.users[name], at=at, on=today)

    return by


@pytest.mark.parametrize("published", [False, True])
class TestCorrectActivity:
    def test_says_the_row_anew_and_keeps_the_old_value_in_the_trail(self, file, correct, at, sql, published):
        key = file("rita", published=published)
        correct("rita", key)
        outbox.drain(at=at)

        told = AuditLine.objects.get(what="facts.entry.corrected").detail
        assert sql("SELECT key, kind, minutes FROM activities") == [(key, "call", 40)]
        assert told["before"] == {"started_at": "2026-03-16 09:30:00", "kind": "visit", "minutes": 20}
        assert told["after"] == {"started_at": "2026-03-16 10:00:00", "kind": "call", "minutes": 40}

    @pytest.mark.parametrize(
        ("author", "other", "may"),
        [
            ("rita", "rita", True),
            ("rita", "sam", True),
            ("rita", "otto", True),
            ("rita", "rob", False),
            ("rita", "wes", False),
            ("rita", "fin", False),
            ("sam", "rita", False),
            ("sam", "sam", True),
        ],
    )
    def test_is_for_who_filed_it_and_who_may_file_for_others(
        self, file, correct, at, sql, published, author, other, may
    ):
        key = file(author, published=published)
        if may:
            correct(other, key)
        else:
            with pytest.raises(NotFound):
                correct(other, key)
        outbox.drain(at=at)

        assert sql("SELECT kind FROM activities") == [("call" if may else "visit",)]

    def test_of_what_a_superior_filed_about_oneself_is_refused(self, file, correct, published):
        key = file("emma", "P03", published=published)

        with pytest.raises(NotFound):
            correct("sam", key)

    def test_keeps_who_filed_it(self, file, correct, at, sql, published):
        correct("otto", file("sam", published=published))
        outbox.drain(at=at)

        assert sql("SELECT person, entered_by FROM activities") == [("P04", "P03")]

    def test_ends_with_the_days_that_can_be_filed(self, file, correct, on, published):
        key = file("rita", published=published)

        correct("rita", key, today=on + timedelta(days=62))
        with pytest.raises(NotFound):
            correct("rita", key, today=on + timedelta(days=63))

    def test_that_changes_nothing_leaves_no_line(self, file, company, at, on, published):
        key = file("rita", published=published)
        same = Activity("visit", datetime(on.year, on.month, on.day, 9, 30), minutes=20)
        actions.correct_activity(key, same, by=company.rita, at=at, on=on)

        assert not AuditLine.objects.filter(what="facts.entry.corrected").exists()


class TestFigures:
    @pytest.fixture
    def filed(self, company, at, on):
        def value(number, name="rita"):
            figures = {"visits": Decimal(number)}
            actions.file_figures("P04", on, figures, by=company.users[name], at=at, on=on)
            outbox.drain(at=at)
            return f"P04|{on}|visits"

        return value

    def test_are_corrected_with_the_old_value_kept(self, filed, company, at, on, sql):
        key = filed(3)
        actions.correct_figure(key, Decimal("4.5"), by=company.rita, at=at, on=on)
        outbox.drain(at=at)

        told = AuditLine.objects.get(what="facts.entry.corrected").detail
        assert (told["before"], told["after"]) == ({"value": "3"}, {"value": "4.5"})
        assert sql("SELECT metric, value FROM daily_figures") == [("visits", Decimal("4.5"))]

    def test_of_somebody_else_are_not_there_for_others(self, filed, company, at, on):
        with pytest.raises(NotFound):
            actions.correct_figure(filed(3, "sam"), Decimal(9), by=company.rita, at=at, on=on)

    def test_that_are_filed_again_keep_what_they_were(self, filed):
        filed(3)
        filed(5)

        last = AuditLine.objects.filter(what="facts.figures.filed").latest("pk")
        assert Decimal(last.detail["before"]["visits"]) == 3


class TestTakeBack:
    def test_removes_what_has_been_published(self, file, company, at, on, sql):
        key = file("rita")
        actions.take_back("activities", key, by=company.rita, at=at, on=on)
        shown = queries.entered(reading.current(), viewer=company.rita, people=["P04"], day=on)
        outbox.drain(at=at)

        told = AuditLine.objects.get(what="facts.entry.taken_back").detail
        assert not shown and sql("SELECT count(*) FROM activities") == [(0,)]
        assert told["before"]["kind"] == "visit"

    def test_leaves_what_is_not_ones_own(self, file, company, at, on):
        key = file("sam")

        for name in ("rita", "rob", "wes"):
            with pytest.raises(NotFound):
                actions.take_back("activities", key, by=company.users[name], at=at, on=on)
        assert not Pending.objects.exists()

    def test_leaves_rows_of_other_sources(self, company, at, on, otto_loads):
        with pytest.raises(NotFound):
            actions.take_back("activities", otto_loads, by=company.ada, at=at, on=on)

    @pytest.fixture
    def otto_loads(self, company, at):
        row = {
            "key": "A1",
            "started_at": "2026-03-16 09:00",
            "person": "P04",
            "kind": "visit",
            "source": "crm",
        }
        outbox.put("activities", [row], by="otto", at=at)
        outbox.drain(at=at)
        return "A1"


class TestEntered:
    def test_shows_the_last_word_once(self, file, correct, company, on):
        correct("rita", file("rita"))

        shown = queries.entered(reading.current(), viewer=company.rita, people=["P04"], day=on)
        assert [(entry.what, entry.waiting) for entry in shown] == [("call", True)]

    def test_shows_a_managers_correction_to_whose_day_it_is(self, file, correct, company, on):
        correct("sam", file("rita"))

        shown = queries.entered(reading.current(), viewer=company.rita, people=["P04"], day=on)
        assert [(entry.what, entry.waiting) for entry in shown] == [("call", True)]


class TestPage:
    @pytest.fixture(autouse=True)
    def today(self, monkeypatch, on):
        monkeypatch.setattr("dabiao.ui.http.today", lambda: on)

    def test_of_the_day_leads_to_what_one_may_correct_and_to_nothing_else(self, file, as_):
        own, others = file("rita"), file("sam")
        page = as_("rita").get("/facts/today/").content.decode()

        assert f"/facts/today/activities/{own}/" in page
        assert f"/facts/today/activities/{others}/" not in page and page.count("facts/today/take-back") == 1

    def test_of_an_entry_is_filled_with_what_stands_and_corrects_it(self, file, as_, at, sql):
        rita, key = as_("rita"), file("rita")
        address = f"/facts/today/activities/{key}/"
        page = rita.get(address).content.decode()
        said = {"kind": "call", "customer": "甲", "new_customer": "on", "day": "2026-03-13", "at": "11:00"}
        answer = rita.post(address, said)
        outbox.drain(at=at)

        assert 'value="20"' in page and 'value="09:30"' in page and 'value="2026-03-16"' in page
        assert answer.status_code == 302 and "day=2026-03-13" in answer.url
        assert sql("SELECT kind, started_at::VARCHAR, minutes, customer FROM activities") == [
            ("call", "2026-03-13 11:00:00", None, "甲")
        ]

    def test_of_a_figure_takes_the_figure_alone(self, company, as_, at, on, sql):
        actions.file_figures("P04", on, {"visits": Decimal(3)}, by=company.rita, at=at, on=on)
        address = f"/facts/today/daily_figures/P04|{on}|visits/"
        page = as_("rita").get(address).content.decode()
        assert as_("rita").post(address, {"value": "7"}).status_code == 302
        outbox.drain(at=at)

        assert 'name="customer"' not in page
        assert sql("SELECT value FROM daily_figures") == [(7,)]


class TestUnknownCustomer:
    """Whom nobody knows is asked about: a near name, or somebody new."""

    ORDERS = "person customer ordered_on\nP04 C1 2026-03-02\nP09 C9 2026-03-02"

    @pytest.fixture(autouse=True)
    def known(self, company, monkeypatch, on):
        from dabiao.facts.models import Label
        from tests.performance.facts import load

        load(order_lines=self.ORDERS)
        Label.objects.create(kind="customer", key="C1", name="华东精密")
        Label.objects.create(kind="customer", key="C9", name="西部精密")
        monkeypatch.setattr("dabiao.ui.http.today", lambda: on)

    def filed(self, as_, customer, name="rita", **more):
        said = {"person": "P04", "day": "2026-03-16", "kind": "visit", "customer": customer, "at": "09:30"}
        return as_(name).post("/facts/today/", {**said, **more})

    @pytest.mark.parametrize("typed", ["华东精密", "C1", " 华东精密 "])
    def test_is_none_who_is_the_persons_by_name_or_key(self, as_, typed):
        assert self.filed(as_, typed).status_code == 302
        assert Pending.objects.get().row["customer"] == "C1"

    @pytest.mark.parametrize("typed", ["华东精蜜", "东精密", "华东精密机械"])
    def test_is_asked_back_with_the_near_names_of_the_persons_own(self, as_, typed):
        answer = self.filed(as_, typed)
        page = answer.content.decode()

        assert answer.status_code == 422 and not Pending.objects.exists()
        assert 'name="customer" value="华东精密"' in page and "西部精密" not in page
        assert f'value="{typed}"' in page and 'name="new_customer"' in page

    def test_is_no_question_for_whoever_sees_everybody_and_names_one(self, as_):
        assert self.filed(as_, "西部精密", "otto").status_code == 302
        assert Pending.objects.get().row["customer"] == "C9"

    def test_does_not_say_whom_others_have(self, as_):
        assert self.filed(as_, "西部精密").status_code == self.filed(as_, "没有这家").status_code == 422

    def test_is_filed_once_somebody_says_that_it_is_new(self, as_):
        assert self.filed(as_, "没有这家", new_customer="on").status_code == 302
        assert Pending.objects.get().row["customer"] == "没有这家"
        assert AuditLine.objects.latest("pk").detail["new_customer"] == "没有这家"

        assert self.filed(as_, "没有这家").status_code == 302

    def test_is_not_asked_on_a_fresh_page(self, as_):
        assert 'name="new_customer"' not in as_("rita").get("/facts/today/").content.decode()


class TestNoteStepAndOpportunity:
    OPEN = """
    key  person  customer  created_on  outcome
    OP1  P04     C1        2026-03-01  -
    OP2  P04     C1        2026-03-01  won
    OP3  P05     C1        2026-03-01  -
    """

    @pytest.fixture(autouse=True)
    def deals(self, company, monkeypatch, on):
        from tests.performance.facts import load

        load(opportunities=self.OPEN)
        monkeypatch.setattr("dabiao.ui.http.today", lambda: on)

    def filed(self, as_, **more):
        said = {"person": "P04", "day": "2026-03-16", "kind": "visit", "customer": "C1", "at": "09:30"}
        return as_("rita").post("/facts/today/", {**said, **more})

    def test_are_filed_and_shown(self, as_, at, sql):
        self.filed(as_, note="要降价", next_step="周五报价", opportunity="OP1")
        outbox.drain(at=at)
        page = as_("rita").get("/facts/today/").content.decode()

        said = sql("SELECT note, next_step, opportunity FROM activities")
        assert said == [("要降价", "周五报价", "OP1")] and "要降价" in page and "周五报价" in page

    def test_choose_among_the_open_ones_of_the_person(self, as_):
        page = as_("rita").get("/facts/today/").content.decode()

        assert 'value="OP1"' in page and 'value="OP2"' not in page and 'value="OP3"' not in page
        assert self.filed(as_, opportunity="OP3").status_code == 422

    def test_refuse_an_opportunity_of_somebody_else_whatever_asks(self, company, at, on):
        visit = Activity("visit", datetime(2026, 3, 16, 9), opportunity="OP3")
        with pytest.raises(Malformed):
            actions.file_activity("P04", visit, by=company.rita, at=at, on=on)

    def test_stay_when_the_opportunity_has_closed_since(self, as_, at, sql):
        from tests.performance.facts import load

        self.filed(as_, opportunity="OP1")
        outbox.drain(at=at)
        load(opportunities=self.OPEN.replace("2026-03-01  -\n    OP2", "2026-03-01  lost\n    OP2"))
        key = sql("SELECT key FROM activities")[0][0]
        said = {"kind": "call", "customer": "C1", "day": "2026-03-16", "at": "09:30", "opportunity": "OP1"}
        assert as_("rita").post(f"/facts/today/activities/{key}/", said).status_code == 302
        outbox.drain(at=at)

        assert sql("SELECT kind, opportunity FROM activities") == [("call", "OP1")]
