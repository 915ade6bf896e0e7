"""How often an explanation of an ordinary month names a cause: the demo company without its events, many times over.

    python -m bench.quiet [--companies N] [--months N] [--first SEED]

Every company has its own seed. Ratios, counts and money are explained month by month, by team, person and what
else their facts can be split by; nothing was planted, so whatever is named is false. Prints the share of false
findings for each metric and each kind of metric. `named` counts every cause; `false` leaves out those that name
somebody who joined, left or moved in the half year before: such a month is not ordinary, and to say so is right.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dabiao.demo.simulation.company import Company, simulate
from dabiao.engine.diagnosis import Explanation, explain

ON = date(2026, 11, 18)
LAST = 2026 * 12 + 10
HISTORY = 18
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
    facts = pl.from_arrow(company.tables[table]).filter(pl.col(on).is_not_null())
    facts = facts if figure.counts is None else facts.filter(figure.counts)
    month = pl.col(on).dt.year().cast(pl.Int64) * 12 + pl.col(on).dt.month() - LAST
    team = pl.col("person").replace_strict(teams(company), default=None)
    named = facts.with_columns(period=month, team=team)
    number = pl.Float64
    return named.select(
        "period", *figure.dimensions, part=part.cast(number), whole=whole.cast(number)
    ).filter(pl.col("period") <= 0)


def teams(company: Company) -> dict[str, str]:
    """Everybody's last team."""
    ordered = sorted(company.assignments, key=lambda one: one.starts_on)
    return {one.person: one.seat.split("-rep-")[0].removesuffix("-manager") for one in ordered}


def explained(table: pl.DataFrame, figure: Figure, back: int) -> Explanation:
    shown = table.filter((pl.col("period") <= -back) & (pl.col("period") >= -back - HISTORY))
    cast = shown.with_columns(pl.col("part", "whole").cast(pl.Decimal(20, 4)))
    return explain(
        cast.to_arrow(), figure.dimensions, at=-back, kind="ratio" if figure.kind == "ratio" else "sum"
    )


@dataclass(frozen=True)
class Judged:
    """One explanation of an ordinary month. named: something is; false: nobody's coming or going accounts for it."""

    metric: str
    kind: str
    named: bool
    false: bool


def judged(company: Company, months: int) -> list[Judged]:
    found = []
    for figure in FIGURES:
        table = cells(company, figure)
        for back in range(months):
            causes = explained(table, figure, back).causes
            known = moved(company, back)
            odd = [one for one in causes if not any(member in known for _, member in one.where)]
            found.append(Judged(figure.name, figure.kind, bool(causes), bool(odd)))
    return found


def moved(company: Company, back: int) -> set[str]:
    """Who joined, left, moved or was away for two weeks in the half year up to `back` months ago; and their teams."""
    end = LAST - back
    found = set()
    for one in company.assignments:
        if any(0 <= end - (day.year * 12 + day.month) <= 6 for day in (one.starts_on, one.ends_on)):
            found |= {one.person, one.seat.split("-rep-")[0].removesuffix("-manager")}
    for away in company.absences:
        if (away.ends_on - away.starts_on).days >= 14 and 0 <= end - (
            away.starts_on.year * 12 + away.starts_on.month
        ) <= 6:
            found.add(away.person)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=4)
    parser.add_argument("--months", type=int, default=10, help="the last so many, at most 14")
    parser.add_argument("--first", type=int, default=1, help="the first company's seed")
    asked = parser.parse_args()
    began = time.perf_counter()
    seeds = range(asked.first, asked.first + asked.companies)
    found = [one for seed in seeds for one in judged(simulate(seed, ON, events=()), asked.months)]
    seconds = time.perf_counter() - began
    report = {
        **_shares(found),
        "by_kind": {kind: _shares([one for one in found if one.kind == kind]) for kind in dict.fromkeys(one.kind for one in found)},
        "by_metric": {name: _shares([one for one in found if one.metric == name]) for name in dict.fromkeys(one.metric for one in found)},
        "explanations": len(found),
        "seconds_each": round(seconds / max(len(found), 1), 3),
    }  # fmt: skip
    print(json.dumps(report, indent=1))


def _shares(found: Sequence[Judged]) -> dict[str, float]:
    return {
        "false": round(sum(one.false for one in found) / len(found), 4),
        "named": round(sum(one.named for one in found) / len(found), 4),
    }


if __name__ == "__main__":
    main()
