"""What is proposed for a stranger's files, from the files to the figures, on the command line and on the page."""

from decimal import Decimal

import pytest
from typer.testing import CliRunner

from dabiao.core.errors import Malformed
from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import propose
from dabiao.facts.models import ImportBatch
from dabiao.org.models import Unit
from dabiao.site import cli
from dabiao.targets.models import Target

PEOPLE = "工号,姓名,部门,岗位,入职日期\nE1,张三,华东,销售经理,2020-03-01\nE2,李四,华北,销售代表,2021-05-10\n"
TARGETS = "姓名,1月,2月,3月\n张三,100,110,120\n李四,90,,100\n"
JANUARY = "序号,日期,客户,业务员,金额\n1,2026-01-05,华星,张三,80\n2,2026-01-06,远大,李四,90\n"
UNCLEAR = "订单号,订单日期,业务员,金额\nA,3/4/2026,张三,1\nB,1/2/2026,李四,2\n"


@pytest.fixture
def three(folder):
    """A company's three spreadsheets."""
    (folder / "花名册.csv").write_text(PEOPLE)
    (folder / "2026年销售目标.csv").write_text(TARGETS)
    (folder / "一月订单.csv").write_text(JANUARY)
    return folder


def run(*arguments):
    command = ["import", *map(str, arguments)]
    return CliRunner().invoke(cli.build(command), command)


class TestThreeSpreadsheets:
    def test_load_without_a_mapping(self, three, otto, sql):
        assert run(three).exit_code == 0

        assert sql("SELECT person, amount FROM order_lines ORDER BY 1") == [
            ("E1", Decimal(80)),
            ("E2", Decimal(90)),
        ]
        months = Target.objects.filter(person__key="E2").values_list("starts_on__month", "target")
        assert sorted(months) == [(1, Decimal(90)), (3, Decimal(100))]

    def test_the_next_month_does_not_stand_in_for_the_first(self, three, otto, sql):
        run(three)
        (three / "一月订单.csv").rename(three / "二月订单.csv")
        (three / "二月订单.csv").write_text(JANUARY.replace("2026-01", "2026-02"))

        assert run(three / "二月订单.csv").exit_code == 0

        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(4, Decimal(340))]

    def test_a_copy_of_a_corrected_ledger_takes_its_place(self, three, otto, sql):
        run(three)
        (three / "一月订单 (1).csv").write_text(JANUARY.replace("80", "70"))

        assert run(three / "一月订单 (1).csv").exit_code == 0

        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(2, Decimal(160))]

    def test_a_number_of_which_rows_were_deleted_is_no_key_either(self, three, otto, sql):
        """1, 2, 4: the next file counts anew."""
        ledger = JANUARY + "4,2026-01-07,华星,张三,70\n"
        (three / "一月订单.csv").write_text(ledger)
        run(three)
        (three / "一月订单 (1).csv").write_text(ledger.replace("80", "60"))
        (three / "二月订单.csv").write_text(ledger.replace("2026-01", "2026-02"))

        assert run(three / "一月订单 (1).csv").exit_code == run(three / "二月订单.csv").exit_code == 0

        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(6, Decimal(220 + 240))]

    def test_another_ledger_of_the_same_days_stays(self, three, otto, sql):
        run(three)
        (three / "门店台账.csv").write_text(JANUARY.replace("80", "7").replace("90", "8"))

        run(three / "门店台账.csv", "--answer", "门店台账.kind=order_lines")

        assert sql("SELECT count(*), sum(amount) FROM order_lines") == [(4, Decimal(185))]


class TestTargets:
    HEAD = "工号,月份,销售目标\n"

    def test_of_days_three_months_apart_are_asked_for(self, folder):
        (folder / "目标.csv").write_text(self.HEAD + "E1,2026/1/1,100\nE1,2026/4/1,110\n")

        asked = propose([folder / "目标.csv"], year=2026)
        quarters = propose([folder / "目标.csv"], answers={"目标.length": "quarter"}, year=2026)

        assert [question.key for question in asked.open] == ["目标.length"]
        assert "2026/4/1: 2026-04-01..2026-06-30" in quarters.text

    def test_that_begin_on_any_day_hold_until_the_next(self, folder):
        (folder / "目标.csv").write_text(self.HEAD + "E1,2026-01-15,100\nE1,2026-02-20,110\n")

        assert "next: starts_on" in propose([folder / "目标.csv"], year=2026).text


class TestPeople:
    def test_come_below_the_company_that_is_there(self, company, folder):
        (folder / "花名册.csv").write_text(PEOPLE.replace("华东", "新区"))
        top = Unit.objects.get(parent=None)

        assert run(folder).exit_code == 0

        assert Unit.objects.get(parent=None) == top
        assert Unit.objects.get(key="新区").parent == top

    def test_a_name_of_two_is_handed_back_with_their_numbers(self, three, otto, sql):
        (three / "花名册.csv").write_text(PEOPLE + "E3,张三,华北,销售代表,2022-01-01\n")
        text = propose(sorted(three.glob("*.csv")), year=2026).text

        report = actions.load(actions.Order(three, read_map(text)), by=otto, at=_now())

        refused = {(error.value, error.said) for error in report.shown_errors if error.into == "person"}
        assert refused == {("张三", "is the name of E1, E3: write the employee number")}
        assert sql("SELECT person FROM order_lines") == [("E2",)]

    def test_names_that_were_read_as_numbers_are_told(self, three, otto):
        text = propose(sorted(three.glob("*.csv")), year=2026).text

        report = actions.load(actions.Order(three, read_map(text)), by=otto, at=_now())

        told = next(warning for warning in report.warnings if warning.code == "named")
        assert "张三 → E1 (4)" in told.examples

    def test_names_in_latin_letters_are_those_people_too(self, three, otto, sql):
        orders = next(
            file
            for file in three.glob("*.csv")
            if "张三" in file.read_text() and "工号" not in file.read_text()
        )
        orders.write_text(orders.read_text().replace("张三", "Zhang San"))
        text = propose(sorted(three.glob("*.csv")), year=2026).text

        report = actions.load(actions.Order(three, read_map(text)), by=otto, at=_now())

        told = next(warning for warning in report.warnings if warning.code == "named")
        assert any(example.startswith("Zhang San → E1 张三 (") for example in told.examples)
        assert ("E1",) in sql("SELECT DISTINCT person FROM order_lines")


class TestQuestion:
    def test_is_a_refusal_that_names_the_answers_on_the_command_line(self, three, otto, sql):
        (three / "外销订单.csv").write_text(UNCLEAR)

        refused = run(three / "外销订单.csv")

        assert isinstance(refused.exception, Malformed)
        said = str(refused.exception)
        assert "--answer 外销订单.days=day" in said and "3/4/2026 → 2026-04-03" in said
        assert "--answer 外销订单.days=month" in said and "3/4/2026 → 2026-03-04" in said

    def test_once_answered_is_loaded_so(self, three, otto, sql):
        (three / "外销订单.csv").write_text(UNCLEAR)

        run(three / "外销订单.csv", "--answer", "外销订单.days=month")

        assert [str(day) for (day,) in sql("SELECT ordered_on FROM order_lines ORDER BY 1")] == [
            "2026-01-02",
            "2026-03-04",
        ]

    def test_is_one_for_two_columns_that_ask_the_same(self, folder):
        (folder / "订单.csv").write_text(
            "订单号,订单日期,发货日期,金额\nA,3/4/2026,4/5/2026,1\nB,1/2/2026,2/3/2026,2\n"
        )

        found = propose([folder / "订单.csv"], answers={"订单.days": "month"}, year=2026)

        assert [question.key for question in found.questions] == ["订单.days"]
        assert found.text.count("%m/%d/%Y") == 2

    def test_is_not_answered_by_files_that_contradict_each_other(self, folder):
        (folder / "甲订单.csv").write_text("订单号,订单日期,金额\nA,25/1/2026,1\n")
        (folder / "乙订单.csv").write_text("订单号,下单日期,金额\nB,1/25/2026,1\n")
        (folder / "丙订单.csv").write_text(UNCLEAR)

        found = propose(sorted(folder.glob("*.csv")), year=2026)

        assert [question.key for question in found.open] == ["丙订单.days"]

    @pytest.mark.parametrize(("name", "asked"), [("market orders.csv", True), ("mar orders.csv", False)])
    def test_is_answered_by_a_month_in_the_name_and_not_by_a_word_that_begins_so(self, folder, name, asked):
        (folder / name).write_text("order id,order date,amount\nA,3/4/2026,1\nB,3/6/2026,1\n")

        assert bool(propose([folder / name], year=2026).open) is asked

    def test_takes_none_but_its_answers(self, three, otto):
        (three / "外销订单.csv").write_text(UNCLEAR)

        wrong = run(three / "外销订单.csv", "--answer", "外销订单.days=week")
        strange = run(three / "外销订单.csv", "--answer", "外销订单.weather=fine")

        assert "is no answer to" in str(wrong.exception)
        assert "Nothing asks" in str(strange.exception)


class TestPage:
    @pytest.fixture
    def asked(self, as_, three):
        browser = as_("otto")
        (three / "外销订单.csv").write_text(UNCLEAR)
        with (three / "外销订单.csv").open("rb") as file:
            answer = browser.post("/facts/upload/", {"upload": file})
        return browser, answer["Location"]

    def test_shows_both_readings_of_real_rows(self, asked):
        browser, place = asked

        page = browser.get(place).content.decode()

        assert "3/4/2026 → 2026-04-03" in page and "3/4/2026 → 2026-03-04" in page
        assert 'name="q:外销订单.days"' in page

    def test_checks_nothing_before_it_is_answered(self, asked):
        browser, place = asked
        batch = ImportBatch.objects.get()

        refused = browser.post(place, {"text": batch.mapping})

        assert refused.status_code == 422
        assert "Answer the questions first" in refused.content.decode()
        assert ImportBatch.objects.get().job == ""

    def test_is_over_once_somebody_has_written_another_mapping(self, asked):
        browser, place = asked
        own = ImportBatch.objects.get().mapping.replace("%d/%m/%Y", "%m/%d/%Y")

        assert browser.post(place, {"text": own}).status_code == 302
        assert browser.post(place, {"text": own}).status_code == 302

    def test_cannot_be_passed_by_choosing_columns(self, asked):
        browser, place = asked

        assert browser.post(place, {"c:0:person": ""}).status_code == 422

    def test_takes_all_files_at_once(self, as_, three):
        """Two months of one ledger, a wide sheet of targets and the people: one mapping, nothing to ask."""
        browser = as_("otto")
        (three / "二月订单.csv").write_text(JANUARY.replace("2026-01", "2026-02"))
        files = [file.open("rb") for file in sorted(three.glob("*.csv"))]

        answer = browser.post("/facts/upload/", {"upload": files})
        page = browser.get(answer["Location"])

        assert page.status_code == 200
        assert str(ImportBatch.objects.get()) == "2026年销售目标 +3"
        assert "2026年销售目标: the months are those of 2026" in page.content.decode()
        assert "questions that the files" not in page.content.decode()

    def test_goes_on_once_it_is(self, asked):
        browser, place = asked

        browser.post(place, {"answer": "1", "q:外销订单.days": "month"})
        text = ImportBatch.objects.get().mapping
        checked = browser.post(place, {"text": text})

        assert "%m/%d/%Y" in text
        assert checked.status_code == 302


def _now():
    from django.utils import timezone

    return timezone.now()


class TestNarrowedTargets:
    """A sheet that has a column of channels, segments or product lines beside the people or units."""

    @pytest.mark.parametrize(
        ("case", "text", "held"),
        [
            (
                "months across, by channel",
                "姓名,渠道,1月,2月,3月\n张三,online,100,110,120\n张三,dealer,5,,7\n李四,online,90,80,100\n",
                {("E1", "sales_channel", "online"): 330, ("E1", "sales_channel", "dealer"): 12,
                 ("E2", "sales_channel", "online"): 270},
            ),
            (
                "a row each, by segment",
                "工号,客户类型,月份,目标\nE1,大客户,2026-01,100\nE1,中小客户,2026-01,20\nE2,大客户,2026-02,300\n",
                {("E1", "customer_type", "大客户"): 100, ("E1", "customer_type", "中小客户"): 20,
                 ("E2", "customer_type", "大客户"): 300},
            ),
            (
                "a row each, of units, by product line",
                "部门,产品线,月份,目标\n华东,车床,2026-01,100\n华北,车床,2026-01,20\n华北,配件,2026-02,300\n",
                {("华东", "product_line", "车床"): 100, ("华北", "product_line", "车床"): 20,
                 ("华北", "product_line", "配件"): 300},
            ),
            (
                "a row each, by what else a product line is called",
                "部门,业务线,月份,目标\n华东,车床,2026-01,100\n华北,车床,2026-01,20\n",
                {("华东", "product_line", "车床"): 100, ("华北", "product_line", "车床"): 20},
            ),
        ],
    )  # fmt: skip
    def test_are_loaded_without_a_mapping(self, folder, otto, case, text, held):
        (folder / "花名册.csv").write_text(PEOPLE)
        run(folder / "花名册.csv")
        file = folder / "2026年销售目标.csv"
        file.write_text(text)

        done = run(file)

        assert done.exit_code == 0, done.output
        sums: dict[tuple[str, str, str], Decimal] = {}
        for target in Target.objects.select_related("unit", "person"):
            place = (target.scope_key, target.dimension, target.member)
            sums[place] = sums.get(place, Decimal(0)) + target.target
        assert sums == held
