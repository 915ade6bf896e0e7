"""What a process apart does for us, and what becomes of it when a file is too much for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation

from dabiao.core import hostile, limited, small_table
from dabiao.core.damage import Unreadable
from dabiao.core.errors import Malformed
from tests.core.test_hostile import changed, workbook

pytestmark = pytest.mark.usefixtures("apart")

MB = 2**20


def read(file: Path, *, limit: limited.Limit | None = None) -> object:
    limit = limit or limited.for_files(file)
    kind = file.suffix[1:]
    return limited.run(
        small_table.table_of, of=file.name, limit=limit, file=str(file), kind=kind, name=file.name
    )


@pytest.fixture
def file(tmp_path) -> Path:
    made = tmp_path / "一月.xlsx"
    made.write_bytes(workbook())
    return made


def test_the_answer_comes_back(file):
    assert read(file)[1] == ["2026-01-05", "12.5"]


def test_a_refusal_comes_back_as_itself_in_the_readers_language(file):
    file.write_bytes(b"<html>" + file.read_bytes())

    with translation.override("zh-hans"), pytest.raises(Unreadable, match="网页"):
        read(file)


@pytest.mark.parametrize(
    ("case", "limit", "says"),
    [
        ("memory", limited.Limit(memory=24 * MB), "一月"),
        ("the clock", limited.Limit(seconds=0.05), "could not be read within"),
    ],
)
def test_one_that_does_not_come_to_its_end_is_a_sentence(case, limit, says, file):
    with pytest.raises(Unreadable, match=says) as raised:
        read(file, limit=limit)
    assert "一月.xlsx" in str(raised.value)


def test_a_file_that_takes_too_much_memory_harms_nobody(tmp_path):
    """Cells enough for how far they reach, so that only the limit is left."""
    row = '<row><c r="A{0}"><v>1</v></c>' + '<c r="A{0}" s="1"/>' * 14 + '<c r="SZ{0}"><v>1</v></c></row>'
    file = tmp_path / "a.xlsx"
    rows = "".join(row.format(n) for n in range(1, 12_000))
    file.write_bytes(changed(sheet=f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode()))
    hostile.inspect(file, "xlsx")

    with pytest.raises(Malformed, match=r"a\.xlsx"):
        read(file, limit=limited.Limit(memory=200 * MB, seconds=60))


def test_it_knows_nothing_of_the_database_and_the_keys(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:secret@h/d")
    monkeypatch.setenv("DABIAO_SECRET_KEY", "secret")
    shown = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ)"], env=limited._environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "secret" not in shown.stdout
    assert os.environ["PATH"] in shown.stdout


def test_a_large_file_may_take_more(tmp_path):
    file = tmp_path / "a.csv"
    with file.open("wb") as out:
        out.truncate(100 * MB)
    small, large = limited.Limit(), limited.for_files(file)
    assert (large.memory > 2 * small.memory, large.seconds > 5 * small.seconds) == (True, True)
    assert limited.for_job(file).seconds > large.seconds
