"""Imports by page, with the worker, the web processes or all of `dabiao serve` killed in the middle.

    python -m tests.faults.pages 10 SEED [sqlite|postgres]

A person uploads, confirms the mapping and loads; what dies comes back by itself (the whole instance is started again), and
in the end the company is as before or as after, and no import or job hangs.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tests.faults import kills
from tests.faults import ledger as books
from tests.faults.database import databases
from tests.faults.kills import Company, Seen, Spoilt
from tests.faults.served import Served, free_port, wait_until_up

_FORM: Final = "application/x-www-form-urlencoded"
_SETTLES: Final = 90.0
"""Seconds in which everything is over after a kill: a worker comes back after a pause that grows to half a minute."""
WHO: Final = ("worker", "web", "everything")


class Instance:
    """`dabiao serve` over a company's data folder: killed in parts or as a whole, started again."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._keys = company.warm.told("sign_in")
        self.start()

    def start(self) -> None:
        port = free_port()
        words = ("serve", "--bind", f"127.0.0.1:{port}", "--processes", "1")
        with (self._company.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dabiao", *words],
                env=self._company.warm.environment, stdout=log, stderr=log, start_new_session=True,
                cwd=self._company.folder,
            )  # fmt: skip
        self.web = Served(port, self._company.home, process, {"admin": self._keys})
        wait_until_up(self.web, 2)

    def kill(self, who: str) -> None:
        """Part of it, or its whole tree."""
        if who == "everything":
            self.stop(signal.SIGKILL)
            return
        for pid in self.web.processes():
            with suppress(OSError):
                is_worker = b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if is_worker == (who == "worker"):
                    os.kill(pid, signal.SIGKILL)

    def comes_back(self, who: str) -> None:
        if who == "everything":
            self.start()
        else:
            wait_until_up(self.web, 2)

    def stop(self, number: int = signal.SIGTERM) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.web.process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            self.web.process.wait(20)


class Person:
    """Somebody who imports a file, step by step; every step may fail because somebody has died."""

    def __init__(self, web: Served, company: Company, file: Path) -> None:
        self._web, self._company, self._file = web, company, file
        self.key = ""

    def steps(self) -> Iterator[None]:
        """Each is one request, or one look at how far it is."""
        files = {
            "upload": (self._file.name, self._file.read_bytes()),
            "mapping": ("map.yml", books.MAP.encode()),
        }
        answer = self._web.upload("/facts/upload/", files, {"system": "", "like": ""}, "admin")
        if answer.status != 302:
            return
        self.key = answer.location.strip("/").split("/")[2]
        yield
        yield from self._until("mapping/", {"text": books.MAP}, "checked")
        yield from self._until("load/", {"even_so": ["moved", "shrinks", "again"]}, "done")

    def _until(self, page: str, said: dict[str, str | list[str]], state: str) -> Iterator[None]:
        self._web.post(
            f"/facts/imports/{self.key}/{page}", urlencode(said, doseq=True).encode(), _FORM, "admin"
        )
        until = time.monotonic() + _SETTLES
        while time.monotonic() < until:
            yield
            seen: dict[str, Any] = self._company.warm.told("import_of", self.key)
            if seen["state"] == state:
                return
            if seen["over"]:
                raise Gone
            time.sleep(0.1)
        raise Gone


class Gone(Exception):
    """The import ended otherwise than it should when nobody dies."""


def suffer(company: Company, instance: Instance, who: str, moment: float) -> None:
    """One import with one kill, and the look."""
    company.number += 1
    rows = books.file_rows(company.ledger, company.chance, company.number)
    file = company.folder / f"{company.number}.csv"
    books.write(rows, file)
    here = (
        f"{company.tag}, {who} of an import by page as number {company.number}, killed after {moment:.2f} s"
    )
    person, began = Person(instance.web, company, file), time.monotonic()
    ended = False
    try:
        for _step in person.steps():
            if time.monotonic() - began >= moment:
                break
        else:
            ended = True
    except Gone:
        company.tell(here, "the import did not go through before anybody was killed")
    instance.kill(who)
    company.seen.kills[f"page: {who}"] += 1
    if who != "web":
        company.warm.done("expire")
    instance.comes_back(who)
    _settle(company, person.key, here)
    told = company.warm.told("recovered", False)
    for wrong in told.pop("wrong"):
        company.tell(here, wrong)
    if told.pop("doubled"):
        company.tell(here, "rows are there twice")
    states = [company.ledger, company.ledger.imported(rows)]
    for step in (1, 0):
        if not books.difference(told, states[step].plain()) and not (ended and step == 0):
            company.ledger = states[step]
            company.seen.steps[f"page: {who}", "new" if step else "old"] += 1
            return
    company.tell(here, f"neither: {books.difference(told, states[1].plain())}")
    raise Spoilt


def _settle(company: Company, key: str, here: str) -> None:
    """Until nothing of the import is under way."""
    until = time.monotonic() + _SETTLES
    while key and time.monotonic() < until:
        seen = company.warm.told("import_of", key)
        if seen["over"]:
            return
        time.sleep(0.3)
    if key:
        company.tell(here, f"the import hangs: {company.warm.told('import_of', key)}")


def kills_by_page(count: int, seed: int, vendor: str) -> Seen:
    """`count` kills, of each sort in turn; the same for the same seed, as far as machines are."""
    seen = Seen()
    chance = random.Random(f"{seed}-{vendor}-pages")
    tag = f"python -m tests.faults.pages {count} {seed} {vendor}"
    with (
        databases(vendor) as place,
        kills.company(place, chance, seen, tag) as company,
        _running(company) as instance,
    ):
        usual = _usual(company, instance)
        for number in range(count):
            suffer(company, instance, WHO[number % len(WHO)], chance.uniform(0, usual * 1.1))
    return seen


def _usual(company: Company, instance: Instance) -> float:
    """How long an import by page takes when nobody dies."""
    company.number += 1
    rows = books.file_rows(company.ledger, company.chance, company.number)
    file = company.folder / f"{company.number}.csv"
    books.write(rows, file)
    began = time.monotonic()
    for _step in Person(instance.web, company, file).steps():
        pass
    company.ledger = company.ledger.imported(rows)
    return time.monotonic() - began


@contextmanager
def _running(company: Company) -> Iterator[Instance]:
    instance = Instance(company)
    try:
        yield instance
    finally:
        instance.stop(signal.SIGKILL)


def main(arguments: Sequence[str]) -> int:
    count, seed, vendor = arguments
    began = time.monotonic()
    seen = kills_by_page(int(count), int(seed), vendor)
    print(seen)
    print(f"{time.monotonic() - began:.0f} s")
    return int(bool(seen.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
