"""Months as people and spreadsheets write them: 2026-03, 2026年3月, 3月, Mar-26, March 2026, 2026/3/1, 202603.

And periods of any length: 2026, 2026-Q1, 2026年1季度, 2026年第一季度, 2026-W12.
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
_QUARTER: Final = re.compile(
    r"(?P<year>(?:20|19)\d\d)\s*[-/年]?\s*(?:第?\s*(?P<number>[1-4一二三四])\s*季度?|[Qq](?P<letter>[1-4]))"
)


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


def period_in_words(text: str, fiscal: Fiscal, *, by_day: bool = False) -> Period | None:
    """A period by its label; months and quarters in any way that people and spreadsheets write them are understood.

    The first day of a month is that month, for it is what a spreadsheet makes of 2026-03; by_day: it is that day.
    """
    label = text.strip()
    month = month_in_words(label)
    if month is not None and month[0] is not None and not (by_day and is_full_day(label)):
        label = f"{month[0]}-{month[1]:02}"
    if quarter := _QUARTER.fullmatch(label):
        said = quarter["number"] or quarter["letter"]
        label = f"{quarter['year']}-Q{said if said.isascii() else _CHINESE.index(said) + 1}"
    plain = label.replace("年", "-").replace("月", "").replace("/", "-").rstrip("-").upper()
    year, _dash, rest = plain.partition("-")
    if rest.isdigit() and len(rest) == 1:
        plain = f"{year}-0{rest}"
    try:
        return fiscal.parse(plain)
    except BadPeriod:
        return None


def _number(word: str) -> int:
    return next(at + 1 for at, name in enumerate(_ENGLISH) if re.fullmatch(name, word, re.IGNORECASE))
