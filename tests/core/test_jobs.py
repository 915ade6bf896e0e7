"""Jobs: asked for once, leased, retried, shown."""

import threading
from datetime import timedelta

import pytest

from dabiao.core import jobs, worker
from dabiao.core.errors import Refused
from dabiao.core.models import Job, Schedule

from .tasks import outside

TASK = "dabiao.probe.tasks.probe"
CALLS: list[dict[str, object]] = []


def probe(work, **arguments):
    """Stands in for a room's task: does what its arguments say."""
    CALLS.append(arguments)
    if arguments.get("refuse"):
        raise Refused("no such file")
    if arguments.get("break_until", 0) >= work.job.attempts:
        raise OSError("disk full")
    work.progress(3, 3, "rows")
    return {"rows": 3}


@pytest.fixture(autouse=True)
def tasks(monkeypatch):
    """A room called `probe` that exists for this test only."""
    CALLS.clear()
    real = jobs.import_string
    monkeypatch.setattr(jobs, "import_string", lambda path: probe if path == TASK else real(path))


def ask(at, **arguments):
    return jobs.enqueue(TASK, arguments, key="k", by=None, at=at)


@pytest.mark.django_db
class TestEnqueue:
    def test_twice_with_one_key_is_one_job(self, at):
        assert ask(at, n=1).pk == ask(at, n=2).pk
        assert Job.objects.get().arguments == {"n": 1}

    def test_refuses_what_is_not_a_task_of_a_room(self, at):
        with pytest.raises(jobs.NotATask):
            jobs.enqueue(outside, key="k", by=None, at=at)


@pytest.mark.django_db
class TestClaim:
    def test_gives_a_job_to_one_worker_only(self, at):
        job = ask(at)
        assert jobs.claim(at).pk == job.pk
        assert jobs.claim(at) is None

    def test_gives_a_job_to_one_of_two_workers_that_saw_it_free(self, at, monkeypatch):
        """The other one takes it between the moment this one sees it and the moment it asks for it."""
        job, others, make = ask(at), [], jobs.secrets.token_hex

        def after_another(size):
            monkeypatch.setattr(jobs.secrets, "token_hex", make)
            others.append(jobs.claim(at))
            return make(size)

        monkeypatch.setattr(jobs.secrets, "token_hex", after_another)

        assert jobs.claim(at) is None
        assert [each.pk for each in others] == [job.pk]
        assert Job.objects.get().attempts == 1

    def test_waits_for_its_moment(self, at):
        jobs.enqueue(TASK, key="later", by=None, at=at, run_after=at + timedelta(hours=1))
        assert jobs.claim(at) is None
        assert jobs.claim(at + timedelta(hours=1)) is not None

    def test_takes_over_from_a_worker_that_went_silent(self, at):
        ask(at)
        dead = jobs.claim(at)
        heir = jobs.claim(at + jobs.LEASE + timedelta(seconds=1))
        assert heir.pk == dead.pk
        assert heir.lease != dead.lease
        with pytest.raises(jobs.LeaseLost):
            jobs.Work(dead, at).progress(1, 1)

    def test_gives_up_on_a_job_that_kills_its_workers(self, at):
        ask(at)
        for n in range(3):
            assert jobs.claim(at + n * timedelta(hours=1)) is not None
        assert jobs.claim(at + timedelta(days=1)) is None
        assert Job.objects.get().status == Job.Status.FAILED


@pytest.mark.django_db(transaction=True)
class TestRun:
    def test_keeps_the_result_and_the_progress(self, at):
        ask(at)
        assert jobs.run_waiting(at) == 1
        job = Job.objects.get()
        assert (job.status, job.result, job.progress_done, job.progress_note) == (
            "done",
            {"rows": 3},
            3,
            "rows",
        )

    def test_tries_an_error_again_later(self, at):
        ask(at, break_until=1)
        jobs.run(jobs.claim(at), at=at)
        waiting = Job.objects.get()
        assert waiting.status == "waiting"
        assert "disk full" in waiting.error
        jobs.run(jobs.claim(waiting.run_after), at=waiting.run_after)
        assert Job.objects.get().status == "done"

    def test_stops_after_the_attempts_allowed(self, at):
        ask(at, break_until=9)
        moment = at
        for _ in range(3):
            moment = max(moment, Job.objects.get().run_after)
            jobs.run(jobs.claim(moment), at=moment)
        assert Job.objects.get().status == "failed"
        assert len(CALLS) == 3

    def test_does_not_repeat_a_refusal(self, at):
        ask(at, refuse=True)
        jobs.run_waiting(at)
        job = Job.objects.get()
        assert (job.status, job.error, len(CALLS)) == ("failed", "no such file", 1)

    def test_lets_a_failed_job_run_again_when_asked(self, at):
        job = ask(at, refuse=True)
        jobs.run_waiting(at)
        jobs.again(job.pk, at=at)
        assert jobs.claim(at) is not None

    def test_keeps_its_lease_while_a_long_task_runs(self, at, monkeypatch):
        monkeypatch.setattr(jobs, "HEARTBEAT", 0.01)
        seen = threading.Event()

        def long(work, **_):
            for _ in range(500):
                if Job.objects.get().lease_until > work.job.lease_until:
                    seen.set()
                    return
                threading.Event().wait(0.01)
            return

        monkeypatch.setattr(jobs, "task", lambda _: long)
        ask(at)
        jobs.run_waiting(at)
        assert seen.is_set()


@pytest.mark.django_db
class TestSchedule:
    def due(self, at):
        Schedule.objects.create(name="nightly", task=TASK, every=3600, next_at=at)

    def test_becomes_one_job_a_moment_whoever_asks(self, at):
        self.due(at)
        jobs.enqueue_due(at)
        jobs.enqueue_due(at)
        assert Job.objects.count() == 1

    def test_catches_up_with_one_job_after_a_long_stop(self, at):
        self.due(at)
        jobs.enqueue_due(at + timedelta(hours=5, minutes=10))
        assert Job.objects.count() == 1
        assert Schedule.objects.get().next_at == at + timedelta(hours=6)


@pytest.mark.django_db(transaction=True)
class TestWorker:
    def test_runs_jobs_and_periodic_work_until_it_is_stopped(self, at):
        ask(at)
        stop, ticked = threading.Event(), threading.Event()

        def tick(_):
            ticked.set()
            if Job.objects.get().is_over:
                stop.set()

        worker.run_worker(stop, periodics=[worker.Periodic("tick", 0.05, tick)])
        assert ticked.is_set()
        assert Job.objects.get().status == "done"

    def test_outlives_periodic_work_that_fails(self, at):
        stop, calls = threading.Event(), []

        def broken(_):
            calls.append(1)
            if len(calls) == 3:
                stop.set()
            raise OSError("no network")

        worker.run_worker(stop, periodics=[worker.Periodic("broken", 0.01, broken)])
        assert len(calls) == 3
