"""What files call things: the words of `synonyms.yml`, and how like one of them a header is."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from dabiao.engine import document as documents

ENDING: Final = 0.7
"""How like a word is a header that ends with it: 销售订单日期 ends with 订单日期, Item Size does not end with item."""
_SHORTEST: Final = 3
"""Letters of a word that a longer header may end with; 号 and ID end too much."""
_MONEY: Final = frozenset({"amount", "amount_with_tax", "cost", "profit", "list_amount", "qty"})


def synonyms() -> Mapping[str, Sequence[str]]:
    """Column → what files call it, the most usual word first."""
    columns: Mapping[str, Sequence[str]] = words()["columns"]
    return columns


def likeness(header: str, known: Sequence[str]) -> float:
    """1 for the very word; less the later it stands among the synonyms; ENDING for a header that ends with one."""
    return _alike(plain(header), tuple(known))


def is_other_money(header: str, column: str, table: str) -> bool:
    """金额 is the table's own, 目标金额 and 提成金额 are nobody's sales, 回款金额 is a receipt's and no order's."""
    if column not in _MONEY:
        return False
    bare = plain(header)
    if any(plain(word) in bare for word in words()["not_money"]):
        return True
    others = (word for name, listed in words()["own_money"].items() if name != table for word in listed)
    return any(bare.endswith(plain(word)) for word in others)


@lru_cache(maxsize=200_000)
def _alike(bare: str, listed: tuple[str, ...]) -> float:
    """Each header is compared with the synonyms of every column of every table, which share most of them."""
    known = [plain(word) for word in listed]
    if bare in known:
        return 1.0 - 0.01 * min(known.index(bare), 20)
    return ENDING if any(len(word) >= _SHORTEST and bare.endswith(word) for word in known) else 0.0


@lru_cache(maxsize=20_000)
def plain(word: str) -> str:
    """Without blanks, case, punctuation and what stands in brackets."""
    bare = re.sub(r"[（(\[【].*?[)）\]】]", "", word)
    return re.sub(r"[\s_\-/#:：.*]+", "", bare).lower()


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """`synonyms.yml`: tables, columns, values, empty …"""
    text = (files("dabiao.facts") / "synonyms.yml").read_text(encoding="utf-8")
    root, _problems = documents.read(text)
    found: dict[str, Any] = {name: node.plain() for name, node in root.members.items()} if root else {}
    found["empty"] = [word for word in found["empty"] if word is not None]
    return found
