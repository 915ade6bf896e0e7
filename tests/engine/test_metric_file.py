"""Metric files: what is read, and what is said about every mistake."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from dabiao.engine.light import Lights
from dabiao.engine.metric import Measure, Ratio, Share, Source, Words
from dabiao.engine.metric_file import MetricErrors, load, load_files
from dabiao.engine.row import Between, Condition, Points, Same, Terms, Together


@dataclass(frozen=True)
class Entry:
    on: str | None
    ibis_schema: dict[str, str]
    spread: None = None
    derived: dict[str, str] = field(default_factory=dict)


CATALOGUE = {
    "orders": Entry(
        "ordered_on",
        {
            "ordered_on": "date",
            "shipped_on": "date",
            "asked_at": "timestamp(6)",
            "answered_at": "timestamp(6)",
            "amount": "decimal(18, 4)",
            "cost": "decimal(18, 4)",
            "pieces": "int64",
            "kind": "string",
            "paid": "boolean",
        },
    ),
    "customers": Entry(None, {"customer": "string", "created_on": "date"}),
}
SALES = """
sales:
  label: {en: Sales, zh-hans: 销售额}
  kind: result
  unit: money
  measure: {table: orders, sum: amount}
"""


def entry(fields):
    """One metric called x: the given lines on top of what every metric needs."""
    return "x:\n  label: X\n  kind: result\n  unit: count\n" + "".join(
        f"  {line}\n" for line in fields.splitlines()
    )


def one(fields):
    return load(entry(fields), file="own.yml", catalogue=CATALOGUE)["x"]


def test_a_whole_entry():
    text = """
sales:
  label: {en: Sales, zh-hans: 销售额}
  kind: result
  unit: money
  direction: down
  note: As ordered.
  lights: {green: 1.05, amber: 0.9}
  aliases: [turnover, 订单额]
  decimals: 0
  measure: {table: orders, sum: amount, on: shipped_on, credit: signer}
"""
    assert load(text, file="own.yml", catalogue=CATALOGUE, credits={"signer"}) == {
        "sales": Measure(
            key="sales",
            label=Words("Sales", "销售额"),
            kind="result",
            unit="money",
            direction="down",
            note=Words("As ordered.", "As ordered."),
            lights=Lights(Decimal("1.05"), Decimal("0.9")),
            aliases=("turnover", "订单额"),
            decimals=0,
            source=Source("orders", "shipped_on", "signer"),
            how="sum",
            of=Terms(("amount",)),
        )
    }


@pytest.mark.parametrize(
    ("case", "measure", "how", "of"),
    [
        ("a count of rows", "count: true", "count", None),
        ("distinct texts", "distinct: kind", "distinct", Terms(("kind",))),
        ("texts told apart together", "distinct: [kind, pieces]", "distinct", Together(("kind", "pieces"))),
        (
            "plus and minus",
            "sum: {plus: [amount, pieces], minus: cost}",
            "sum",
            Terms(("amount", "pieces"), ("cost",)),
        ),
        ("plus alone", "mean: {plus: [amount]}", "mean", Terms(("amount",))),
        (
            "days",
            "median: {days_from: ordered_on, to: shipped_on}",
            "median",
            Between("ordered_on", "shipped_on"),
        ),
        (
            "minutes",
            "max: {minutes_from: asked_at, to: answered_at}",
            "max",
            Between("asked_at", "answered_at", "minutes"),
        ),
        ("the latest day", "max: shipped_on", "max", Terms(("shipped_on",))),
        (
            "a net score",
            "mean: {one_if: {pieces: {at_least: 9}}, minus_one_if: {pieces: {at_most: 6}}}",
            "mean",
            Points((Condition("pieces", "at_least", (9,)),), (Condition("pieces", "at_most", (6,)),)),
        ),
        ("a score", "sum: {one_if: {paid: true}}", "sum", Points((Condition("paid", "one_of", (True,)),))),
    ],
)
def test_values(case, measure, how, of):
    metric = one(f"measure: {{table: orders, {measure}}}")

    assert (metric.how, metric.of) == (how, of), case


@pytest.mark.parametrize(
    ("case", "where", "conditions"),
    [
        ("equal", "kind: new", [Condition("kind", "one_of", ("new",))]),
        ("words stay words", "kind: on", [Condition("kind", "one_of", ("on",))]),
        ("quoted numbers are text", "kind: '12'", [Condition("kind", "one_of", ("12",))]),
        ("a list", "kind: [new, renewal]", [Condition("kind", "one_of", ("new", "renewal"))]),
        ("a flag", "paid: false", [Condition("paid", "one_of", (False,))]),
        ("null", "kind: null", [Condition("kind", "is_null")]),
        ("is null", "kind: {is_null: true}", [Condition("kind", "is_null")]),
        ("not null", "kind: {not_null: true}", [Condition("kind", "not_null")]),
        ("not null said otherwise", "kind: {not: null}", [Condition("kind", "not_null")]),
        ("not", "kind: {not: return}", [Condition("kind", "none_of", ("return",))]),
        ("none of", "kind: {not: [a, b]}", [Condition("kind", "none_of", ("a", "b"))]),
        (
            "between",
            "pieces: {at_least: 10, below: 20.5}",
            [Condition("pieces", "at_least", (10,)), Condition("pieces", "below", (Decimal("20.5"),))],
        ),
        ("another column", "shipped_on: {at_most: {column: ordered_on}}", [Condition("shipped_on", "at_most", (Same("ordered_on"),))]),
        ("days after it", "shipped_on: {at_most: {column: ordered_on, plus_days: 14}}", [Condition("shipped_on", "at_most", (Same("ordered_on", 14),))]),
    ],
)  # fmt: skip
def test_conditions(case, where, conditions):
    metric = one(f"measure: {{table: orders, count: true, where: {{{where}}}}}")

    assert list(metric.where) == conditions, case


def test_days_before_and_after():
    metric = one(
        "measure: {table: orders, count: true, where: {shipped_on: {after: 2017-01-01, before: 2018-01-01}}}"
    )

    assert [test.test for test in metric.where] == ["above", "below"]


def test_dates_that_decide_the_period():
    assert one("measure: {table: orders, count: true}").source == Source("orders", "ordered_on")
    assert one("measure: {table: orders, count: true, on: asked_at}").source == Source("orders", "asked_at")
    assert one("measure: {table: orders, count: true, on: now}").source == Source("orders", None)
    assert one("measure: {table: customers, count: true}").source == Source("customers", None)


def test_ratios_and_shares_are_tied_to_their_measures_in_any_order():
    text = (
        """
rate:
  label: Rate
  kind: quality
  unit: ratio
  ratio: {part: sales, whole: orders}
part:
  label: Part
  kind: result
  unit: ratio
  share: {of: sales, within: region}
"""
        + SALES
        + SALES.replace("sales", "orders").replace("sum: amount", "count: true")
    )
    metrics = load(text, file="own.yml", catalogue=CATALOGUE)

    rate, part = metrics["rate"], metrics["part"]
    assert isinstance(rate, Ratio)
    assert (rate.part, rate.whole, rate.decimals) == (metrics["sales"], metrics["orders"], 1)
    assert isinstance(part, Share)
    assert (part.of, part.within) == (metrics["sales"], ("region",))


def test_a_later_file_replaces_an_entry_also_inside_ratios():
    texts = {
        "standard.yml": SALES + entry("ratio: {part: sales, whole: sales}"),
        "own.yml": SALES.replace("sum: amount", "sum: cost"),
    }
    metrics = load_files(texts, catalogue=CATALOGUE)

    assert list(metrics) == ["sales", "x"]
    assert metrics["x"].part.of == Terms(("cost",))


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_holds_no_metrics(text):
    assert load(text, file="own.yml", catalogue=CATALOGUE) == {}


BAD = [
    ("an unknown column", "measure: {table: orders, sum: amuont}", 5, "orders has no column 'amuont'. Did you mean 'amount'?"),
    ("nothing near", "measure: {table: zzzzzz, sum: amount}", 5, "there is no table 'zzzzzz'. Known here: customers, orders."),
    ("a near table", "measure: {table: order, sum: amount}", 5, "there is no table 'order'. Did you mean 'orders'?"),
    ("no table", "measure: {sum: amount}", 5, "does not say which table is measured. Write e.g. {table"),
    ("nothing done", "measure: {table: orders}", 5, "does not say once what is done with the rows. Write one of: sum, count"),
    ("two things done", "measure: {table: orders, sum: amount, count: true}", 5, "not say once what is done"),
    ("an unknown field of a measure", "measure: {table: orders, sum: amount, filter: x}", 5, "unknown word 'filter'. Known here: count"),
    ("an unknown field", "color: red\nmeasure: {table: orders, count: true}", 5, "unknown word 'color'. Known here: aliases"),
    ("a field nearly right", "lables: x\nmeasure: {table: orders, count: true}", 5, "unknown word 'lables'. Did you mean 'label'?"),
    ("no shape", "note: x", 1, "not exactly one of measure, ratio and share"),
    ("two shapes", "measure: {table: orders, count: true}\nratio: {part: x, whole: x}", 1, "exactly one of"),
    ("a sum of text", "measure: {table: orders, sum: kind}", 5, "orders.kind is a text: it has no sum."),
    ("a sum of days", "measure: {table: orders, sum: shipped_on}", 5, "orders.shipped_on is a date: it has no sum."),
    ("a count of something", "measure: {table: orders, count: kind}", 5, "Write `count: true`, or `distinct:`"),
    ("a value that is none", "measure: {table: orders, sum: {times: [a, b]}}", 5, "this is no value. Write a column, {plus: [a]"),
    ("only minus", "measure: {table: orders, sum: {minus: cost}}", 5, "Write a column"),
    ("days of numbers", "measure: {table: orders, mean: {days_from: pieces, to: shipped_on}}", 5, "orders.pieces is a number, no date or time"),
    ("a date and a time", "measure: {table: orders, mean: {days_from: ordered_on, to: asked_at}}", 5, "ordered_on is a date, asked_at a time. Compare two of a kind."),
    ("no date to go by", "measure: {table: orders, count: true, on: kind}", 5, "orders.kind is no date. Name the date"),
    ("an unknown date", "measure: {table: orders, count: true, on: orderd_on}", 5, "Did you mean 'ordered_on'?"),
    ("an unknown rule", "measure: {table: orders, count: true, credit: singer}", 5, "there is no attribution rule 'singer'. Did you mean 'signer'?"),
    ("no conditions", "measure: {table: orders, count: true, where: kind}", 5, "where lists columns and what they must be"),
    ("an unknown column in where", "measure: {table: orders, count: true, where: {knd: new}}", 5, "Did you mean 'kind'?"),
    ("an unknown test", "measure: {table: orders, count: true, where: {pieces: {least: 1}}}", 5, "there is no test 'least'. Did you mean 'at_least'?"),
    ("a text for a number", "measure: {table: orders, count: true, where: {pieces: many}}", 5, "pieces is a number, many is not."),
    ("a number for a text", "measure: {table: orders, count: true, where: {kind: 12}}", 5, "kind is a text, 12 is not. Quote it."),
    ("a flag for a number", "measure: {table: orders, count: true, where: {pieces: true}}", 5, "pieces is a number, true is not."),
    ("a text for a flag", "measure: {table: orders, count: true, where: {paid: yes}}", 5, "paid is true or false, yes is not."),
    ("a number for a date", "measure: {table: orders, count: true, where: {shipped_on: 5}}", 5, "shipped_on is a date, 5 is not."),
    ("a list in a list", "measure: {table: orders, count: true, where: {kind: [[a]]}}", 5, "kind is a text, a list or a mapping is not."),
    ("null in a list", "measure: {table: orders, count: true, where: {kind: [a, null]}}", 5, "kind is a text, null is not."),
    ("text compared", "measure: {table: orders, count: true, where: {kind: {above: a}}}", 5, "it is equal or not, never above"),
    ("two limits", "measure: {table: orders, count: true, where: {pieces: {above: [1, 2]}}}", 5, "above takes one value"),
    ("columns of two kinds", "measure: {table: orders, count: true, where: {pieces: {above: {column: kind}}}}", 5, "pieces is a number, kind a text."),
    ("days after no day", "measure: {table: orders, count: true, where: {pieces: {above: {column: pieces, plus_days: 2}}}}", 5, "goes with a day or a time, not with a number"),
    ("days that are none", "measure: {table: orders, count: true, where: {shipped_on: {above: {column: ordered_on, plus_days: soon}}}}", 5, "'soon' is not a number"),
    ("is_null false", "measure: {table: orders, count: true, where: {kind: {is_null: false}}}", 5, "Write `is_null: true`"),
    ("unknown part", "ratio: {part: nothing, whole: x}", 5, "there is no metric 'nothing'. Known here: x."),
    ("half a ratio", "ratio: {part: x}", 5, "the ratio has no whole"),
    ("too much in a ratio", "ratio: {part: x, whole: x, times: 100}", 5, "unknown word 'times'. Known here: part, whole."),
    ("too much in a share", "share: {of: x, in: x}", 5, "unknown word 'in'. Known here: of, within."),
    ("made of itself", "ratio: {part: x, whole: x}", 5, "it is made of itself (x → x). Make its parts measures."),
    ("decimals of nothing", "decimals: 9\nmeasure: {table: orders, count: true}", 5, "Write a whole number from 0 to 4"),
    ("lights half said", "lights: {green: 1}\nmeasure: {table: orders, count: true}", 5, "Write e.g. {green: 1, amber: 0.8}"),
    ("lights crossed", "lights: {green: 0.8, amber: 1}\nmeasure: {table: orders, count: true}", 5, "amber starts at 1, above green at 0.8"),
    ("a note in one language only", "note: {en: x}\nmeasure: {table: orders, count: true}", 5, "the text is not in both languages. Write {en"),
    ("a note of nothing in one language", "note: {en: x, zh-hans: }\nmeasure: {table: orders, count: true}", 5, "the text is not in both languages"),
    ("sideways", "direction: sideways\nmeasure: {table: orders, count: true}", 5, "there is no direction 'sideways'. Known here: down, up."),
]  # fmt: skip


@pytest.mark.parametrize(("case", "fields", "line", "says"), BAD, ids=[case for case, *_ in BAD])
def test_mistakes_are_named_with_their_mend(case, fields, line, says):
    with pytest.raises(MetricErrors) as refused:
        load(entry(fields), file="own.yml", catalogue=CATALOGUE, credits={"signer"})

    problem = refused.value.problems[0]
    assert (problem.file, problem.line, problem.path.partition(".")[0]) == ("own.yml", line, "x"), case
    assert says in str(problem), case


@pytest.mark.parametrize(
    ("case", "text", "line", "says"),
    [
        ("broken syntax", "sales: {label: [", 1, "this is not YAML"),
        ("a tab", "sales:\n\tlabel: x", 2, "this is not YAML"),
        ("a list", "- sales", 1, "Write one entry a metric"),
        ("a word", "sales: 5", 1, "a metric has fields"),
        ("twice", SALES + SALES, 8, "'sales' is written twice. Keep one"),
        ("an impossible day", SALES.replace("sum: amount", "sum: amount, where: {shipped_on: 2017-02-30}"), 6, "'2017-02-30' is not a day of the calendar"),
        ("a name of several words", "? [a, b]\n: 1", 1, "a name must be a single word"),
        ("capitals", SALES.replace("sales", "Sales"), 2, "'Sales' is no key of a metric. Write it in a-z"),
        ("no kind", SALES.replace("kind: result", "aliases: x"), 2, "'kind' is missing. Add `kind:`, one of result"),
        ("no label", SALES.replace("label: {en: Sales, zh-hans: 销售额}", "note: x"), 2, "'label' is missing"),
        ("an unknown unit", SALES.replace("money", "monney"), 5, "there is no unit 'monney'. Did you mean 'money'?"),
    ],
)  # fmt: skip
def test_mistakes_of_a_whole_file(case, text, line, says):
    with pytest.raises(MetricErrors) as refused:
        load(text, file="own.yml", catalogue=CATALOGUE)

    assert refused.value.problems[0].line == line, case
    assert says in str(refused.value), case


def test_all_mistakes_come_at_once_in_order():
    text = """
a:
  label: A
  kind: reslt
  unit: money
  measure: {table: orders, sum: amuont, where: {knd: new, pieces: many}}
b:
  label: B
  kind: result
  unit: ratio
  ratio: {part: a, whole: c}
c:
  label: C
  kind: result
  unit: ratio
  ratio: {part: b, whole: c}
d:
  label: D
  kind: result
  unit: ratio
  ratio: {part: c, whole: a}
"""
    with pytest.raises(MetricErrors) as refused:
        load(text, file="own.yml", catalogue=CATALOGUE)

    assert [str(problem) for problem in refused.value.problems] == [
        "own.yml, line 4: a.kind: there is no kind 'reslt'. Did you mean 'result'?",
        "own.yml, line 6: a.measure.sum: orders has no column 'amuont'. Did you mean 'amount'?",
        "own.yml, line 6: a.measure.where.knd: orders has no column 'knd'. Did you mean 'kind'?",
        "own.yml, line 6: a.measure.where.pieces: pieces is a number, many is not.",
        "own.yml, line 11: b.ratio.whole: it is made of itself (b → c → b). Make its parts measures.",
        "own.yml, line 16: c.ratio.part: it is made of itself (c → b → c). Make its parts measures.",
        "own.yml, line 16: c.ratio.whole: it is made of itself (c → c). Make its parts measures.",
        "own.yml, line 21: d.ratio.part: c is no measure but is divided itself. Divide two measures.",
    ]


def test_a_share_of_something_that_does_not_add_up():
    text = entry("share: {of: m}") + entry("measure: {table: orders, median: pieces}").replace("x:", "m:")

    with pytest.raises(MetricErrors, match=r"m does not add up\. A share needs a sum or a count"):
        load(text, file="own.yml", catalogue=CATALOGUE)
