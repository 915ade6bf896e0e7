"""What a plan's text may not say: each mistake is named with its line and its mend, all of them at once."""

import re

import pytest

from dabiao.core.sentence import say
from dabiao.engine.payout.explain import explain
from dabiao.engine.payout.validate import PlanRefused, read
from dabiao.incentives.logic.cases import SCHEMAS
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
    """In English; each has its Chinese, too."""
    with pytest.raises(PlanRefused) as refused:
        read(text, SCHEMAS)
    for problem in refused.value.problems:
        for said in filter(None, (problem.says, problem.mend)):
            assert re.search(r"[\u4e00-\u9fff]", say(said, "zh-hans")), said
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
        ("two rows on one day", "tables:\n  t:\n    by: product\n    else: 0\n    rows:\n      - {product: b, is: 1, to: 2026-03-01}\n      - {product: b, is: 2, from: 2026-02-01}\n" + PAY, 14, "two rows hold on 2026-02-01", "to: 2026-02-01"),
        ("days that no row holds", "tables:\n  t:\n    by: product\n    else: 0\n    rows:\n      - {product: b, is: 1, to: 2026-03-01}\n      - {product: b, is: 2, from: 2026-03-02}\n" + PAY, 14, "no row holds from 2026-03-01 to 2026-03-01", "first day after"),
        ("rows that both fit", "tables: {t: {by: [product, kind], else: 0, rows: [{product: b, is: 1}, {kind: new, is: 2}]}}\n" + PAY, 10, "two rows fit kind new, product b", "names all"),
        ("pay from its own pay", "components: {a: {base: pay.b, rate: 1%}, b: {base: pay.a, rate: 1%}}", 10, "a circle", "measure"),
        ("an amount that fits nowhere", "largest: 1000000000000000000000\n" + PAY.replace("5%", "0.123456"), 12, "fits in no column", "`largest`"),
        ("a raise that says not how", "components: {pay: {base: sales, rate: 5%, raise: {when: {score: s, at_least: 1}, by: 10%}}}", 10, "neither relative nor points", "as: relative"),
        ("stages that do not sum up", "components: {pay: {base: sales, rate: 5%, stages: [{event: booked, share: 30%}]}}", 10, "the stages sum to 30", "100%"),
        ("a multiplier with a gap", "components: {pay: {base: sales, rate: 5%, times: [{column: qty, steps: [{from: 1, is: 1}]}]}}", 10, "a gap", "below"),
        ("the same name twice", PAY + "  pay: {base: sales, rate: 6%}\n", 12, "written twice", "Keep one"),
        ("weeks inside quarters", "period: week\ncomponents: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], over: quarter}}}", 11, "weeks do not fill months", "pay by month"),
        ("a month that is none", "year_starts: 13\n" + PAY, 10, "there is no month 13", "1 to 12"),
        ("a cut that not every month has", "cut_day: 29\n" + PAY, 10, "not every month has a day 29", "1 to 28"),
        ("fewer decimals counted than paid", "decimals: 1\n" + PAY, 1, "fewer decimals than paid", "Raise `decimals`"),
        ("rates of exchange that nothing uses", PAY + "exchange: [{currency: USD, rate: 7, from: 2026-01-01}]", 12, "converted already", "amounts: original"),
        ("a member whose days end before they begin", "except: [{role: rep, from: 2026-05-01, to: 2026-05-01}]\n" + PAY, 10, "2026-05-01 is not after 2026-05-01", "first day after"),
        ("a row whose days end before they begin", "tables: {t: {by: product, else: 0, rows: [{product: b, is: 1, from: 2026-05-01, to: 2026-04-01}]}}\n" + PAY, 10, "2026-04-01 is not after 2026-05-01", "first day after"),
        ("a table with rows and a source", "tables: {t: {by: product, from: products, take: list_price, rows: [{is: 1}]}}\n" + PAY, 10, "either rows or a source", "`from:` with `take:`"),
        ("a source without a column", "tables: {t: {by: product, from: products}}\n" + PAY, 10, "which column to take", "`take:`"),
        ("a source that is not there", "tables: {t: {by: product, from: goods, take: price}}\n" + PAY, 10, "no table 'goods'", "products"),
        ("stages and clawback together", "components: {pay: {base: sales, rate: 5%, stages: [{event: booked, share: 100%}], clawback: [{when: unpaid, days: 90}]}}", 10, "not clawed back", "Drop `stages` or `clawback`"),
        ("a floor above the cap", "components: {pay: {base: sales, rate: 5%, cap: 10, floor: 11}}", 10, "the floor lies above the cap", "raise the cap"),
        ("a cap over another span than the tiers", "components: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], over: year}, cap: {amount: 9, over: quarter}}}", 10, "over a quarter, but the component over a year", "`over: year`"),
        ("a floor over another span than the cap", "components: {pay: {base: sales, rate: 1%, cap: {amount: 9, over: quarter}, floor: {amount: 1, over: year}}}", 10, "over a year, but the component over a quarter", "`over: quarter`"),
        ("a span shorter than the pay period", "period: quarter\ncomponents: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], over: month}}}", 11, "shorter than the pay period", "quarter or longer"),
        ("the whole plan by weeks", "period: week\ncomponents: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], over: plan}}}", 11, "weeks do not fill months", "pay by month"),
        ("a quarter's gate in weeks", "period: week\ncomponents: {pay: {base: sales, rate: 1%, gate: {total: sales, over: quarter, at_least: 1}}}", 11, "weeks do not fill months", "pay by month"),
        ("a year's bonus in weeks", "period: week\ncomponents: {pay: {bonus: {kind: points, measure: sales, rate: 1, over: year}}}", 11, "weeks do not fill months", "pay by month"),
        ("points without worth", "components: {pay: {base: sales, rate: 1, unit: points}}", 10, "no worth in money", "`worth:`"),
        ("no base", "components: {pay: {rate: 5%}}", 10, "no base is named", "`base:`"),
        ("a share of pay that is not there", "components: {pay: {base: pay.other, rate: 5%}}", 10, "no component 'other'", "Known: pay"),
        ("a share of pay with tiers", "components: {pay: {base: sales, rate: 1%}, share: {base: pay.pay, rate: {tiers: [{from: 0, is: 1%}]}}}", 10, "has a flat rate", "without multipliers"),
        ("tiers without a tier", "components: {pay: {base: sales, rate: {tiers: []}}}", 10, "has no tier", "from: 0"),
        ("marginal tiers on another measure", "components: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], measure: cash}}}", 10, "cut the base itself", "`pay: whole`"),
        ("whole tiers on a measure that is not there", "components: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], measure: cash, pay: whole}}}", 10, "no measure 'cash'", "Known: sales"),
        ("a multiplier of two sources", "components: {pay: {base: sales, rate: 1%, times: [{table: t, score: s}]}}", 10, "exactly one source", "Write one of"),
        ("a multiplier's table that is not there", "components: {pay: {base: sales, rate: 1%, times: [{table: t}]}}", 10, "no table 't'", "Known: none"),
        ("attainment without steps", "components: {pay: {base: sales, rate: 1%, times: [{attainment: sales}]}}", 10, "has no steps", "`steps:"),
        ("attainment without a word below its first step", "components: {pay: {base: sales, rate: 1%, times: [{attainment: sales, steps: [{from: 0.5, is: 1}]}]}}", 10, "below the first step: a gap", "`below:`"),
        ("the attainment of a measure that is not there", "components: {pay: {base: sales, rate: 1%, gate: {attainment: cash, at_least: 1}}}", 10, "no measure 'cash'", "Known: sales"),
        ("a step above the most", "components: {pay: {base: sales, rate: 1%, times: [{score: s, most: 1, steps: [{from: 0, is: 2}], below: 0}]}}", 10, "a step exceeds the most", "Raise `most`"),
        ("one column where two are compared", "components: {pay: {base: sales, rate: 1%, times: [{days: [due_on], steps: [{from: 1, is: 1}], below: 1, unknown: 1}]}}", 10, "wrong number of columns", "take two"),
        ("a column without steps", "components: {pay: {base: sales, rate: 1%, times: [{column: qty, below: 1, unknown: 1}]}}", 10, "has no steps", "`steps:"),
        ("a column of nothing", "components: {pay: {base: sales, rate: 1%, times: [{column: wight, steps: [{from: 1, is: 1}], below: 1, unknown: 1}]}}", 10, "no column 'wight'", "Known:"),
        ("nothing where a number is missing", "components: {pay: {base: sales, rate: 1%, times: [{column: qty, below: 1, steps: [{from: 1, is: 1}]}]}}", 10, "where the number is missing: a gap", "`unknown:`"),
        ("a bonus that says too little", "components: {pay: {bonus: {kind: contest, measure: sales}}}", 10, "a contest bonus needs 'prizes'", "Add `prizes:`"),
        ("a bonus of a kind that is not there", "components: {pay: {bonus: {kind: lottery}}}", 10, "'lottery' is not known here", "Write one of"),
        ("a bonus on a measure that is not there", "components: {pay: {bonus: {kind: points, measure: cash, rate: 1}}}", 10, "no measure 'cash'", "Known: sales"),
        ("a bonus on pay that is not there", "components: {pay: {bonus: {kind: points, measure: pay.x, rate: 1}}}", 10, "no component 'x'", "Known: pay"),
        ("a team's bonus on pay", "components: {c: {base: sales, rate: 1%}, pay: {bonus: {kind: team, measure: pay.c, at_least: 1, amount: 1}}}", 10, "counts credit, not pay", "contest, pool and points"),
        ("a prize finer than what is paid", "components: {c: {bonus: {kind: contest, measure: sales, prizes: [100.5, 20.125]}}}", 10, "20.125 has more decimals than are paid (2)", "Round it, or raise `digits:`"),
        ("stages of a rate that catches up", "components: {pay: {base: sales, rate: {tiers: [{from: 0, is: 1%}], pay: whole, over: year}, stages: [{event: booked, share: 100%}]}}", 10, "cannot be paid in stages", "over the pay period"),
        ("a curve that begins above zero", "components: {pay: {bonus: {kind: attainment, measure: sales, amount: 1, curve: [{from: 0.5, is: 1}]}}}", 10, "below the first point: a gap", "from: 0"),
        ("a breakthrough that pays nothing", "components: {pay: {bonus: {kind: breakthrough, measure: sales, best_of: 3}}}", 10, "what a breakthrough pays", "`rate:`"),
        ("the best of no periods", "components: {pay: {bonus: {kind: breakthrough, measure: sales, amount: 1}}}", 10, "how many periods", "`best_of:`"),
        ("a pool of nothing", "components: {pay: {bonus: {kind: pool, measure: sales}}}", 10, "no size", "`amount:`"),
        ("a pool by a score that is not named", "components: {pay: {bonus: {kind: pool, amount: 1, weights: score}}}", 10, "by which score", "`score:`"),
        ("a gate that compares nothing", "components: {pay: {base: sales, rate: 1%, gate: {at_least: 1}}}", 10, "nothing is compared", "`total:`"),
        ("a member of two kinds", "except: [{role: rep, unit: east}]\n" + PAY, 10, "not exactly one of role, unit, person", "role: rep"),
        ("a number where yes or no is asked", "components: {pay: {base: sales, rate: 1%}}\nsettlement: {draw: {amount: 1, recoverable: 3}}", 11, "'3' is neither yes nor no", "Write yes or no"),
        ("a negative amount", "components: {pay: {base: sales, rate: 1%}}\nsettlement: {draw: {amount: -1, recoverable: yes}}", 11, "-1 is below zero", "zero or more"),
        ("a share above one", "components: {pay: {base: sales, rate: 1%, hold: {share: 120%}}}", 10, "120% is no share", "between 0% and 100%"),
        ("part of a deal", "components: {pay: {bonus: {kind: first_deal, measure: sales, amount: 1, within_days: 1.5}}}", 10, "1.5 is not a whole number", "0, 1, 2"),
    ],
)  # fmt: skip
def test_mistake_is_named_with_line_and_mend(case, text, line, says, mend):
    found = problems(HEAD + text)

    assert any(f"line {line}:" in one and says in one and mend in one for one in found), (case, found)


@pytest.mark.parametrize(
    ("case", "before", "after", "says", "mend"),
    [
        ("an end before the start", "to: 2027", "to: 2025", "2025-01-01 is not after 2026-01-01", "first day after"),
        ("another version of the format", "plan/1", "plan/2", "'dabiao/plan/2' is not a plan this version can read", "dabiao/plan/1"),
        ("a table that is not there", "order_lines}", "orders, on: ordered_on}", "no table 'orders'", "order_lines"),
        ("a crediting rule that is not there", "order_lines}", "order_lines, credit: pair}", "no crediting rule 'pair'", "Known: holder, owner, record, signer"),
        ("refunds of a table that names none", "order_lines}", "allocations, refunds: original}", "does not say what a row reverses", "own_date"),
        ("a table without a date of its own", "order_lines}", "products}", "no date of 'products' decides the period", "`on:`"),
        ("a comparison of nothing known", "order_lines}", "order_lines, where: {qty: {over: 3}}}", "unknown word 'over'", "Did you mean 'above'?"),
        ("neither a rule nor everyone", "everyone", "nobody", "who", "Write"),
    ],
)  # fmt: skip
def test_mistake_of_the_head_is_named_with_its_mend(case, before, after, says, mend):
    found = problems(HEAD.replace(before, after) + PAY)

    assert any(says in one and mend in one for one in found), (case, found)


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
    assert problems("plan: p\nschema: [")[0].startswith("line 2: this is not YAML: ")
    assert "empty" in problems("")[0]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_situation_can_be_explained(name, language):
    sentences = [say(sentence, language) for sentence in explain(PLANS[name])]

    components = [component.title for component in PLANS[name].components.values()]
    for title in components:
        assert any((title.en if language == "en" else title.zh) in sentence for sentence in sentences)
    assert not any("None" in sentence or "Decimal" in sentence for sentence in sentences)


def test_explanation_gives_every_figure_of_the_plan():
    sentences = " ".join(map(str, explain(PLANS["tiers"])))

    assert "The part from 0 CNY to 1,000 CNY earns 5%." in sentences
    assert "The part above 1,000 CNY earns 7%." in sentences
