"""Where in a sheet the header is: title rows above it, two-row and merged headers, names for every column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dabiao.core.months import part_in_words

PROBE: Final = 40
"""Rows looked at to find the header."""
Row = Sequence[str | None]
_NUMBER = re.compile(r"^[+\-(（¥￥$€]*[\d０-９][\d０-９,，.．]*[)）]?[万亿千%％元]*$")
_ESTIMATE = r"(?i)(?<=\d)\s*[ef]$"
"""Behind a year that has not been yet."""
_DATE = re.compile(r"^\d{2,4}[-/.年]\d{1,2}([-/.月]\d{0,4}日?)?([ T]\d{1,2}:\d{2}.*)?$")


@dataclass(frozen=True)
class Layout:
    """`first`: index of the first data row. `titles`: rows above the header. `names`: one per column."""

    first: int
    names: tuple[str, ...]
    titles: tuple[tuple[int, str], ...] = ()
    header: tuple[int, ...] = ()


def detect(rows: Sequence[Row], *, width: int, skip: int = 0, header_rows: int | None = None) -> Layout:
    """Find the header among the first rows. Without one the columns are called column 1, column 2, …

    width: columns of the sheet. header_rows: how many rows the header has, where that is known (0 = none).
    """
    start = _start(rows, width, skip) if header_rows is None else _not_empty(rows, skip)
    if start is None or header_rows == 0:
        first = skip if header_rows == 0 else _not_empty(rows, skip) or skip
        return Layout(first, tuple(f"column {i + 1}" for i in range(width)), _titles(rows, first))
    depth = header_rows or (2 if _second_row(rows, start) else 1)
    names = _names([_padded(rows[start + i], width) for i in range(depth) if start + i < len(rows)])
    return Layout(start + depth, names, _titles(rows, start), tuple(range(start, start + depth)))


def looks_like_data(text: str | None) -> bool:
    """A number or a date, which a header's cell hardly ever is."""
    value = (text or "").strip()
    return bool(_NUMBER.match(value) or _DATE.match(value))


def letter(index: int) -> str:
    """0 → A, 26 → AA: how a spreadsheet calls a column."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names made distinct by counting: 金额, 金额 2."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(out)


def _start(rows: Sequence[Row], width: int, skip: int) -> int | None:
    """The first row that fills most of the width with texts that are not data."""
    usual = max((_filled(row) for row in rows[skip:]), default=0)
    for index in range(skip, len(rows)):
        row = rows[index]
        filled = _filled(row)
        if filled < max(1, -(-usual // 2)) or (usual > 1 and filled == 1):
            continue
        cells = [cell for cell in row if _text(cell)]
        if any(looks_like_data(cell) for cell in cells):
            if _names_months(row, rows[index + 1] if index + 1 < len(rows) else ()):
                return index
            return None if filled >= usual else index if _mostly_text(cells) else None
        return index
    return None


def _names_months(row: Row, below: Row) -> bool:
    """姓名, 2026年1月, 2026年2月, or 细分市场, 2025, 2026E: words, and different months or years over what are none."""
    texts = {at: _text(cell) for at, cell in enumerate(row) if _text(cell)}
    parts = {at: part for at, text in texts.items() if (part := part_in_words(re.sub(_ESTIMATE, "", text)))}
    data = {at for at, text in texts.items() if looks_like_data(text)}
    follows = [_text(below[at]) for at in data if at < len(below)]
    return (
        len(parts) > 1
        and data <= set(parts)
        and len(set(parts.values())) == len(parts)
        and bool(set(texts) - set(parts))
        and any(follows)
        and not any(map(part_in_words, follows))
    )


def _mostly_text(cells: Sequence[str | None]) -> bool:
    """Headers such as 2026年1月 look like dates; one that also has words is a header."""
    return sum(not looks_like_data(cell) for cell in cells) * 2 >= len(cells)


def _second_row(rows: Sequence[Row], start: int) -> bool:
    """Whether the header has a second row: it fills what the merged cells of the first left empty."""
    if start + 2 >= len(rows):
        return False
    width = max(len(rows[start]), len(rows[start + 1]))
    top, sub = _padded(rows[start], width), _padded(rows[start + 1], width)
    if any(looks_like_data(cell) for cell in sub) or not any(_text(cell) for cell in sub):
        return False
    blanks_filled = any(not _text(a) and _text(b) for a, b in zip(top, sub, strict=True))
    merged_down = any(_text(a) and not _text(b) for a, b in zip(top, sub, strict=True))
    repeated = len({_text(cell) for cell in top}) < len(top)
    follows = _padded(rows[start + 2], width)
    return blanks_filled and (merged_down or repeated) and _filled(follows) >= _filled(sub)


def _names(header: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    top = [_text(cell) for cell in header[0]]
    if len(header) > 1:
        sub = [_text(cell) for cell in header[1]]
        group = ""
        for index, cell in enumerate(top):
            group = cell or (group if sub[index] else "")
            top[index] = " ".join(part for part in (group, sub[index]) if part)
    return unique([name or f"column {letter(index)}" for index, name in enumerate(top)])


def _titles(rows: Sequence[Row], until: int) -> tuple[tuple[int, str], ...]:
    told = []
    for index, row in enumerate(rows[:until]):
        words = " ".join(_text(cell) for cell in row if _text(cell))
        if words:
            told.append((index, words[:200]))
    return tuple(told)


def _not_empty(rows: Sequence[Row], skip: int) -> int | None:
    return next((index for index in range(skip, len(rows)) if _filled(rows[index])), None)


def _filled(row: Row) -> int:
    return sum(bool(_text(cell)) for cell in row)


def _padded(row: Row, width: int) -> list[str | None]:
    return [*row, *([None] * (width - len(row)))][:width]


def _text(cell: str | None) -> str:
    return re.sub(r"\s+", " ", cell or "").strip()
