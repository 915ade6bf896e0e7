"""A text that is said later, in somebody's language: an English sentence with named places, and what stands in them.

English needs no catalogue: the sentence is the key. `core.sentence.say` says a text in another language.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Final, TypeAlias

from dabiao.engine.number import rounded


@dataclass(frozen=True)
class Words:
    """A text of data in the two languages that people write; others are derived from them."""

    en: str
    zh_hans: str


@dataclass(frozen=True)
class Number:
    """Thousands apart, a true minus sign; all its digits unless `digits` says how many."""

    value: Decimal
    digits: int | None = None
    signed: bool = False

    def __str__(self) -> str:
        return _digits(self.value, self.digits, ("+" if self.signed else "") + ",")


@dataclass(frozen=True)
class Percent:
    """A share as its percentage: 0.125 → 12.5%."""

    share: Decimal
    digits: int | None = None
    signed: bool = False

    def __str__(self) -> str:
        return f"{_digits(self.share * 100, self.digits, '+' if self.signed else '')}%"


@dataclass(frozen=True)
class Money:
    """An amount with its currency: 1,000.5 CNY."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{Number(self.amount)} {self.currency}"


Value: TypeAlias = "str | int | date | Decimal | Number | Percent | Money | Words | Message | Series"
"""What can stand in a place. A date is said as 2026-01-31, a bare Decimal with the digits that it has."""


@dataclass(frozen=True)
class Message:
    """`text` is the English sentence, the key of every catalogue; `values` fill its {places}.

    plural:  the sentence for another `count` than one; empty where there is nothing to count
    context: keeps apart what English calls alike and another language does not
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    plural: str = ""
    count: int = 1
    context: str = ""

    def __str__(self) -> str:
        return said(self, ENGLISH)


class Objection(ValueError):
    """What the engine refuses and how to mend it. As an exception's text it is English; `said` is for any language."""

    def __init__(self, said: Message) -> None:
        super().__init__(str(said))
        self.said = said


@dataclass(frozen=True)
class Series:
    """Several texts in a row. between: how two are put together, a message with the places {head} and {last}."""

    items: Sequence[Value]
    between: Message

    def __str__(self) -> str:
        return said(self, ENGLISH)


@dataclass(frozen=True)
class Catalogue:
    """A language: which sentence stands for a message's key, and which of its two wordings a text of data has."""

    sentence: Callable[[Message], str]
    wording: Callable[[Words], str]


def noted(text: str) -> str:
    """Marks the key of a message that is made elsewhere, so that it comes into the catalogue."""
    return text


def noted_plural(one: str, many: str) -> tuple[str, str]:
    """The same for a sentence with a number in it."""
    return one, many


def message(text: str, /, *, context: str = "", **values: Value) -> Message:
    """What is said with these values; a constant `text` is marked for the catalogue."""
    return Message(text, values, context=context)


def counted_message(one: str, many: str, count: int, /, **values: Value) -> Message:
    """One sentence for one, another for more; both have the place {count}."""
    return Message(one, {"count": count, **values}, many, count)


def said(value: Value, catalogue: Catalogue) -> str:
    """The text in the catalogue's language."""
    match value:
        case Message():
            places = {name: said(part, catalogue) for name, part in value.values.items()}
            return catalogue.sentence(value).format_map(places)
        case Series():
            return _in_a_row([said(item, catalogue) for item in value.items], value.between, catalogue)
        case Words():
            return catalogue.wording(value)
        case Decimal():
            return _digits(value, None, "")
        case _:
            return str(value)


def _in_a_row(texts: Sequence[str], between: Message, catalogue: Catalogue) -> str:
    pattern = catalogue.sentence(between)
    return reduce(lambda head, last: pattern.format(head=head, last=last), texts) if texts else ""


def _in_english(message: Message) -> str:
    return message.plural if message.plural and message.count != 1 else message.text


def _digits(value: Decimal, digits: int | None, form: str) -> str:
    text = f"{value if digits is None else rounded(value, digits):{form}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if digits is None and "." in text else text


ENGLISH: Final = Catalogue(_in_english, lambda words: words.en)
