"""What visits found of the needs, one by one and together."""

import random
from datetime import date, datetime
from itertools import product

import ibis
import pyarrow as pa
import pytest

from dabiao.engine import needs

VISITS = pa.schema(
    [
        ("key", pa.string()),
        ("started_at", pa.timestamp("us")),
        ("customer", pa.string()),
        ("opportunity", pa.string()),
        ("needs_depth", pa.int64()),
        ("need_pain", pa.bool_()),
        ("need_weights", pa.bool_()),
        ("need_budget", pa.bool_()),
    ]
)


def visit(key, day, *, found="", depth=None, customer="c1", opportunity="o1", told=True):
    """`found`: letters of pain, weights, budget; told=False: only the depth is known, if that."""
    flags = {f"need_{name}": name[0] in found if told else None for name in ("pain", "weights", "budget")}
    number = depth if not told or depth is not None else len(found)
    at = datetime(2026, 3, day, 9)  # the lake's times have no zone
    return {
        "key": key,
        "started_at": at,
        "customer": customer,
        "opportunity": opportunity,
        "needs_depth": number,
        **flags,
    }


def united(rows, *days):
    table = ibis.memtable(pa.Table.from_pylist(rows, schema=VISITS))
    touched = None
    if days:
        touched = ibis.memtable(pa.table({"day": pa.array([date(2026, 3, d) for d in days], pa.date32())}))
    told = needs.with_united(table, on="started_at", touched=touched)
    found = ibis.duckdb.connect().to_pyarrow(told.select("key", needs.UNITED)).to_pylist()
    return {row["key"]: row[needs.UNITED] for row in found}


class TestNeedsTogether:
    @pytest.mark.parametrize(
        ("case", "visits", "depth"),
        [
            ("pain, then weights and budget", [visit("a", 1, found="p"), visit("b", 2, found="wb")], 3),
            ("the same twice is one", [visit("a", 1, found="p"), visit("b", 2, found="p")], 1),
            ("on the day itself", [visit("a", 9, found="wb"), visit("b", 1, found="p")], 3),
            ("found later is not known yet", [visit("a", 1, found="p"), visit("b", 10, found="wb")], 1),
            ("another opportunity's", [visit("a", 1, found="p"), visit("b", 2, found="wb", opportunity="o2")], 1),
            ("nothing found is known to be nothing", [visit("a", 1)], 0),
            ("nothing told is not known", [visit("a", 1, told=False)], None),
            ("a number says how deep", [visit("a", 1, found="p"), visit("b", 2, told=False, depth=2)], 2),
            ("a number and more flags", [visit("a", 1, found="pwb"), visit("b", 2, told=False, depth=1)], 3),
        ],
    )  # fmt: skip
    def test_of_a_proposal(self, case, visits, depth):
        proposal = visit("proposal", 9, told=False)

        assert united([*visits, proposal])["proposal"] == depth, case

    def test_of_one_without_opportunity_are_those_of_its_customer(self):
        rows = [
            visit("a", 1, found="p", opportunity=None),
            visit("b", 2, found="w", opportunity="o7"),
            visit("c", 3, found="b", customer="c2"),
            visit("proposal", 9, told=False, opportunity=None),
        ]
        assert united(rows)["proposal"] == 2

    def test_of_one_of_nobodys_are_its_own(self):
        alone = {"customer": None, "opportunity": None}
        rows = [visit("a", 1, found="pwb", **alone), visit("proposal", 9, found="p", **alone)]

        assert united(rows)["proposal"] == 1

    def test_of_some_days_are_the_same_as_of_all(self):
        draw = random.Random(7)
        rows = [
            visit(
                str(n),
                draw.randint(1, 28),
                found="".join(letter for letter in "pwb" if draw.random() < 0.2),
                told=draw.random() < 0.8,
                depth=None,
                customer=draw.choice(["c1", "c2", None]),
                opportunity=draw.choice(["o1", "o2", "o3", None]),
            )
            for n in range(120)
        ]
        every = united(rows)
        day_of = {row["key"]: row["started_at"].day for row in rows}

        for days in ([3], [5, 20], list(range(1, 29))):
            assert united(rows, *days) == {key: every[key] for key in every if day_of[key] in days}


def test_a_number_contradicts_flags_that_cannot_be_so_many():
    for depth, flags in product(range(-1, 5), product([True, False, None], repeat=3)):
        possible = {
            sum(told) for told in product(*([flag] if flag is not None else [True, False] for flag in flags))
        }
        wrong = depth not in possible and any(flag is not None for flag in flags)
        assert needs.contradicts(depth, flags) == wrong, (depth, flags)
    assert not needs.contradicts(None, (True, True, None))
