"""A company as plain dictionaries, and the files that change it: what the program must agree with after every kill."""

import copy
import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

MAP: Final = """
schema: dabiao/map/1
system: erp
sources: {orders: "*.csv"}
tables:
  - {into: units, from: orders, distinct: true, columns: {unit: {constant: All}, kind: {constant: company}}}
  - {into: units, from: orders, distinct: true, columns: {unit: region, kind: {constant: region}, parent: {constant: All}}}
  - {into: units, from: orders, distinct: true, columns: {unit: team, kind: {constant: team}, parent: region}}
  - {into: people, from: orders, distinct: true, columns: {person: person, name: name}}
  - into: assignments
    from: orders
    distinct: true
    columns: {person: person, unit: team, starts_on: {constant: 2026-01-01}}
  - into: targets
    from: orders
    distinct: true
    columns:
      person: person
      metric: {constant: sales_amount}
      starts_on: {constant: 2026-01-01}
      ends_on: {constant: 2027-01-01}
      target: target
  - into: order_lines
    from: orders
    key: no
    columns: {ordered_on: day, customer: customer, customer_name: customer_name, amount: amount, person: person}
"""
_TEAMS: Final = {f"T{n}": f"R{n % 3}" for n in range(9)}
_COLUMNS: Final = (
    "no", "day", "customer", "customer_name", "amount", "person", "name", "team", "region", "target",
)  # fmt: skip

Row = dict[str, str]


@dataclass
class Ledger:
    """What is there. orders: source/key → day, customer, person, amount; seats: person → unit; targets: person → amount."""

    orders: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, str | None] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    plans: dict[str, list[str]] = field(default_factory=dict)
    in_force: str | None = None

    def plain(self) -> dict[str, Any]:
        return vars(self)

    def imported(self, rows: Sequence[Row]) -> "Ledger":
        """After a file."""
        new = copy.deepcopy(self)
        new.units["All"] = None
        for row in rows:
            new.orders[f"erp/{row['no']}"] = [
                row["day"],
                row["customer"],
                row["person"],
                f"{row['amount']}.0000",
            ]
            new.units[row["region"]], new.units[row["team"]] = "All", row["region"]
            new.people[row["person"]], new.seats[row["person"]] = row["name"], row["team"]
            new.targets[row["person"]] = f"{row['target']}.0000"
            new.customers[row["customer"]] = row["customer_name"]
        return new

    def entered(self, rows: Sequence[Row]) -> "Ledger":
        """After a batch that a program sends."""
        new = copy.deepcopy(self)
        for row in rows:
            new.orders[f"api/{row['key']}"] = [
                row["ordered_on"],
                row["customer"],
                row["person"],
                row["amount"],
            ]
        return new

    def renamed(self, unit: str, kind: str) -> "Ledger":
        """After a unit that no file brings has become of another kind."""
        new = copy.deepcopy(self)
        new.kinds[unit] = kind
        return new

    def planned(self, plan: str, amount: str) -> "Ledger":
        """After a cascade has been kept as one more version."""
        new = copy.deepcopy(self)
        new.plans.setdefault(plan, []).append(amount)
        return new

    def put_in_force(self, amount: str) -> "Ledger":
        new = copy.deepcopy(self)
        new.in_force = amount
        return new


def file_rows(ledger: Ledger, chance: random.Random, number: int) -> list[Row]:
    """The next file: orders of before with other amounts, new ones, somebody new, another target, a unit now and then."""
    known = [key.partition("/")[2] for key in ledger.orders if key.startswith("erp/")]
    people = sorted(ledger.seats)
    joiner = f"P{len(people):03}"
    writers = [*chance.sample(people, min(len(people), 5)), joiner]
    teams = {person: ledger.seats.get(person) or chance.choice(sorted(_TEAMS)) for person in writers}
    targets = {person: str(chance.randrange(10_000, 99_999)) for person in writers}
    numbers = chance.sample(known, min(len(known), 40)) + [f"N{number}-{n}" for n in range(60)]
    return [
        {
            "no": no,
            "day": f"2026-{chance.randrange(1, 11):02}-{chance.randrange(1, 28):02}",
            "customer": (customer := f"C{chance.randrange(30)}"),
            "customer_name": f"Customer {customer} of file {number}",
            "amount": str(chance.randrange(1, 99_999)),
            "person": (person := writers[place % len(writers)]),
            "name": f"Person {person} of file {number}",
            "team": teams[person],
            "region": _TEAMS[teams[person]],
            "target": targets[person],
        }
        for place, no in enumerate(numbers)
    ]


def write(rows: Sequence[Row], file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, _COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def batches(ledger: Ledger, chance: random.Random, number: int, count: int) -> Iterator[list[Row]]:
    """Rows that a program sends: new ones, and the first of them again with another amount."""
    people = sorted(ledger.seats)
    for batch in range(count):
        yield [
            {
                "key": f"A{number}-{(batch if n else 0)}-{n}",
                "ordered_on": f"2026-10-{chance.randrange(1, 28):02}",
                "customer": f"C{chance.randrange(30)}",
                "person": chance.choice(people),
                "amount": f"{chance.randrange(1, 99_999)}.0000",
            }
            for n in range(20)
        ]


def difference(told: dict[str, Any], expected: dict[str, Any]) -> str:
    """The first few things that differ."""
    lines = []
    for part, mine in expected.items():
        its = told.get(part)
        if mine == its:
            continue
        if isinstance(mine, dict) and isinstance(its, dict):
            keys = [key for key in {**mine, **its} if mine.get(key) != its.get(key)]
            shown = "; ".join(f"{key}: {its.get(key)} for {mine.get(key)}" for key in keys[:3])
            lines.append(f"{part}: {len(keys)} differ, {shown}")
        else:
            lines.append(f"{part}: {its} for {mine}")
    return "\n".join(lines)
