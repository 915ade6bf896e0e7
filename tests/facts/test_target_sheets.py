"""Target sheets as strangers bring them: few months, by channel or region, or called after targets and little else."""

from decimal import Decimal

import pytest
import yaml
from typer.testing import CliRunner

from dabiao.core.errors import Malformed
from dabiao.facts.logic.proposing import There, propose
from dabiao.org.models import Unit
from dabiao.site import cli
from dabiao.targets.models import Target
from tests.performance.facts import load


def run(*arguments):
    command = ["import", *map(str, arguments)]
    return CliRunner().invoke(cli.build(command), command)


def proposed(folder, name, text, **answers):
    (folder / name).write_text(text)
    found = propose([folder / name], year=2026, there=There(top="acme"), answers=answers)
    return found, next((t for t in yaml.safe_load(found.text)["tables"] if t["into"] == "targets"), None)


@pytest.mark.parametrize(
    ("case", "name", "text", "held"),
    [
        ("by channel, two months", "2026年销售目标.csv", "渠道,3月,4月\n线上,100,110\n经销,90,80\n",
         {("sales_channel", "线上", 3): 100, ("sales_channel", "线上", 4): 110,
          ("sales_channel", "经销", 3): 90, ("sales_channel", "经销", 4): 80}),
        ("by channel, three months, in English", "sales targets 2026.csv", "Channel,Jan,Feb,Mar\nonline,1,2,3\n",
         {("sales_channel", "online", 1): 1, ("sales_channel", "online", 2): 2, ("sales_channel", "online", 3): 3}),
        ("by segment, a row a month", "客户类型目标.csv", "客户类型,月份,销售目标\n大客户,2026-01,100\n中小,2026-02,20\n",
         {("customer_type", "大客户", 1): 100, ("customer_type", "中小", 2): 20}),
        ("by industry, two months", "销售指标.csv", "行业,2026年3月,2026年4月\n机械,5,6\n",
         {("industry", "机械", 3): 5, ("industry", "机械", 4): 6}),
    ],
)  # fmt: skip
def test_targets_without_a_holder_are_the_companys(folder, company, case, name, text, held):
    (folder / name).write_text(text)

    done = run(folder / name)

    assert done.exit_code == 0, done.output
    top = Unit.objects.get(parent=None)
    rows = Target.objects.filter(unit=top, dimension=next(iter(held))[0])
    assert {(t.dimension, t.member, t.starts_on.month): t.target for t in rows} == {
        place: Decimal(value) for place, value in held.items()
    }


class TestTwoMonths:
    TEXT = "Sales rep,Mar-26,Apr-26\nAnn,100,110\nBob,90,80\n"

    @pytest.mark.parametrize("name", ["sales targets.csv", "Q2 quota sales.csv", "销售指标.csv"])
    def test_beside_a_holder_are_targets_where_the_name_says_so(self, folder, name):
        found, table = proposed(folder, name, self.TEXT)

        assert not found.open
        assert table["columns"]["person"] == "Sales rep"
        assert "Mar-26: 2026-03" in found.text

    def test_are_asked_for_where_nothing_says_so(self, folder):
        found, _table = proposed(folder, "sheet.csv", self.TEXT)

        assert "sheet.kind" in {question.key for question in found.open}

    def test_of_orders_make_no_wide_sheet(self, folder):
        text = "订单号,订单日期,业务员,金额,3月,4月\nA,2026-01-05,张三,1,,\nB,2026-01-06,李四,2,,\n"

        found, table = proposed(folder, "订单.csv", text)

        assert table is None
        assert "into: order_lines" in found.text


class TestWhatSomebodySaysIsTargets:
    @pytest.mark.parametrize(
        "months", [("Mar-26",), ("Mar-26", "Apr-26"), ("Jan-26", "Feb-26", "Mar-26", "Apr-26")]
    )
    def test_has_its_months_turned_into_rows(self, folder, months):
        text = f"销售渠道,{','.join(months)}\n线上{',1' * len(months)}\n"

        found, table = proposed(folder, "表.csv", text, **{"表.kind": "targets", "表.metric": "sales_amount"})

        assert not found.open
        assert table["columns"]["unit"] == {"constant": "acme"}
        assert table["columns"]["sales_channel"] == "销售渠道"
        assert all(f"{month}: 2026-" in found.text for month in months)

    def test_offers_no_part_of_the_market_as_a_person(self, folder):
        text = "客户类型,备注,月份,数\n大客户,x,2026-01,100\n中小,y,2026-01,20\n"

        found, _table = proposed(folder, "表.csv", text, **{"表.kind": "targets"})

        offered = {choice.value for question in found.questions for choice in question.choices}
        assert "客户类型" not in offered


class TestRegions:
    TEXT = "地区,3月,4月\n华东,100,110\n华北,90,80\n"

    @pytest.mark.parametrize("text", [TEXT, "地区,月份,销售目标\n华东,2026-03,100\n华北,2026-03,90\n"])
    def test_may_be_units_or_parts_of_the_market(self, folder, text):
        name = "2026年销售目标.csv"

        asked, _table = proposed(folder, name, text)
        _, units = proposed(folder, name, text, **{"2026年销售目标.place": "unit"})
        _, parts = proposed(folder, name, text, **{"2026年销售目标.place": "territory"})

        assert [question.key for question in asked.open] == ["2026年销售目标.place"]
        assert units["columns"]["unit"] == "地区" and "territory" not in units["columns"]
        assert parts["columns"]["territory"] == "地区" and parts["columns"]["unit"] == {"constant": "acme"}

    def test_that_narrow_are_loaded_so(self, folder, company):
        (folder / "2026年销售目标.csv").write_text(self.TEXT)

        done = run(folder, "--answer", "2026年销售目标.place=territory")

        assert done.exit_code == 0, done.output
        held = Target.objects.filter(unit=Unit.objects.get(parent=None), dimension="territory")
        assert {target.member for target in held} == {"华东", "华北"}

    def test_are_units_where_a_sheet_beside_has_units_of_these_names(self, folder):
        (folder / "2026年销售目标.csv").write_text(self.TEXT)
        (folder / "花名册.csv").write_text("工号,姓名,部门,岗位\nE1,张三,华东,代表\nE2,李四,华北,代表\n")

        found = propose(sorted(folder.glob("*.csv")), year=2026)

        assert not found.open
        assert "unit: 地区" in found.text


def test_loading_says_whose_targets_are_part_of_no_unit(folder, company):
    (folder / "花名册.csv").write_text("工号,姓名,部门,岗位,入职日期\nE1,张三,华东,代表,2026-03-02\n")
    (folder / "2026年销售目标.csv").write_text("姓名,1月,2月,3月\n张三,5,6,7\n")

    for options in (["--dry-run"], []):
        done = run(folder, *options)
        assert "2 targets are of people who sit in no unit" in done.output.replace("\n", " "), done.output
    assert Target.objects.filter(person__key="E1").count() == 3


class TestScale:
    """Targets of 40 beside orders of a million a month: 40 万, and never 40."""

    ORDERS = "订单号,下单日期,客户,金额\nA1,2026-01-05,甲,900000\nA2,2026-01-20,乙,800000\nA3,2026-02-11,甲,1500000\n"
    TEXT = "姓名,1月,2月\n张三,90,80\n李四,70,75\n"

    @pytest.mark.parametrize(
        ("case", "text", "asked"),
        [
            ("wide", TEXT, True),
            ("long", "姓名,月份,销售目标\n张三,2026-01,90\n李四,2026-01,70\n张三,2026-02,80\n", True),
            ("of quarters", "姓名,一季度,二季度\n张三,270,240\n", True),
            ("in the header", "姓名,月份,销售目标（万元）\n张三,2026-01,90\n", False),
            ("in cells", "姓名,月份,销售目标\n张三,2026-01,90万\n", False),
            ("as large as what is sold", "姓名,1月,2月\n张三,900000,800000\n", False),
            ("of somebody small", "姓名,1月,2月\n张三,20000,8000\n", False),
            ("in yuan, as it says", "姓名,月份,销售目标（元）\n张三,2026-01,90\n", False),
            ("of visits", "姓名,月份,拜访目标\n张三,2026-01,90\n", False),
        ],
    )  # fmt: skip
    def test_is_asked_where_targets_are_far_below_what_is_sold(self, folder, case, text, asked):
        (folder / "订单.csv").write_text(self.ORDERS)
        (folder / "2026年目标.csv").write_text(text)

        found = propose(
            sorted(folder.glob("*.csv")),
            year=2026,
            answers={"2026年目标.metric": "sales_amount"}
            if text == self.TEXT or case in {"of quarters", "as large as what is sold", "of somebody small"}
            else {},
        )
        questions = [question for question in found.open if question.key.endswith(".unit")]
        assert bool(questions) == asked, (case, found.open, found.text)
        if asked:
            assert [choice.value for choice in questions[0].choices] == ["万", "k", "m", "one"], case

    @pytest.mark.parametrize(("said", "held"), [("万", 900_000), ("k", 90_000), ("one", 90)])
    def test_is_what_somebody_says_also_where_the_orders_are_there_already(self, folder, company, said, held):
        (folder / "2026年销售目标.csv").write_text("工号,1月,2月\nP04,90,80\n")
        load(order_lines="key ordered_on person amount\n1 2026-01-05 P04 900000\n2 2026-02-05 P04 800000")

        refused = run(folder / "2026年销售目标.csv")
        done = run(folder / "2026年销售目标.csv", "--answer", f"2026年销售目标.unit={said}")

        assert refused.exit_code and "2026年销售目标.unit" in str(refused.exception)
        assert done.exit_code == 0, done.output
        assert Target.objects.get(person__key="P04", starts_on="2026-01-01").target == held


class TestLeftOut:
    TEXT = "类别码,数\na,100\nb,90\n"

    def test_is_no_sheet_that_is_called_after_targets(self, folder):
        found, table = proposed(folder, "销售目标.csv", self.TEXT)

        assert table is None
        assert [question.key for question in found.open] == ["销售目标.kind"]

    def test_is_one_where_somebody_says_so(self, folder):
        found, _table = proposed(folder, "销售目标.csv", self.TEXT, **{"销售目标.kind": "nothing"})

        assert not found.open

    def test_is_never_passed_over_by_the_command(self, folder, company):
        (folder / "订单.csv").write_text("订单号,订单日期,金额\nA,2026-01-05,1\n")
        (folder / "销售目标.csv").write_text(self.TEXT)

        refused = run(folder)

        assert isinstance(refused.exception, Malformed)
        assert "销售目标.kind=targets" in str(refused.exception)


def test_what_is_left_out_is_told_with_what_it_may_be_said_to_be(folder, company):
    file = folder / "杂项.csv"
    file.write_text("甲,乙\n随便,写写\n")

    done = run(file)

    told = " ".join(done.output.split())
    assert "TABLE" not in told
    assert "--answer 杂项.kind=… which of these it is: order_lines, " in told
    assert "nothing" not in told.partition("which of these it is: ")[2].partition("Nothing here")[0]
