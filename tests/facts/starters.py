"""Three spreadsheets as somebody who begins has them: people, three months of orders by name, a wide sheet of targets."""

from datetime import date
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

PEOPLE = (
    ("1001", "张伟", "华东大区", "大区经理", date(2020, 3, 1)),
    ("1002", "王芳", "华东大区", "销售代表", date(2021, 6, 1)),
    ("1003", "刘洋", "华南大区", "大区经理", date(2019, 5, 1)),
    ("1004", "陈静", "华南大区", "销售代表", date(2023, 2, 1)),
)
SOLD = {
    1: (30_000, 20_000, 10_000, 15_000),
    2: (40_000, 20_000, 5_000, 15_000),
    3: (60_000, 30_000, 9_000, 18_000),
}
"""Month of 2026 → what each of the four sold in it."""
MONTHLY = 3
"""What each is to sell in each month, in 万."""


def files() -> dict[str, bytes]:
    """Name → workbook."""
    orders = [
        (f"SO{month:02}{n}", date(2026, month, 10 + n), f"客户{n}", PEOPLE[n][1], amount)
        for month, amounts in SOLD.items()
        for n, amount in enumerate(amounts)
    ]
    targets = [(name, *[MONTHLY] * 12) for _number, name, *_rest in PEOPLE]
    return {
        "人员名单.xlsx": _book("花名册", [("工号", "姓名", "部门", "岗位", "入职日期"), *PEOPLE]),
        "订单.xlsx": _book("订单", [("订单号", "日期", "客户", "业务员", "金额"), *orders]),
        "销售目标.xlsx": _book(
            "Sheet1",
            [("2026年销售目标（单位：万元）",), ("姓名", *[f"{n}月" for n in range(1, 13)]), *targets],
        ),
    }


def written(folder: Path) -> list[Path]:
    """The three, in a folder."""
    for name, content in files().items():
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def _book(sheet: str, rows: list[tuple[object, ...]]) -> bytes:
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()
