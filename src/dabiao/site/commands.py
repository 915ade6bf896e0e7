"""Commands of the whole program: init, serve, worker, doctor, upgrade."""

import multiprocessing
import os
import re
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from dabiao.core import config
from dabiao.core.errors import Refused
from dabiao.core.output import Format, show
from dabiao.core.priority import give_way
from dabiao.core.room import Periodic
from dabiao.core.shared_cache import FOLDER
from dabiao.core.worker import run_worker
from dabiao.site.assets import ASSETS, collect
from dabiao.site.parent import PARENT, leave_with_parent
from dabiao.site.supervision import Supervisor

_DRAIN_EVERY = 3.0
_TIDY_EVERY = 600.0


def init(
    admin: Annotated[str, typer.Option(help="Name of the first administrator.")] = "admin",
    password: Annotated[
        str,
        typer.Option(
            envvar="DABIAO_ADMIN_PASSWORD", help="Its password; without one, one is made up and printed."
        ),
    ] = "",
    language: Annotated[
        str, typer.Option(help="zh-hans, zh-hant or en: of pages and commands, before somebody chooses.")
    ] = "",
    currency: Annotated[str, typer.Option(help="Reporting currency, like CNY or EUR.")] = "",
    timezone_: Annotated[
        str, typer.Option("--timezone", help="Business time zone, like Asia/Shanghai or Europe/Berlin.")
    ] = "",
) -> None:
    """Make the data folder, the database and the first administrator. What is said of language, currency and time zone
    is kept there for all that follows. Running it again without them changes nothing."""
    from dabiao.org.actions.users import create_admin
    from dabiao.org.queries import name_in_use

    told = _told(language, currency, timezone_)
    prepare()
    _keep(told)
    if known := name_in_use(admin):
        print(f"{known} exists already; nothing {'else ' if told else ''}was changed in {config.home()}.")
        return
    secret = password or secrets.token_urlsafe(12)
    create_admin(
        username=admin, password=secret, language=told.get("DABIAO_LANGUAGE", ""), by=None, at=timezone.now()
    )
    print(f"Ready in {config.home()}. Administrator: {admin}" + ("" if password else f", password: {secret}"))
    print("Next: `dabiao serve`, sign in and drop your files; or `dabiao import FOLDER`.")


def _told(language: str, currency: str, zone: str) -> dict[str, str]:
    """Setting → what was said of it. Raises BadParameter for what is none."""
    told = {}
    if language:
        found = config.spoken(language)
        if found is None:
            raise typer.BadParameter("write zh-hans, zh-hant or en", param_hint="--language")
        told["DABIAO_LANGUAGE"] = found
    if currency:
        if not re.fullmatch("[A-Za-z]{3}", currency):
            raise typer.BadParameter("write three letters, like CNY or EUR", param_hint="--currency")
        told["DABIAO_CURRENCY"] = currency.upper()
    if zone:
        if zone not in available_timezones():
            raise typer.BadParameter(
                "write a zone's name, like Asia/Shanghai or Europe/Berlin", param_hint="--timezone"
            )
        told["DABIAO_TIME_ZONE"] = zone
    return told


def _keep(told: Mapping[str, str]) -> None:
    """Raises SystemExit for another currency or time zone where facts are there: amounts and days stand in the former."""
    from dabiao.facts.queries import has_facts
    from dabiao.lake import reading
    from dabiao.lake.snapshot import latest

    moved = [
        name
        for name in ("DABIAO_CURRENCY", "DABIAO_TIME_ZONE")
        if told.get(name, config.get(name)) != config.get(name)
    ]
    if moved and latest() is not None and has_facts(reading.current()):
        said = ", ".join(f"{name} is {config.get(name)}" for name in moved)
        raise SystemExit(
            f"{said}: facts were loaded with it, so it stays. Begin in another DABIAO_HOME and load the files again."
        )
    if told:
        config.keep(told)
    for name, (environment, kept) in config.contradicted().items():
        print(f"{name} is {environment} in the environment, which comes before the {kept} that is kept.")


def prepare() -> None:
    """The data folder and a database at this program's version, that belong together. Raises WrongLake."""
    from dabiao.lake import installation

    config.home().mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    installation.claim()


def serve(
    bind: Annotated[str, typer.Option(help="host:port; default: DABIAO_BIND")] = "",
    processes: Annotated[int, typer.Option(help="Web processes; default: DABIAO_PROCESSES")] = 0,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Run a worker beside them.")
    ] = True,
) -> None:
    """Serve the pages, with a worker beside them."""
    prepare()
    host, _, port = (bind or config.get("DABIAO_BIND")).rpartition(":")
    _refuse_a_taken_address(host, int(port))
    if settings.HTTPS and not settings.PROXIES:
        print("DABIAO_PROXY is empty: all who come through the proxy look like one address.", flush=True)
    os.environ[PARENT] = str(os.getpid())
    beside = Supervisor() if with_worker else None
    with tempfile.TemporaryDirectory(prefix="dabiao-pages-") as pages:
        os.environ[FOLDER] = pages
        assets = Path(pages) / "assets"
        collect(assets)
        os.environ[ASSETS] = str(assets)
        if beside is not None:
            beside.start()
        try:
            _granian(host, int(port), processes or int(config.get("DABIAO_PROCESSES")))
        finally:
            if beside is not None:
                beside.stop()


class AddressTaken(Refused):
    """Something else listens there."""


def _refuse_a_taken_address(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(
                f"{host}:{port} can't be used ({error.strerror}). Choose another with --bind."
            ) from error


def _granian(host: str, port: int, processes: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    os.environ.setdefault("DABIAO_THREADS", "1")
    # Started afresh, not forked: they read what this process has put into the environment, and none of its threads
    # can have held a lock.
    multiprocessing.set_start_method("spawn", force=True)
    print(f"Dabiao listens on http://{host}:{port}", flush=True)
    Granian(
        "dabiao.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=4,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


def worker() -> None:
    """Run a job worker until it is told to stop."""
    from dabiao.core import jobs
    from dabiao.core.publishing import publish_waiting
    from dabiao.lake import installation, maintenance
    from dabiao.rooms import ROOMS
    from dabiao.site import waiting

    installation.claim()
    for schedule in (schedule for room in ROOMS for schedule in room.schedules):
        jobs.schedule(schedule.name, jobs.task(schedule.task), every=schedule.every, at=timezone.now())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    leave_with_parent(stop.set)
    give_way()
    publishing = Periodic("publish", _DRAIN_EVERY, publish_waiting)
    tidying = Periodic("tidy", _TIDY_EVERY, lambda at: maintenance.tidy(at=at))
    with waiting.alive():
        run_worker(
            stop, periodics=[publishing, tidying, *(each for room in ROOMS for each in room.periodics)]
        )


def doctor(form: Annotated[Format, typer.Option("--format")] = Format.TABLE) -> None:
    """Check the database, the lake and the roll-ups; exit code 1 when something is broken."""
    from dabiao.site.doctor import CALLED, examine

    findings = [vars(finding) for finding in examine(timezone.now())]
    show(findings, ["check", "state", "detail"], form, codes={"check": CALLED})
    if any(finding["state"] == "fail" for finding in findings):
        raise typer.Exit(1)


def recover() -> None:
    """Make a lost database anew as far as the lake in the data folder knows, or bring an older one along to it."""
    from dabiao.site.recover import lines
    from dabiao.site.recover import recover as make_anew

    call_command("migrate", verbosity=0, interactive=False)
    for line in lines(make_anew(at=timezone.now())):
        print(line)


def upgrade() -> None:
    """Bring both stores to this version of the program: migrations, new columns, roll-ups made anew."""
    from dabiao.core.publishing import publish
    from dabiao.lake import maintenance, serving
    from dabiao.lake.snapshot import latest

    prepare()
    publish([], at=timezone.now(), note="upgrade")
    if (newest := latest()) and newest.serving:
        serving.is_damaged(newest.serving)  # if so it is set aside, and made anew like one of other metrics
    made = maintenance.rebuild(at=timezone.now())
    print(
        f"The database is up to date; roll-ups were made anew as v{made}."
        if made
        else "Everything is up to date."
    )
