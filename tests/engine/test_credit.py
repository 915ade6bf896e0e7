"""Whose a fact is, and in which seat: each rule by example, around the days on which it changes."""

import ibis
import pyarrow as pa
import pytest

from dabiao.engine.credit import RULES, CannotCredit, credited, seated
from dabiao.engine.number import RATE

FOREVER = "9999-12-31"
ASSIGNMENTS = """
seat  person  position  unit      primary  starts_on   ends_on
1     max     s-1       shanghai  yes      2024-01-01  2026-02-01
2     max     c-1       chengdu   yes      2026-02-01  9999-12-31
3     max     n-1       nanjing   no       2024-01-01  9999-12-31
4     rita    s-2       shanghai  yes      2024-01-01  9999-12-31
5     rob     s-1       shanghai  yes      2026-02-01  9999-12-31
"""
HANDOVER = """
seat  person  position  unit      primary  starts_on   ends_on
1     aide    s-1       shanghai  no       2025-12-01  9999-12-31
2     old     s-1       shanghai  yes      2026-01-01  2026-03-01
3     new     s-1       shanghai  yes      2026-02-01  9999-12-31
4     zed     s-2       shanghai  yes      2026-01-01  9999-12-31
5     amy     s-2       shanghai  yes      2026-01-01  9999-12-31
"""
OWNERSHIP = """
customer  person  role     share  starts_on   ends_on
c1        rita    owner    1      2026-01-01  2026-02-01
c1        max     owner    0.75   2026-02-01  9999-12-31
c1        rob     owner    0.25   2026-02-01  9999-12-31
c1        rita    support  1      2026-02-01  9999-12-31
"""
CONTRACTS = """
source  key  signer  person
erp     k1   max     rita
erp     k2   -       rita
crm     k1   rob     rob
"""
KINDS = {
    "seat": "int64", "primary": "boolean", "share": RATE, "starts_on": "date", "ends_on": "date", "on": "date",
}  # fmt: skip


def table(text):
    """A text table; `-` is missing."""
    titles, *lines = (line.split() for line in text.strip().splitlines())
    columns = {
        title: pa.array([None if line[at] == "-" else line[at] for line in lines], pa.string())
        for at, title in enumerate(titles)
    }
    if "primary" in columns:
        columns["primary"] = pa.array([cell.as_py() == "yes" for cell in columns["primary"]])
    made = ibis.memtable(pa.table(columns))
    return made.cast({name: kind for name, kind in KINDS.items() if name in titles and name != "primary"})


TABLES = {"assignments": table(ASSIGNMENTS), "ownership": table(OWNERSHIP), "contracts": table(CONTRACTS)}


def rows(expression, *columns):
    found = ibis.duckdb.connect().to_pyarrow(expression.select(*columns)).to_pylist()
    return sorted((tuple(row.values()) for row in found), key=str)


def who(rule, facts, *columns, tables=TABLES):
    return rows(credited(table(facts), on="on", rule=RULES[rule], tables=tables), *(columns or ("person",)))


class TestCredited:
    def test_by_record_is_the_person_on_it(self):
        assert who("record", "person on\nrita 2026-01-05\n- 2026-01-05") == [("rita",), (None,)]

    @pytest.mark.parametrize(
        ("case", "fact", "person"),
        [
            ("who signed the contract of the same system", "erp k1 rita 2026-01-05", "max"),
            ("nobody signed it: whose it is", "erp k2 max 2026-01-05", "rita"),
            ("another system's contract of that key", "crm k1 rita 2026-01-05", "rob"),
            ("no such contract: who stands on the fact", "erp k9 rita 2026-01-05", "rita"),
        ],
    )
    def test_by_signer_is(self, case, fact, person):
        assert who("signer", f"source contract person on\n{fact}") == [(person,)], case

    def test_by_signer_of_the_fact_itself(self):
        assert who("signer", "signer person on\nmax rita 2026-01-05\n- rita 2026-01-05") == [
            ("max",),
            ("rita",),
        ]

    def test_by_signer_needs_a_contract(self):
        with pytest.raises(CannotCredit, match="contract"):
            who("signer", "person on\nrita 2026-01-05")

    @pytest.mark.parametrize(
        ("case", "day", "owners"),
        [
            ("before anybody owns them it is nobody's, whole", "2025-12-31", [(None, 1)]),
            ("the last day of the first", "2026-01-31", [("rita", 1)]),
            ("from the day after it is shared, and who supports has none", "2026-02-01", [("max", 0.75), ("rob", 0.25)]),
        ],
    )  # fmt: skip
    def test_by_owner_is(self, case, day, owners):
        found = who("owner", f"customer person on\nc1 zoe {day}", "person", "credit_share")

        assert [(person, float(share)) for person, share in found] == owners, case

    @pytest.mark.parametrize(
        ("case", "day", "person"),
        [
            ("before it was held", "2023-12-31", None),
            ("the last day of the first holder", "2026-01-31", "max"),
            ("the first day of the next", "2026-02-01", "rob"),
        ],
    )
    def test_by_holder_is_who_held_the_position_that_day(self, case, day, person):
        assert who("holder", f"person on\ns-1 {day}") == [(person,)], case

    @pytest.mark.parametrize(
        ("case", "fact", "person"),
        [
            ("a secondary one while there is no other", "s-1 2025-12-31", "aide"),
            ("a main one before a secondary one that began first", "s-1 2026-01-01", "old"),
            ("who has it before who takes it over, to the last day", "s-1 2026-02-28", "old"),
            ("who has taken it over from then on", "s-1 2026-03-01", "new"),
            ("the smaller number of two who began together", "s-2 2026-01-01", "amy"),
        ],
    )
    def test_by_holder_is_of_several_one(self, case, fact, person):
        several = TABLES | {"assignments": table(HANDOVER)}

        assert who("holder", f"person on\n{fact}", tables=several) == [(person,)], case

    @pytest.mark.parametrize(
        ("case", "rule", "state", "people"),
        [
            ("the owners as of today", "owner", "customer person\nc1 zoe", [("max",), ("rob",)]),
            ("the holder as of today", "holder", "person\ns-1", [("rob",)]),
        ],
    )
    def test_of_what_has_no_day_is(self, case, rule, state, people):
        credits = credited(table(state), on=None, rule=RULES[rule], tables=TABLES)

        assert rows(credits, "person") == people, case


class TestSeated:
    FACTS = "person on\nmax 2026-01-31\nmax 2026-02-01\nrita 2026-02-01\nzoe 2026-02-01\n- 2026-02-01"

    def seats(self, facts=FACTS, on="on", scope=None):
        credits = credited(table(facts), on=on, rule=RULES["record"], tables=TABLES)
        listed = scope and ibis.memtable({"seat": scope}, schema={"seat": "int64"})
        held = seated(credits, TABLES["assignments"], scope=listed, nobody=0 in (scope or ()))
        return rows(held, "person", "seat", "unit")

    def test_is_the_main_seat_of_the_day_and_nobodys_otherwise(self):
        assert self.seats() == [
            ("max", 1, "shanghai"),
            ("max", 2, "chengdu"),
            ("rita", 4, "shanghai"),
            ("zoe", 0, None),
            (None, 0, None),
        ]

    def test_within_a_scope_is_of_its_seats_only(self):
        assert self.seats(scope=[1, 4]) == [("max", 1, "shanghai"), ("rita", 4, "shanghai")]

    def test_within_a_scope_that_lists_nobody_is_nobodys_too(self):
        assert self.seats(scope=[0, 1]) == [("max", 1, "shanghai"), ("zoe", 0, None), (None, 0, None)]

    def test_of_what_has_no_day_is_the_seat_that_is_open_ended(self):
        assert self.seats("person\nmax\nrita", on=None) == [("max", 2, "chengdu"), ("rita", 4, "shanghai")]
