"""Addresses are the pages' business: what lies below them hands up keys."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "dabiao"
BELOW = ("actions", "queries", "logic", "imports", "models", "tasks", "access")


def addressing(source: str) -> list[int]:
    """Lines that import what makes addresses."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.ImportFrom) and node.module in {"django.urls", "django.shortcuts"})
        or (isinstance(node, ast.Import) and any(alias.name == "django.urls" for alias in node.names))
    ]


@pytest.mark.parametrize(
    "source",
    ["from django.urls import reverse", "import django.urls", "from django.shortcuts import resolve_url"],
)
def test_an_import_that_makes_addresses_is_noticed(source):
    assert addressing(source) == [1]


def test_nothing_below_the_pages_makes_an_address():
    files = [
        file for part in BELOW for file in (*SOURCE.glob(f"*/{part}.py"), *SOURCE.glob(f"*/{part}/**/*.py"))
    ]
    made = {str(file.relative_to(SOURCE)): addressing(file.read_text(encoding="utf-8")) for file in files}

    assert len(files) > 100
    assert {file: lines for file, lines in made.items() if lines} == {}
