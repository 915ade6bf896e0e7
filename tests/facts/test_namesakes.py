"""Two rows of a people sheet for one name: two people, or one who moved. It is asked, and loaded as somebody says."""

import pytest
from typer.testing import CliRunner

from dabiao.facts.logic.mapping import BadMapping, read_map
from dabiao.facts.logic.proposing import propose
from dabiao.org.models import Assignment, Person
from dabiao.site import cli

HEAD = "姓名,部门,岗位,入职日期\n"
TWO = HEAD + "王伟,北京组,销售,2024-01-05\n王伟,上海组,销售,2023-03-01\n李娜,北京组,组长,2022-01-05\n"
NUMBERED = "工号,姓名,部门,入职日期\n001,王伟,北京组,2024-01-05\n002,李娜,北京组,2022-01-05\n001,王伟,上海组,2025-05-05\n"


def questions(folder, text, **answers):
    (folder / "花名册.csv").write_text(text)
    found = propose([folder / "花名册.csv"], year=2026, company="华星", answers=answers)
    return {question.key: [choice.value for choice in question.choices] for question in found.questions}


def loaded(folder, text, *answers, name="花名册.csv"):
    (folder / name).write_text(text)
    command = ["import", str(folder / name), "--company", "华星"]
    for said in answers:
        command += ["--answer", said]
    return CliRunner().invoke(cli.build(command), command)


def seats():
    rows = Assignment.objects.order_by("person__key", "starts_on")
    return [(*row[:3], f"{row[3]}") for row in rows.values_list(
        "person__key", "position__unit__key", "starts_on__year", "ends_on"
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "text", "offered"),
    [
        ("told apart by their units", TWO, ["two", "moved", "back"]),
        ("on the same day", TWO.replace("2023-03-01", "2024-01-05"), ["two", "back"]),
        ("of one unit, by what they do", TWO.replace("王伟,上海组,销售", "王伟,北京组,助理"), ["two", "moved", "back"]),
        ("nothing tells them apart but the day", TWO.replace("王伟,上海组", "王伟,北京组"), ["two", "moved", "back"]),
        ("one number", NUMBERED, ["moved", "back"]),
        ("one number, one day", NUMBERED.replace("2025-05-05", "2024-01-05"), ["back"]),
    ],
)  # fmt: skip
def test_who_it_is_is_asked_with_what_could_be(folder, case, text, offered):
    (asked,) = questions(folder, text).values()

    assert asked == offered, case


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("a row twice", TWO.replace("王伟,上海组,销售,2023-03-01", "王伟,北京组,销售,2024-01-05")),
        ("numbers tell them apart", "工号,姓名,部门\n1,王伟,北京组\n2,王伟,上海组\n"),
    ],
)
def test_nothing_is_asked_where_nothing_is_open(folder, case, text):
    assert questions(folder, text) == {}, case


class TestLoaded:
    def test_whose_number_is_missing_is_handed_back_and_the_others_are_there(self, folder, otto):
        said = loaded(
            folder, "工号,姓名,部门,岗位\n001,王伟,北京组,销售\n,李娜,北京组,组长\n003,张三,上海组,销售\n"
        )

        assert set(Person.objects.values_list("key", flat=True)) == {"001", "003"}
        assert "工号" in said.output and said.exit_code == 2

    def test_two_people_each_have_a_key_and_keep_their_name(self, folder, otto):
        assert loaded(folder, TWO, "花名册.same_王伟=two").exit_code == 0

        assert dict(Person.objects.values_list("key", "name")) == {
            "王伟-北京组": "王伟", "王伟-上海组": "王伟", "李娜": "李娜",
        }  # fmt: skip
        assert {(who, unit) for who, unit, *_ in seats()} == {
            ("王伟-北京组", "北京组"), ("王伟-上海组", "上海组"), ("李娜", "北京组"),
        }  # fmt: skip

    def test_whoever_moved_holds_one_seat_after_the_other(self, folder, otto):
        assert loaded(folder, TWO, "花名册.same_王伟=moved").exit_code == 0

        assert seats() == [
            ("李娜", "北京组", 2022, "9999-12-31"),
            ("王伟", "上海组", 2023, "2024-01-05"),
            ("王伟", "北京组", 2024, "9999-12-31"),
        ]
        assert f"{Person.objects.get(key='王伟').hired_on}" == "2023-03-01"

    def test_who_is_neither_is_handed_back_and_the_others_are_there(self, folder, otto):
        said = loaded(folder, TWO, "花名册.same_王伟=back")

        assert list(Person.objects.values_list("key", flat=True)) == ["李娜"]
        assert "王伟" in said.output

    def test_orders_of_a_shared_name_are_handed_back_and_say_who_could_be_meant(self, folder, otto, sql):
        loaded(folder, TWO, "花名册.same_王伟=two")

        said = loaded(
            folder,
            "订单号,订单日期,业务员,金额\nA1,2026-01-05,王伟,100\nA2,2026-01-05,王伟-上海组,7\n",
            name="订单.csv",
        )

        assert "王伟-上海组, 王伟-北京组" in said.output.replace("\n", "")
        assert "the organisation does not know" not in said.output  # of a row that is handed back
        assert sql("SELECT person, amount::INT FROM order_lines") == [("王伟-上海组", 7)]

    def test_a_manager_of_that_name_is_asked_for(self, folder, otto):
        text = "姓名,部门,岗位,上级\n王伟,北京组,销售,李娜\n王伟,上海组,组长,李娜\n李娜,北京组,总监,\n张三,上海组,销售,王伟\n"

        assert questions(folder, text)["花名册.manager_王伟"][:2] == ["王伟-北京组", "王伟-上海组"]
        assert loaded(folder, text, "花名册.same_王伟=two", "花名册.manager_王伟=王伟-上海组").exit_code == 0
        assert ("张三", "上海组") in {(who, unit) for who, unit, *_ in seats()}


def test_a_mapping_that_tells_names_apart_says_by_which_columns(folder, load):
    whole = (
        "schema: dabiao/map/1\nsystem: s\nsources:\n  people:\n    file: p.csv\n    apart:\n      column: 姓名\n"
        "      by: 部门\n      values: {王伟: {北京组: 王伟-1}}\ntables:\n- into: people\n  from: people\n  columns: {person: 姓名}\n"
    )
    (folder / "p.csv").write_text("姓名,部门\n王伟,北京组\n王伟,上海组\n")
    load(folder, whole)

    assert set(Person.objects.values_list("key", flat=True)) == {"王伟-1", "王伟"}
    with pytest.raises(BadMapping, match="by"):
        read_map(whole.replace("      by: 部门\n", ""))
    with pytest.raises(BadMapping, match="小组"):
        load(folder, whole.replace("by: 部门", "by: 小组"))
