"""What commands print has words for people, and names that stay for programs."""

import json
import re
from decimal import Decimal

import pytest
from django.utils import translation

from dabiao.core.heads import HEADS
from dabiao.core.output import Format, show
from dabiao.facts.logic.takeback import TableBack
from dabiao.improvement.commands import EFFECT_COLUMNS, LINK_COLUMNS
from dabiao.incentives.queries import COLUMNS as PAID
from dabiao.incentives.queries import LATE
from dabiao.metrics.request import TIMES
from dabiao.targets.commands import COLUMNS as TARGETS
from dabiao.targets.commands.calibrate import ASSUMPTION
from dabiao.targets.commands.cascade import CELL, LEDGER

ROWS = [{"name": "=华东", "light": "red", "off_by": Decimal("1.50"), "leaf": True, "own": "a"}]
COLUMNS = ("name", "light", "off_by", "leaf", "own")


def printed(capsys, form, **more):
    show(ROWS, COLUMNS, form, **more)
    return capsys.readouterr().out


def cells(line):
    return [cell.strip() for cell in re.split("[┃│]", line)]


class TestATable:
    def test_has_heads_and_codes_in_the_readers_language(self, capsys):
        with translation.override("zh-hans"):
            head, _rule, row = printed(capsys, Format.TABLE).splitlines()
        assert cells(head) == ["名称", "状态", "偏差", "末级", "own"]
        assert cells(row) == ["=华东", "红灯", "1.5", "是", "a"]

    def test_has_words_in_english_too(self, capsys):
        head, _rule, row = printed(capsys, Format.TABLE).splitlines()
        assert cells(head) == ["Name", "Light", "Off by", "Last level", "own"]
        assert cells(row) == ["=华东", "Red", "1.5", "yes", "a"]

    def test_takes_words_of_its_command_before_the_usual_ones(self, capsys):
        head, _rule, row = printed(
            capsys, Format.TABLE, heads={"own": "Its", "name": "Unit"}, codes={"own": {"a": "A!"}}
        ).splitlines()
        assert cells(head)[::4] == ["Unit", "Its"]
        assert cells(row)[4] == "A!"


def test_programs_get_names_and_codes(capsys):
    words = {"heads": {"own": "Its"}, "codes": {"own": {"a": "A!"}}}
    with translation.override("zh-hans"):
        asked = json.loads(printed(capsys, Format.JSON, **words))
        head, row = printed(capsys, Format.CSV, **words).splitlines()
    assert asked == [{"name": "=华东", "light": "red", "off_by": "1.5", "leaf": True, "own": "a"}]
    assert (head, row) == ("name,light,off_by,leaf,own", "'=华东,red,1.5,True,a")


@pytest.mark.parametrize(
    "columns",
    [TARGETS, CELL, LEDGER, ASSUMPTION, LINK_COLUMNS, EFFECT_COLUMNS, TIMES, *PAID.values(), *LATE.values(),
     tuple(TableBack.__dataclass_fields__)],
)  # fmt: skip
def test_every_column_of_a_command_has_a_chinese_head(columns):
    with translation.override("zh-hans"):
        assert [name for name in columns if str(HEADS.get(name, name)).isascii()] == []
