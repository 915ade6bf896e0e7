"""How people write numbers: one grammar for facts (whole columns), targets, the grid and forms (a cell at a time).

1,234.50 · （1,234） · 1234- · 12.5万 · １２３ · 12% · ¥5 · 5 € · 1.2E+3; with a decimal comma 1.234,50 and 1 234,50.
A comma that could be either mark is never guessed: `1234,50` is no number where the point is the mark.
"""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Final, Literal

from dabiao.engine.number import NotANumber, TooPrecise

Mark = Literal["point", "comma"]
"""What stands before the decimals."""

UNITS: Final[Mapping[str, int]] = {
    "": 0, "十": 1, "百": 2, "千": 3, "k": 3, "万": 4, "十万": 5, "百万": 6, "m": 6, "千万": 7, "亿": 8, "十亿": 9,
    "bn": 9, "百亿": 10, "千亿": 11, "万亿": 12, "%": -2, "‰": -3,
}  # fmt: skip
"""Suffix → power of ten."""
WIDE: Final[Mapping[str, str]] = dict(
    zip("０１２３４５６７８９．，－−＋（）％￥＄￡－＿　", "0123456789.,--+()%¥$£-_ ", strict=True)
)
"""Characters of full width, and the true minus sign, as they are read."""
AROUND: Final = " \t\u00a0\u202f'"
"""What may stand around a number and says nothing: blanks, and the apostrophe that makes a spreadsheet's cell text."""
_DOLLARS: Final = frozenset(
    {
        "USD",
        "AUD",
        "BND",
        "BSD",
        "BBD",
        "BMD",
        "BZD",
        "CAD",
        "CLP",
        "COP",
        "FJD",
        "GYD",
        "HKD",
        "JMD",
        "KYD",
        "LRD",
        "MOP",
        "MXN",
        "NAD",
        "NZD",
        "SBD",
        "SGD",
        "SRD",
        "TTD",
        "TWD",
        "XCD",
    }
)
CURRENCIES: Final[Mapping[str, frozenset[str]]] = {
    "¥": frozenset({"CNY", "JPY"}),
    "元": frozenset({"CNY", "HKD", "MOP", "TWD", "SGD"}),
    "$": _DOLLARS,
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SSP", "SYP"}),
}
"""Sign of money → the currencies that write it."""
SIGNS: Final = "¥$€£"
SIGN: Final = f"[{SIGNS}元]"
BEFORE: Final = rf"^([-+]?)\s*[{SIGNS}]\s*([-+]?)"
"""A sign of money in front, on either side of a minus."""
AFTER: Final = rf"\s*{SIGN}$"
IN_PARENTHESES: Final = r"^-?\((.*)\)$"
MINUS_BEHIND: Final = r"^([^-]+)-$"
_GROUPS: Final[Mapping[Mark, str]] = {"point": ",", "comma": ". \u00a0\u202f'"}
_POINTS: Final[Mapping[Mark, str]] = {"point": r"\.", "comma": ","}


def pattern(mark: Mark) -> str:
    """sign, whole, part, power, unit of a number whose sign of money and parentheses are gone; for Python and Polars."""
    group = f"[{_GROUPS[mark]}]"
    return (
        rf"^(?P<sign>[-+]?)(?P<whole>[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|)(?:{_POINTS[mark]}(?P<part>[0-9]*))?"
        r"(?:e(?P<power>[-+]?[0-9]{1,3}))?\s*(?P<unit>[十百千万]亿|十万|百万|千万|bn|[十百千万亿km%‰])?$"
    )


GROUPING: Final = "[., \u00a0\u202f']"
"""All that may stand between groups of digits; what the pattern lets through is taken out."""
_KEPT: Final = r"'(?:[0-9].*|[A-Za-z][A-Za-z0-9._/-]*[0-9][A-Za-z0-9._/-]*)$"
"""An apostrophe that keeps a number or an identifier a text; that of 't Hart is part of a name."""
_WIDE: Final = str.maketrans(dict(WIDE))
_PATTERNS: Final = {mark: re.compile(pattern(mark)) for mark in _GROUPS}
_EXACT: Final = Context(prec=80)
_FURTHEST: Final = 40


def plain(text: str) -> str:
    """The text with full width made half, blanks around it gone and a minus in front."""
    bare = text.translate(_WIDE).strip(AROUND).lower()
    bare = re.sub(IN_PARENTHESES, r"-\1", bare)
    return re.sub(MINUS_BEHIND, r"-\1", bare)


def sign_of(text: str) -> str | None:
    """The sign of money in a text, if there is one."""
    found = re.search(SIGN, plain(text))
    return found[0] if found else None


def number_of(text: str, mark: Mark = "point") -> Decimal:
    """The number as written, exact. Raises NotANumber, TooPrecise for powers of ten that are no amounts."""
    bare = re.sub(AFTER, "", re.sub(BEFORE, r"\1\2", plain(text)))
    found = _PATTERNS[mark].match(bare)
    if found is None:
        raise NotANumber(f"{text!r} is not a number")
    whole, part = re.sub(GROUPING, "", found["whole"]), found["part"] or ""
    if not whole + part:
        raise NotANumber(f"{text!r} is not a number")
    power = UNITS[found["unit"] or ""] + int(found["power"] or 0)
    if abs(power) > _FURTHEST or len(whole) + len(part) > _FURTHEST:
        raise TooPrecise(f"{text!r} has more digits than can be kept")
    value = Decimal(f"{whole or 0}.{part or 0}").scaleb(power, context=_EXACT)
    return -value if found["sign"] == "-" else value


def unwrapped(text: str) -> str:
    """What shops and accounting systems wrap so that a spreadsheet keeps its zeros: `="007"` and `'007` are 007."""
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].replace('""', '"')
    return text[1:] if re.match(_KEPT, text) else text


def grammar() -> Mapping[str, object]:
    """What a script needs to read numbers as `number_of` does: the same expressions, as JavaScript writes them."""
    return {
        "wide": WIDE,
        "around": AROUND,
        "parentheses": IN_PARENTHESES,
        "behind": MINUS_BEHIND,
        "before": BEFORE,
        "after": AFTER,
        "pattern": pattern("point").replace("(?P<", "(?<"),
        "grouping": GROUPING,
        "units": UNITS,
        "furthest": _FURTHEST,
        "sign": SIGN,
    }
