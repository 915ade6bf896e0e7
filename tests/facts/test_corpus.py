"""Sheets as strangers bring them: what is proposed is right, or asks; it is never wrong."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import propose

FOLDER = Path(__file__).parent / "corpus"
SHEETS = [
    sheet
    for file in sorted(FOLDER.glob("*.yml"))
    for sheet in yaml.safe_load(file.read_text(encoding="utf-8"))
]
YEAR = 2026
BESIDE = {"customers", "products", "deliveries", "units"}
"""What a sheet says besides: compared where the corpus names it."""


@dataclass
class Outcome:
    """What became of a sheet: right, asked or wrong, and why."""

    said: str
    why: str = ""


def outcome(sheet: dict[str, Any], folder: Path) -> Outcome:
    file = written(sheet, folder)
    answers = sheet.get("answers", {})
    first = propose([file], year=YEAR)
    asked = {question.key for question in first.questions}
    if strange := asked - set(answers):
        return Outcome("wrong", f"asks {[q for q in first.questions if q.key in strange]}")
    if silent := set(answers) - asked:
        return Outcome("wrong", f"does not ask {sorted(silent)}: {first.text}")
    found = propose([file], answers=answers, year=YEAR)
    if found.open:
        return Outcome("wrong", f"asks once more {found.open}")
    if wrong := differences(sheet, found.text):
        return Outcome("wrong", wrong)
    return Outcome("asked" if asked else "right")


def written(sheet: dict[str, Any], folder: Path) -> Path:
    """The sheet as a file, a workbook where it has a name or lines above."""
    file = folder / sheet["file"]
    if file.suffix == ".csv":
        file.write_text(sheet["rows"], encoding="utf-8")
        return file
    book = openpyxl.Workbook()
    book.active.title = sheet["sheet"]
    for row in sheet.get("titles", []):
        book.active.append(row)
    header, *rows = [line.split(",") for line in sheet["rows"].splitlines()]
    book.active.append(header)
    for row in rows:
        book.active.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in row])
    book.save(file)
    return file


def differences(sheet: dict[str, Any], text: str) -> str:
    """What the mapping has otherwise than it should; nothing where it is right."""
    tables = yaml.safe_load(text)["tables"]
    wanted = sheet["tables"]
    if tables:
        read_map(text)  # and it can be used
    own = {table["into"] for table in tables if table["into"] not in BESIDE}
    if own != {into for into in wanted if into not in BESIDE} and set(wanted) - BESIDE:
        return f"feeds {sorted(own)}, not {sorted(wanted)}\n{text}"
    if not wanted and tables:
        return f"feeds {[table['into'] for table in tables]}, not nothing\n{text}"
    sources = yaml.safe_load(text)["sources"]
    for name, options in sheet.get("sources", {}).items():
        if not options.items() <= sources[name].items():
            return f"{name}: {sources[name]}\n   not: {options}"
    for into, columns in wanted.items():
        got = next((table for table in tables if table["into"] == into), {"columns": {}})
        have = {
            **got["columns"],
            **{name: got[name] for name in ("key", "mode", "window", "where") if name in got},
        }
        if "where" not in columns:
            have.pop("where", None)  # which rows count is compared where the corpus says it
        if have != columns:
            return f"{into}: {have}\n   not: {columns}"
    return ""


@pytest.mark.parametrize("sheet", SHEETS, ids=[f"{sheet['file']} {sheet['name']}" for sheet in SHEETS])
def test_is_right_or_asks(sheet, folder):
    found = outcome(sheet, folder)

    assert found.said != "wrong", found.why


def test_few_have_to_ask(folder):
    """Confidence is measured: of at least sixty sheets none is wrong, and four of five need no answer."""
    told = Counter(outcome(sheet, folder).said for sheet in SHEETS)

    assert len(SHEETS) >= 60
    assert told["wrong"] == 0
    assert told["asked"] <= len(SHEETS) * 0.2, told
