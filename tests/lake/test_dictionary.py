"""The dictionary in force: standard metrics and the company's own."""

from pathlib import Path

import pytest

from dabiao.engine.metric_file import MetricErrors
from dabiao.engine.row import Terms
from dabiao.lake.dictionary import BadDictionary, load_dictionary, standard_metrics
from dabiao.lake.metrics_page import definition, metrics_page

NET_SALES = """
sales_amount:
  label: {en: Net sales, zh-hans: 净销售额}
  kind: result
  unit: money
  measure: {table: order_lines, sum: {plus: [amount], minus: [cost]}}
"""


def test_without_own_files_the_standard_ones_hold(tmp_path):
    assert load_dictionary() == load_dictionary(tmp_path / "missing") == standard_metrics()
    assert load_dictionary(tmp_path) == standard_metrics()


def test_an_own_entry_replaces_the_standard_one_everywhere(tmp_path):
    (tmp_path / "ours.yml").write_text(NET_SALES, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a metric", encoding="utf-8")

    metrics = load_dictionary(tmp_path)

    assert metrics["sales_amount"].label.en == "Net sales"
    assert metrics["average_order_value"].part.of == Terms(("amount",), ("cost",))
    assert list(metrics) == list(standard_metrics())


def test_files_are_read_in_order_of_name(tmp_path):
    (tmp_path / "b.yml").write_text(NET_SALES.replace("Net sales", "Second"), encoding="utf-8")
    (tmp_path / "a.yml").write_text(NET_SALES.replace("Net sales", "First"), encoding="utf-8")

    assert load_dictionary(tmp_path)["sales_amount"].label.en == "Second"


def test_mistakes_name_the_file_the_line_the_place_and_the_mend(tmp_path):
    (tmp_path / "ours.yml").write_text(NET_SALES.replace("order_lines", "orderlines"), encoding="utf-8")

    with pytest.raises(MetricErrors) as refused:
        load_dictionary(tmp_path, credits={"record"})

    assert str(refused.value) == (
        "ours.yml, line 6: sales_amount.measure.table: there is no table 'orderlines'. "
        "Did you mean 'order_lines'?"
    )


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "own.yml").write_bytes("毛利:".encode("gb18030"))

    with pytest.raises(BadDictionary, match=r"own\.yml is not UTF-8: save it as UTF-8"):
        load_dictionary(tmp_path)


def test_the_metrics_page_is_current():
    page = Path(__file__).parents[2] / "docs" / "metrics.md"

    assert page.read_text(encoding="utf-8") == metrics_page(), "run `make docs`"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sales_amount", "sum of amount in order_lines by ordered_on"),
        ("gross_profit", "sum of amount − cost in order_lines by ordered_on"),
        ("win_rate", "won_deals ÷ closed_deals"),
        ("sales_share", "sales_amount ÷ that of its parent"),
        ("open_opportunities", "count rows in opportunities as of now where outcome is missing"),
        (
            "orders",
            "distinct of source with customer with order in order_lines by ordered_on where kind is not one of return, cancellation",
        ),
        (
            "sales_cycle_days",
            "median of days from engaged_on to closed_on in opportunities by closed_on where outcome = won",
        ),
        (
            "nps",
            "mean of (1 if score ≥ 9, −1 if score ≤ 6) in feedback by answered_on where instrument = NPS and score is known",
        ),
        (
            "on_time_amount",
            "sum of amount_with_tax in allocations by due_on where receivable is known and received_on ≤ due_on",
        ),
        (
            "prompt_amount",
            "sum of amount_with_tax in allocations by due_on where receivable is known and received_on ≤ due_on + 14 days",
        ),
        ("expenses", "sum of amount in expenses by spent_on where budget is not true"),
    ],
)
def test_a_definition_reads_as_a_sentence(key, said):
    assert definition(standard_metrics()[key]) == said


def test_a_definition_names_the_credit_and_the_parent(tmp_path):
    (tmp_path / "ours.yml").write_text(
        NET_SALES.replace(
            "sum: {plus: [amount], minus: [cost]}",
            "count: true, credit: signer, where: {kind: [new, renewal]}",
        )
        + """
product_share:
  label: Share
  kind: result
  unit: ratio
  share: {of: sales_amount, within: [region, product]}
liked:
  label: Liked
  kind: quality
  unit: count
  measure: {table: feedback, sum: {one_if: {score: {above: 8}}}}
""",
        encoding="utf-8",
    )
    metrics = load_dictionary(tmp_path)

    assert definition(metrics["sales_amount"]) == (
        "count rows in order_lines by ordered_on where kind is one of new, renewal, credited by signer"
    )
    assert definition(metrics["product_share"]) == "sales_amount ÷ that of region, product"
    assert definition(metrics["liked"]) == "sum of (1 if score > 8) in feedback by answered_on"
