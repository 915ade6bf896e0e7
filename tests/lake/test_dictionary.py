"""The dictionary in force: standard metrics and the company's own."""

import pytest

from dabiao.engine.metric_file import MetricErrors
from dabiao.engine.row import Terms
from dabiao.lake.dictionary import load_dictionary, standard_metrics

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


def test_mistakes_name_the_file_the_line_the_entry_and_the_mend(tmp_path):
    (tmp_path / "ours.yml").write_text(NET_SALES.replace("order_lines", "orderlines"), encoding="utf-8")

    with pytest.raises(MetricErrors) as refused:
        load_dictionary(tmp_path, credits={"record"})

    assert str(refused.value) == (
        "ours.yml, line 6, sales_amount: there is no table orderlines; did you mean order_lines?"
    )
