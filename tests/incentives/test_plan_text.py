"""What a plan's text may not say: each mistake is named with its line and its mend, all of them at once."""

import pytest

from dabiao.engine.payout.explain import explain
from dabiao.engine.payout.validate import PlanRefused, read
from dabiao.incentives.cases import SCHEMAS
from tests.incentives.test_situations import PLANS

HEAD = """schema: dabiao/plan/1
plan: p
version: 1
from: 2026-01-01
to: 2027-01-01
who: everyone
currency: CNY
measures:
  sales: {table: order_lines}
"""
PAY = """components:
  pay: {base: sales, rate: 5%}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(PlanRefused) as refused:
        read(text, SCHEMAS)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("case", "text", "line", "says", "mend"),
    [
        ("an unknown word", "currancy: CNY\n" + PAY, 10, "unknown word 'currancy'", "Did you mean 'currency'?"),
        ("a measure that is not there", "components: {pay: {base: sale, rate: 5%}}", 10, "no measure 'sale'", "Known: sales."),
        ("a table that is not there", "components: {pay: {base: sales, rate: {table: t}}}", 10, "no table 't'", "Known: none."),
        ("neither rate nor bonus", "components: {pay: {base: sales}}", 10, "exactly one of `rate` and `bonus`", "Write one"),
        ("a gap below the first tier", "components: {pay: {base: sales, rate: {tiers: [{from: 5, is: 5%}]}}}", 10, "a gap", "from: 0"),
        ("two tiers that start together", "components: {pay: {base: sales, rate: {tiers: [{from: 0, is: 5%}, {from: 0, is: 6%}]}}}", 10, "an overlap", "Keep one"),
        ("tiers out of order", "components: {pay: {base: sales, rate: {tiers: [{from: 0, is: 5%}, {from: 9, is: 6%}, {from: 3, is: 7%}]}}}", 10, "3 comes after 9", "rising"),
        ("a number that is none", "components: {pay: {base: sales, rate: 5%%}}", 10, "is not a number", "0.05"),
        ("a day that is none", PAY + "exchange: [{currency: USD, from: 2026-02-30, rate: 7}]\namounts: original", 12, "is not a day", "2026-01-31"),
        ("a table without else", "tables: {t: {by: product, rows: [{product: b, is: 1}]}}\ncomponents: {pay: {base: sales, rate: {table: t}}}", 10, "a gap", "else"),
        ("two rows on one day", "tables:\n  t:\n    by: product\n    else: 0\n    rows:\n      - {product: b, is: 1, to: 2026-03-01}\n      - {product: b, is: 2, from: 2026-02-01}\n" + PAY, 15, "two rows hold on 2026-02-01", "to: 2026-02-01"),
        ("days that no row holds", "tables:\n  t:\n    by: product\n    else: 0\n    rows:\n      - {product: b, is: 1, to: 2026-03-01}\n      - {product: b, is: 2, from: 2026-03-02}\n" + PAY, 15, "no row holds from 2026-03-01 to 2026-03-01", "first day after"),
        ("rows that both fit", "tables: {t: {by: [product, kind], else: 0, rows: [{product: b, is: 1}, {kind: new, is: 2}]}}\n" + PAY, 10, "two rows fit kind new, product b", "names all"),
        ("pay from its own pay", "components: {a: {base: pay.b, rate: 1%}, b: {base: pay.a, rate: 1%}}", 10, "a circle", "measure"),
        ("an amount that fits nowhere", "largest: 1000000000000000000000\n" + PAY.replace("5%", "0.123456"), 12, "fits in no column", "`largest`"),
        ("a raise that says not how", "components: {pay: {base: sales, rate: 5%, raise: {when: {score: s, at_least: 1}, by: 10%}}}", 10, "neither relative nor points", "as: relative"),
        ("stages that do not sum up", "components: {pay: {base: sales, rate: 5%, stages: [{event: booked, share: 30%}]}}", 10, "the stages sum to 30", "100%"),
        ("a multiplier with a gap", "components: {pay: {base: sales, rate: 5%, times: [{column: qty, steps: [{from: 1, is: 1}]}]}}", 10, "a gap", "below"),
        ("the same name twice", PAY + "  pay: {base: sales, rate: 6%}\n", 12, "written twice", "Keep one"),
        ("weeks inside quarters", "period: week\ncomponents: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], over: quarter}}}", 11, "weeks do not fill months", "pay by month"),
    ],
)  # fmt: skip
def test_mistake_is_named_with_line_and_mend(case, text, line, says, mend):
    found = problems(HEAD + text)

    assert any(f"line {line}:" in one and says in one and mend in one for one in found), (case, found)


def test_column_that_is_not_there_is_named_with_those_that_are():
    found = problems(HEAD.replace("order_lines}", "order_lines, on: day, where: {colour: red}}") + PAY)

    assert [one.split(". Known")[0] for one in found] == [
        "line 9: measures.sales.on: order_lines has no column 'day'",
        "line 9: measures.sales.where: order_lines has no column 'colour'",
    ]


def test_every_mistake_is_found_at_once():
    found = problems(HEAD.replace("CNY", "CNY\nrounde: line") + "components: {pay: {base: sale, rate: 5x}}")

    assert len(found) == 3


def test_text_that_is_no_yaml_says_where():
    assert problems("plan: p\nschema: [")[0].startswith("line 2: plan: not YAML")
    assert "empty" in problems("")[0]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_situation_can_be_explained(name, language):
    sentences = explain(PLANS[name], language)

    components = [component.title for component in PLANS[name].components.values()]
    for title in components:
        assert any((title.zh if language == "zh" else title.en) in sentence for sentence in sentences)
    assert not any("None" in sentence or "Decimal" in sentence for sentence in sentences)


def test_explanation_gives_every_figure_of_the_plan():
    sentences = " ".join(explain(PLANS["tiers"], "en"))

    assert "The part from 0 CNY to 1,000 CNY earns 5%." in sentences
    assert "The part above 1,000 CNY earns 7%." in sentences
