"""Every page of everybody's rail, and what lies one step below it: the demo company, served as `dabiao serve` does it.

    python -m bench pages
    python -m bench.pages [--home DIR --password P] [--times 30]

One reader at a time. `first` is the first time that anybody asks for the page once the server says it is ready, `p95` of
those after it, milliseconds until the page has arrived whole; `processor` what one of them costs the web processes,
which neighbours on the machine do not change. Bytes are those of the HTML before compression. A first visit is what a
browser that has seen nothing yet receives over the wire for signing in and the cockpit, on a machine with fonts of its own.
"""

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from bench.cockpit import Address, _children, _server, _signed_in
from bench.mixed import ACCOUNTS, Demo, rail

TIMES = 30
_WHOLE = f"{datetime.now().astimezone().replace(day=1) - timedelta(days=1):%Y-%m}"
"""The last whole month: on the first days of one there are no signals yet, and a page without any measures nothing."""
BELOW = (
    f"/cockpit/?period={_WHOLE}",
    f"/signals/?period={_WHOLE}",
    f"/why/sales_amount/?period={_WHOLE}",
    "/facts-of/sales_amount/?period=2026",
    "/breakdown/sales_amount/",
    "/breakdown/sales_amount/?by=person",
    "/why/sales_amount/",
    "/metrics/sales_amount/",
    "/search/?q=a",
    "/search/?q=%E5%8D%8E",
    "/scopes/",
    "/preferences/",
)
"""One step below the rail, for everybody; the search as the dialog asks for it."""
P95, FIRST, HTML, VISIT = 150, 500, 300_000, 600_000
"""Limits: milliseconds, milliseconds, bytes, bytes."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Page:
    """One page of one account, in milliseconds and bytes."""

    path: str
    account: str
    first: float
    median: float
    p95: float
    processor: float
    html: int

    @property
    def is_within(self) -> bool:
        return self.p95 <= P95 and self.first <= FIRST and self.html <= HTML


@dataclass(frozen=True)
class Measured:
    pages: tuple[Page, ...]
    visits: dict[str, int]
    """Language → bytes over the wire."""


def run(demo: Demo, password: str, *, times: int = TIMES) -> Measured:
    """Serve the company in `demo` and read it."""
    with _server(demo) as (process, address):
        cookies = {name: _signed_in(address, name, password) for name in ACCOUNTS}
        rails = {name: [*rail(address, cookie), *BELOW] for name, cookie in cookies.items()}
        web = _children(process.pid)
        pages = tuple(
            page
            for name, paths in rails.items()
            for path in paths
            if (page := _page(address, path, name, cookies[name], times, web)) is not None
        )
        return Measured(pages, {locale: _visit(address, password, locale) for locale in ("zh-CN", "en")})


def _page(
    address: Address, path: str, account: str, cookie: str, times: int, web: Sequence[int]
) -> Page | None:
    """None where the account may not open it."""
    connection = http.client.HTTPConnection(*address)
    status, first, size = _get(connection, path, cookie)
    if status != 200:
        return None
    before = _processor(web)
    taken = [_get(connection, path, cookie)[1] for _ in range(times)]
    processor = (_processor(web) - before) / times
    return Page(
        path, account, first, statistics.median(taken), statistics.quantiles(taken, n=20)[18], processor, size
    )


def _get(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[int, float, int]:
    """Status, milliseconds until the page has arrived whole, bytes."""
    started = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    size = len(answer.read())
    return answer.status, (time.perf_counter() - started) * 1000, size


def _processor(processes: Sequence[int]) -> float:
    """Milliseconds of the processor that the processes have had."""
    return sum(_ticks(pid) for pid in processes) * 1000 / _TICK


def _ticks(pid: int) -> int:
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    )
    return int(fields[11]) + int(fields[12])


def _visit(address: Address, password: str, locale: str) -> int:
    """Bytes that a fresh browser receives for signing in and the cockpit."""
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        page = browser.new_context(locale=locale).new_page()
        received: list[float] = []
        told = page.context.new_cdp_session(page)
        told.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        told.send("Network.enable")
        page.goto(f"http://{address[0]}:{address[1]}/accounts/login/")
        page.fill("[name=login]", "director")
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/cockpit/**")
        page.wait_for_load_state("networkidle")
        browser.close()
        return int(sum(received))


def shown(found: Measured) -> Iterator[Table]:
    """The slowest account of each page; a page out of its limits is marked."""
    table = Table(title="pages", caption=f"p95 ≤ {P95} ms, first ≤ {FIRST} ms, HTML ≤ {HTML // 1000} kB")
    for heading in ("page", "as", "first ms", "median ms", "p95 ms", "processor ms", "HTML kB", ""):
        table.add_column(heading, justify="left" if heading in {"page", "as", ""} else "right")
    for page in worst(found.pages):
        figures = (f"{each:.0f}" for each in (page.first, page.median, page.p95, page.processor))
        size = f"{page.html / 1000:.0f}"
        table.add_row(page.path, page.account, *figures, size, "" if page.is_within else "beyond")
    yield table
    visits = Table(title="first visit", caption=f"≤ {VISIT // 1000} kB over the wire")
    for heading in ("language", "kB"):
        visits.add_column(heading)
    for language, size in found.visits.items():
        visits.add_row(language, f"{size / 1000:.0f}")
    yield visits


def worst(pages: Sequence[Page]) -> list[Page]:
    """Of each path: the longest first, the longest p95 and so on, whoever it was; named after the slowest."""
    by_path: dict[str, list[Page]] = {}
    for page in pages:
        by_path.setdefault(re.sub(r"period=\d{4}-\d\d", "period=…", page.path), []).append(page)
    return [
        Page(
            path,
            max(each, key=lambda page: page.p95).account,
            *(max(getattr(page, name) for page in each) for name in ("first", "median", "p95", "processor", "html")),
        )
        for path, each in sorted(by_path.items())
    ]  # fmt: skip


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a demo company that is there already")
    parser.add_argument("--password", default="", help="of its accounts")
    parser.add_argument("--times", type=int, default=TIMES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        demo = Demo(asked.home or Path(folder) / "home")
        password = asked.password or _built(demo)
        for table in shown(run(demo, password, times=asked.times)):
            Console(width=120).print(table)


def _built(demo: Demo) -> str:
    """Make the company; returns the password of its accounts."""
    program = Path(sys.executable).with_name("dabiao")
    environment = {**os.environ, "DABIAO_HOME": str(demo.folder), "DABIAO_LANGUAGE": "en"}
    made = subprocess.run(
        [program, "demo", "--no-serve"], env=environment, check=True, capture_output=True, text=True
    )
    return re.findall(r"demo-\w+", made.stdout)[-1]


if __name__ == "__main__":
    main()
