"""The oracle agrees with what people wrote: every situation of `*.yml` beside this file comes out as expected."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from dabiao.incentives.logic.cases import SCHEMAS
from tests.incentives.oracle import Facts, Plan, Row, work_out

FILES = sorted(Path(__file__).parent.glob("*.yml"))
LISTS = ["who", "except", "times", "raise", "gate", "per", "also", "rollup", "for", "exclude", "managers"]
WHOLE = ["days", "within_days", "cut_day", "year_starts", "digits", "decimals", "months", "instalments"]
DEFAULTS: Row = {"share": Decimal(1), "portion": Decimal(1), "scope_kind": "person", "starts_on": date.min}


class PlanLoader(yaml.SafeLoader):
    """YAML with exact decimals; 5% is 0.05."""


def exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(node.value.replace("_", ""))


def plain(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    text = node.value
    if text.endswith("%") and text[:-1].replace(".", "").isdigit():
        return Decimal(text[:-1]) / 100
    return text


PlanLoader.add_constructor("tag:yaml.org,2002:float", exact)
PlanLoader.add_constructor("tag:yaml.org,2002:int", exact)
PlanLoader.add_constructor("tag:yaml.org,2002:str", plain)


def spelt_out(value: Any, word: str = "") -> Any:
    """A single value as the list that it stands for; whole numbers as such."""
    if isinstance(value, dict):
        value = {name: spelt_out(part, name) for name, part in value.items()}
    elif isinstance(value, list):
        value = [spelt_out(part) for part in value]
    if word in WHOLE and isinstance(value, Decimal):
        return int(value)
    return [value] if word in LISTS and not isinstance(value, list) and value != "everyone" else value


def parsed(text: str) -> list[dict[str, str]]:
    lines = [line.split("#")[0].split() for line in text.strip().splitlines()]
    header, *rows = [line for line in lines if line] or [["person", "amount"]]
    return [dict(zip(header, (cell.replace("~", " ") for cell in row), strict=True)) for row in rows]


def fact_rows(table: str, text: str) -> list[Row]:
    """The rows of a text table with the types of the lake; what a case leaves out is as the page says."""
    schema = SCHEMAS[table]
    return [
        {
            **{column: DEFAULTS.get(column) for column in schema},
            "key": f"{number:06d}",
            **{column: typed(cell, schema[column]) for column, cell in row.items()},
        }
        for number, row in enumerate(parsed(text), 1)
    ]


def typed(cell: str, kind: str) -> Any:
    if cell == "-":
        return None
    if kind == "date" or kind.startswith("timestamp"):
        return date.fromisoformat(cell[:10])
    if kind.startswith("decimal") or kind == "int64":
        return Decimal(cell)
    return cell.lower() in ("true", "yes") if kind == "boolean" else cell


def situations() -> list[Any]:
    plans = [(path.stem, yaml.load(path.read_text(), PlanLoader)) for path in FILES]
    return [
        pytest.param(spelt_out(plan), case, id=f"{name}: {case['name']}")
        for name, plan in plans
        for case in plan.pop("cases")
        if case["expect"].strip() != "refused"
    ]


@pytest.mark.parametrize(("plan", "case"), situations())
def test_oracle_pays_what_the_situation_expects(plan: Plan, case: Row) -> None:
    facts: Facts = {table: fact_rows(table, text) for table, text in case["facts"].items()}
    expected = parsed(case["expect"])
    named = [word for word in (expected[0] if expected else ["person"]) if word != "amount"]

    paid: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    outcome = work_out({**plan, "until": case.get("until")}, facts)
    for (person, period, component), amount in outcome.paid.items():
        row = {"person": person, "period": str(period), "component": component}
        paid[tuple(row[word] for word in named)] += amount

    assert {names: amount for names, amount in paid.items() if amount} == {
        tuple(row[word] for word in named): Decimal(row["amount"]) for row in expected
    }
