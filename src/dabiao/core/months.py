"""Months as people and spreadsheets write them: 2026-03, 2026年3月, 3月, Mar-26, March 2026, 2026/3/1, 202603.

And periods of any length: 2026, FY2026, 2026-Q1, Q1 2026, 1Q26, 2026年1季度, 2026年第一季度, 2026H1, 2026年上半年, 2026-W12,
26Q3; and a quarter or half by its months: 2026年7-9月, 2026/7-9, 2026.07-09.
"""

import re
from typing import Final

from dabiao.engine.period import BadPeriod, Fiscal, Period

_ENGLISH: Final = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
    "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_CHINESE: Final = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_NUMERAL: Final = "[一二三四五六七八九十]"
ENGLISH: Final = rf"(?i:(?<![a-z])(?:{'|'.join(_ENGLISH)})(?![a-z]))"
"""The name of a month as a word of its own: Mar, March; not Market."""
_NUMBERED: Final = re.compile(
    r"(?P<year>(?:20|19)\d\d)(?:\s*[-/.年]\s*(?P<month>0?[1-9]|1[0-2])|(?P<two>0[1-9]|1[0-2]))\s*月?"
    r"(?:\s*[-/.月]\s*0?1\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?)?"
)
"""Also the first day of a month, and what a spreadsheet makes of 2026-03: a date at midnight."""
_REVERSED: Final = re.compile(r"(?P<month>0?[1-9]|1[0-2])\s*[-/.]\s*(?P<year>20\d\d)")
_ALONE: Final = re.compile(r"(?P<month>0?[1-9]|1[0-2])\s*月份?|[Mm](?P<letter>0?[1-9]|1[0-2])")
_WORDED: Final = re.compile(rf"(?P<name>{ENGLISH})\.?(?:[-\s/,']*(?P<year>(?:20|19)\d\d|\d\d))?")

_FULL_DAY: Final = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T].*)?")
_PART: Final = (
    r"(?:第?\s*(?P<quarter>[1-4一二三四])\s*季度?|(?:q|quarter\s*)(?P<q>[1-4])|(?P<before_q>[1-4])q"
    r"|(?P<half>[上下])半年度?|h(?P<h>[12])|(?P<before_h>[12])h)"
)
"""A quarter or half of a year."""
_YEAR: Final = r"(?:(?:fy|fiscal\s+year|year)?\s*(?P<year>(?:20|19)\d\d)|fy\s*['’]?(?P<short>\d\d))\s*(?:财年|财政年度|年度|年)?"
_BETWEEN: Final = r"[\s\-/_.,'’]*"
_PARTED: Final = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"{_YEAR}{_BETWEEN}{_PART}",
        r"(?P<two>\d\d)q(?P<q>[1-4])",
        rf"{_PART}{_BETWEEN}(?:of\s+)?(?:{_YEAR}|(?P<two>\d\d))",
        rf"{_YEAR}(?:\s*全年)?",
        _PART,
    )
)

_SPANNED: Final = re.compile(
    r"(?P<year>(?:20|19)\d\d)\s*(?P<mark>[-/.年])\s*(?P<first>0?[1-9]|1[0-2])\s*月?"
    r"\s*(?P<to>[-~—–－～至到])\s*(?P<last>0?[1-9]|1[0-2])\s*(?:月份?)?"
)
"""Months of a year from one to another."""


def month_in_words(text: str) -> tuple[int | None, int] | None:
    """(year, month), or (None, month) where no year is named; None for what is no month.

    A full date is a month only where it is the first of one.
    """
    said = text.strip()
    if found := _NUMBERED.fullmatch(said):
        return int(found["year"]), int(found["month"] or found["two"])
    if found := _REVERSED.fullmatch(said):
        return int(found["year"]), int(found["month"])
    if found := _ALONE.fullmatch(said):
        return None, int(found["month"] or found["letter"])
    numeral = re.sub("月份?$", "", said)
    if numeral != said and numeral in _CHINESE:
        return None, _CHINESE.index(numeral) + 1
    if found := _WORDED.fullmatch(said):
        year = int(found["year"]) if found["year"] else None
        return (year + 2000 if year is not None and year < 100 else year), _number(found["name"])
    return None


def months_named(name: str) -> set[int]:
    """Months that the name of a file or sheet speaks of: 2026年3月, 2026-03, 202603, 三月, March."""
    found = {int(number) for number in re.findall(r"(?<!\d)(\d{1,2})\s*月", name)}
    found |= {int(number) for number in re.findall(r"(?<!\d)20\d\d[-_./年 ]?(0[1-9]|1[0-2])(?!\d)", name)}
    numerals = re.findall(rf"({_NUMERAL}+)月", name)
    found |= {_CHINESE.index(numeral) + 1 for numeral in numerals if numeral in _CHINESE}
    found |= {_number(word) for word in re.findall(ENGLISH, name.replace("_", " "))}
    return {number for number in found if 1 <= number <= 12}


def is_full_day(text: str) -> bool:
    """Whether year, month and day are written, perhaps with a time."""
    return bool(_FULL_DAY.fullmatch(text))


def part_in_words(text: str) -> tuple[int | None, str] | None:
    """(year, what of it) of a month, quarter, half or year: (2026, "03"), (2026, "Q1"), (None, "H1"), (2026, "").

    None as the year where none is named, and for what is none of them.
    """
    said = text.strip()
    if month := month_in_words(said):
        return month[0], f"{month[1]:02}"
    found = next((match for shape in _PARTED if (match := shape.fullmatch(said))), None)
    if found is None:
        return None
    told = {name: value for name, value in found.groupdict().items() if value}
    short = told.get("short") or told.get("two")
    year = int(told["year"]) if "year" in told else 2000 + int(short) if short else None
    quarter = told.get("quarter") or told.get("q") or told.get("before_q")
    if quarter:
        return year, f"Q{quarter if quarter.isascii() else _CHINESE.index(quarter) + 1}"
    half = told.get("h") or told.get("before_h")
    if "half" in told:
        half = "1" if told["half"] == "上" else "2"
    return year, f"H{half}" if half else ""


def period_in_words(text: str, fiscal: Fiscal, *, by_day: bool = False) -> Period | None:
    """A period by its label; months and quarters in any way that people and spreadsheets write them are understood.

    The first day of a month is that month, for it is what a spreadsheet makes of 2026-03; by_day: it is that day.
    """
    label = text.strip()
    if (spanned := _SPANNED.fullmatch(label)) and spanned["mark"] != spanned["to"]:  # 2026-07-09 is a day
        return _span(spanned, fiscal)
    if not (by_day and is_full_day(label)) and (found := part_in_words(label)) is not None and found[0]:
        label = "-".join([str(found[0]), *([found[1]] if found[1] else [])])
    plain = label.replace("年", "-").replace("月", "").replace("/", "-").rstrip("-").upper()
    year, _dash, rest = plain.partition("-")
    if rest.isdigit() and len(rest) == 1:
        plain = f"{year}-0{rest}"
    try:
        return fiscal.parse(plain)
    except BadPeriod:
        return None


def _span(found: re.Match[str], fiscal: Fiscal) -> Period | None:
    """The quarter or half year that the months are exactly."""
    try:
        first, last = (fiscal.parse(f"{found['year']}-{int(found[name]):02}") for name in ("first", "last"))
    except BadPeriod:
        return None
    around = (fiscal.containing(kind, first.start) for kind in ("quarter", "half"))
    return next((each for each in around if (each.start, each.end) == (first.start, last.end)), None)


def _number(word: str) -> int:
    return next(at + 1 for at, name in enumerate(_ENGLISH) if re.fullmatch(name, word, re.IGNORECASE))
