"""In which order cells stand: numbers as numbers, text as people count and spell, what is missing at the end."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

from dabiao.core.spreadsheet import Cell

Key = tuple[int, Any]
_LIGHTS: Final[Mapping[str, int]] = {"red": 0, "amber": 1, "green": 2}
_DIGITS: Final = re.compile("([0-9]+)")


def key_of(cell: Cell, *, light: bool = False) -> Key | None:
    """What a cell is ordered by among those of its column; None: there is nothing in it.

    light: the column is one of lights, worst first.
    """
    if cell is None or cell == "" or (isinstance(cell, float | Decimal) and math.isnan(cell)):
        return None
    if isinstance(cell, date):
        return 1, cell.isoformat()
    if isinstance(cell, str):
        return (0, _LIGHTS[cell]) if light and cell in _LIGHTS else (2, spelled(cell))
    return 0, cell


def spelled(text: str) -> tuple[tuple[int, int, bytes], ...]:
    """Text for comparing: digits count as numbers ("2" before "10"), case and accents do not.

    Chinese stands as GB 18030 has it, whose 3,755 most common characters are in the order of their pinyin: near
    enough to a dictionary without one.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()
    return tuple(_part(part, at) for at, part in enumerate(_DIGITS.split(plain)) if part)


def _part(part: str, at: int) -> tuple[int, int, bytes]:
    """Every second part is a number. By length first: without leading zeros, the longer one is larger."""
    if at % 2:
        digits = part.lstrip("0")
        return 0, len(digits), digits.encode()
    return 1, 0, part.encode("gb18030", "replace")


def arranged(keys: Sequence[Key | None], *, down: bool) -> list[int]:
    """Places in the order of their keys, largest first if `down`; equal ones as given, missing ones last either way."""
    present = [(key, at) for at, key in enumerate(keys) if key is not None]
    missing = [at for at, key in enumerate(keys) if key is None]
    ordered = sorted(present, key=itemgetter(0), reverse=down)
    return [at for _key, at in ordered] + missing


def ranks(keys: Sequence[Key | None]) -> list[str]:
    """The place of each key among the different ones, as text; empty for what is missing."""
    places = {key: str(at) for at, key in enumerate(sorted({key for key in keys if key is not None}))}
    return ["" if key is None else places[key] for key in keys]
