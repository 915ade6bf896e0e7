"""Months as people and spreadsheets write them: 2026-03, 2026年3月, 3月, Mar-26, March 2026, 2026/3/1, 202603."""

import re
from typing import Final

_NAMES: Final = {
    name: at + 1
    for at, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
}
_CHINESE: Final = {
    word: at + 1
    for at, word in enumerate(("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"))
}
_NUMBERED: Final = re.compile(
    r"(?P<year>(?:20|19)\d\d)(?:\s*[-/.年]\s*(?P<month>0?[1-9]|1[0-2])|(?P<two>0[1-9]|1[0-2]))\s*月?"
    r"(?:\s*[-/.月]\s*0?1\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?)?"
)
"""Also the first day of a month, and what a spreadsheet makes of 2026-03: a date at midnight."""
_WORDED: Final = re.compile(r"(?P<name>[a-z]{3})[a-z]*\.?(?:[-\s/,']*(?P<year>(?:20|19)\d\d|\d\d))?")
_REVERSED: Final = re.compile(r"(?P<month>0?[1-9]|1[0-2])\s*[-/.]\s*(?P<year>20\d\d)")
_ALONE: Final = re.compile(r"(?:M|m)?(?P<month>0?[1-9]|1[0-2])\s*月份?|[Mm](?P<letter>0?[1-9]|1[0-2])")


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
    if said.endswith(("月", "月份")) and (number := _CHINESE.get(said.removesuffix("份").removesuffix("月"))):
        return None, number
    found = _WORDED.fullmatch(said.lower())
    if found and found["name"] in _NAMES and _is_month_name(said):
        year = int(found["year"]) if found["year"] else None
        return (year + 2000 if year is not None and year < 100 else year), _NAMES[found["name"]]
    return None


def _is_month_name(said: str) -> bool:
    """Mar, Mar., March; not Marketing."""
    word = re.match(r"[A-Za-z]+", said)
    full = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
    return bool(word) and (len(word[0]) == 3 or word[0].lower() in {*full, "sept"})  # type: ignore[index]
