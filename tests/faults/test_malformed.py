"""Thousands of malformed files through every door of a served instance, as every role: an answer, always, and in words.

`make test-faults`, and the long cases of `make test-slow`; DABIAO_FAULT_FILES says how many files (2,000). A few go through the same doors in the
ordinary suite, in one process.
"""

import html
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.faults import good, malformed
from tests.faults.doors import FORMS, Door, doors, pages_with_files
from tests.faults.malformed import Malformed
from tests.faults.served import MEMORY, REPOSITORY, ROLES, Answer, Served, served

COUNT = int(os.environ.get("DABIAO_FAULT_FILES", "2000"))
LONGEST = 10.0
"""Seconds that an answer may take, on a machine that has nothing else to do."""
ANSWERS = {200, 202, 302, 303, 400, 401, 403, 404, 409, 413, 415, 422}
LEAKS = (
    "Traceback",
    "site-packages",
    ".rs:",
    "panicked",
    "/src/dabiao",
    "/root/",
    "polars",
    "calamine",
    "pyarrow",
)
SAMPLE = 40
COMMANDS = 60
"""Files that are brought by command: each start of the program takes two seconds."""
FORM = "application/x-www-form-urlencoded"
TYPES = {"json": "application/json", "jsonl": "application/x-ndjson"}


@dataclass
class Seen:
    """What came back; bad: every answer that must not be."""

    statuses: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def take(self, file: Malformed, door: Door, role: str, answer: Answer, home: str) -> None:
        self.statuses[door.name, role, answer.status] += 1
        self.slowest = max(self.slowest, answer.seconds)
        wrong = [leak for leak in (*LEAKS, home) if leak in answer.body]
        if answer.status not in ANSWERS:
            wrong.append(f"status {answer.status} {answer.body[:200] if not answer.status else ''}")
        if answer.seconds > LONGEST * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)):
            wrong.append(f"{answer.seconds:.1f} s")
        if wrong:
            self.bad.append(f"{door.name} as {role}: {file.name} ({file.case}): {', '.join(wrong)}")


def test_every_page_that_takes_a_file_is_known(as_):
    """A new door is a line of `doors.py`, or this fails."""
    browser = as_("ada")

    assert pages_with_files(lambda path: browser.get(path).content.decode()) == {
        page: set(fields) for page, fields in FORMS.items()
    }


def test_the_files_are_the_same_every_time():
    first, again = (list(malformed.files(300)) for _ in range(2))

    assert first == again
    assert len({file.name for file in first}) == 300


class TestSample:
    """A few, in this process: what bounds memory and time stays away, so the heaviest are left to `make test-faults`."""

    def test_is_answered_in_words(self, as_, home):
        files = [file for file in malformed.files(260) if not file.heavy][::5][:SAMPLE]
        browser, seen = as_("ada"), Seen()
        for number, file in enumerate(files):
            for door in _fitting(file, number):
                seen.take(file, door, "admin", _sent_here(browser, door, file), str(home))

        assert not seen.bad, "\n".join(seen.bad)
        assert sum(seen.statuses.values()) >= SAMPLE

    @pytest.mark.parametrize(
        ("who", "path"), [("rita", "facts:upload"), ("fin", "org:import"), ("otto", "users")]
    )
    def test_is_not_even_opened_for_whoever_may_not(self, as_, who, path):
        """What cannot be read is refused with 422 once it is read: a 403 shows that nobody did."""
        path, table = ("org:import", "users") if path == "users" else (path, "units")
        name = next(iter(FORMS[path]))
        door = next(
            door for door in doors() if door.input == name and door.more.get("table", "units") == table
        )

        assert _sent_here(as_(who), door, Malformed("a.xlsx", b"PK no workbook", "")).status == 403


@pytest.mark.slow
@pytest.mark.faults
class TestServed:
    def test_everything_is_answered_and_nothing_dies(self):
        files, seen = list(malformed.files(COUNT)), Seen()
        with served() as place, ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda each: _everywhere(place, *each, seen), enumerate(files)))
            _jobs_end(place)
            failures = _failures(place)
            died = place.first - place.processes()  # one that was started again has another number
        _tell(seen, len(files))

        assert not seen.bad, "\n".join(seen.bad[:50])
        assert (died, failures) == (set(), [])

    def test_commands_end_in_a_line_of_words(self, tmp_path):
        files = list(malformed.files(min(COUNT, 700)))
        files = files[:: max(1, len(files) // COMMANDS)]
        (tmp_path / "good.yml").write_text(good.MAP)
        environment = {
            **os.environ,
            "DABIAO_HOME": str(tmp_path / "home"),
            "PYTHONPATH": str(REPOSITORY / "src"),
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        wrong = []
        for file in files:
            (tmp_path / file.name).write_bytes(file.content)
            command = _command(file)
            limit = ["prlimit", f"--data={MEMORY}"]
            started = time.monotonic()
            done = subprocess.run(
                [*limit, sys.executable, "-m", "dabiao", *command], check=False, env=environment, cwd=tmp_path, capture_output=True,
                text=True, errors="replace", timeout=120,
            )  # fmt: skip
            said = done.stdout + done.stderr
            leaks = [leak for leak in (*LEAKS, str(tmp_path)) if leak in said]
            if done.returncode not in {0, 1, 2} or leaks or time.monotonic() - started > 60:
                wrong.append(f"{command}: {file.case}: {done.returncode} {leaks} {said[-600:]}")

        assert not wrong, "\n".join(wrong)


def _everywhere(place: Served, number: int, file: Malformed, seen: Seen) -> None:
    """Through each door that takes its kind, each as another role, so that every role meets every door often."""
    home = str(place.home)
    for at, door in enumerate(_fitting(file, number)):
        role = ROLES[(number + at) % len(ROLES)]
        if not door.input:
            seen.take(
                file,
                door,
                role,
                place.post(door.path, file.content, TYPES[file.kind], role, door.method),
                home,
            )
            continue
        beside = {"upload": ("orders.csv", good.text())} if door.input == "mapping" else {}
        brought = {door.input: (file.name, file.content), **beside}
        answer = place.upload(door.path, brought, door.more, role)
        seen.take(file, door, role, answer, home)
        if door.input == "upload" and answer.status == 302 and "/imports/" in answer.location:
            page = place.get(answer.location, role)
            seen.take(file, door, role, page, home)
            body = urlencode({"text": _mapping_on(page.body)}).encode()
            seen.take(file, door, role, place.post(answer.location, body, FORM, role), home)


def _fitting(file: Malformed, number: int) -> list[Door]:
    """Doors that take the kind; of the tables of one page a different one each time."""
    fitting = [door for door in doors() if door.takes(file)]
    tables = [door for door in fitting if door.name.startswith("org ")]
    others = [door for door in fitting if door not in tables]
    return [*others, tables[number % len(tables)]] if tables else others


def _mapping_on(page: str) -> str:
    """What stands in the page's mapping, as a browser would send it back."""
    written = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    return html.unescape(written.group(1)) if written else ""


def _sent_here(browser: Client, door: Door, file: Malformed) -> Answer:
    """By the test's own client, in this process."""
    started = time.monotonic()
    if door.input:
        form = {door.input: SimpleUploadedFile(file.name, file.content), **door.more}
        if door.input == "mapping":
            form["upload"] = SimpleUploadedFile("orders.csv", good.text())
        response = browser.post(door.path, form)
    else:
        response = browser.generic(door.method, door.path, file.content, TYPES[file.kind])
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return Answer(response.status_code, body.decode(errors="replace"), time.monotonic() - started)


def _jobs_end(place: Served) -> None:
    """Every import that was accepted has been checked by the worker, or the worker says that it cannot be."""
    until = time.monotonic() + 600
    while _jobs(place, "status IN ('waiting', 'running')"):
        if time.monotonic() > until:
            raise TimeoutError("jobs that do not end")
        time.sleep(1)


def _failures(place: Served) -> list[str]:
    """Jobs that ended otherwise than in a result or in words."""
    return [
        error[-1500:]
        for error in _jobs(place, "status = 'failed'")
        if "Traceback" in error or "died" in error
    ]


def _jobs(place: Served, which: str) -> list[str]:
    with sqlite3.connect(f"file:{place.home / 'dabiao.sqlite3'}?mode=ro", uri=True) as base:
        return [error for (error,) in base.execute(f"SELECT error FROM core_job WHERE {which}")]


def _command(file: Malformed) -> list[str]:
    """A command that takes the kind."""
    if file.kind == "yml":
        return ["import", "good.csv", "--map", file.name, "--dry-run"]
    if file.kind in TYPES:
        return ["targets", "calibrate", file.name]
    if len(file.content) % 3 == 0:
        return ["targets", "import", file.name]
    return (
        ["propose", file.name]
        if len(file.content) % 3 == 1
        else ["import", file.name, "--map", "good.yml", "--dry-run"]
    )


def _tell(seen: Seen, files: int) -> None:
    by_status = Counter[int]()
    for (_door, _role, status), count in seen.statuses.items():
        by_status[status] += count
    print(
        f"{files} files, {sum(by_status.values())} requests: {dict(sorted(by_status.items()))}, slowest {seen.slowest:.1f} s"
    )
