"""Explanations: fetching their cells beside hand-written SQL, and how long one takes from question to sentence.

The SQL reads the lake's lines as somebody would write it who wants nineteen months of one metric split by everything
an explanation looks at. Then whole explanations are timed, warm, one after another: those of the demo company, and
those of a team, a region and the whole of the company that is measured.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench.harness import Run, Workload, in_own_process
from bench.home import Home, by_hand, lake_files, root

if TYPE_CHECKING:
    from dabiao.metrics.frame import Frame

TODAY = date(2026, 1, 5)
NEWEST = 2025 * 12 + 11
"""The month that is explained: November 2025, counted from year 0."""
PERIOD = "2025-11"
TEAM_SPLIT = ("person", "product_line", "customer", "sales_channel")
COMPANY_SPLIT = ("region", "team", "product_line", "sales_channel")
TEAM = Workload("cells of a team", "bench.explain", ("sql_team", "team"), ("period", *TEAM_SPLIT))
COMPANY = Workload(
    "cells of the company", "bench.explain", ("sql_company", "company"), ("period", *COMPANY_SPLIT)
)
SCOPES = {"team": "t42", "region": "r1", "company": None}
METRICS = ("sales_amount", "gross_margin", "new_business_amount")
REPEATS = 3


def team(home: Home) -> Run:
    """What an explanation of a team fetches."""
    return _fetched(home, "t42", TEAM_SPLIT)


def company(home: Home) -> Run:
    """What an explanation of the whole company fetches."""
    return _fetched(home, None, COMPANY_SPLIT)


def sql_team(home: Home) -> Run:
    """The same by hand: the people who sat in the team on the day."""
    return _by_hand(home, TEAM_SPLIT, "WHERE s.unit = 't42'")


def sql_company(home: Home) -> Run:
    """The same by hand: everything, with the team and region of the seller on the day."""
    return _by_hand(home, COMPANY_SPLIT, "")


def _fetched(home: Home, scope: str | None, split: Sequence[str]) -> Run:
    home.enter()
    from dabiao.improvement.queries.cells import cells
    from dabiao.improvement.queries.sides import sides

    asked = _frame(scope, PERIOD, TODAY)
    made_of = sides(asked, asked.metrics["sales_amount"])
    return lambda: cells(asked, made_of, split)[0].rename_columns({"part": "sales_amount"})


def _by_hand(home: Home, split: Sequence[str], where: str) -> Run:
    home.enter()
    work = by_hand()
    for name in ("order_lines", "products", "assignments", "unit_levels"):
        work.execute(f"CREATE VIEW {name} AS FROM read_parquet({lake_files(name)})")
    above = {name: f"{name}s.ancestor" for name in ("region", "team") if name in split}
    columns = {"product_line": "p.line", **above}
    named = ", ".join(f"{columns.get(name, 'f.' + name)} AS {name}" for name in split)
    levels = " ".join(
        f"LEFT JOIN unit_levels {name}s ON {name}s.unit = s.unit AND {name}s.kind = '{name}'"
        for name in above
    )
    query = f"""
        SELECT 18 - ({NEWEST} - (year(f.ordered_on) * 12 + month(f.ordered_on))) AS period,
               sum(f.amount) AS sales_amount, {named}
        FROM order_lines f
        LEFT JOIN products p ON p.product = f.product
        LEFT JOIN assignments s
            ON s.person = f.person AND s."primary" AND f.ordered_on >= s.starts_on AND f.ordered_on < s.ends_on
        {levels}
        {where} {"AND" if where else "WHERE"} f.ordered_on >= DATE '2024-05-01' AND f.ordered_on < DATE '2025-12-01'
        GROUP BY ALL"""
    return lambda: work.execute(query).to_arrow_table()


def _frame(scope: str | None, period: str, today: date) -> "Frame":
    from dabiao.core.calendars import fiscal
    from dabiao.lake import reading
    from dabiao.metrics.frame import frame_of
    from dabiao.org import queries as org
    from dabiao.org.queries import Scope

    within = Scope("unit", scope) if scope else None
    return frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=within,
        period=fiscal().parse(period),
        today=today,
        language="en",
    )


@dataclass(frozen=True)
class Taken:
    """How long explanations took, in seconds, warm."""

    which: str
    explanations: int
    median: float
    slowest: float


def explanations(home: Home) -> list[Taken]:
    """Of the measured company: a team, a region, everything."""
    return [one for name in SCOPES for one in in_own_process(_TIMED[name], home)]


def of_demo() -> list[Taken]:
    """Of the demo company: what its cockpit shows, against the usual level and against the forecast."""
    return in_own_process(_demo, Demo(0))


def _of_team(home: Home) -> list[Taken]:
    return _of_scope(home, "team")


def _of_region(home: Home) -> list[Taken]:
    return _of_scope(home, "region")


def _of_company(home: Home) -> list[Taken]:
    return _of_scope(home, "company")


_TIMED: dict[str, Callable[[Home], list[Taken]]] = {
    "team": _of_team,
    "region": _of_region,
    "company": _of_company,
}


def _of_scope(home: Home, name: str) -> list[Taken]:
    home.enter()
    return [_timed(name, METRICS, lambda: _frame(SCOPES[name], PERIOD, TODAY), "baseline")]


@dataclass(frozen=True)
class Demo(Home):
    """The data folder of the demo company."""

    @property
    def folder(self) -> Path:
        return root() / "home-demo"


def _demo(home: Home) -> list[Taken]:
    home.folder.mkdir(parents=True, exist_ok=True)
    home.enter()
    from django.core.management import call_command

    from dabiao.demo import building
    from dabiao.demo.simulation.company import SEED
    from dabiao.performance.queries.cockpit import TILES

    on = date(2026, 11, 18)
    call_command("migrate", verbosity=0)
    if building.held() is None:
        building.build(SEED, "en", on=on, at=datetime(2026, 11, 18, 20, tzinfo=ZoneInfo("Asia/Shanghai")))
    keys = ("sales_amount", *TILES)
    return [
        _timed(f"demo, against {against}", keys, lambda: _frame(None, "2026-10", on), against)
        for against in ("baseline", "forecast")
    ]


def _timed(which: str, metrics: Sequence[str], frame: "Callable[[], Frame]", against: str) -> Taken:
    """Each metric once to warm up, then a few times; what is refused takes no time and is not counted."""
    from dabiao.core.errors import Refused
    from dabiao.improvement.queries.explaining import explained

    taken: list[float] = []
    for key in metrics:
        try:
            explained(frame(), key, "forecast" if against == "forecast" else "baseline")
        except Refused:
            continue
        times = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            explained(frame(), key, "forecast" if against == "forecast" else "baseline")
            times.append(time.perf_counter() - started)
        taken.append(statistics.median(times))
    return Taken(which, len(taken), statistics.median(taken), max(taken))
