"""Which header is which column of a table: by what it is called, and by what its cells can be read as."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dabiao.facts.logic import coerce
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import days, marks
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import ENDING, is_other_money, likeness, plain, words

_ENOUGH: Final = 0.95
"""Share of cells that must be readable as a column's type for the header to be believed."""
_HALF: Final = 0.5
"""A header that is the very word is believed although many of its cells need mending."""
_SURE: Final = 0.9
_LEFT_OUT: Final = frozenset(
    {"original_amount", "original_amount_with_tax", "fx_rate", "fx_per", "fx_on", "key"}
)
_EXTRA: Final = {"order_lines": ("profit", "unit_price")}
"""Columns that a table has not, from which others are worked out."""


def guesses(seen: Seen, table: str) -> dict[str, Guess]:
    """Per column of the table the best header, each header for one column (names may share with keys)."""
    rules = words()["tables"].get(table, {"keys": []})
    columns = [name for name in INTO[table].columns if name not in _LEFT_OUT]
    columns += [name for names in rules["keys"] for name in names if name not in columns]
    columns += _EXTRA.get(table, ())
    found = [guess for column in columns for guess in candidates(seen, table, column)]
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in sorted(found, key=lambda guess: (-guess.confidence, columns.index(guess.column))):
        if guess.column not in chosen and guess.header not in taken:
            chosen[guess.column] = guess
            taken.add(guess.header)
    for kind in ("customer", "product"):
        if kind not in chosen and f"{kind}_name" in chosen:
            chosen[kind] = chosen.pop(f"{kind}_name")
    # A deal begins for us when somebody first speaks of it, where no column says when it was entered.
    if table == "opportunities" and "created_on" not in chosen and "engaged_on" in chosen:
        chosen["created_on"] = replace(chosen.pop("engaged_on"), column="created_on")
    return chosen


def candidates(seen: Seen, table: str, column: str) -> Iterable[Guess]:
    """Every header that may be the column."""
    named = "line_of_products" if (column == "line" and table == "products") else column
    synonyms = words()["columns"].get(named, [])
    # Line is a product's in a list of products, and an order's where orders stand.
    own = [column] if named == column or seen.kind in {None, table} else []
    kind = type_of(table, column)
    for header in seen.headers:
        like = max(sure * likeness(form, [*own, *synonyms]) for form, sure in _forms(seen, header))
        if like < ENDING * 0.9 or is_other_money(header, column, table):
            continue
        if (
            column == "line"
            and named == column
            and likeness(header, words()["columns"]["line_of_products"]) > like
        ):
            continue  # a product line is no line of an order
        share = readable(seen, header, kind)
        if share >= (_HALF if like > _SURE else _ENOUGH):
            yield Guess(table, column, header, round(like * share, 3))


def type_of(table: str, column: str) -> str:
    """The short name of a column's type."""
    if column in {"profit", "unit_price"}:
        return "money"
    return INTO[table].columns.get(column, "text")


def readable(seen: Seen, header: str, kind: str) -> float:
    """Share of the filled cells that the type can hold. A formula without a result says nothing of its column."""

    def share() -> float:
        values = seen.worked_out(header)
        if values.len() == 0:
            return 0.0 if kind in {"date", "time"} else 1.0
        if kind in {"date", "time"}:
            return days.share_of_days(seen, header)
        got = coerce.coerced(values, coerce.Cells(kind, rounding=True, mark=marks.mark_of(seen)))
        return got.reason.null_count() / values.len()

    return seen.once(("readable", header, kind), share)


def _forms(seen: Seen, header: str) -> Iterable[tuple[str, float]]:
    """What a header may be called, and how sure that is: 金额 over 含税 is 金额含税, 含税金额 or simply 含税."""
    yield header, 1.0
    above, _space, below = header.partition(" ")
    if below and sum(aside.what == "header" for aside in seen.sheet.asides) > 1:
        yield f"{below} {above}", 0.98
        yield below, 0.95


def has_word(seen: Seen, listed: Iterable[str]) -> bool:
    """Whether one of the names that the table goes by holds one of the words."""
    name = plain(seen.called)
    return any(plain(word) in name for word in listed)
