"""Files as strangers bring them, each through the import wizard in a real browser, to the figure on a page.

An installation takes many of them, one after the other: each has orders of a month of its own, which its cockpit shows.
What is wrong is handed back with file, row, column, value and what to do; what cannot be known is asked, once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.utils import timezone
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from dabiao.core import jobs
from dabiao.org.models import User
from tests.browser import violations
from tests.conftest import BACKEND

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEAD = ["单号", "日期", "工号", "客户", "金额"]
TOP = ",".join(HEAD)
SLOW = 30_000
Sheets = Mapping[str, Sequence[Sequence[object]]]
Tables = Mapping[str, str | Sheets]


@dataclass(frozen=True)
class Case:
    """Files of one month, and what is seen of them.

    files: name → text, or sheet → rows. changes: to a workbook, before it is saved. answers: what is asked → what is chosen.
    taken: what the second step says. back: row, column and value of each cell that the third one hands back; says: what else.
    amount: of the month once it is loaded, as the report writes it, and as the tile of sales does; nothing: nothing loads.
    """

    name: str
    month: str
    files: Tables
    amount: str = ""
    tile: str = ""
    changes: Sequence[Callable[[Workbook], None]] = ()
    mapping: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    taken: Sequence[str] = ()
    back: Sequence[tuple[int, str, str]] = ()
    says: Sequence[str] = ()


def text(*rows: str, top: str = TOP) -> str:
    return "\n".join([top, *rows, ""])


def mapped(columns: str = "", source: str = '"*"', also: str = "") -> str:
    """A mapping that names the columns of `HEAD`, and others."""
    return (
        f"schema: dabiao/map/1\nsystem: files\nsources:\n  orders: {{file: {source}}}\ntables:\n{also}"
        "  - {into: order_lines, from: orders, key: 单号, columns: "
        "{ordered_on: 日期, person: 工号, customer: 客户, order: 单号, amount: 金额" + columns + "}}\n"
    ).replace("ordered_on: 日期, ", "" if "ordered_on" in columns else "ordered_on: 日期, ")


def hidden(book: Workbook) -> None:
    book["_lists"].sheet_state = "hidden"


def percent(book: Workbook) -> None:
    book.active["F2"].number_format = "0%"


def merged(book: Workbook) -> None:
    for place in ("A2:A4", "B2:B4", "C2:C4", "D2:D4"):
        book.active.merge_cells(place)


def order(key: str, day: object, amount: object, *more: object) -> list[object]:
    return [key, day, "E1", "C1", amount, *more]


OPEN_QUOTE = Case(
    "an open quote costs its own line alone",
    "2025-03",
    {"订单.csv": text("Q1,2025-03-05,E1,C1,10", 'Q2,2025-03-05,E1,"C1 north,20', "Q3,2025-03-05,E1,C1,30", 'Q4,2025-03-05,E1,"C4",40')},
    "¥80.00",
    "¥80",
    back=[(3, "", 'Q2,2025-03-05,E1,"C1 north,20')],
    says=["引号只有开头没有结尾"],
)  # fmt: skip
CHINESE = (
    Case(
        "signs of other currencies are handed back, and are not yuan",
        "2025-01",
        {"订单.csv": text("N1,2025-01-05,E1,C1,$100", "N2,2025-01-05,E1,C1,€100", "N3,2025-01-05,E1,C1,¥100")},
        "¥100.00",
        "¥100",
        back=[(2, "金额", "$100"), (3, "金额", "€100")],
        says=["货币符号与所在行的币种不符"],
    ),
    Case(
        "texts that are written as formulas keep their zeros",
        "2025-02",
        {"订单.csv": text('"=""0012345""",2025-02-05,E1,C1,100', '="0012346",2025-02-05,="E1",C1,="88.50"', "'0012347,2025-02-05,'E1,C1,100")},
        "¥288.50",
        "¥289",
        says=["0012345", "0012346", "0012347"],
    ),
    Case(
        "a hidden sheet is left out and told",
        "2025-04",
        {"hidden.xlsx": {"_lists": [HEAD, order("ZZ", "2025-04-01", 999_999)], "订单": [HEAD, order("H1", "2025-04-05", 100)]}},
        "¥100.00",
        "¥100",
        changes=[hidden],
        taken=["在工作簿中是隐藏的"],
    ),
    Case(
        "sheets of months are asked for once and are all loaded",
        "2025-05",
        {"months.xlsx": {f"{n}月": [HEAD, order(f"S{n}", f"2025-05-0{n}", n * 100)] for n in (1, 2, 3)}},
        "¥600.00",
        "¥600",
        taken=["1月, 2月, 3月：这些行是什么？"],
        answers={"1月.kind": "order_lines"},
    ),
    Case(
        "the sheet behind a cover is found",
        "2025-06",
        {"cover.xlsx": {"说明": [["销售订单导出"], ["制表：甲"]], "订单": [HEAD, order("K1", "2025-06-05", 10)]}},
        "¥10.00",
        "¥10",
        taken=["cover.xlsx#订单"],
    ),
    Case(
        "a rate of zero converts nothing",
        "2025-07",
        {"订单.csv": text("R1,2025-07-02,E1,C1,EUR,1000", top="单号,日期,工号,客户,币种,金额"), "rates.csv": "币种,日期,汇率\nEUR,2025-07-01,0\n"},
        back=[(2, "币种", "EUR 2025-07-02"), (2, "汇率", "0")],
        says=["不大于零", "请先导入汇率", "上传改好的文件"],
    ),
    Case(
        "a true rate does",
        "2025-07",
        {"订单.csv": text("R1,2025-07-02,E1,C1,EUR,1000", top="单号,日期,工号,客户,币种,金额"), "rates.csv": "币种,日期,汇率\nEUR,2025-07-01,7.85\n"},
        "¥7,850.00",
        "¥7,850",
        says=["原币金额"],
    ),
    Case(
        "a cell of per cent names its unit",
        "2025-08",
        {"pct.xlsx": {"Sheet1": [[*HEAD, "税率"], order("P1", "2025-08-05", 100, 0.13), order("P2", "2025-08-05", 100, "13%"), order("P3", "2025-08-05", 100, 13)]}},
        "¥300.00",
        "¥300",
        changes=[percent],
        answers={"Sheet1.kind": "order_lines", "Sheet1.tax_rate": "percent"},
        taken=["13 → 13 %"],
        says=["0.13"],
    ),
)  # fmt: skip
ENGLISH = (
    Case(
        "a customer called Total is no total",
        "2025-01",
        {"orders.csv": text("Total,2025-01-05,10001,1001,10", "Total,2025-01-06,10002,1001,20", "BP,2025-01-06,10003,1001,30", "Grand Total,,,,60", top="客户,日期,单号,工号,金额")},
        "¥60.00",
        "¥60",
        says=["left aside 1 total rows"],
    ),
    Case(
        "decimals behind a comma are noticed",
        "2025-02",
        {"orders.csv": text("D1;2025-02-05;E1;C1;1.234,50", "D2;2025-02-05;E1;C1;1.234", "D3;2025-02-05;E1;C1;12,50", top=TOP.replace(",", ";"))},
        "¥2,481.00",
        "¥2.48K",
        taken=["1.234,50 → 1234.5; decimals stand behind a comma"],
    ),
    Case(
        "where a mapping does not say so, none is read as a thousandth",
        "2025-03",
        {"orders.csv": text("E1;2025-03-05;E1;C1;1.234,50", "E2;2025-03-05;E1;C1;1.234", "E3;2025-03-05;E1;C1;12", top=TOP.replace(",", ";"))},
        "¥12.00",
        "¥12",
        mapping=mapped(),
        taken=["Read as the mapping says."],
        back=[(2, "金额", "1.234,50"), (3, "金额", "1.234")],
        says=["can be read in two ways", "decimal: comma"],
    ),
    Case(
        "formulas that nobody has worked out are no amounts",
        "2025-04",
        {"formula.xlsx": {"订单": [HEAD, order("F1", "2025-04-05", "=1+1"), order("F2", "2025-04-05", "=2+2")]}},
        taken=["2 cells of 金额 are formulas without a result"],
        back=[(2, "金额", "#FORMULA?"), (3, "金额", "#FORMULA?")],
        says=["Open the file in a spreadsheet, save it and load it again.", "Upload the mended file"],
    ),
    Case(
        "true dates are dates beside a form of written ones",
        "2025-05",
        {"orders.xlsx": {"订单": [HEAD, order("X1", date(2025, 5, 31), 2), order("X2", "31/05/2025", 4)]}},
        "¥6.00",
        "¥6",
        mapping=mapped(', ordered_on: {from: 日期, formats: ["%d/%m/%Y"]}'),
        says=["2025-05-31"],
    ),
    Case(
        "merged cells say the same for each row",
        "2025-06",
        {"merged.xlsx": {"订单": [[*HEAD, "行号"], order("M1", "2025-06-05", 10, 1), [None, None, None, None, 20, 2], [None, None, None, None, 30, 3], order("M2", "2025-06-06", 40, 1)]}},
        "¥100.00",
        "¥100",
        changes=[merged],
        taken=["merged cells of 单号, 日期, 工号, 客户 say the same for each row that they span"],
    ),
)  # fmt: skip


@dataclass
class Wizard:
    """The pages of an import, as somebody goes through them who has signed in; what they load is loaded here."""

    page: Page
    folder: Path

    def take(
        self, files: Tables, *, changes: Sequence[Callable[[Workbook], None]] = (), mapping: str = ""
    ) -> None:
        """Upload, up to the second step."""
        for old in self.folder.iterdir():
            old.unlink()
        for name, content in files.items():
            written(self.folder / name, content, changes)
        self.page.goto("/facts/upload/")
        self.page.set_input_files("[name=upload]", sorted(self.folder.iterdir()))
        if mapping:
            self.page.set_input_files("[name=mapping]", {"name": "map.yml", "mimeType": "text/yaml", "buffer": mapping.encode()})  # fmt: skip
        self.page.locator("main form .btn-primary").click()
        self.page.wait_for_url("**/mapping/", timeout=SLOW)

    def check(self) -> None:
        proposed = self.page.locator("[name=check]")
        (proposed if proposed.count() else self.page.locator(".facts-columns .btn-primary")).click()
        self._work()

    def load(self) -> None:
        self.page.locator("#load button").click()
        self._work()

    def _work(self) -> None:
        self.page.wait_for_selector("#import-status", timeout=SLOW)
        jobs.run_waiting(timezone.now())
        expect(self.page.locator("#import-status")).to_have_count(0, timeout=SLOW)

    def back(self) -> list[tuple[int, str, str]]:
        """Row, column and value of every cell that is handed back."""
        cells = [
            row.locator("td").all_inner_texts()
            for row in self.page.locator("#errors tbody tr:not(.none)").all()
        ]
        return [
            (int(row), "" if column == "–" else column, value) for _file, row, column, value, *_why in cells
        ]

    def walk(self, case: Case) -> None:
        """From the files to the figure on the cockpit of their month."""
        self.take(case.files, changes=case.changes, mapping=case.mapping)
        for said in case.taken:
            expect(self.page.locator("main"), case.name).to_contain_text(said)
        expect(self.page.locator("fieldset.open"), case.name).to_have_count(len(case.answers))
        for key, value in case.answers.items():
            self.page.locator(f"[name='q:{key}'][value='{value}']").check()
        self.check()
        assert sorted(self.back()) == sorted(case.back), case.name
        for said in case.says:
            expect(self.page.locator("main"), case.name).to_contain_text(said)
        assert not case.back or violations(self.page) == [], case.name
        expect(self.page.locator("#load button"), case.name).to_have_count(1 if case.amount else 0)
        if case.amount:
            self.load()
            expect(self.page.locator("#months tbody"), case.name).to_contain_text(case.amount)
            self.page.goto(f"/cockpit/?period={case.month}")
            expect(self.page.locator(".tile").first, case.name).to_contain_text(case.tile)


def written(file: Path, content: str | Sheets, changes: Sequence[Callable[[Workbook], None]] = ()) -> None:
    if isinstance(content, str):
        file.write_text(content, encoding="utf-8")
        return
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in content.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for change in changes:
        change(book)
    book.save(file)


@pytest.fixture
def wizard(chromium, live_server, client, folder) -> Iterator[Callable[..., Wizard]]:
    """`wizard(language, width, theme)` → the pages of an administrator of an empty installation."""
    opened = []

    def begin(language: str = "zh-hans", width: int = 1440, theme: str = "light") -> Wizard:
        client.force_login(User.objects.create(username="ada", role=User.Role.ADMIN), backend=BACKEND)
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        values = {"sessionid": client.cookies["sessionid"].value, "django_language": language, "theme": theme}
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in values.items()])
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        opened.append((context, page))
        return Wizard(page, folder)

    yield begin
    for context, page in opened:
        context.close()
        assert page.problems == []


def mended(pages: Wizard) -> None:
    """What is handed back is downloaded, mended and loaded by the same mapping."""
    pages.walk(OPEN_QUOTE)
    pages.page.go_back()
    with pages.page.expect_download() as taken:
        pages.page.locator(".say.warning a").click()
    rejects = Path(taken.value.path()).read_text(encoding="utf-8-sig")
    assert "引号" in rejects

    pages.take({"rejects.csv": rejects.replace('"""C1 north"', "C1 north")})
    expect(pages.page.locator("main")).to_contain_text("按原来那次导入的映射")
    pages.check()
    pages.load()

    expect(pages.page.locator("#months tbody")).to_contain_text("¥100.00")


def again(pages: Wizard) -> None:
    """The very same file under another name asks before its rows count twice, few as they are."""
    pages.take(ENGLISH[0].files, mapping=mapped().replace("system: files", "system: erp"))
    pages.check()

    expect(pages.page.locator("main")).to_contain_text("3 of its 3 rows are already there under another name")
    pages.page.locator("#load button").click()
    assert pages.page.locator("[name=even_so]").evaluate("box => box.validity.valueMissing")
    expect(pages.page.locator("#import-status")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "width", "theme", "cases", "then"),
    [("zh-hans", 1440, "light", CHINESE, mended), ("en", 390, "dark", ENGLISH, again)],
)
def test_each_file_lands_as_it_means_or_is_handed_back(wizard, language, width, theme, cases, then):
    pages = wizard(language, width, theme)
    for case in cases:
        pages.walk(case)
    then(pages)


def test_a_day_is_the_same_day_in_new_york(wizard, monkeypatch):
    monkeypatch.setenv("DABIAO_TIME_ZONE", "America/New_York")
    pages = wizard("en")
    rows = [HEAD, order("T1", date(2025, 4, 1), 100), order("T2", "2025-04-01", 300)]
    pages.take(
        {"orders.xlsx": {"订单": rows}}, mapping=mapped().replace("sources:", "time_zone: UTC\nsources:")
    )
    pages.check()
    pages.load()

    expect(pages.page.locator("#months tbody tr:not(.none)")).to_have_count(1)
    expect(pages.page.locator("#months tbody")).to_contain_text("2025-04")
    pages.page.goto("/cockpit/?period=2025-04")
    expect(pages.page.locator(".tile").first).to_contain_text("¥400")


def test_exactly_four_fifths_are_amber_and_decimal_commas_no_hundredfold(wizard):
    """Sums and targets that no float of two has exactly; then targets of a sheet, of the grid, of the targets' page."""
    pages = wizard()
    people = {"E1": ("7", "5.6"), "E2": ("99999.99", "79999.992"), "E3": ("0.7", "0.56")}
    pages.take({
        "people.csv": "工号,姓名,部门\n" + "".join(f"{key},{key},east\n" for key in people),
        "targets.csv": "工号,指标,月份,目标\n" + "".join(f"{key},sales_amount,2025-03,{aim}\n" for key, (aim, _sold) in people.items()),
        "订单.csv": text(*(f"L{key},2025-03-05,{key},C1,{sold}" for key, (_aim, sold) in people.items())),
    })  # fmt: skip
    pages.check()
    pages.load()
    page = pages.page
    page.goto("/cockpit/?period=2025-03")
    expect(page.locator(".tile").first).to_contain_text("80.0%")
    expect(page.locator(".tile").first.locator(".amber, .light-amber, [class*=amber]").first).to_be_visible()

    pages.take(
        {
            "targets.csv": '工号,指标,月份,目标\nE1,sales_amount,2025-01,"1000,50"\nE1,sales_amount,2025-02,"1.234,50"\n'
        }
    )
    expect(page.locator("main")).to_contain_text("逗号后面是小数")
    expect(page.locator("fieldset.open")).to_have_count(0)
    pages.check()
    expect(page.locator(".facts-preview")).to_contain_text("1,000.5")
    expect(page.locator(".facts-preview")).to_contain_text("1,234.5")

    page.goto("/targets/import/")
    page.set_input_files("main form [type=file]", pages.folder / "targets.csv")
    page.locator("main form .btn-primary").click()
    expect(page.locator("main")).to_contain_text("“1000,50”不是数字")
    page.goto("/targets/?year=2025")
    page.locator("tr[data-key=east] td[role=gridcell]").nth(1).click()
    page.keyboard.type("1000,50")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("1000,50")
    expect(page.locator("body")).to_contain_text("不是数字")


def test_tiers_and_owners_that_overlap_are_handed_back(wizard):
    """What holds of a customer on a day holds once, and nobody owns more than all of one."""
    pages = wizard("en", 390)
    dated = (
        "  - {into: customer_history, from: tiers, columns: {customer: 客户, tier: 级别, starts_on: 起, ends_on: {from: 止, add_days: 1}}}\n"
        "  - {into: ownership, from: owners, columns: {customer: 客户, person: 人, share: 份额, role: {constant: owner}, "
        "starts_on: {constant: 2020-01-01}}}\n"
    )
    mapping = mapped(source="orders.csv", also=dated)
    mapping = mapping.replace("tables:\n", "  tiers: tiers.csv\n  owners: owners.csv\ntables:\n", 1)
    pages.take({
        "orders.csv": text("O1,2025-03-10,E1,C1,100", "O2,2025-03-20,E1,C2,400"),
        "tiers.csv": "客户,级别,起,止\nC1,strategic,2025-01-01,2025-03-31\nC1,profit,2025-03-05,2025-12-31\nC2,profit,2025-01-01,2025-12-31\n",
        "owners.csv": "客户,人,份额\nC1,E1,60%\nC1,E2,60%\nC2,E1,50%\n",
    }, mapping=mapping)  # fmt: skip
    pages.check()

    assert [(row, column) for row, column, _value in pages.back()] == [
        (2, "份额"),
        (3, "份额"),
        (2, "起"),
        (3, "起"),
    ]
    assert violations(pages.page) == []
    pages.load()
    expect(pages.page.locator("#months tbody")).to_contain_text("¥500.00")
    pages.page.goto("/cockpit/?period=2025-03")
    expect(pages.page.locator(".tile").first).to_contain_text("¥500")
