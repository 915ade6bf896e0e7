"""Units that a sheet names twice, as themselves and as what is above them: no unit wraps one of the same name."""

import pytest
from typer.testing import CliRunner

from dabiao.org.models import Unit
from dabiao.site import cli

pytestmark = pytest.mark.django_db
CASES = [
    (
        "a head's row names the department as the one above it",
        "工号,姓名,部门,上级部门,岗位\nE1,王总,销售部,销售部,总监\nE2,赵敏,华东,销售部,经理\nE3,张三,华东,销售部,代表\n",
        [],
        {("Company", None, "company"), ("销售部", "Company", "region"), ("华东", "销售部", "team")},
    ),
    (
        "with a column of managers",
        "工号,姓名,一级部门,二级部门,岗位,直属上级\nE1,王总,销售部,销售部,总监,\nE2,赵敏,销售部,华东,经理,王总\n"
        "E3,张三,销售部,华东,代表,赵敏\n",
        [],
        {("Company", None, "company"), ("销售部", "Company", "region"), ("华东", "销售部", "team")},
    ),
    (
        "the company is called as one of its units",
        "工号,姓名,部门,岗位\nE1,王总,销售部,总监\nE2,赵敏,华东,经理\nE3,张三,华东,代表\n",
        ["--company", "销售部"],
        {("销售部", None, "company"), ("华东", "销售部", "team")},
    ),
]


@pytest.mark.parametrize(("case", "sheet", "asked", "units"), CASES, ids=[case[0] for case in CASES])
def test_no_unit_lies_below_itself(folder, otto, case, sheet, asked, units):
    (folder / "花名册.csv").write_text(sheet)
    done = CliRunner().invoke(cli.build(["import"]), ["import", str(folder / "花名册.csv"), *asked])

    assert done.exit_code == 0, done.output
    found = set(Unit.objects.values_list("key", "parent__key", "kind"))
    assert {each[:2] for each in found} == {each[:2] for each in units}
    assert {each for each in found if each[1] is None} == {each for each in units if each[1] is None}
