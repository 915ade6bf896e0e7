"""What files come from: asked where others are there already, with what files like them came from before in front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePath
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen, bare_name

BY_HAND: Final = "files"
"""What files are said to come from that nobody says more of: one name for all of them, whatever each is called."""
_FEWEST: Final = 2
"""Columns in common that make a file like another."""
_BOTH, _COLUMNS, _NAME = 3, 2, 1


@dataclass(frozen=True)
class Former:
    """Files of one source of an earlier import: what they came from, how they were called, which columns were read."""

    system: str
    names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def formers(told: Sequence[Mapping[str, Any]]) -> tuple[Former, ...]:
    """Out of JSON."""
    return tuple(Former(each["system"], tuple(each["names"]), tuple(each["columns"])) for each in told)


def system_of(seen: Sequence[Seen], former: Sequence[Former], asking: Asking) -> str:
    """What the files come from, where others are there already: rows of one system with one key are the same row.

    People, targets and rates are the same whatever they come from. former: the latest first.
    """
    systems = list(dict.fromkeys(one.system for one in former))
    keyed = [each for each in seen if each.kind and each.kind in INTO and INTO[each.kind].keyed]
    if set(systems) <= {BY_HAND} or not keyed:
        return BY_HAND
    found = {
        name: max((_like(one, keyed) for one in former if one.system == name), default=(0, ""))
        for name in systems
    }
    named = sorted(systems, key=lambda name: -found[name][0])
    choices = [
        Choice(name, _called(name, found[name][0]), (), _because(name, *found[name])) for name in named
    ]
    if BY_HAND not in systems:
        choices.append(Choice(BY_HAND, _called(BY_HAND, 0), (), _("nothing there is changed")))
    evidence = _(
        "Rows with the same key from the same system are the same row; under another name they count twice."
    )
    text = _("Which system do these files come from?")
    return asking.ask("system", text, choices, evidence=evidence, named=True)


def _called(name: str, like: int) -> str:
    if name != BY_HAND:
        return name
    return _("Spreadsheets kept by hand") if like else _("Something else: spreadsheets kept by hand")


def _because(name: str, like: int, file: str) -> str:
    told = {"file": file}
    if like == _BOTH:
        return _("%(file)s came from it, with the same columns and a name like this") % told
    if like == _COLUMNS:
        return _("%(file)s came from it, with the same columns") % told
    if like == _NAME:
        return _("%(file)s came from it, which has a name like this") % told
    return _("its rows with the same key are the same rows")


def _like(former: Former, seen: Sequence[Seen]) -> tuple[int, str]:
    """How like what was loaded before the files are, and how that was called."""
    return max((_alike(former, each), former.names[0] if former.names else "") for each in seen)


def _alike(former: Former, seen: Seen) -> int:
    columns = len(former.columns) >= _FEWEST and set(former.columns) <= set(seen.headers)
    name = any(_named_like(file.name, known) for file in seen.files for known in former.names)
    return _COLUMNS * columns + _NAME * name


def _named_like(name: str, known: str) -> bool:
    """订单-2026-02.xlsx and 订单-2026-01 (1).xlsx are, and so is what the pattern stands for."""
    if fnmatch(name, known):
        return True
    one, other = bare_name(PurePath(name).stem), bare_name(PurePath(known).stem)
    return bool(one) and one == other
