"""The engine's side of the comparison with the oracle: a random plan as text, and where the two differ."""

from collections import Counter
from decimal import Decimal
from typing import Any

import yaml
from hypothesis import note

from dabiao.engine.payout.validate import read
from dabiao.incentives.logic.cases import SCHEMAS, carry_out
from dabiao.incentives.logic.run import Run
from tests.incentives.oracle import Facts, Outcome, Plan, Row, work_out
from tests.incentives.random_plans.worlds import together


class PlanDumper(yaml.SafeDumper):
    """YAML in which a Decimal is written as the number that it is."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def written(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = format(value, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


PlanDumper.add_representer(Decimal, written)


def as_text(plan: Plan, facts: Facts) -> str:
    """The plan with its facts as a case beside it."""
    shown = {name: table(rows) for name, rows in facts.items() if rows}
    case = {"name": "random facts", "facts": shown, "expect": "person amount"}
    return yaml.dump({**plan, "cases": [case]}, Dumper=PlanDumper, sort_keys=False, allow_unicode=True)


def table(rows: list[Row]) -> str:
    header = list(rows[0])
    lines = [" ".join(cell(row.get(column)) for column in header) for row in rows]
    return "\n".join([" ".join(header), *lines]) + "\n"


def cell(value: Any) -> str:
    if value is None:
        return "-"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def disagreements(plan: Plan, worlds: list[Facts]) -> list[str]:
    """Where engine and oracle differ: payables first, then lines. The oracle sees one set of facts at a time."""
    parsed = read(as_text(plan, together(worlds)), SCHEMAS)
    run = carry_out(parsed, parsed.cases[0])
    outcomes = [work_out(plan, facts) for facts in worlds]
    found = [*different_payables(outcomes, run), *different_lines(outcomes, run)]
    for world, facts in enumerate(worlds):
        if any(f".{world}'" in difference for difference in found):
            note(as_text(plan, facts))
            break
    return found


def different_payables(outcomes: list[Outcome], run: Run) -> list[str]:
    mine = {key: amount for outcome in outcomes for key, amount in outcome.paid.items()}
    theirs = {(p.person, p.period, p.component or "settlement"): p.amount for p in run.statement.payables}
    return [
        f"{key}: the oracle pays {mine.get(key, 0)}, the engine {theirs.get(key, 0)}"
        for key in sorted(mine.keys() | theirs.keys())
        if mine.get(key, 0) != theirs.get(key, 0)
    ]


def different_lines(outcomes: list[Outcome], run: Run) -> list[str]:
    mine = [
        (name, line.credit.order[1], line.person, line.credit.amount, line.amount)
        for outcome in outcomes
        for name, lines in outcome.lines.items()
        for line in lines
    ]
    theirs = [(r["component"], r["key"], r["person"], r["credit"], r["amount"]) for r in run.trace()]
    return [
        *(f"only the oracle has the line {line}" for line in beyond(mine, theirs)),
        *(f"only the engine has the line {line}" for line in beyond(theirs, mine)),
    ]


def beyond(these: list[Any], those: list[Any]) -> list[Any]:
    """What is there more often in the one than in the other."""
    return sorted((Counter(these) - Counter(those)).elements())
