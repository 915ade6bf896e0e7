"""Mappings proposed from headers and cells load as they are."""

import openpyxl
import polars as pl
import pytest
import yaml

from dabiao.facts.mapping import read_map
from dabiao.facts.propose import propose


def proposed(folder, text, name="订单.csv"):
    file = folder / name
    file.write_text(text, encoding="gb18030")
    found = propose([file], system="erp")
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
        ("receipts", "收款单号,收款日期,收款金额", "A,2026-01-05,10", "receipts", "amount", "收款金额"),
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
    assert read_map(repeated.text).tables[0].key == "generated"
    assert "a key is made from the whole row" in repeated.notes[0]


def test_a_sheet_nobody_understands_is_told(folder):
    book = openpyxl.Workbook()
    book.active.title = "订单"
    for row in [["订单号", "订单日期", "金额"], ["A", "2026-01-05", 1]]:
        book.active.append(row)
    other = book.create_sheet("说明")
    for row in [["甲", "乙"], ["随便", "写写"]]:
        other.append(row)
    book.save(folder / "a.xlsx")

    found = propose([folder / "a.xlsx"], system="erp")

    assert found.unplaced == ("说明",)
    assert set(read_map(found.text).sources) == {"订单"}


def test_a_parquet_file_keeps_its_types(folder, load, sql):
    from datetime import date

    pl.DataFrame(
        {"order id": ["A", "B"], "order date": [date(2026, 1, 5)] * 2, "amount": [1.5, 2.25]}
    ).write_parquet(folder / "orders.parquet")

    found = propose([folder / "orders.parquet"], system="erp")
    load(folder / "orders.parquet", found.text)

    assert [str(value) for (value,) in sql("SELECT amount FROM order_lines ORDER BY 1")] == [
        "1.5000",
        "2.2500",
    ]
