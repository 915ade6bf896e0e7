"""Templates can be read and reviewed line by line."""

from collections.abc import Iterator
from pathlib import Path

import dabiao

WIDEST = 120
SOURCE = Path(dabiao.__file__).parent
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))


def too_long(text: str) -> Iterator[int]:
    """The numbers of the lines that no diff shows whole."""
    return (number for number, line in enumerate(text.split("\n"), 1) if len(line) > WIDEST)


def test_no_line_is_too_long():
    assert TEMPLATES
    long = [
        f"{file.relative_to(SOURCE)}:{number}"
        for file in TEMPLATES
        for number in too_long(file.read_text(encoding="utf-8"))
    ]
    assert long == []


def test_a_long_line_is_found():
    assert list(too_long(f"<p>\n{'x' * WIDEST}\n{'x' * (WIDEST + 1)}")) == [3]


FOLDS = {
    "facts/_taken.html": "its cells stand below each other on a phone",
    "improvement/_why.html": "so do its steps; the rest has two or three narrow columns",
    "performance/_parts.html": "as wide as its place: long names are cut",
    "targets/_grid.html": "the page that holds it scrolls it",
}
"""Tables that no phone needs to scroll sideways, and why."""


def bare_tables(text: str) -> Iterator[int]:
    """The lines of tables that do not stand in a place which scrolls, can be reached by keyboard and says its name."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if "<table" in line:
            around = " ".join(lines[max(0, number - 2) : number])
            if not all(
                said in around
                for said in ('class="listing-scroll', 'tabindex="0"', 'role="region"', "aria-label=")
            ):
                yield number


def test_every_wide_table_scrolls_in_a_place_of_its_own():
    bare = {
        "/".join(file.parts[-2:]): list(bare_tables(file.read_text(encoding="utf-8"))) for file in TEMPLATES
    }
    assert {name for name, numbers in bare.items() if numbers} == set(FOLDS)


def test_a_bare_table_is_found():
    assert list(bare_tables('<div class="listing-scroll">\n<table class="t">')) == [2]
    region = '<div class="listing-scroll" tabindex="0" role="region" aria-label="Seats">'
    assert list(bare_tables(f'{region}\n<table class="t">')) == []
