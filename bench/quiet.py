"""How often an explanation of an ordinary month names a cause: the demo company without its events, many times over.

    python -m bench.quiet [--companies N] [--months N] [--first SEED] [--against usual|previous|target]

Every company has its own seed. Ratios, counts and money are explained month by month, by team, person and what
else their facts can be split by; nothing was planted, so whatever is named is false. The explainer is told who
held which seat and who was away. Prints the share of explanations that name anything, for each metric and each
kind of metric.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import polars as pl
import pyarrow as pa

from dabiao.demo.simulation.company import Company, simulate
from dabiao.demo.simulation.timeline import as_date, timeline
from dabiao.engine.diagnosis import Before, Explanation, explain

ON = date(2026, 11, 18)
LAST = 2026 * 12 + 10
HISTORY = 18
MONEY = pl.Decimal(20, 4)
Against = Literal["usual", "previous", "target"]
SELLER = ("team", "person", "product_line", "acquisition_channel")


@dataclass(frozen=True)
class Figure:
    """A metric over one table, or two that share their dimensions: what is summed, on which day, split by what."""

    name: str
    kind: str
    table: str
    on: str
    dimensions: tuple[str, ...]
    part: pl.Expr
    whole: pl.Expr | None = None
    counts: pl.Expr | None = None
    beside: tuple[str, str] | None = None
    """The table and date of the whole, where that is another one."""


VISIT = pl.col("kind") == "visit"
EFFECTIVE = pl.col("with_decision_maker") & pl.col("need_stated") & (pl.col("minutes").fill_null(0) >= 10)
VISITOR = ("team", "person", "product_line", "customer_tier")
BUYER = ("team", "person", "customer")
ONE = pl.lit(1)
AMOUNT = pl.col("amount")
CLOSED = pl.col("outcome").is_not_null()
WON = (pl.col("outcome") == "won").fill_null(False)

FIGURES = (
    Figure("qualified share of leads", "ratio", "leads", "created_on", SELLER, pl.col("valid"), ONE),
    Figure("effective share of visits", "ratio", "activities", "started_at", VISITOR, EFFECTIVE, ONE, VISIT),
    Figure("proposals with a return", "ratio", "activities", "started_at", VISITOR, pl.col("has_roi"), ONE, pl.col("kind") == "proposal"),
    Figure("win rate", "ratio", "opportunities", "closed_on", ("region", *SELLER), WON, ONE, CLOSED),
    Figure("collection rate", "ratio", "receipts", "received_on", BUYER, pl.col("amount_with_tax"), pl.col("amount_with_tax"), beside=("receivables", "due_on")),
    Figure("discounted share of quotes", "ratio", "quotes", "sent_on", ("team", "person"), pl.col("discount") > 0, ONE),
    Figure("leads", "count", "leads", "created_on", SELLER, ONE),
    Figure("qualified leads", "count", "leads", "created_on", SELLER, pl.col("valid")),
    Figure("visits", "count", "activities", "started_at", VISITOR, ONE, None, VISIT),
    Figure("proposals", "count", "activities", "started_at", VISITOR, ONE, None, pl.col("kind") == "proposal"),
    Figure("won deals", "count", "opportunities", "closed_on", ("region", *SELLER), ONE, None, WON),
    Figure("contracts", "money", "contracts", "signed_on", ("team", "person", "sales_channel", "kind"), AMOUNT),
    Figure("sales", "money", "order_lines", "ordered_on", (*BUYER, "product", "sales_channel"), AMOUNT),
    Figure("received", "money", "receipts", "received_on", BUYER, AMOUNT),
    Figure("revenue", "money", "revenue", "recognised_on", (*BUYER, "product"), AMOUNT),
    Figure("pipeline", "money", "opportunities", "created_on", ("region", *SELLER), AMOUNT),
)  # fmt: skip


def cells(company: Company, figure: Figure) -> pl.DataFrame:
    """period (months from the last closed one, 0, backwards below it), the dimensions, part and whole."""
    whole = pl.lit(0) if figure.whole is None or figure.beside else figure.whole
    rows = _rows(company, figure, figure.table, figure.on, figure.part, whole)
    if figure.beside and figure.whole is not None:
        rows = pl.concat([rows, _rows(company, figure, *figure.beside, pl.lit(0), figure.whole)])
    return rows.group_by("period", *figure.dimensions).agg(pl.sum("part", "whole"))


def _rows(
    company: Company, figure: Figure, table: str, on: str, part: pl.Expr, whole: pl.Expr
) -> pl.DataFrame:
    facts = pl.DataFrame(company.tables[table]).filter(pl.col(on).is_not_null())
    facts = facts if figure.counts is None else facts.filter(figure.counts)
    month = pl.col(on).dt.year().cast(pl.Int64) * 12 + pl.col(on).dt.month() - LAST
    named = (
        facts.with_columns(period=month, day=pl.col(on).cast(pl.Date)).drop("team", strict=False).sort("day")
    )
    named = named.join_asof(
        seats(company), left_on="day", right_on="starts_on", by="person", check_sortedness=False
    ).with_columns(team=pl.when(pl.col("day") < pl.col("ends_on")).then("team"))
    number = pl.Float64
    return named.select(
        "period", *figure.dimensions, part=part.cast(number), whole=whole.cast(number)
    ).filter(pl.col("period") <= 0)


def seats(company: Company) -> pl.DataFrame:
    """person, starts_on, ends_on, team: who sat where from when to when, by start."""
    rows = [
        (one.person, one.starts_on, one.ends_on, one.seat.split("-rep-")[0].removesuffix("-manager"))
        for one in company.assignments
    ]
    return pl.DataFrame(rows, schema=["person", "starts_on", "ends_on", "team"], orient="row").sort(
        "starts_on"
    )


def staff(company: Company) -> pl.DataFrame:
    """period, team, person, share: how much of the month's working days they held a seat and were not away."""
    days = pl.DataFrame({"day": _worked(company)}).with_columns(
        period=pl.col("day").dt.year().cast(pl.Int64) * 12 + pl.col("day").dt.month() - LAST
    )
    away = pl.DataFrame([vars(one) for one in company.absences]).select("person", "starts_on", "ends_on")
    during = (pl.col("day") >= pl.col("starts_on")) & (pl.col("day") < pl.col("ends_on"))
    seated, gone = (days.join(one, how="cross").filter(during) for one in (seats(company), away))
    there = seated.unique(["person", "day"]).join(gone, on=["person", "day"], how="anti")
    of = days.group_by("period").agg(of=pl.len())
    counted = there.group_by("period", "team", "person").agg(there=pl.len()).join(of, on="period")
    return counted.select("period", "team", "person", share=pl.col("there") / pl.col("of"))


def _worked(company: Company) -> list[date]:
    time = timeline(company.on)
    days = (as_date(int(day)) for day in time.working_days if time.first <= day <= time.on)
    return list(days)


def explained(
    table: pl.DataFrame, figure: Figure, back: int, there: pl.DataFrame, against: Against = "usual"
) -> Explanation:
    shown = table.filter((pl.col("period") <= -back) & (pl.col("period") >= -back - HISTORY))
    cast = shown.with_columns(pl.col("part", "whole").cast(MONEY))
    return explain(
        cast.to_arrow(),
        figure.dimensions,
        at=-back,
        kind="ratio" if figure.kind == "ratio" else "sum",
        expected=_expected(cast, figure, back, against),
        staff=there.to_arrow(),
    )


def _expected(table: pl.DataFrame, figure: Figure, back: int, against: Against) -> pa.Table | Before | None:
    """The month before, cell by cell; or a target that was missed by a sixth everywhere."""
    if against == "usual":
        return None
    sides = ["part", "whole"] if figure.kind == "ratio" else ["part"]
    if against == "previous":
        then = pl.when(pl.col("period") == -back - 1)
        before = table.with_columns(
            then.then(pl.col(side)).otherwise(0).cast(MONEY).alias(side) for side in sides
        )
        return Before(before.group_by(figure.dimensions).agg(pl.sum(*sides)).to_arrow())
    now = table.filter(pl.col("period") == -back).select(pl.sum(*sides))
    return now.with_columns((pl.col("part") * Decimal("1.2")).cast(MONEY)).to_arrow()


@dataclass(frozen=True)
class Judged:
    """One explanation of an ordinary month, the causes that it names and what it says went against the gap: each
    of them is false."""

    metric: str
    kind: str
    named: tuple[str, ...]


def judged(company: Company, months: int, against: Against = "usual") -> list[Judged]:
    found, there = [], staff(company)
    for figure in FIGURES:
        table = cells(company, figure)
        for back in range(months):
            said = explained(table, figure, back, there, against)
            causes = tuple(one.name for one in (*said.causes, *said.offsets))
            found.append(Judged(figure.name, figure.kind, causes))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=4)
    parser.add_argument("--months", type=int, default=10, help="the last so many, at most 14")
    parser.add_argument("--first", type=int, default=1, help="the first company's seed")
    parser.add_argument("--against", choices=("usual", "previous", "target"), default="usual")
    asked = parser.parse_args()
    began = time.perf_counter()
    seeds = range(asked.first, asked.first + asked.companies)
    found = [
        one for seed in seeds for one in judged(simulate(seed, ON, events=()), asked.months, asked.against)
    ]
    seconds = time.perf_counter() - began
    report = {
        "named": _named(found),
        "by_kind": {kind: _named([one for one in found if one.kind == kind]) for kind in dict.fromkeys(one.kind for one in found)},
        "by_metric": {name: _named([one for one in found if one.metric == name]) for name in dict.fromkeys(one.metric for one in found)},
        "explanations": len(found),
        "seconds_each": round(seconds / max(len(found), 1), 3),
    }  # fmt: skip
    print(json.dumps(report, indent=1))


def _named(found: Sequence[Judged]) -> float:
    """The share of explanations that name anything."""
    return round(sum(bool(one.named) for one in found) / len(found), 4)


if __name__ == "__main__":
    main()
