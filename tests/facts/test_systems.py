"""Which system files come from: what files like them came from stands in front, and a new name can be given."""

import pytest
from typer.testing import CliRunner

from dabiao.core.errors import Malformed
from dabiao.facts import queries
from dabiao.facts.logic.proposing import Former, There, propose
from dabiao.facts.models import ImportBatch
from dabiao.site import cli

ORDERS = "订单号,订单日期,业务员,金额\nA,2026-01-05,张三,100\nB,2026-01-06,李四,250.5\n"
DEALS = "商机编号,创建日期,阶段,预计金额\nD1,2026-01-05,谈判,100\n"


def run(*arguments):
    command = ["import", *map(str, arguments)]
    return CliRunner().invoke(cli.build(command), command)


@pytest.fixture
def two(folder, otto):
    """An installation that has orders of one system and deals of another, the deals last."""
    (folder / "订单-2026-01.csv").write_text(ORDERS)
    (folder / "商机.csv").write_text(DEALS)
    assert run(folder / "订单-2026-01.csv", "--system", "erp").exit_code == 0
    assert run(folder / "商机.csv", "--system", "crm").exit_code == 0
    return folder


def february(folder, name="订单-2026-02.csv", text=ORDERS):
    file = folder / name
    file.write_text(text.replace("2026-01", "2026-02").replace("A,", "C,").replace("B,", "D,"))
    return file


def offered(folder, *former):
    (folder / "x.csv").write_text(ORDERS)
    (question,) = propose([folder / "x.csv"], there=There(former), year=2026).open
    return question


class TestOffered:
    @pytest.mark.parametrize(
        ("case", "former", "says"),
        [
            ("name and columns", Former("erp", ("x.csv",), ("订单号", "金额")), "came from it, with the same columns and a name"),
            ("columns", Former("erp", ("y.csv",), ("订单号", "金额")), "y.csv came from it, with the same columns"),
            ("a copy of another month", Former("erp", ("x 2026-01 (1).csv",), ("Nr", "Sum")), "which has a name like this"),
            ("a pattern", Former("erp", ("*.csv",), ("Nr", "Sum")), "which has a name like this"),
        ],
    )  # fmt: skip
    def test_first_is_what_files_like_it_came_from(self, folder, case, former, says):
        question = offered(folder, Former("crm", ("z.csv",), ("商机编号", "阶段")), former)

        assert [choice.value for choice in question.choices] == ["erp", "crm", "files"], case
        assert says in question.choices[0].says

    def test_both_in_common_are_more_than_one(self, folder):
        question = offered(
            folder,
            Former("crm", ("x.csv",), ("商机编号", "阶段")),
            Former("pos", ("z.csv",), ("订单号", "金额")),
            Former("erp", ("x.csv",), ("订单号", "金额")),
        )

        assert [choice.value for choice in question.choices] == ["erp", "pos", "crm", "files"]

    def test_one_column_in_common_says_nothing(self, folder):
        question = offered(folder, Former("crm", ("z.csv",), ("金额",)))

        assert question.choices[0].says == "its rows with the same key are the same rows"

    def test_is_found_in_what_was_loaded(self, two):
        refused = run(february(two))

        said = str(refused.exception)
        assert said.index("--answer system=erp") < said.index("--answer system=crm")
        assert "订单-2026-01.csv came from it, with the same columns and a name like this" in said

    def test_what_was_taken_back_is_not_offered(self, two):
        ImportBatch.objects.filter(mapping__contains="system: crm").update(state=ImportBatch.State.UNDONE)

        assert {one.system for one in queries.former()} == {"erp"}

    def test_a_ledger_of_its_own_name_stands_for_its_system(self, folder, otto):
        (folder / "台账.csv").write_text(
            "日期,客户,业务员,金额\n2026-01-05,华星,张三,1\n2026-02-06,远大,李四,2\n"
        )
        assert run(folder / "台账.csv", "--answer", "台账.kind=order_lines").exit_code == 0

        assert [(one.system, one.names) for one in queries.former()] == [("files", ("台账.csv",))]

    def test_a_mapping_that_no_longer_is_one_still_names_its_system(self, two):
        ImportBatch.objects.update(mapping='schema: old\nsystem: "sap"\n')

        assert queries.former() == [Former("sap")]


class TestNewName:
    def test_is_named_as_an_option_of_the_command(self, two):
        refused = run(february(two))

        assert "--system NAME" in str(refused.exception)

    def test_is_taken_by_the_command(self, two, sql):
        assert run(february(two), "--system", "pos").exit_code == 0
        assert run(february(two, "门店.csv"), "--answer", "system=pos2", "--even-so", "again").exit_code == 0

        assert {source for (source,) in sql("SELECT DISTINCT source FROM order_lines")} == {
            "erp",
            "pos",
            "pos2",
        }

    def test_that_cannot_be_one_is_refused(self, two):
        refused = run(february(two), "--answer", "system=a b")

        assert isinstance(refused.exception, Malformed) and "is no name for system" in str(refused.exception)

    def test_is_no_answer_to_another_question(self, folder):
        (folder / "x.csv").write_text(
            ORDERS.replace("2026-01-05", "3/4/2026").replace("2026-01-06", "1/2/2026")
        )

        with pytest.raises(Malformed, match="is no answer to"):
            propose([folder / "x.csv"], answers={"x.days": "pos"}, year=2026)


class TestPage:
    @pytest.fixture
    def asked(self, client, otto, two):
        browser = client
        browser.force_login(otto)
        with february(two).open("rb") as file:
            place = browser.post("/facts/upload/", {"upload": file})["Location"]
        return browser, place

    def test_has_the_former_system_first_and_a_field(self, asked):
        browser, place = asked

        page = browser.get(place).content.decode()

        assert page.index('name="q:system" value="erp"') < page.index('name="q:system" value="crm"')
        assert 'name="new:system"' in page

    @pytest.mark.parametrize("chosen", [{}, {"q:system": "+"}])
    def test_takes_a_name_that_is_typed_chosen_or_not(self, asked, chosen):
        browser, place = asked

        browser.post(place, {"answer": "1", "new:system": " pos ", **chosen})

        assert "system: pos\n" in ImportBatch.objects.order_by("-at").first().mapping
        page = browser.get(place).content.decode()
        assert 'value="pos"' in page

    def test_takes_what_is_chosen_before_what_is_typed(self, asked):
        browser, place = asked

        browser.post(place, {"answer": "1", "new:system": "pos", "q:system": "erp"})

        assert "system: erp\n" in ImportBatch.objects.order_by("-at").first().mapping

    def test_stays_open_where_nothing_is_typed(self, asked):
        browser, place = asked

        browser.post(place, {"answer": "1", "check": "1", "new:system": "", "q:system": "+"})

        assert ImportBatch.objects.order_by("-at").first().job == ""

    def test_refuses_what_is_no_name_and_keeps_it(self, asked):
        browser, place = asked

        page = browser.post(place, {"answer": "1", "new:system": "a b", "q:system": "+"})

        assert page.status_code == 422
        assert "is no name for system" in page.content.decode() and 'value="a b"' in page.content.decode()
