"""A served instance: a dead worker comes back, and is told of while it is away; a killed parent leaves nobody behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes by /proc")


PASSWORD = "a-long-passphrase-7"


def surroundings(home):
    return {
        **os.environ, "DABIAO_HOME": str(home), "DATABASE_URL": "", "DABIAO_SECRET_KEY": "x" * 50,
        "PYTHONPATH": str(REPOSITORY / "src"), "DJANGO_SETTINGS_MODULE": "dabiao.settings", "TMPDIR": str(home.parent),
    }  # fmt: skip


@contextmanager
def served(home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dabiao", "serve", "--bind", f"127.0.0.1:{port}", "--processes", "1"]
    process = subprocess.Popen(command, env=surroundings(home), start_new_session=True)
    try:
        yield process, port
    finally:
        for pid in (*children(process.pid), process.pid):
            kill(pid)
        process.wait(timeout=30)


def kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children(parent):
    """Process ids below a process, and what they run."""
    below = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            stat = (each / "stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == parent and stat[0] != "Z":
                below[int(each.name)] = (each / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return below


def workers(parent):
    return [pid for pid, command in children(parent).items() if command.rstrip().endswith("dabiao worker")]


def ask(port, path):
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def until(what, *, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if seen := what():
                return seen
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError("it did not come")


def signed_in(home, port):
    """A browser's session of the administrator."""
    command = [sys.executable, "-m", "dabiao", "init", "--password", PASSWORD]
    subprocess.run(command, env=surroundings(home), check=True, capture_output=True)
    browser = build_opener(HTTPCookieProcessor())
    at = f"http://127.0.0.1:{port}/accounts/login/"
    mark = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.open(at).read().decode()).group(1)
    said = {"csrfmiddlewaretoken": mark, "login": "admin", "password": PASSWORD}
    browser.open(Request(at, urlencode(said).encode(), {"Referer": at}))
    return browser


def test_what_one_process_works_out_the_others_find_and_it_goes_with_them(home):
    def kept():
        return list(home.parent.glob("dabiao-pages-*"))

    with served(home) as (process, port):
        until(lambda: ask(port, "/readyz")[0] == 200)
        (folder,) = kept()
        assert folder.stat().st_mode & 0o777 == 0o700

        assert signed_in(home, port).open(f"http://127.0.0.1:{port}/cockpit/").status == 200
        assert list(folder.glob("*.djcache"))

        process.terminate()
        process.wait(timeout=30)
        assert kept() == []


def test_scripts_and_styles_are_named_by_their_content_packed_and_kept(home):
    with served(home) as (_process, port):
        until(lambda: ask(port, "/readyz")[0] == 200)
        at = f"http://127.0.0.1:{port}"
        with urlopen(f"{at}/accounts/login/") as page:
            files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.read().decode())

        for file in files:
            assert re.search(r"\.[0-9a-f]{12}\.(css|js|svg)$", file)
            with urlopen(Request(at + file, headers={"Accept-Encoding": "gzip"})) as answer:
                assert "immutable" in answer.headers["Cache-Control"]
                assert answer.headers["Content-Encoding"] == "gzip"
        with urlopen(Request(f"{at}/accounts/login/", headers={"Accept-Encoding": "gzip"})) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"


def test_a_dead_worker_comes_back_and_a_killed_parent_leaves_nobody(home):
    with served(home) as (process, port):
        until(lambda: ask(port, "/readyz/worker")[0] == 200)
        (first,) = workers(process.pid)

        os.kill(first, signal.SIGKILL)
        (second,) = until(lambda: [pid for pid in workers(process.pid) if pid != first])
        until(lambda: ask(port, "/readyz/worker")[1]["workers"] >= 1)

        left = list(children(process.pid))
        assert second in left
        process.kill()
        process.wait(timeout=30)
        until(lambda: not any(Path(f"/proc/{pid}").is_dir() for pid in left))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
