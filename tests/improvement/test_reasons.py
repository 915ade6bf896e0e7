"""Why each light is on, worked out by a job before anybody asks, and shown as long as it holds."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from dabiao.core import jobs
from dabiao.core.calendars import fiscal
from dabiao.core.models import AuditLine, Job
from dabiao.improvement import tasks
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org
from dabiao.org.queries import Scope
from dabiao.performance.models import KeptReason
from dabiao.performance.queries import cockpit, reasons
from dabiao.targets.models import Target
from tests.performance.facts import load

pytestmark = pytest.mark.django_db
FEBRUARY = (date(2026, 2, 1), date(2026, 3, 1))


@pytest.fixture
def lit(facts, company, at, monkeypatch):
    """Shanghai promised far more than it made; today is a day in March, so February is the month before."""
    Target.objects.filter(unit=company.units["shanghai"]).update(target=Decimal(9000))
    monkeypatch.setattr("dabiao.core.jobs.timezone.now", lambda: at)


def explain(at):
    """What the worker does at its look, and the job that follows from it; how many reasons it has kept."""
    tasks.ask_for_reasons(at)
    jobs.run_waiting(at)
    last = Job.objects.filter(task__endswith="explain_lights").exclude(status=Job.Status.WAITING).order_by("-pk").first()  # fmt: skip
    assert last.status == Job.Status.DONE, last.error
    return last.result["reasons"]


def seen(user, scope=("unit", "shanghai"), period="2026-02"):
    frame = frame_of(
        reading.current(),
        viewer=user,
        scope=Scope(*scope),
        period=fiscal().parse(period),
        today=date(2026, 3, 16),
        language="en",
    )
    return cockpit.cockpit(frame, told=None)


def of_sales(signals):
    (found,) = (
        each for each in signals if each.scope == Scope("unit", "shanghai") and each.metric == "sales_amount"
    )
    return found


def kept_lines():
    return AuditLine.objects.filter(what="performance.reasons.kept").count()


class TestExplainLights:
    def test_the_tile_and_the_signal_say_why_before_anybody_clicks(self, lit, company, at):
        assert not seen(company.sam).headline.cause

        assert explain(at) > 0

        page = seen(company.sam)
        signal = of_sales(page.signals)
        assert page.headline.cause and page.headline.cause == signal.cause
        assert "below the target" not in signal.cause, "the figures stand beside it"

    def test_the_running_quarters_lights_say_why_too(self, lit, company, at):
        explain(at)

        signal = of_sales(seen(company.sam, period="2026-Q1").signals)
        row = KeptReason.objects.get(scope="shanghai", metric="sales_amount", starts_on=date(2026, 1, 1))
        assert signal.cause and signal.cause == row.words["en"][0] and row.ends_on == date(2026, 4, 1)

    def test_whoever_sees_more_is_told_the_same_of_the_part(self, lit, company, at):
        explain(at)

        below = seen(company.dora, ("unit", "company")).signals
        signal = of_sales(below)
        assert signal.cause == seen(company.sam).headline.cause
        assert signal.path == ("华东大区",)

    def test_it_is_the_sentence_of_the_page_of_why_in_every_language(self, lit, company, at, as_):
        explain(at)

        row = KeptReason.objects.get(scope="shanghai", metric="sales_amount", ends_on=FEBRUARY[1])
        assert set(row.words) == {"en", "zh-hans", "zh-hant"} and (row.starts_on, row.ends_on) == FEBRUARY
        page = "/why/sales_amount/?scope=shanghai&period=2026-02"
        for language in ("en", "zh-hans"):
            at_once = as_("sam").get(page, headers={"accept-language": language}).content.decode()
            fetched = as_("sam").get(f"{page}&part=1", headers={"accept-language": language}).content.decode()
            short, full = row.words[language]
            assert full.endswith(short) or short in full
            assert full in at_once and full in fetched

    def test_a_second_run_of_a_snapshot_finds_nothing_left_to_do(self, lit, at):
        first = explain(at)
        rows = list(KeptReason.objects.order_by("pk").values())
        tasks.ask_for_reasons(at)
        assert Job.objects.filter(task__endswith="explain_lights").count() == 1, "one job a snapshot and day"

        jobs.enqueue(tasks.explain_lights, key="again", by=None, at=at)
        jobs.run_waiting(at)

        assert first and Job.objects.get(key="again").result["reasons"] == 0
        assert list(KeptReason.objects.order_by("pk").values()) == rows and kept_lines() == 1

    def test_what_no_longer_holds_is_not_shown_and_is_found_out_anew(self, lit, company, at):
        explain(at)
        Target.objects.filter(unit=company.units["shanghai"]).update(target=Decimal(8000))
        frame = frame_of(
            reading.current(), viewer=company.sam, scope=Scope("unit", "shanghai"), period=fiscal().parse("2026-02"),
            today=date(2026, 3, 16), language="en",
        )  # fmt: skip

        light = (Scope("unit", "shanghai"), "sales_amount")
        assert light in reasons.known(frame, [(*light, seen(company.sam).headline.value)])
        assert light not in reasons.known(frame, [(*light, Decimal(1))]), "another figure, another reason"

    def test_what_an_earlier_way_of_explaining_has_found_is_not_shown(self, lit, company, at, monkeypatch):
        explain(at)
        assert seen(company.sam).headline.cause

        monkeypatch.setattr(reasons, "METHOD", reasons.METHOD + 1)

        assert not seen(company.sam).headline.cause

    def test_nobody_is_shown_what_lies_outside_their_sight(self, lit, company, at, as_):
        explain(at)
        words = KeptReason.objects.get(scope="shanghai", metric="sales_amount", ends_on=FEBRUARY[1]).words[
            "en"
        ][0]

        page = as_("wes").get("/cockpit/?period=2026-02", headers={"accept-language": "en"}).content.decode()

        assert words not in page
        assert as_("wes").get("/why/sales_amount/?scope=shanghai&period=2026-02").status_code == 404

    def test_gives_way_to_other_work_and_goes_on_later(self, lit, company, at, monkeypatch):
        monkeypatch.setattr(tasks.jobs, "others_wait", lambda job, at: True)
        assert explain(at) == 0

        monkeypatch.setattr(tasks.jobs, "others_wait", lambda job, at: False)
        assert not jobs.run_waiting(at), "not at once"
        jobs.run_waiting(at + timedelta(minutes=1))

        assert KeptReason.objects.exists()

    def test_asks_no_more_than_every_few_minutes_whatever_is_published(self, lit, at):
        explain(at)
        load(order_lines="key person ordered_on amount\nT9 P04 2026-03-02 7")

        tasks.ask_for_reasons(at + timedelta(minutes=1))
        assert Job.objects.filter(task__endswith="explain_lights").count() == 1
        tasks.ask_for_reasons(at + timedelta(minutes=6))
        assert Job.objects.filter(task__endswith="explain_lights").count() == 2

    def test_what_is_not_anybodys_page_is_left_alone(self, lit, company, at):
        org.users(company.ada)
        for user in company.users.values():
            user.is_active = user.username == "wes"
            user.save()

        explain(at)

        assert not KeptReason.objects.filter(scope="shanghai").exists()
