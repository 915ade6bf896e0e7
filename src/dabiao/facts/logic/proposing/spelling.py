"""What facts and a catalogue of the same upload write differently: GTXPro in the one, GTX Pro in the other."""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen
from dabiao.facts.logic.words import plain

_KINDS: Final = {"product": "products", "customer": "customers"}
_MOST: Final = 100
"""Spellings that a question can be about; more are another way of writing keys, not slips."""


def replaced(seen: Seen, others: Sequence[Seen], asking: Asking) -> dict[str, dict[str, str]]:
    """Header → {as written: as the catalogue has it}, where somebody says that they are the same."""
    found: dict[str, dict[str, str]] = {}
    for column, kind in _KINDS.items():
        catalogue = next((each for each in others if each.kind == kind and column in each.chosen), None)
        if seen.kind == kind or catalogue is None or column not in seen.chosen:
            continue
        header = seen.chosen[column].header
        slips = _slips(_texts(seen, header), _texts(catalogue, catalogue.chosen[column].header))
        if slips and _is_same(seen, catalogue, column, slips, asking):
            found[header] = slips
    return found


def _texts(seen: Seen, header: str) -> set[str]:
    return set(seen.values(header).cast(pl.String).unique().to_list())


def _slips(written: set[str], known: set[str]) -> dict[str, str]:
    """What differs from one key of the catalogue, and from one only, in blanks, case and punctuation alone."""
    by_plain: dict[str, list[str]] = {}
    for key in sorted(known):
        by_plain.setdefault(plain(key), []).append(key)
    near = {text: by_plain.get(plain(text), []) for text in sorted(written - known)}
    slips = {text: keys[0] for text, keys in near.items() if len(keys) == 1 and plain(text)}
    return slips if len(slips) <= _MOST else {}


def _is_same(seen: Seen, catalogue: Seen, column: str, slips: Mapping[str, str], asking: Asking) -> bool:
    written, meant = next(iter(slips.items()))
    told = {"source": seen.name, "written": written, "meant": meant, "catalogue": catalogue.name}
    pairs = tuple(f"{text} → {key}" for text, key in list(slips.items())[:3])
    choices = [
        Choice("yes", _("Yes, the same"), pairs, _("read as the catalogue writes it")),
        Choice("no", _("No, something else"), (), _("kept as it is written, and in no row of the catalogue")),
    ]
    text = _("%(source)s: is %(written)s what %(catalogue)s calls %(meant)s?") % told
    return asking.ask(f"{seen.name}.same_{column}", text, choices) == "yes"
