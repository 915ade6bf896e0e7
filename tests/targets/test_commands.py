"""`dabiao targets` from a terminal."""

import json
import re

from django.utils import translation
from typer.testing import CliRunner

from dabiao.targets.commands import app
from dabiao.targets.models import Target


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


class TestImport:
    def test_sets_what_the_file_says_once(self, company, tmp_path):
        file = tmp_path / "t.csv"
        file.write_text("部门,指标,期间,目标\n华东大区,销售额,2026-03,100\n", encoding="utf-8")
        assert "can be imported" in run("import", file, "--dry-run").output
        assert not Target.objects.exists()
        assert "1 added" in run("import", file).output
        assert "1 were already so" in run("import", file).output
        shown = run("list", "--on", "2026-03-31", "--format", "json").output
        assert [(row["scope"], row["target"]) for row in json.loads(shown)] == [("east", "100")]

    def test_speaks_chinese_to_whoever_reads_chinese(self, company, tmp_path):
        file = tmp_path / "t.csv"
        file.write_text("部门,指标,期间,目标\n华东大区,销售额,2026-03,100\n", encoding="utf-8")
        with translation.override("zh-hans"):
            assert "该文件可以导入。" in run("import", file, "--dry-run").output
            assert "新增 1 个" in run("import", file).output
            head, _rule, row = run("list", "--on", "2026-03-31").output.splitlines()
            file.write_text("unit,metric,period,target\nnowhere,sales_amount,2026-03,1\n", encoding="utf-8")
            wrong = run("import", file).output.splitlines()[0]

        cells = [[cell.strip() for cell in re.split("[┃│]", line)] for line in (head, row, wrong)]
        assert cells[0][:4] == ["归属", "范围", "名称", "指标"]
        assert cells[1][:4] == ["部门", "east", "华东大区", "销售额"]
        assert cells[2] == ["行", "列", "数值", "问题"]

    def test_shows_errors_and_changes_nothing(self, company, tmp_path):
        file = tmp_path / "t.csv"
        file.write_text("unit,metric,period,target\nnowhere,sales_amount,2026-03,1\n", encoding="utf-8")
        done = run("import", file)
        assert (done.exit_code, "nowhere" in done.output) == (1, True)
