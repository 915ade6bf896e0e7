"""The real page from real processes: `dabiao serve`, signed-in readers over loopback, a worker that publishes.

    python -m bench cockpit --lines 1e7

One reader asks for another team and month each time, so that nothing is kept; sixteen ask for one page, which is.
While they read, lines arrive in the outbox every ten seconds and the worker publishes them. The load generator
runs on the same cores. A copy of the company's folder is served, and deleted afterwards.
"""

import contextlib
import http.client
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from bench import company
from bench.home import NOON, Home

READERS, SECONDS, EVERY = 16, 40, 10
ALONE, WARM = 60, 20
Address = tuple[str, int]


@dataclass(frozen=True)
class Latency:
    """How long pages took, in milliseconds."""

    name: str
    requests: int
    median: float
    p95: float
    slowest: float


@dataclass(frozen=True)
class Served:
    """What a run of the server showed."""

    latencies: tuple[Latency, ...]
    web_peaks_mb: tuple[float, ...]
    published: int


@dataclass(frozen=True)
class Live(Home):
    """A copy of a home that may change while it is read."""

    @property
    def folder(self) -> Path:
        return Home(self.lines).folder.with_name(f"live-{self.lines}")


def run(home: Home, *, seconds: int = SECONDS) -> Served:
    """Serve, read, publish, measure."""
    live = Live(home.lines)
    shutil.rmtree(live.folder, ignore_errors=True)
    shutil.copytree(home.folder, live.folder)
    before = _snapshot(live)
    try:
        with _server(live) as (process, address):
            cookie = _signed_in(address, "ada")
            latencies = [_alone(address, cookie)]
            latencies.append(_together("16 readers, kept", address, cookie, seconds))
            stop = threading.Event()
            feeder = threading.Thread(target=_feed, args=(live, stop))
            feeder.start()
            try:
                latencies.append(_together("16 readers while it publishes", address, cookie, seconds))
            finally:
                stop.set()
                feeder.join()
            peaks = tuple(_peak_mb(pid) for pid in _children(process.pid))
        return Served(tuple(latencies), peaks, _snapshot(live) - before)
    finally:
        shutil.rmtree(live.folder, ignore_errors=True)


@contextmanager
def _server(home: Home) -> Iterator[tuple[subprocess.Popen[bytes], Address]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address: Address = probe.getsockname()
    program = Path(sys.executable).with_name("dabiao")
    with (home.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", "--bind", f"{address[0]}:{address[1]}"], env=_env(home), stdout=log, stderr=log
        )
        try:
            _wait(address, process)
            yield process, address
        finally:
            process.terminate()
            process.wait(timeout=30)


def _env(home: Home) -> dict[str, str]:
    return {**os.environ, "DABIAO_HOME": str(home.folder), "DABIAO_LANGUAGE": "en", "DABIAO_PROCESSES": "2"}


def _wait(address: Address, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            if _get(http.client.HTTPConnection(*address), "/readyz", "")[0] == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the server does not answer")


def _signed_in(address: Address, name: str, password: str = company.PASSWORD) -> str:
    """The cookies of a session, got as a browser gets it."""
    connection = http.client.HTTPConnection(*address)
    connection.request("GET", "/accounts/login/")
    form = connection.getresponse()
    page = form.read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if token is None:
        raise RuntimeError("the login page has no form")
    cookies = _cookies(form)
    body = urlencode({"csrfmiddlewaretoken": token[1], "login": name, "password": password})
    headers = {
        "Cookie": cookies,
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": f"http://{address[0]}:{address[1]}/accounts/login/",
    }
    connection.request("POST", "/accounts/login/", body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 302:
        raise RuntimeError(f"{name} could not sign in: {answer.status}")
    return _cookies(answer)


def _cookies(answer: http.client.HTTPResponse) -> str:
    given = answer.headers.get_all("Set-Cookie") or []
    return "; ".join(cookie.split(";", 1)[0] for cookie in given)


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[int, float]:
    """Status and milliseconds until the page has arrived whole."""
    started = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    return answer.status, (time.perf_counter() - started) * 1000


def _pages() -> Iterator[str]:
    """Cockpits of teams and closed months, none of them twice."""
    all_ = [(team, month) for team in range(100) for month in range(1, 13)]
    random.Random(7).shuffle(all_)
    return (f"/cockpit/?scope=t{team}&period={company.YEAR}-{month:02}" for team, month in all_)


def _alone(address: Address, cookie: str) -> Latency:
    """One reader, one page after another; the first ones warm both processes and are not counted."""
    pages, taken = _pages(), []
    for n in range(WARM + ALONE):
        taken.append(_checked(http.client.HTTPConnection(*address), next(pages), cookie))
        if n < WARM:
            taken.clear()
    return _summary("one reader, nothing kept", taken)


def _together(name: str, address: Address, cookie: str, seconds: int) -> Latency:
    """Sixteen readers of one page, each on a connection of their own, in a process of their own."""
    script = f"from bench import cockpit; cockpit.read({address!r}, {cookie!r}, {seconds})"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return _summary(name, [float(line) for line in found.stdout.split()])


def read(address: Address, cookie: str, seconds: int) -> None:
    """What the readers' process does; prints milliseconds."""
    path, end = f"/cockpit/?scope=t42&period={company.YEAR}-11", time.monotonic() + seconds
    taken: list[float] = []

    def reader() -> None:
        connection = http.client.HTTPConnection(*address)
        while time.monotonic() < end:
            taken.append(_checked(connection, path, cookie))

    _checked(http.client.HTTPConnection(*address), path, cookie)
    threads = [threading.Thread(target=reader) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*taken)


def _checked(connection: http.client.HTTPConnection, path: str, cookie: str) -> float:
    status, milliseconds = _get(connection, path, cookie)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    return milliseconds


def _summary(name: str, taken: list[float]) -> Latency:
    cuts = statistics.quantiles(taken, n=20)
    return Latency(name, len(taken), statistics.median(taken), cuts[18], max(taken))


_FEED = """
from bench.cockpit import Live, feed
feed(Live({lines}), {number})
"""


def _feed(home: Home, stop: threading.Event) -> None:
    """New lines every ten seconds, until told to stop."""
    number = 0
    while not stop.is_set():
        subprocess.run([sys.executable, "-c", _FEED.format(lines=home.lines, number=number)], check=True)
        number += 1
        stop.wait(EVERY)


def feed(home: Home, number: int) -> None:
    """Two hundred lines into the outbox, as an API client or a form does."""
    home.enter()
    from django.db import transaction

    from dabiao.lake import outbox

    rows: list[dict[str, object]] = [
        {
            "source": "feed",
            "key": f"{number}-{n}",
            "ordered_on": date(company.YEAR, 12, 1 + n % 28),
            "person": f"P{n:04d}",
            "amount": Decimal(n),
            "currency": "CNY",
        }
        for n in range(200)
    ]
    with transaction.atomic():
        outbox.put("order_lines", rows, by="feed", at=NOON)


def _snapshot(home: Home) -> int:
    """The number of the newest snapshot, read from outside the program."""
    import sqlite3

    with sqlite3.connect(home.folder / "dabiao.sqlite3") as base:
        return int(base.execute("SELECT max(number) FROM lake_snapshot").fetchone()[0])


def _children(pid: int) -> list[int]:
    """Web processes: the server's children that are not the worker."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text(encoding="ascii", errors="replace")
            command = status.with_name("cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if f"PPid:\t{pid}\n" in text and "worker" not in command.split("\0") and "VmHWM" in text:
            found.append(int(status.parent.name))
    return found


def _peak_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split("VmHWM:")[1].split()[0]) / 1024
