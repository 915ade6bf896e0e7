"""Mappings proposed from headers and cells load as they are."""

import openpyxl
import polars as pl
import pytest
import yaml

from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import Former, There, propose
from dabiao.facts.logic.reading import Unreadable


def proposed(folder, text, name="订单.csv"):
    file = folder / name
    file.write_text(text, encoding="gb18030")
    found = propose([file], system="erp", year=2026)
    return found, yaml.safe_load(found.text)


def columns(document, into):
    return next(table for table in document["tables"] if table["into"] == into)["columns"]


@pytest.mark.parametrize(
    ("case", "header", "cells", "into", "column", "rule"),
    [
        ("万 in the header", "订单号,订单日期,金额(万元)", "A,2026-01-05,1", "order_lines", "amount", {"from": "金额(万元)", "unit": "万"}),
        ("day first", "订单号,订单日期,金额", "A,25/01/2026,1", "order_lines", "ordered_on", {"from": "订单日期", "formats": ["%d/%m/%Y"]}),
        ("cost from profit", "订单号,订单日期,销售额,毛利", "A,2026-01-05,10,3", "order_lines", "cost", {"from": "销售额", "minus": "毛利"}),
        ("percent without a sign", "订单号,订单日期,金额,税率", "A,2026-01-05,10,13", "order_lines", "tax_rate", {"from": "税率", "unit": "%"}),
        ("won and lost from the stage", "商机编号,创建日期,阶段", "A,2026-01-05,赢单", "opportunities", "outcome", {"from": "阶段", "values": {"赢单": "won"}, "otherwise": "empty"}),
        ("kinds of visits", "拜访编号,拜访时间,拜访人,拜访类型", "A,2026-01-05 10:00,P1,上门拜访", "activities", "kind", {"from": "拜访类型", "values": {"上门拜访": "visit"}, "otherwise": "keep"}),
        ("needs found on a visit: pain", "拜访编号,拜访时间,拜访人,痛点,决策链,预算周期", "A,2026-01-05 10:00,P1,是,否,是", "activities", "need_pain", "痛点"),
        ("needs found on a visit: weights", "拜访编号,拜访时间,拜访人,痛点,决策链,预算周期", "A,2026-01-05 10:00,P1,是,否,是", "activities", "need_weights", "决策链"),
        ("needs found on a visit: budget", "拜访编号,拜访时间,拜访人,痛点,决策链,预算周期", "A,2026-01-05 10:00,P1,是,否,是", "activities", "need_budget", "预算周期"),
        ("how deep the needs go", "拜访编号,拜访时间,拜访人,需求深度", "A,2026-01-05 10:00,P1,2", "activities", "needs_depth", "需求深度"),
        ("receipts", "收款单号,收款日期,收款金额", "A,2026-01-05,10", "receipts", "amount", "收款金额"),
        ("a business line", "订单号,订单日期,产品,业务线,金额", "A,2026-01-05,P,机床,1", "products", "line", "业务线"),
        ("a business line in English", "Order ID,Order Date,Product,Business line,Amount", "A,2026-01-05,P,Pumps,1", "products", "line", "Business line"),
        ("a series of products", "订单号,订单日期,产品,产品系列,金额", "A,2026-01-05,P,机床,1", "products", "line", "产品系列"),
        ("a business line of a deal", "商机编号,创建日期,阶段,业务线", "A,2026-01-05,赢单,机床", "opportunities", "product_line", "业务线"),
        ("a series of products of a deal", "商机编号,创建日期,阶段,产品系列", "A,2026-01-05,赢单,机床", "opportunities", "product_line", "产品系列"),
        ("English", "Order ID,Order Date,Sales Rep,Amount", "A,2026-01-05,P1,10", "order_lines", "person", "Sales Rep"),
    ],
)  # fmt: skip
def test_a_column_is_understood(folder, case, header, cells, into, column, rule):
    _, document = proposed(folder, f"{header}\n{cells}\n", name="x.csv")

    assert columns(document, into)[column] == rule, case


def test_words_for_nothing_are_noticed_where_numbers_stand(folder):
    _, document = proposed(folder, "订单号,订单日期,金额\nA,2026-01-05,1\nB,2026-01-06,-\n")

    assert document["sources"]["订单"]["empty"] == ["-"]


def test_a_key_is_what_tells_rows_apart_else_the_whole_row(folder):
    unique, _ = proposed(
        folder, "订单号,行号,订单日期,金额\nA,1,2026-01-05,1\nA,2,2026-01-05,1\nB,1,2026-01-05,1\n"
    )
    repeated, _ = proposed(folder, "客户,订单日期,金额\nA,2026-01-05,1\nA,2026-01-05,1\n")

    assert read_map(unique.text).tables[0].key == ("订单号", "行号")
    ledger = read_map(repeated.text).tables[0]
    assert (ledger.key, ledger.mode, ledger.window) == ("generated", "replace", "file")
    named, _ = proposed(
        folder, "客户,订单日期,金额\nA,2026-01-05,1\nA,2026-01-05,1\n", name="2026年1月订单.csv"
    )
    assert read_map(named.text).tables[0].window == "month"
    assert "of its month, rows that it said before and no longer says go" in named.notes[0]
    assert (
        "of the days from its first to its last, rows that it said before and no longer says go"
        in repeated.notes[0]
    )


def headed(folder, *, filled):
    """A workbook whose sheet 订单 has headers alone, and whose sheet 回款 has a row where filled."""
    book = openpyxl.Workbook()
    book.active.title = "订单"
    book.active.append(["订单号", "订单日期", "金额"])
    other = book.create_sheet("回款")
    for row in [["收款单号", "收款日期", "收款金额"], ["A", "2026-01-05", 1]][: 1 + filled]:
        other.append(row)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def test_headers_without_any_row_are_refused_with_their_sheets(folder):
    with pytest.raises(
        Unreadable, match=r"^a\.xlsx#订单, a\.xlsx#回款: there are headers and no rows\. Fill rows in"
    ):
        propose([headed(folder, filled=False)], year=2026)


def test_headers_without_rows_are_noted_beside_a_sheet_that_has_some(folder):
    found = propose([headed(folder, filled=True)], year=2026)

    assert [sheet.kind for sheet in found.taken] == ["receipts"]
    assert "a.xlsx#订单: there are headers and no rows, so nothing is loaded of it" in found.notes


def test_a_sheet_nobody_understands_is_told(folder):
    book = openpyxl.Workbook()
    book.active.title = "订单"
    for row in [["订单号", "订单日期", "金额"], ["A", "2026-01-05", 1]]:
        book.active.append(row)
    other = book.create_sheet("说明")
    for row in [["甲", "乙"], ["随便", "写写"]]:
        other.append(row)
    book.save(folder / "a.xlsx")

    found = propose([folder / "a.xlsx"], system="erp", year=2026)

    assert found.unplaced == ("说明",)
    assert set(read_map(found.text).sources) == {"订单"}


def test_a_parquet_file_keeps_its_types(folder, load, sql):
    from datetime import date

    pl.DataFrame(
        {"order id": ["A", "B"], "order date": [date(2026, 1, 5)] * 2, "amount": [1.5, 2.25]}
    ).write_parquet(folder / "orders.parquet")

    found = propose([folder / "orders.parquet"], system="erp", year=2026)
    load(folder / "orders.parquet", found.text)

    assert [str(value) for (value,) in sql("SELECT amount FROM order_lines ORDER BY 1")] == [
        "1.5000",
        "2.2500",
    ]


def test_two_rows_of_headers_are_understood_together_and_apart(folder):
    """金额 over 不含税 is 不含税金额, 客户 over 名称 is 客户名称, 产品 over 数量 is 数量; a remark below is none of the rows."""
    rows = [
        ["2026年10月销售明细表"],
        ["单据", None, "客户", "产品", None, "金额", None],
        ["单号", "日期", "名称", "名称", "数量", "含税(万元)", "不含税"],
        ["S1", "2026年10月1日", "甲", "激光机", 2, "12.5万", "110,619.47"],
        ["S2", 46300, "乙", "焊机", "１２", "３.５", "３０９７３.４５"],
        ["合计", None, None, None, 14, "16万", "141,592.92"],
        ["注：本表不含退货"],
    ]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in ("A1:G1", "A2:B2", "D2:E2", "F2:G2"):
        book.active.merge_cells(area)
    book.save(folder / "明细.xlsx")

    document = yaml.safe_load(propose([folder / "明细.xlsx"], system="erp", year=2026).text)

    lines = next(table for table in document["tables"] if table["into"] == "order_lines")
    assert lines["key"] == ["单据 单号", "产品 名称"]
    assert lines["columns"] == {
        "ordered_on": "单据 日期",
        "customer": "客户 名称",
        "product": "产品 名称",
        "order": "单据 单号",
        "qty": "产品 数量",
        "amount": "金额 不含税",
        "amount_with_tax": {"from": "金额 含税(万元)", "unit": "万"},
    }


def test_who_manages_a_region_is_whose_its_orders_are(folder):
    (folder / "订单.csv").write_text(
        "订单号,订单日期,地区,金额\nA,2026-01-05,东区,1\nB,2026-01-06,西区,2\nC,2026-01-07,东区,3\n"
    )
    (folder / "销售人员.csv").write_text("地区,地区经理\n东区,张三\n西区,李四\n")

    document = yaml.safe_load(propose(sorted(folder.glob("*.csv")), system="erp", year=2026).text)

    assert document["sources"]["订单"]["join"] == [
        {"source": "销售人员", "on": {"地区": "地区"}, "take": {"地区经理": "地区经理"}, "missing": "ignore"}
    ]
    assert columns(document, "order_lines")["person"] == "地区经理"
    assert {table["into"] for table in document["tables"]} >= {"units", "assignments"}


class TestRates:
    """Exchange rates are recognised beside the orders that need them."""

    RATES = "币种,日期,汇率\nEUR,2026-03-01,7.85\nUSD,2026-03-01,0.99\n"

    def test_are_a_table_of_their_own_and_ask_nothing(self, folder, load, sql):
        (folder / "rates.csv").write_text(self.RATES)
        (folder / "orders.csv").write_text("单号,日期,工号,客户,币种,金额\nO1,2026-03-02,E1,C1,EUR,1000\n")

        found = propose(sorted(folder.glob("*.csv")), year=2026)
        load(folder, found.text)

        assert found.open == () and found.unplaced == ()
        assert sql("SELECT amount, original_amount FROM order_lines") == [(7850, 1000)]

    def test_beside_an_amount_are_a_column_of_its_orders(self, folder):
        text = "订单号,日期,币种,汇率,金额\nA,2026-01-05,EUR,7.85,1\nB,2026-01-06,EUR,7.85,2\n"

        _found, document = proposed(folder, text)

        assert [table["into"] for table in document["tables"]] == ["order_lines"]


@pytest.mark.parametrize(
    ("case", "text", "asked"),
    [
        ("targets", "工号,指标,月份,目标\nE1,sales_amount,2026-03,300\n", []),
        ("people", "工号,姓名,部门\nE1,张三,华东\n", []),
        ("orders have keys", "订单号,订单日期,工号,金额\nA,2026-01-05,E1,1\n", ["system"]),
    ],
)
def test_the_system_is_asked_for_only_where_rows_have_keys_of_one(folder, case, text, asked):
    (folder / "x.csv").write_text(text)

    found = propose([folder / "x.csv"], there=There([Former("erp"), Former("crm")]), year=2026)

    assert [question.key for question in found.open] == asked, case
