"""A company handed down and kept, and one locked cell edited, beside a plain largest-remainder pass.

    python -m bench.cascade [--people 5000] [--runs 5]

5,000 people in 500 teams and ten regions × twelve months in quarters × twenty product lines: 1.2 million leaf
cells. `whole` hands down and saves: the cells' file in the lake, inputs, limits and ledger in the app database.
`edit` reads one team back from the lake, sets and locks one cell, hands the difference down and saves. `plain`
rounds the same 1.2 million shares once in NumPy, without any margin, without units and without saving: the
least that any correct answer has to do. Sums are checked in every direction; a wrong one ends the run.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np

TEAM, TEAMS_IN_REGION, LINES = 10, 50, 20
AMOUNT, DIGITS = Decimal("5000000000.00"), 2
NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)


def main() -> None:
    """Print one JSON object: median seconds, and ratios to the plain pass of the same run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dabiao-cascade-") as folder:
        os.environ |= {"DABIAO_HOME": folder, "DJANGO_SETTINGS_MODULE": "dabiao.settings"}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        print(json.dumps(measured(asked.people, asked.runs, Path(folder))))


def measured(people: int, runs: int, folder: Path) -> dict[str, object]:
    """The runs are interleaved, so that a busy machine is equally unfair to all."""
    from dabiao.engine.allocation.limits import Limit
    from dabiao.targets.actions import cascade

    prepared = company(people)
    person = prepared.order.scope.leaf_keys[people // 2]
    seconds: dict[str, list[float]] = {"plain": [], "solve": [], "save": [], "whole": [], "edit": []}
    for run in range(runs + 1):
        plain, _ = timed(lambda: plain_pass(prepared.order.weights.ravel(), int(AMOUNT.scaleb(DIGITS))))
        solve, handed = timed(lambda: cascade.solve(prepared))
        save, _ = timed(lambda handed=handed: cascade.keep(prepared, handed, plan="year", by=None, at=NOON))
        check(prepared, handed)
        place = Limit(person, (f"2027-{run + 1:02}", "L07"))
        edit, change = timed(
            lambda place=place: cascade.edit("year", place, Decimal("5000.00"), by=None, at=NOON)
        )
        check_edit(change)
        if run:  # the first run pays for importing
            for name, value in zip(seconds, (plain, solve, save, solve + save, edit), strict=True):
                seconds[name].append(value)
    median = {name: round(statistics.median(values), 4) for name, values in seconds.items()}
    ratios = {name: round(median[name] / median["plain"], 2) for name in ("solve", "whole", "edit")}
    cells = people * 12 * LINES
    return {
        "cells": cells,
        "seconds": median,
        "ratio_to_plain": ratios,
        "megabytes": size(folder / "lake"),
        "runs": runs,
    }


def company(people: int):
    """The order: history times season times mix, with noise, a reserve at the top and 5 % over-assigned in a region."""
    from dabiao.engine.allocation.axis import flat, tree
    from dabiao.engine.allocation.cascade import Order
    from dabiao.engine.period import CALENDAR_YEAR
    from dabiao.targets.logic.cascade.axes import Holder, Organisation
    from dabiao.targets.logic.cascade.axes import time as time_axis
    from dabiao.targets.logic.cascade.request import CascadeRequest, Prepared

    random = np.random.default_rng(7)
    parents: dict[str, str | None] = {"unit:co": None}
    holders = {"unit:co": Holder("unit", "co", "co")}
    for number in range(people):
        team = number // TEAM
        region, unit = f"unit:r{team // TEAMS_IN_REGION:02}", f"unit:t{team:04}"
        parents |= {region: "unit:co", unit: region, f"person:P{number:05}": unit}
        holders |= {key: Holder("unit", key[5:], key[5:]) for key in (region, unit)}
        holders[f"person:P{number:05}"] = Holder("person", f"P{number:05}", unit[5:])
    org = tree("org", parents)
    year = CALENDAR_YEAR.parse("2027")
    spans = time_axis(year, ("quarter", "month"), CALENDAR_YEAR)
    product = flat("product", [f"L{line:02}" for line in range(LINES)], "")
    who, when, what = (random.gamma(3, 1, size) for size in (people, 12, LINES))
    weights = who[:, None, None] * when[:, None] * what * random.gamma(20, 1, (people, 12, LINES))
    kept = {"co": Fraction(1, 10), "r01": Fraction(-1, 20)}
    asked = CascadeRequest("sales_amount", year, AMOUNT, ("org", "quarter", "month", "product"), kept=kept)
    order = Order(
        int(AMOUNT.scaleb(DIGITS)),
        org,
        (spans.axis, product),
        weights.reshape(people, -1),
        kept={f"unit:{key}": share for key, share in kept.items()},
    )
    return Prepared(asked, order, Organisation(org, holders), spans, product, DIGITS)


def plain_pass(weights, amount: int):
    """The largest remainder over all cells at once."""
    ideal = weights * (amount / weights.sum())
    units = np.floor(ideal).astype(np.int64)
    order = np.argsort(units - ideal, kind="stable")
    units[order[: amount - int(units.sum())]] += 1
    return units


def check(prepared, handed) -> None:
    """Leaves and ledger sum to the amount, and every unit's difference to its children is on the ledger."""
    from dabiao.engine.allocation.ledger import held_back

    difference = held_back(prepared.order.scope, handed.amounts)
    total = int(handed.leaves.sum()) + int(difference.sum())
    holders = np.flatnonzero(difference.any(axis=1)).tolist()
    expected = [prepared.order.scope.position(key) for key in prepared.order.kept]
    if total != prepared.order.amount or sorted(holders) != sorted(expected):
        raise SystemExit(f"a sum does not hold: {total} of {prepared.order.amount}, {holders}")


def check_edit(change) -> None:
    """What moved in a team moves to nothing in all."""
    if sum(move.after - move.before for move in change.moved) or not change.moved:
        raise SystemExit("an edit moved the team's total, or nothing")


def timed(work: Callable[[], object]):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def size(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 2**20, 1)


if __name__ == "__main__":
    main()
