"""The one reader of documents: values, places, and mistakes that are all told at once."""

import ast
from datetime import date
from decimal import Decimal

import pytest
from tests.conftest import REPOSITORY

from dabiao.engine.calendar_file import read_calendar
from dabiao.engine.company_calendar import BadCompanyCalendar
from dabiao.engine.document import Node, field_of, listed, read, write


def entry(text):
    """The value called `a` of a document, and the list of its mistakes."""
    root, problems = read(f"a: {text}", "own.yml")
    return root.members["a"], problems


def refused(text, getter):
    node, problems = entry(text)
    field_of({"a": node}, "a", getter, None)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("12", 12),
        ("-3", -3),
        ("007", "007"),
        ("0.10", Decimal("0.10")),
        ("1e3", "1e3"),
        ("2026-01-31", date(2026, 1, 31)),
        ("'2026-01-31'", "2026-01-31"),
        ("'true'", "true"),
        ("", None),
        ("null", None),
        ("''", ""),
        ("'~'", "~"),
    ],
)
def test_a_value_is_what_yaml_1_2_says_and_in_quotes_a_text(text, value):
    assert entry(text)[0].value == value


@pytest.mark.parametrize(
    ("getter", "text", "value"),
    [
        (Node.number, "5%", Decimal("0.05")),
        (Node.number, "1_200.50", Decimal("1200.50")),
        (Node.share, "100%", Decimal(1)),
        (Node.positive, "0", Decimal(0)),
        (Node.whole, "3", 3),
        (Node.integer, "-3", -3),
        (Node.day, "2024-02-29", date(2024, 2, 29)),
        (Node.yes, "No", False),
        (lambda node: node.word(("new", "old")), "old", "old"),
        (listed(Node.whole), "[1, 2]", (1, 2)),
        (listed(Node.whole), "1", (1,)),
        (Node.plain, "{b: [1, null, 'null']}", {"b": ["1", None, "null"]}),
    ],
)
def test_getters_read_what_is_meant(getter, text, value):
    assert getter(entry(text)[0]) == value


@pytest.mark.parametrize(
    ("getter", "text", "says"),
    [
        (Node.number, "5%%", "'5%%' is not a number. Write it like 0.05, 5% or 1200.50."),
        (Node.number, "nan", "'nan' is not a number. Write it like 0.05, 5% or 1200.50."),
        (Node.share, "120%", "120% is no share. Write a share between 0% and 100%."),
        (Node.positive, "-1", "-1 is below zero. Write an amount of zero or more."),
        (Node.whole, "-1", "-1 is not a whole number. Write 0, 1, 2, …"),
        (Node.whole, "1.5", "1.5 is not a whole number. Write 0, 1, 2, …"),
        (Node.integer, "1.5", "1.5 is not a whole number. Write 0, 1, 2, …"),
        (Node.day, "2026-02-30", "'2026-02-30' is not a day of the calendar. Write it like 2026-01-31."),
        (Node.day, "20260201", "'20260201' is not a day. Write it like 2026-01-31."),
        (Node.yes, "maybe", "'maybe' is neither yes nor no. Write yes or no."),
        (Node.text, "[b]", "a single value is expected. Write one word or number here."),
        (lambda node: node.word(("new", "old")), "odd", "'odd' is not known here. Write one of: new, old."),
        (lambda node: node.fields("b"), "5", "a mapping is expected. Write `name: …` lines below it."),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_write(getter, text, says):
    assert refused(text, getter) == [f"own.yml, line 1: a: {says}"]


def test_one_mistake_hides_no_other():
    root, problems = read("count: many\ncuont: 2\ndays: [2026-01-01, soon, later]\ncount: 3\n", "own.yml")

    fields = root.fields("count", "days", "name")
    assert field_of(fields, "count", Node.whole, 0) == 0
    assert field_of(fields, "name", Node.text, "", needed=root) == ""
    assert field_of(fields, "days", listed(Node.day), ()) == (date(2026, 1, 1),)
    assert [str(problem) for problem in sorted(problems)] == [
        "own.yml, line 1: 'name' is missing. Add `name:`.",
        "own.yml, line 1: count: 'many' is not a number. Write it like 0.05, 5% or 1200.50.",
        "own.yml, line 2: cuont: unknown word 'cuont'. Did you mean 'count'?",
        "own.yml, line 3: days[2]: 'soon' is not a day. Write it like 2026-01-31.",
        "own.yml, line 3: days[3]: 'later' is not a day. Write it like 2026-01-31.",
        "own.yml, line 4: count: 'count' is written twice. Keep one of them.",
    ]


def test_every_value_knows_its_place():
    root, _ = read("a:\n  b:\n    - c: 1\n    - {d: 2}\n")

    assert root.lines == {"": 1, "a": 1, "a.b": 2, "a.b[1]": 3, "a.b[1].c": 3, "a.b[2]": 4, "a.b[2].d": 4}
    assert root.members["a"].members["b"].content[1].members["d"].column == 8


@pytest.mark.parametrize(
    ("case", "text", "says"),
    [
        ("no end", "a:\n  - b\n c: [", "line 3: this is not YAML: "),
        ("two documents", "a: 1\n---\nb: 2\n", "line 2: this is not YAML: "),
        ("a control character", "a: \x07", "line 1: this is not YAML: "),
        ("a list as name", "? [a, b]\n: 1\n", "line 1: a name must be a single word"),
        ("an alias of itself", "a: &a [*a]", "it is nested too deeply"),
        ("brackets without end", "[" * 5000 + "]" * 5000, "it is nested too deeply"),
        (
            "aliases that unfold into millions",
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)),
            "too many entries",
        ),
    ],
)  # fmt: skip
def test_what_is_no_document_says_where(case, text, says):
    _root, problems = read(text)

    assert len(problems) == 1 and says in str(problems[0]), case


def test_an_empty_text_is_nothing():
    root, problems = read("# nothing yet\n")

    assert (root.is_null, dict(root.members), problems) == (True, {}, [])


def test_what_is_written_is_read_again():
    document = {"b": ["no", "007", None, "上海"], "a": {"x": "2026-01-01", "empty": ""}}

    text = write(document)

    assert text.startswith("b:") and "上海" in text
    assert read(text)[0].plain() == document


def test_a_calendar_is_read_or_refused_with_every_mistake():
    calendar = read_calendar("ours", "week: six\nclosed: [2026-05-04]\ncountry: null\n")
    assert (calendar.week, calendar.country, calendar.closed) == ("six", None, {date(2026, 5, 4)})
    assert read_calendar("ours", "").country == "CN"
    assert read_calendar("ours", "region: TW\nclosed:\n").closed == frozenset()

    with pytest.raises(BadCompanyCalendar) as refusal:
        read_calendar("ours", "weeks: six\nclosed: [4 May]\nweek: seven\n", "ours.yml")
    assert str(refusal.value).splitlines() == [
        "ours.yml, line 1: weeks: unknown word 'weeks'. Did you mean 'week'?",
        "ours.yml, line 2: closed[1]: '4 May' is not a day. Write it like 2026-01-31.",
        "ours.yml, line 3: week: 'seven' is not known here. Write one of: five, six, alternate.",
    ]
    with pytest.raises(BadCompanyCalendar, match=r"ours.yml, line 1: .*`free_saturday`"):
        read_calendar("ours", "week: alternate", "ours.yml")


def test_only_the_reader_knows_yaml():
    knowing = {
        file.relative_to(REPOSITORY / "src/dabiao").as_posix()
        for file in (REPOSITORY / "src/dabiao").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "yaml" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "yaml")
    }

    assert knowing == {"engine/document.py"}


@pytest.mark.parametrize(
    ("case", "text", "says"),
    [
        ("brackets", "[" * 10_000, "nested too deeply"),
        ("names", "{a: " * 5_000, "nested too deeply"),
        ("lines", "".join(" " * depth + "a:\n" for depth in range(1_000)), "nested too deeply"),
        ("itself", "a: &a\n  b: *a\n", "nested too deeply"),
        ("aliases", "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 12)), "too many"),
        ("length", "a: b\n" * 300_000, "longer than 1000000"),
    ],
)  # fmt: skip
def test_a_document_that_unfolds_without_end_is_refused(case, text, says):
    root, problems = read(text)

    assert root is None and says in str(problems[0])


@pytest.mark.parametrize("text", ["1e999999999", "-1e99999", "9" * 5_000])
def test_a_number_beyond_measure_is_none(text):
    assert "is not a number" in refused(text, Node.whole)[0]
    assert isinstance(entry(text)[0].value, str)
