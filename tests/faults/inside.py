"""What children of the warm process do, inside the program: commands, what a worker does, reading everything back."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

P = ParamSpec("P")


def command(*words: str) -> None:
    """`dabiao WORD …`, as typed."""
    from dabiao.site.cli import main

    sys.argv = ["dabiao", *words]
    main()


def prepare() -> None:
    """A new data folder with somebody who may do everything, and a unit that no file brings."""
    from django.utils import timezone

    from dabiao.org.actions.units import add_unit
    from dabiao.org.actions.users import create_admin
    from dabiao.site.commands import prepare as make

    make()
    at = timezone.now()
    create_admin(username="ann", password="a long enough password", language="en", by=None, at=at)
    add_unit(key="Office", name="Office", kind="k0", by=None, at=at)


def as_said(function: Callable[P, None]) -> Callable[P, None]:
    """A refusal is a line and 1, as of a command."""

    @wraps(function)
    def refused(*args: P.args, **kwargs: P.kwargs) -> None:
        from dabiao.core.errors import as_refusal

        try:
            function(*args, **kwargs)
        except Exception as error:
            refusal = as_refusal(error)
            if refusal is None:
                raise
            sys.exit(f"dabiao: {refusal}")

    return refused


@as_said
def enter(batches: Sequence[Sequence[dict[str, str]]]) -> None:
    """Each batch accepted, then published; a line when it has been accepted."""
    from django.utils import timezone

    from dabiao.core.publishing import publish_waiting
    from dabiao.facts.actions.upserts import upsert
    from dabiao.org.models import User

    ann = User.objects.get(username="ann")
    for batch in batches:
        upsert("order_lines", batch, by=ann, at=timezone.now())
        print("done", flush=True)
        publish_waiting(timezone.now())


@as_said
def change_kinds(kinds: Sequence[str]) -> None:
    """The kind of a unit changed and published, again and again; a line when it has been changed."""
    from django.utils import timezone

    from dabiao.core.publishing import publish_waiting
    from dabiao.org.actions.units import change_unit

    for kind in kinds:
        change_unit("Office", values={"kind": kind}, by=None, at=timezone.now())
        print("done", flush=True)
        publish_waiting(timezone.now())


def expire() -> None:
    """A minute passes: leases of whoever died are over."""
    from django.utils import timezone

    from dabiao.core.models import Job
    from dabiao.lake.models import Lease

    over = timezone.now() - timedelta(seconds=1)
    Lease.objects.update(expires_at=over)
    Job.objects.filter(status=Job.Status.RUNNING).update(lease_until=over)
    Job.objects.filter(status=Job.Status.WAITING).update(run_after=over)


def life(*, alone: bool = True) -> None:
    """What a worker does in the minutes after: whatever waits, every periodic work, tidying up, what waits by then.

    alone: no other process lives, so that every lease is a dead one's.
    """
    from django.utils import timezone

    from dabiao.core.publishing import publish_waiting
    from dabiao.core.worker import run_worker
    from dabiao.lake import installation, maintenance
    from dabiao.rooms import ROOMS

    if alone:
        expire()
    installation.claim()
    run_worker(threading.Event(), until_idle=True)
    publish_waiting(timezone.now())
    for periodic in (each for room in ROOMS for each in room.periodics):
        periodic.run(timezone.now())
    maintenance.tidy(at=timezone.now())


def recovered(alone: bool = True) -> dict[str, Any]:
    """Live on, then tell everything."""
    life(alone=alone)
    return state()


def state() -> dict[str, Any]:
    """Everything in the words of the ledger, and what is wrong by itself: leftovers, what hangs, what the doctor says."""
    return {
        **_facts(),
        **_organisation(),
        **_plans(),
        "wrong": [*_wrong(), *_half_done(), *_unnamed(), *_ill()],
    }


def _facts() -> dict[str, Any]:
    from dabiao.facts.models import Label
    from dabiao.lake import reading
    from dabiao.lake.models import Pending

    lake = reading.current()
    rows = lake.run("SELECT source, key, ordered_on, customer, person, amount FROM order_lines").to_pylist()
    orders = {
        f"{row['source']}/{row['key']}": [
            str(row["ordered_on"]),
            row["customer"],
            row["person"],
            str(row["amount"]),
        ]
        for row in rows
    }
    orders |= {
        f"{each.source}/{each.key}": [
            each.row[name] for name in ("ordered_on", "customer", "person", "amount")
        ]
        for each in Pending.objects.order_by("pk")
        if each.row
    }
    return {
        "orders": orders,
        "doubled": len(rows) - len({(row["source"], row["key"]) for row in rows}),
        "customers": dict(Label.objects.filter(kind="customer").values_list("key", "name")),
    }


def _organisation() -> dict[str, Any]:
    from dabiao.org.models import Assignment, Person, Unit
    from dabiao.targets.models import Target

    units = dict(Unit.objects.values_list("key", "parent__key"))
    units.pop("Office", None)
    own = Target.objects.filter(starts_on="2026-01-01", person__isnull=False)
    return {
        "units": units,
        "kinds": dict(Unit.objects.filter(key="Office").values_list("key", "kind")),
        "people": dict(Person.objects.values_list("key", "name")),
        "seats": dict(Assignment.objects.values_list("person__key", "position__unit__key")),
        "targets": {key: str(value) for key, value in own.values_list("person__key", "target")},
    }


def _plans() -> dict[str, Any]:
    """Every version's whole amount as its cells in the lake sum up to it, and what is in force of it."""
    from django.db.models import Sum

    from dabiao.targets.logic.cascade import saved
    from dabiao.targets.logic.cascade.request import from_units
    from dabiao.targets.models import CascadeVersion, Target

    plans: dict[str, list[str]] = {}
    for version in CascadeVersion.objects.select_related("plan").order_by("plan__key", "number"):
        opened = saved.opened(version)
        whole = saved.block(opened, 0).amounts[0].sum()
        plans.setdefault(version.plan.key, []).append(f"{from_units(int(whole), opened.prepared.digits):.0f}")
    cascaded = Target.objects.filter(starts_on__gte="2027-01-01", unit__key="All", dimension="")
    total = cascaded.aggregate(total=Sum("target"))["total"]
    return {"plans": plans, "in_force": None if total is None else f"{total:.0f}"}


def _wrong() -> Iterator[str]:
    """What hangs, and where the lake says something else than the app database that it was published from."""
    from dabiao.core.models import Job
    from dabiao.facts.models import ImportBatch
    from dabiao.lake import reading
    from dabiao.lake.models import Pending
    from dabiao.org.models import Unit
    from dabiao.targets.models import Target

    if loading := ImportBatch.objects.filter(state="loading").count():
        yield f"{loading} imports are loading for good"
    if (
        running := Job.objects.filter(status__in=["running", "waiting"])
        .exclude(key__startswith="schedule:")
        .count()
    ):
        yield f"{running} jobs are running for good"
    if waiting := Pending.objects.count():
        yield f"{waiting} entries wait for good"
    lake = reading.current()
    if not lake.number:
        return
    published = lake.run("SELECT unit, parent, kind FROM units WHERE unit IS NOT NULL").to_pylist()
    units = {row["unit"]: [row["parent"] or None, row["kind"]] for row in published}
    here = {
        key: [parent, kind] for key, parent, kind in Unit.objects.values_list("key", "parent__key", "kind")
    }
    if units != here:
        yield f"the lake's units are {units}, the database's {here}"
    there = lake.run("SELECT count(*) AS n, sum(target) AS total FROM targets").to_pylist()[0]
    rows = list(Target.objects.values_list("target", flat=True))
    if (there["n"], there["total"] or 0) != (len(rows), sum(rows)):
        yield f"the lake has {there} of {len(rows)} targets that sum to {sum(rows)}"


def leftovers() -> list[str]:
    """What lies half done, before anybody has tidied up."""
    return list(_half_done())


def disk_sentences() -> list[str | None]:
    """What is said of a full disk, and of one that may not be written to."""
    import errno

    from dabiao.core import disk

    return [disk.trouble(OSError(number, "")) for number in (errno.ENOSPC, errno.EROFS)]


def _half_done() -> Iterator[str]:
    """Parts of files, and folders of imports that there are none of."""
    from dabiao.core import config
    from dabiao.facts.models import ImportBatch

    folder = config.home()
    known = set(ImportBatch.objects.values_list("key", flat=True))
    for name in ("imports/*/stage-*", "*.partial", "**/*.new", ".restoring", "*.restoring*"):
        yield from (f"{path.relative_to(folder)} was left" for path in folder.glob(name))
    for path in folder.glob("imports/*"):
        # Of a page or an import that was killed at either end, an upload or nothing lies there for DABIAO_IMPORT_DAYS.
        if path.name not in known and {each.name for each in path.iterdir()} - {"upload"}:
            yield f"{path.relative_to(folder)} is of no import: {sorted(each.name for each in path.iterdir())}"


def _unnamed() -> Iterator[str]:
    """Files that nobody will ever ask for."""
    from dabiao.lake import home
    from dabiao.lake.models import Snapshot
    from dabiao.lake.store import Store

    store, snapshots = Store(home.lake()), list(Snapshot.objects.all())
    rolled = {snapshot.serving for snapshot in snapshots}
    yield from (
        f"roll-ups {path.name} are named by nobody"
        for path in home.serving().iterdir()
        if path.name not in rolled
    )
    for table in {table for snapshot in snapshots for table in snapshot.tables}:
        versions = {snapshot.tables[table] for snapshot in snapshots if table in snapshot.tables}
        versions.add(store.newest(table))  # a dead writer's, undone by the next one
        named = {file for version in versions for file in store.files(table, version)}
        lying = {
            str(file) for file in store.folder(table).rglob("*.parquet") if "_delta_log" not in file.parts
        }
        if unnamed := lying - named:
            yield f"{table}: {len(unnamed)} files are named by nobody, e.g. {sorted(unnamed)[0]}"


def _ill() -> Iterator[str]:
    """What the doctor says; there is no worker, which is no fault here."""
    from django.utils import timezone

    from dabiao.site.doctor import examine

    for finding in examine(timezone.now()):
        if finding.state == "fail" and finding.check != "worker":
            yield f"doctor, {finding.check}: {finding.detail}"


def sign_in() -> dict[str, str]:
    """A session of the administrator, and a token to write with."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from dabiao.org.actions.tokens import create_token
    from dabiao.org.models import User

    ann = User.objects.get(username="ann")
    session = SessionStore()
    session[SESSION_KEY] = str(ann.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = ann.get_session_auth_hash()
    session.create()
    _token, secret = create_token(name="x", scope="write", days=1, by=ann, at=timezone.now())
    return {"session": str(session.session_key), "token": secret}


def import_of(key: str) -> dict[str, Any]:
    """How far an import by page is; over: nothing is under way."""
    from dabiao.facts import queries
    from dabiao.facts.models import ImportBatch

    batch = ImportBatch.objects.filter(key=key).first()
    if batch is None:
        return {"state": "none", "over": True}
    job = queries.job_of(batch)
    return {
        "state": batch.state,
        "over": job is None or job.is_over,
        "error": batch.error,
        "job": job and job.error[-500:],
    }


def verify(file: str) -> None:
    """Every byte of an archive."""
    from dabiao.site.backup.archive import Archive

    with Archive.open(Path(file)) as archive:
        archive.verify()


def grow_old(number: int) -> None:
    """As an earlier program left it: fewer migrations, a lake without an owner, roll-ups of other metrics."""
    import shutil

    from django.core.management import call_command

    from dabiao.core import config
    from dabiao.lake import home, journal

    for app, name in (("lake", "0001"), ("org", "0002")):
        call_command("migrate", app, name, verbosity=0, interactive=False)
    shutil.rmtree(home.lake() / journal.FOLDER, ignore_errors=True)
    metrics = config.home() / "metrics"
    metrics.mkdir(exist_ok=True)
    (metrics / "own.yml").write_text(
        f"own_{number}:\n  label: {{en: Own {number}, zh-hans: 自己的{number}}}\n  kind: result\n  unit: money\n"
        f"  measure: {{table: order_lines, sum: amount, where: {{customer: C{number % 30}}}}}\n"
    )
