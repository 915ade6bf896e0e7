"""What docs/importing.md shows is what the product reads."""

import re

import pytest

from dabiao.facts.logic.mapping import parse, read_map
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs/importing.md").read_text(encoding="utf-8")


def test_the_mapping_shown_is_valid():
    shown = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)

    mapping = read_map(shown[0])

    assert mapping.system == "erp" and mapping.tables[0].key == ("order", "line")


@pytest.mark.parametrize(
    "words", [parse._SOURCE, {*parse._TABLE} - {"columns"}, parse._RULE, parse._JOIN, parse._TOP]
)
def test_every_entry_is_explained(words):
    missing = [word for word in sorted(words) if f"`{word}`" not in TEXT and f"{word}:" not in TEXT]

    assert missing == []


@pytest.mark.parametrize("example", ["maven", "adventureworks"])
def test_the_examples_are_valid(example):
    file = REPOSITORY / "examples" / example / "map.yml"

    assert read_map(file.read_text(encoding="utf-8"), file=str(file)).tables
