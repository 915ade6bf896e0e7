"""The column of managers of a people sheet: who is named as somebody's manager leads them, or it is asked."""

import random

import pytest
import yaml
from django.utils import timezone
from typer.testing import CliRunner

from dabiao.core import jobs
from dabiao.facts.logic.proposing import propose
from dabiao.facts.logic.proposing.lines import Member, lines_of, moved
from dabiao.facts.models import ImportBatch
from dabiao.org import queries as org
from dabiao.org.models import Assignment, Person, Unit, User
from dabiao.site import cli
from tests.facts.test_start import ada, begun  # noqa: F401  # a fixture

HEAD = "工号,姓名,部门,岗位,直属上级,入职日期\n"
DEEP = HEAD + (
    "E1,王总,总经办,总经理,,2018-01-01\n"
    "E2,赵敏,总经办,副总经理,王总,2018-01-01\n"
    "E3,张三,华东,大区经理,赵敏,2019-01-01\n"
    "E4,李四,华东,销售代表,张三,2020-01-01\n"
    "E5,王五,华东,组长,张三,2020-01-01\n"
    "E6,钱六,华东,销售代表,王五,2021-01-01\n"
    "E7,孙七,华南,大区经理,王总,2021-01-01\n"
    "E8,周八,华南,销售代表,孙七,2022-01-01\n"
)


def proposed(folder, text, **options):
    (folder / "花名册.csv").write_text(text)
    return propose([folder / "花名册.csv"], year=2026, company="华星", **options)


def seen_by(number: str) -> set[str]:
    """Whom a manager sees, by name."""
    user = User.objects.create(
        username=f"m{number}", role=User.Role.MANAGER, person=Person.objects.get(key=number)
    )
    return set(org.people_visible(user, timezone.localdate()).values_list("name", flat=True))


def loaded(folder, text, *answers):
    (folder / "花名册.csv").write_text(text)
    command = ["import", str(folder / "花名册.csv"), "--company", "华星"]
    for said in answers:
        command += ["--answer", said]
    return CliRunner().invoke(cli.build(command), command)


class TestLoaded:
    def test_managers_see_those_who_report_to_them_and_nobody_else(self, folder, otto):
        assert loaded(folder, DEEP).exit_code == 0

        assert seen_by("E1") == {"王总", "赵敏", "张三", "李四", "王五", "钱六", "孙七", "周八"}
        assert seen_by("E2") == {"赵敏", "张三", "李四", "王五", "钱六"}
        assert seen_by("E3") == {"张三", "李四", "王五", "钱六"}
        assert seen_by("E5") == {"王五", "钱六"}
        assert seen_by("E7") == {"孙七", "周八"}

    def test_units_keep_their_names_and_positions(self, folder, otto):
        loaded(folder, DEEP)

        assert set(Unit.objects.values_list("key", "parent__key")) == {
            ("华星", None), ("总经办", "华星"), ("赵敏", "总经办"), ("华东", "赵敏"), ("王五", "华东"), ("华南", "总经办"),
        }  # fmt: skip
        held = Assignment.objects.values_list("person__key", "position__unit__key", "position__title")
        assert ("E3", "华东", "大区经理") in held and ("E6", "王五", "销售代表") in held

    @pytest.mark.parametrize(
        ("case", "sheet"),
        [
            ("numbers", DEEP.replace("直属上级", "上级工号").replace(",王总,2", ",E1,2").replace(",赵敏,2", ",E2,2")
                .replace(",张三,2", ",E3,2").replace(",王五,2", ",E5,2").replace(",孙七,2", ",E7,2")),
            ("another title", DEEP.replace("直属上级", "汇报对象")),
            ("English titles", DEEP.replace(HEAD, "Employee ID,Name,Department,Title,Reports To,Hire Date\n")),
        ],
    )  # fmt: skip
    def test_names_and_numbers_are_the_same(self, folder, otto, case, sheet):
        assert loaded(folder, sheet).exit_code == 0, case

        assert seen_by("E2") == {"赵敏", "张三", "李四", "王五", "钱六"}

    def test_a_manager_is_called_so_where_no_column_names_positions(self, folder, otto):
        loaded(folder, "工号,姓名,部门,上级\nE1,张三,华东,\nE2,李四,华东,张三\n")

        held = Assignment.objects.values_list("person__key", "position__key")
        assert set(held) == {("E1", "华东/manager"), ("E2", "华东/member")}

    def test_who_has_no_unit_sits_in_the_company(self, folder, otto):
        sheet = (
            HEAD
            + "E1,王总,,总经理,,2018-01-01\nE2,张三,华东,经理,王总,2018-01-01\nE3,李四,华东,代表,张三,2018-01-01\n"
        )

        done = loaded(folder, sheet)

        assert done.exit_code == 0, done.output
        assert seen_by("E1") == {"王总", "张三", "李四"}
        assert "1 person without 部门 sits in 华星 itself" in done.output

    def test_the_company_among_the_units_is_itself(self, folder, otto):
        sheet = (
            HEAD
            + "E1,王总,华星,总经理,,2018-01-01\nE2,张三,华东,经理,王总,2018-01-01\nE3,李四,华东,代表,张三,2018-01-01\n"
        )

        assert loaded(folder, sheet).exit_code == 0

        assert set(Unit.objects.values_list("key", "parent__key")) == {("华星", None), ("华东", "华星")}

    def test_units_above_that_the_sheet_names_stay(self, folder, otto):
        sheet = "工号,姓名,所属大区,部门,岗位,直属上级\nE1,张三,东区,上海,经理,\nE2,李四,东区,上海,代表,张三\nE3,王五,北区,北京,经理,\n"

        assert loaded(folder, sheet).exit_code == 0

        assert set(Unit.objects.exclude(parent=None).values_list("key", "parent__key")) == {
            ("东区", "华星"), ("北区", "华星"), ("上海", "东区"), ("北京", "北区"),
        }  # fmt: skip


class TestNote:
    def test_says_who_leads_what_and_what_lies_below_what(self, folder):
        notes = proposed(folder, DEEP).notes

        assert any("王总: 总经办, 张三: 华东" in note and "王五: a team in 华东" in note for note in notes)
        assert any("华东 below 赵敏" in note for note in notes)

    def test_names_managers_who_are_none_of_the_people(self, folder):
        sheet = DEEP.replace("总经理,,", "总经理,董事长,")
        notes = proposed(folder, sheet, answers={"花名册.manager_董事长": "none"}).notes

        assert any("董事长 in 直属上级 are none of its people" in note for note in notes)


class TestQuestion:
    TWO = HEAD + (
        "E1,张三,华东,经理,,2018-01-01\nE2,张三,华北,经理,,2018-01-01\n"
        "E3,李四,华东,代表,张三,2018-01-01\nE4,王五,华北,代表,E2,2018-01-01\n"
    )

    def test_is_asked_where_two_have_the_managers_name(self, folder):
        (question,) = proposed(folder, self.TWO).open

        assert question.key == "花名册.manager_张三"
        assert [choice.value for choice in question.choices] == ["E1", "E2"]
        assert "华东 · 经理" in question.choices[0].says and "李四" in question.evidence

    def test_once_answered_the_line_leads_to_that_one(self, folder, otto):
        assert loaded(folder, self.TWO, "花名册.manager_张三=E1").exit_code == 0

        assert seen_by("E1") == {"张三", "李四"}

    def test_is_asked_where_a_director_reports_to_a_rep(self, folder):
        sheet = HEAD + "E1,张三,华东,销售代表,,2018-01-01\nE2,李四,华东,销售总监,张三,2018-01-01\n"

        (question,) = proposed(folder, sheet).open

        assert question.key == "花名册.manager"
        assert "李四, 销售总监, reports to 张三, 销售代表" in question.evidence

    @pytest.mark.parametrize("low", ["客户经理", "销售经理", "总监助理", ""])
    def test_is_not_asked_where_the_title_may_be_a_reps(self, folder, low):
        sheet = HEAD + f"E1,张三,华东,销售代表,,2018-01-01\nE2,李四,华东,{low},张三,2018-01-01\n"

        assert not proposed(folder, sheet).open

    ELSEWHERE = DEEP + "E9,吴九,华南,财务,张三,2022-01-01\n"

    def test_is_asked_where_a_manager_sits_elsewhere(self, folder):
        (question,) = proposed(folder, self.ELSEWHERE).open

        assert "吴九 in 华南 reports to 张三 in 华东" in question.evidence
        assert [choice.value for choice in question.choices] == ["lines", "seats"]

    def test_lets_the_column_hold(self, folder, otto):
        assert loaded(folder, self.ELSEWHERE, "花名册.manager=lines").exit_code == 0

        assert "吴九" in seen_by("E3")
        assert seen_by("E7") == {"孙七", "周八"}
        assert not Unit.objects.filter(
            key="孙七"
        ).exists()  # once the other one has left, all of the unit is led

    def test_lets_units_and_positions_hold(self, folder, otto):
        done = loaded(folder, self.ELSEWHERE, "花名册.manager=seats")

        assert "直属上级 is not read" in done.output
        assert set(Unit.objects.exclude(parent=None).values_list("parent__key", flat=True)) == {"华星"}

    CIRCLE = HEAD + (
        "E1,张三,华东,经理,李四,2018-01-01\nE2,李四,华北,经理,张三,2018-01-01\n"
        "E3,王五,华北,代表,李四,2018-01-01\nE4,赵六,华东,代表,张三,2018-01-01\n"
    )

    def test_offers_who_is_above_where_people_report_to_each_other(self, folder):
        (question,) = proposed(folder, self.CIRCLE).open

        assert question.key == "花名册.manager_circle_E1"
        assert question.evidence == "张三 (row 2) → 李四 (row 3) → 张三 (row 2)"
        assert [choice.value for choice in question.choices] == ["E1", "E2", "seats"]
        assert "row 3 is read as if its 直属上级 were empty" in question.choices[1].says

    @pytest.mark.parametrize(("head", "below"), [("E1", "E2"), ("E2", "E1")])
    def test_puts_above_whom_somebody_says(self, folder, otto, head, below):
        done = loaded(folder, self.CIRCLE, f"花名册.manager_circle_E1={head}")

        assert done.exit_code == 0, done.output
        assert seen_by(head) == {"张三", "李四", "王五", "赵六"}
        assert len(seen_by(below)) == 2

    def test_reads_no_circle_where_somebody_says_so(self, folder, otto):
        done = loaded(folder, self.CIRCLE, "花名册.manager_circle_E1=seats")

        assert "直属上级 is not read" in done.output
        assert "columns that the mapping does not use" in done.output

    def test_seats_whose_circle_is_broken_apart_from_others_who_name_the_same_manager(self, folder, otto):
        sheet = HEAD + (
            "E1,张三,华东,经理,李四,2018-01-01\nE2,李四,华东,主管,张三,2018-01-01\nE3,王五,华东,代表,李四,2018-01-01\n"
        )
        done = loaded(folder, sheet, "花名册.manager_circle_E1=E1")

        assert done.exit_code == 0, done.output
        assert seen_by("E1") == {"张三", "李四", "王五"}
        assert seen_by("E2") == {"李四", "王五"}


class TestWhoIsTheirOwnManager:
    def test_is_told_of_the_one_at_the_head(self, folder, otto):
        done = loaded(folder, DEEP.replace("总经理,,", "总经理,王总,"))

        assert done.exit_code == 0, done.output
        assert "王总 (row 2) is their own manager: nobody is above them" in done.output
        assert seen_by("E2") == {"赵敏", "张三", "李四", "王五", "钱六"}

    OWN = DEEP.replace("华东,销售代表,张三,", "华东,销售代表,李四,")

    def test_is_asked_of_others_with_the_row(self, folder):
        (question,) = proposed(folder, self.OWN).open

        assert question.key == "花名册.manager_of_E4"
        assert "李四 (row 5)" in question.text
        assert [choice.value for choice in question.choices][:2] == ["none", "E3"]

    @pytest.mark.parametrize("said", ["E3", "E5", "none"])
    def test_sits_below_whom_somebody_says(self, folder, otto, said):
        done = loaded(folder, self.OWN, f"花名册.manager_of_E4={said}")

        assert done.exit_code == 0, done.output
        assert ("李四" in seen_by("E5")) is (said == "E5")
        assert "李四" in seen_by("E3")


class TestManagersNobodyKnows:
    SLIP = DEEP.replace("销售代表,张三,2020", "销售代表,张珊,2020")

    def test_are_asked_about_with_those_of_nearly_that_name(self, folder):
        (question,) = proposed(folder, self.SLIP).open

        assert question.key == "花名册.manager_张珊"
        assert [choice.value for choice in question.choices] == ["E3", "none"]
        assert "李四 (row 5)" in question.evidence

    @pytest.mark.parametrize("said", ["E3", "E7", "none"])
    def test_are_whom_somebody_says(self, folder, otto, said):
        answers = [f"花名册.manager_张珊={said}"] + (["花名册.manager=lines"] if said == "E7" else [])
        done = loaded(folder, self.SLIP, *answers)

        assert done.exit_code == 0, done.output
        assert ("李四" in seen_by("E7")) is (said == "E7")
        assert ("李四" in seen_by("E3")) is (said == "E3")

    def test_are_one_question_where_they_are_many(self, folder):
        rows = "".join(f"N{n},员工{n},华南,代表,外部{n},2020-01-01\n" for n in range(6))

        (question,) = proposed(folder, DEEP + rows).open

        assert question.key == "花名册.managers"
        assert "外部0" in question.evidence

    def test_are_no_question_where_none_of_them_is_among_the_people(self, folder):
        sheet = HEAD + "E1,张三,华东,代表,赵总,2018-01-01\nE2,李四,华北,代表,赵总,2018-01-01\n"

        assert not proposed(folder, sheet).open


def test_the_column_counts_as_used_where_it_decided(folder, otto):
    """Also where everybody stays in their unit, so that no row is read by it."""
    done = loaded(folder, HEAD + "E1,张三,华东,经理,,2018-01-01\nE2,李四,华东,代表,张三,2018-01-01\n")

    assert done.exit_code == 0, done.output
    assert "does not use" not in done.output


class TestLines:
    def test_lead_a_team_where_others_of_the_unit_report_elsewhere(self):
        members = [
            Member("1", "甲", "总部"), Member("2", "乙", "华东", said="甲", manager="1"),
            Member("3", "丙", "华东", said="乙", manager="2"), Member("4", "丁", "华东", said="甲", manager="1"),
        ]  # fmt: skip

        found = lines_of(members, "公司")

        assert found.heads == {"总部": "1"} and found.teams == {"2": "乙"}
        assert found.seats == {"2": "乙", "3": "乙"} and found.parents["华东"] == "总部"

    @pytest.mark.parametrize("seed", range(60))
    def test_always_end_above_those_who_report(self, seed):
        """Whoever reports to whom over however many units: everybody sits in the unit of their manager, or below it."""
        dice = random.Random(seed)
        members = []
        for number in range(dice.randint(2, 40)):
            boss = str(dice.randrange(number)) if number and dice.random() < 0.9 else ""
            unit = dice.choice("甲乙丙丁戊")
            members.append(Member(str(number), f"n{number}", unit, said=boss, manager=boss))

        found = moved(members, "top")

        assert not found.circle or len(set(found.circle)) > 1
        if not found.circle:
            assert not found.astray
        told = lines_of(members, "top")
        assert told.astray or told.circle or _chain_holds(members, told)


def _chain_holds(members, found) -> bool:
    def above(unit):
        while unit:
            yield unit
            unit = found.parents.get(unit)

    seats = {member.who: found.seats.get(member.who, member.unit) for member in members}
    return all(seats[m.manager] in above(seats[m.who]) for m in members if m.manager)


class TestGuidedStart:
    def test_asks_and_goes_on(self, ada):  # noqa: F811
        place = begun(ada, {"花名册.csv": TestQuestion.ELSEWHERE.encode()}, company="华星")
        page = ada.get(place).content.decode()
        assert 'name="q:花名册.manager"' in page and "吴九 in 华南 reports to 张三 in 华东" in page

        checked = ada.post(place, {"answer": "1", "check": "1", "q:花名册.manager": "lines"})["Location"]
        jobs.run_waiting(timezone.now())
        ada.post(checked + "load/")
        jobs.run_waiting(timezone.now())

        assert ImportBatch.objects.get().state == ImportBatch.State.DONE
        assert "吴九" in seen_by("E3")


def test_nothing_of_one_table_is_written_as_a_reference_to_another(folder):
    text = proposed(folder, DEEP).text

    assert "&id" not in text and yaml.safe_load(text)["tables"]
