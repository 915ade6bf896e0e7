"""Sixteen readers of mixed pages while a large file is imported: the demo company, served as `dabiao serve` does it.

    python -m bench.mixed

Everybody reads what stands in their own rail, one page after another without a pause, and now and then the facts behind
a number; meanwhile `dabiao import` loads a file of orders again and again, each time with other amounts. The load
generator and the import run on the same cores as the server.
"""

import http.client
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.cockpit import Address, Latency, _children, _get, _peak_mb, _server, _signed_in, _summary

READERS, SECONDS, ROWS = 16, 60, 100_000
ACCOUNTS = ("director", "manager", "team", "rep", "operations", "finance", "admin")
NOT_READ = ("/accounts/", "/health/")
"""Signing out; and the doctor's page, which looks at every file: nobody reads it all day."""
MAP = """
schema: dabiao/map/1
system: bench
sources: {orders: "*.csv"}
tables:
  - into: order_lines
    from: orders
    key: no
    columns: {ordered_on: day, person: person, customer: customer, amount: amount}
"""


@dataclass(frozen=True)
class Mixed:
    """Latencies at rest and while it imports, the slowest pages and single requests, imports landed, megabytes a process."""

    latencies: tuple[Latency, ...]
    slowest: tuple[tuple[str, float], ...]
    single: tuple[tuple[str, float], ...]
    imports: int
    web_peaks_mb: tuple[float, ...]


@dataclass(frozen=True)
class Demo:
    """A folder that holds the demo company."""

    folder: Path


def run(folder: Path, *, seconds: int = SECONDS) -> Mixed:
    """Build the company, serve it, read it at rest, then while it imports."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    demo, program = Demo(folder / "home"), Path(sys.executable).with_name("dabiao")
    environment = {**os.environ, "DABIAO_HOME": str(demo.folder), "DABIAO_LANGUAGE": "en"}
    told = subprocess.run(
        [program, "demo", "--no-serve"], env=environment, check=True, capture_output=True, text=True
    ).stdout
    password = re.findall(r"demo-\w+", told)[-1]
    with _server(demo) as (process, address):
        cookies = {name: _signed_in(address, name, password) for name in ACCOUNTS}
        pages = {name: rail(address, cookie) for name, cookie in cookies.items()}
        for name, cookie in cookies.items():
            for page in pages[name]:
                _get(http.client.HTTPConnection(*address), page, cookie)
        rest, _slow, waited = _read(address, cookies, pages, seconds)
        stop, landed = threading.Event(), []
        importer = threading.Thread(target=_import, args=(program, environment, folder, stop, landed))
        importer.start()
        try:
            busy, slow, meanwhile = _read(address, cookies, pages, seconds)
        finally:
            stop.set()
            importer.join()
        peaks = tuple(_peak_mb(pid) for pid in _children(process.pid))
    return Mixed(
        (_summary("16 readers of mixed pages", rest), _summary("16 readers of mixed pages while importing", busy)),
        slow, (*waited, *meanwhile), len(landed), peaks,
    )  # fmt: skip


def rail(address: Address, cookie: str) -> list[str]:
    """The pages that this account's own rail offers."""
    connection = http.client.HTTPConnection(*address)
    connection.request("GET", "/cockpit/", headers={"Cookie": cookie})
    page = connection.getresponse().read().decode()
    rail = page[page.index("<nav") :]
    links = re.findall(r'href="(/[^"#]*)"', rail[: rail.index("</nav>")])
    return sorted({link.replace("&amp;", "&") for link in links if not link.startswith(NOT_READ)})


def _read(
    address: Address, cookies: dict[str, str], pages: dict[str, list[str]], seconds: int
) -> tuple[list[float], tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]:
    """Milliseconds of every page, the slowest kinds by their 95th percentile, and the slowest single requests."""
    began, taken, single = time.monotonic(), [], []
    end = began + seconds

    def reader(number: int) -> None:
        name = ACCOUNTS[number % len(ACCOUNTS)]
        dice, connection = random.Random(number), http.client.HTTPConnection(*address)
        while time.monotonic() < end:
            page = dice.choice(pages[name])
            status, milliseconds = _get(connection, page, cookies[name])
            if status != 200:
                raise RuntimeError(f"{page} as {name}: {status}")
            taken.append((page.partition("?")[0], milliseconds))
            single.append(
                (milliseconds, f"{page} as {name}, {time.monotonic() - began:.0f} s after the start")
            )

    threads = [threading.Thread(target=reader, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    by_page: dict[str, list[float]] = {}
    for page, milliseconds in taken:
        by_page.setdefault(page, []).append(milliseconds)
    slow = sorted(
        ((sorted(each)[int(len(each) * 0.95)], page) for page, each in by_page.items()), reverse=True
    )
    longest = tuple((told, milliseconds) for milliseconds, told in sorted(single, reverse=True)[:6])
    return (
        [milliseconds for _page, milliseconds in taken],
        tuple((page, p95) for p95, page in slow[:8]),
        longest,
    )


def _import(
    program: Path, environment: dict[str, str], folder: Path, stop: threading.Event, landed: list[int]
) -> None:
    """Load the file again and again, every amount another each time."""
    (folder / "map.yml").write_text(MAP)
    while not stop.is_set():
        file = folder / "orders.csv"
        with file.open("w") as out:
            out.write("no,day,person,customer,amount\n")
            for n in range(ROWS):
                out.write(
                    f"B{n},2026-{n % 11 + 1:02}-{n % 28 + 1:02},B{n % 30},C{n % 500},{n % 900 + len(landed)}\n"
                )
        subprocess.run(
            [program, "import", str(file), "--map", str(folder / "map.yml")],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        landed.append(1)


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="mixed-") as folder:
        measured = run(Path(folder))
    for each in measured.latencies:
        print(
            f"{each.name}: {each.requests} pages, median {each.median:.0f} ms, p95 {each.p95:.0f} ms, slowest {each.slowest:.0f} ms"
        )
    print(
        f"{measured.imports} imports of {ROWS:,} rows; {', '.join(f'{mb:.0f}' for mb in measured.web_peaks_mb)} MB a web process"
    )
    for page, p95 in measured.slowest:
        print(f"  {page}: p95 {p95:.0f} ms")
    for told, milliseconds in measured.single:
        print(f"  {told}: {milliseconds:.0f} ms")


if __name__ == "__main__":
    main()
