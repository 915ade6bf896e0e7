"""Small pieces of the sentences that explain a plan: numbers, days and spans in either language."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from dabiao.engine.payout.plan import Every, Plan, Words

Language = Literal["en", "zh"]
_SPANS: Final[dict[Every, tuple[str, str]]] = {
    "week": ("week", "周"),
    "month": ("month", "月"),
    "quarter": ("quarter", "季度"),
    "half": ("half-year", "半年"),
    "year": ("year", "年度"),
    "plan": ("term of the plan", "方案期"),
}


def say(language: Language, english: str, chinese: str) -> str:
    """One of two wordings."""
    return chinese if language == "zh" else english


def title(words: Words, language: Language) -> str:
    return say(language, words.en, words.zh)


def span(every: Every, language: Language) -> str:
    return say(language, *_SPANS[every])


def number(value: Decimal) -> str:
    """1000.50 → 1000.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: Decimal) -> str:
    return f"{number(value * 100)}%"


def amount(value: Decimal, plan: Plan) -> str:
    """An amount with its currency and thousands apart."""
    whole, _, rest = number(value).partition(".")
    grouped = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return f"{grouped} {plan.currency}"


def day(on: date) -> str:
    return on.isoformat()


def last_day(end: date) -> str:
    """The last day of a half-open period, as people say it."""
    return day(end - timedelta(days=1))
