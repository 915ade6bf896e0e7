"""Cells of tables for other rooms arrive as they stand, by mapping and by upload page, from text and workbook alike."""

import csv
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.styles import numbers

from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.org.models import Assignment, Person
from dabiao.targets.models import Target

PEOPLE = (
    ("工号", "姓名", "入职日期"),
    ("007", "新人", date(2026, 1, 5)),
)
SEATS = (
    ("工号", "部门", "岗位", "开始日期", "结束日期", "主岗", "工时占比"),
    ("007", "nanjing", "nanjing-rep1", date(2026, 1, 5), date(2026, 6, 30), False, "80%"),
)
TARGETS = (
    ("工号", "指标", "开始日期", "结束日期", "目标"),
    ("007", "sales_amount", date(2026, 2, 1), date(2026, 2, 28), Decimal("1234567.89")),
    ("007", "collection_rate", date(2026, 2, 1), date(2026, 2, 28), "92.5%"),
)
MAP = """
schema: dabiao/map/1
system: hr
sources:
  people: {{file: people.{kind}}}
  seats: {{file: seats.{kind}}}
  targets: {{file: targets.{kind}}}
tables:
  - into: people
    from: people
    columns: {{person: 工号, name: 姓名, hired_on: 入职日期}}
  - into: assignments
    from: seats
    columns:
      person: 工号
      unit: 部门
      position: 岗位
      starts_on: 开始日期
      ends_on: {{from: 结束日期, add_days: 1}}
      primary: 主岗
      fte: 工时占比
  - into: targets
    from: targets
    columns:
      person: 工号
      metric: 指标
      starts_on: 开始日期
      ends_on: {{from: 结束日期, add_days: 1}}
      target: 目标
"""


def written(cell):
    """As people write it in a text file."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return f"{cell:,}" if isinstance(cell, Decimal) else str(cell)


def put(folder, name, rows, kind):
    """A file of text, or a workbook whose cells have types: days, numbers with a format, yes and no."""
    file = folder / f"{name}.{kind}"
    if kind == "csv":
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([[written(cell) for cell in row] for row in rows])
        return file
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([_typed(cell) for cell in row])
    for cell in (cell for row in book.active.iter_rows(min_row=2) for cell in row):
        if isinstance(cell.value, float):
            share = cell.value <= 1
            cell.number_format = (
                numbers.FORMAT_PERCENTAGE if share else numbers.FORMAT_NUMBER_COMMA_SEPARATED1
            )
    book.save(file)
    return file


def _typed(cell):
    """A percentage is a number with a format, as spreadsheets keep it."""
    if isinstance(cell, str) and cell.endswith("%"):
        return float(cell.removesuffix("%")) / 100
    return float(cell) if isinstance(cell, Decimal) else cell


@pytest.fixture
def by_mapping(company, at):
    def load(folder, kind):
        mapping = read_map(MAP.format(kind=kind))
        report = actions.load(actions.Order(folder, mapping), by=company.otto, at=at)
        assert report.total("rejected") == 0, report.shown_errors

    return load


@pytest.fixture
def by_page(as_):
    def upload(folder, kind):
        for address, name, data in (
            ("/org/import/", "people", {"table": "people"}),
            ("/org/import/", "seats", {"table": "assignments"}),
            ("/targets/import/", "targets", {}),
        ):
            with (folder / f"{name}.{kind}").open("rb") as opened:
                answer = as_("otto").post(address, {**data, "file": opened})
            assert answer.status_code < 400, answer.content.decode()

    return upload


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("door", ["by_mapping", "by_page"])
def test_cells_arrive_exact(folder, kind, door, request):
    for name, rows in (("people", PEOPLE), ("seats", SEATS), ("targets", TARGETS)):
        put(folder, name, rows, kind)

    request.getfixturevalue(door)(folder, kind)

    assert Person.objects.get(key="007").hired_on == date(2026, 1, 5)
    seat = Assignment.objects.get(person__key="007")
    assert (seat.starts_on, seat.ends_on) == (date(2026, 1, 5), date(2026, 7, 1))
    assert (seat.primary, seat.fte) == (False, Decimal("0.8"))
    assert dict(Target.objects.filter(person__key="007").values_list("metric", "target")) == {
        "sales_amount": Decimal("1234567.89"),
        "collection_rate": Decimal("0.925"),
    }
    assert set(Target.objects.filter(person__key="007").values_list("starts_on", "ends_on")) == {
        (date(2026, 2, 1), date(2026, 3, 1))
    }


def seated():
    held = Assignment.objects.filter(person__key__startswith="N")
    return set(held.values_list("person__key", flat=True))


@pytest.mark.django_db
class TestRefusedRows:
    """What a room refuses is told at its own file and row, and keeps nothing else from landing."""

    MAP = """
schema: dabiao/map/1
system: hr
sources:
  seats: {file: "seats*.csv"}
tables:
  - into: assignments
    from: seats
    columns: {person: 工号, unit: 部门, starts_on: 开始日期, fte: 工时占比}
"""
    HEAD = "工号,部门,开始日期,工时占比\n"

    @pytest.fixture
    def load(self, company, folder, at):
        def run(**files):
            for name, text in files.items():
                (folder / f"{name}.csv").write_text(self.HEAD + text, encoding="utf-8")
            return actions.load(actions.Order(folder, read_map(self.MAP)), by=company.otto, at=at)

        return run

    def test_in_each_of_several_files(self, load):
        report = load(
            seats1="N1,nanjing,2026-01-05,1\nN2,nanjing,2026-01-05,1.5\n",
            seats2="N3,nanjing,2026-01-05,2\nN4,nanjing,2026-01-05,50%\n",
        )

        told = {(error.file, error.row, error.value) for error in report.shown_errors}
        assert told == {("seats1.csv", 3, "1.5"), ("seats2.csv", 2, "2")}
        assert seated() == {"N1", "N4"}

    def test_of_a_unit_that_is_not_there_are_all_told_and_the_others_land(self, load):
        report = load(
            seats1="".join(f"N{n},{unit},2026-01-05,1\n" for n, unit in enumerate(["nanjing", *["gone"] * 8]))
        )

        assert {error.row for error in report.shown_errors} == set(range(3, 11))
        assert {error.value for error in report.shown_errors} == {"gone"}
        assert seated() == {"N0"}
