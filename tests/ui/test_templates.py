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
