"""Documentation says what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dabiao import docs
from dabiao.site.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", sorted(docs.pages()))
def test_generated_pages_are_what_the_code_says(name):
    assert (docs.FOLDER / name).read_text(encoding="utf-8") == docs.pages()[name], "run `make docs`"


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_readme_names_every_command(page):
    text = (ROOT / page).read_text(encoding="utf-8")

    assert [name for name in COMMANDS if f"dabiao {name}" not in text] == []


def test_links_between_pages_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert lost == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_how_to_use_it(name):
    run = subprocess.run(
        [sys.executable, "-m", "dabiao", name, "--help"], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert "Usage:" in run.stdout


def test_decisions_stay_short():
    assert [
        page.name
        for page in (ROOT / "docs/decisions").glob("*.md")
        if len(page.read_text().splitlines()) > 50
    ] == []


def test_contributing_stays_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) < 200
