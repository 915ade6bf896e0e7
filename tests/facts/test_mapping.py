"""The mapping file: what it may say, and how it says what is wrong."""

import pytest
from django.utils import translation

from dabiao.facts.logic.mapping import BadMapping, read_map

GOOD = """
schema: dabiao/map/1
system: erp
sources:
  orders: {file: "orders*.csv", delimiter: tab, skip: 2, header: [no, day, "on", sum]}
tables:
  - into: order_lines
    from: orders
    key: no
    columns:
      ordered_on: day
      amount: {from: sum, unit: 万}
      sales_channel: {constant: no}
"""


def test_words_stay_words():
    mapping = read_map(GOOD)

    assert mapping.sources["orders"].options.header == ("no", "day", "on", "sum")
    assert mapping.sources["orders"].options.delimiter == "\t"
    assert mapping.tables[0].columns["sales_channel"].constant == "no"
    assert mapping.tables[0].key == ("no",)
    assert mapping.tables[0].columns["amount"].line == 12


def test_every_mistake_is_told_at_once_with_its_line_and_mend():
    text = GOOD.replace("system: erp", "sytem: erp").replace(
        "amount: {from: sum, unit: 万}", "amout: {from: sum, unit: 萬}"
    )
    text = text.replace("into: order_lines", "into: order_line").replace(
        "    from: orders", "    from: order"
    )

    with pytest.raises(BadMapping) as refused:
        read_map(text, file="erp.yml")

    assert [(p.line, p.says) for p in refused.value.problems] == [
        (2, "'system' is missing"),
        (3, "unknown word 'sytem'"),
        (7, "'order_line' is no known table"),
        (8, "'order' is no known source"),
        (12, "'萬' is no known unit"),
    ]
    assert refused.value.problems[2].mend == "Did you mean 'order_lines'?"
    assert str(refused.value).startswith("erp.yml:")


def test_mistakes_are_told_in_the_readers_language():
    text = GOOD.replace("amount: {from: sum, unit: 万}", "amuont: {from: sum, unit: 萬}")

    with translation.override("zh-hans"), pytest.raises(BadMapping) as refused:
        read_map(text, file="erp.yml")

    assert str(refused.value).splitlines() == [
        "erp.yml:12：'amuont' 不是已知的order_lines 的列。是否指 'amount'？",
        "erp.yml:12：'萬' 不是已知的单位。可用：%, bn, k, m, ‰, 万, 万亿, 亿, 十, 十万, 十亿, 千, 千万, 千亿, 百, 百万, 百亿。",
    ]


@pytest.mark.parametrize(
    ("case", "change", "message"),
    [
        ("no key", ("    key: no\n", ""), "order_lines has no key"),
        ("no date", ("      ordered_on: day\n", ""), "order_lines needs 'ordered_on'"),
        ("an unknown column", ("amount:", "amuont:"), "'amuont' is no known column of order_lines"),
        ("a path out of the folder", ('"orders*.csv"', "../secrets.csv"), "leaves the folder"),
        ("two rules for a column", ("{constant: no}", "{constant: no, from: sum}"), "needs one of from"),
        ("no such encoding", ("skip: 2", "encoding: klingon"), "'klingon' is no known encoding"),
        ("a window without a date", ("into: order_lines", "into: products"), "products needs 'product'"),
        ("a line twice", ("    key: no\n", "    key: no\n    key: no\n"), "'key' is written twice"),
        ("another schema", ("dabiao/map/1", "dabiao/map/9"), "schema is 'dabiao/map/9'"),
        ("a column from nowhere", ("ordered_on: day", "ordered_on: ''"), "ordered_on must be a word"),
        ("a flag that is none", ("key: no", "key: no\n    distinct: {a: b}"), "a single value is expected"),
        (
            "a join with nobody",
            ("skip: 2", "join: {source: ours, on: day, take: sum}"),
            "'ours' is no known source",
        ),
        (
            "a join with nothing",
            ("skip: 2", "join: {source: orders, on: day}"),
            "a join needs `on` and `take`",
        ),
    ],
)
def test_a_mistake_is_named(case, change, message):
    with pytest.raises(BadMapping, match=message):
        read_map(GOOD.replace(*change))


def test_what_is_no_yaml_says_where():
    with pytest.raises(BadMapping, match=r"map.yml:3"):
        read_map("a:\n  - b\n c: [", file="map.yml")


def test_aliases_that_unfold_without_end_are_refused():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for one, two in zip("abcdefg", "bcdefgh", strict=True):
        bomb += f"{two}: &{two} [{','.join([f'*{one}'] * 10)}]\n"

    with pytest.raises(BadMapping, match="too many entries"):
        read_map(bomb)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("skip: -5", "-5 is not a whole number"),
        ("skip: 99999999", "99999999 rows are too many"),
        ("skip: 1e999999999", "is not a number"),
        ("header: -1", "-1 is not a whole number"),
        ("header: 999999", "999999 rows are too many"),
        ('delimiter: "\\""', "cannot stand between cells"),
        ('delimiter: "\\n"', "cannot stand between cells"),
        ("delimiter: 中", "cannot stand between cells"),
        ("encoding: zlib", "no known encoding"),
        ('encoding: "utf-8\\0"', "no known encoding"),
    ],
)
def test_absurd_options_are_refused_with_their_line(option, says):
    name = option.partition(":")[0]
    lines = {"skip": "skip: 2", "header": 'header: [no, day, "on", sum]', "delimiter": "delimiter: tab"}
    text = (
        GOOD.replace(lines[name], option) if name in lines else GOOD.replace("skip: 2", f"skip: 2, {option}")
    )

    with pytest.raises(BadMapping, match=says) as refused:
        read_map(text)

    assert {problem.line for problem in refused.value.problems} == {5}


def test_a_day_is_not_moved_out_of_the_calendar():
    text = GOOD.replace("ordered_on: day", "ordered_on: {from: day, add_days: 99999999}")

    with pytest.raises(BadMapping, match="99999999 days are too many"):
        read_map(text)
