"""What customers and products are sorted by: segment, industry, product line. It is read, or asked about; never lost in silence."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.columns import candidates
from dabiao.facts.logic.proposing.people import EVER
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import ENDING, likeness, words

SORTED: Final[Mapping[str, Sequence[str]]] = {
    "products": ("line", "category"),
    "customers": ("type", "industry"),
}
"""What a product or a customer has one of. Where they are is none: goods of one go to several cities."""
_VERY: Final = 0.8
_APART, _USUAL, _LEAVE, _HELD = "apart", "usual", "none", "ever"
_SHOWN: Final = 3


def settled(seen: Seen, into: str, found: Mapping[str, Guess], asking: Asking) -> dict[str, Guess]:
    """The columns as they were found; where two could be the one that there is a place for, somebody says which."""
    chosen = dict(found)
    for column, groups in words()["rivals"].items():
        if column not in SORTED.get(into, ()):
            continue
        headers = [
            next((h for h in seen.headers if likeness(h, group) >= _VERY and seen.values(h).len()), "")
            for group in groups
        ]
        rivals = [header for header in headers if header]
        if len(rivals) > 1:
            told = {"source": seen.name, "headers": ", ".join(rivals)}
            choices = [Choice(header, header, (_cells(seen, header),)) for header in rivals]
            text = _("%(source)s: which of %(headers)s are customers split by?") % told
            evidence = _("There is one place for it; shares of the market by segment go by it, too.")
            said = asking.ask(f"{seen.name}.{column}", text, choices, evidence=evidence)
            chosen[column] = Guess(into, column, said, 1.0)
    return chosen


def line_for_product(seen: Seen, table: str, known: Mapping[str, str], asking: Asking) -> str:
    """The column of product lines, or else of categories, where a table of facts has nothing nearer to a product.

    类别 may be a kind of orders as well: that is asked.
    """
    if "product" not in known or "product_line" in known:
        return ""
    fitting = [
        guess
        for column in SORTED["products"]
        for guess in candidates(seen, "products", column)
        if guess.confidence >= _VERY
    ]
    headers = [guess.header for guess in fitting]
    sure = [header for header in headers if likeness(header, words()["of_products"]) >= ENDING]
    if sure or not headers or table != "order_lines":
        return sure[0] if sure else ""
    header = headers[0]
    told = {"source": seen.name, "header": header}
    choices = [
        Choice(header, _("Of the product"), (_cells(seen, header),), _("figures can be split by it")),
        Choice(_LEAVE, _("Of something else"), (), _("the column is left out")),
    ]
    said = asking.ask(
        f"{seen.name}.product", _("%(source)s: what is %(header)s a category of?") % told, choices
    )
    return "" if said == _LEAVE else said


def told_apart(seen: Seen, into: str, said: Mapping[str, Any], asking: Asking) -> tuple[dict[str, Any], Any]:
    """What a sheet of facts says of products or customers, and what the key of one is. said: the key first.

    What stands under two product lines is asked about, with its rows.
    """
    needed, key = next(iter(said.items()))
    if not isinstance(key, str) or key not in seen.headers:
        return dict(said), key
    kept = dict(said)
    for column in SORTED[into]:
        header = said.get(column)
        if not isinstance(header, str) or header == key:
            continue
        several = _several(seen, key, header)
        if not several:
            continue
        answer = _asked(seen, into, column, header, several, asking)
        if answer == _LEAVE:
            del kept[column]
        elif answer == _APART:
            kept[needed] = {"from": [key, header]}
    # Each table its own: what two share would be written as a reference from one to the other.
    return kept, {"from": list(kept[needed]["from"])} if isinstance(kept[needed], dict) else kept[needed]


def _several(seen: Seen, key: str, header: str) -> dict[str, dict[str, list[int]]]:
    """Key → what it stands under → in which rows, of those that stand under more than one."""
    rows = pl.DataFrame(
        {"key": seen.rows[key].cast(pl.String), "under": seen.rows[header].cast(pl.String), "at": seen.at}
    )
    rows = rows.drop_nulls(["key", "under"]).filter(pl.col("under").n_unique().over("key") > 1)
    found: dict[str, dict[str, list[int]]] = {}
    for name, under, at in rows.iter_rows():
        found.setdefault(name, {}).setdefault(under, []).append(at)
    return found


def _asked(
    seen: Seen,
    into: str,
    column: str,
    header: str,
    several: Mapping[str, Mapping[str, Sequence[int]]],
    asking: Asking,
) -> str:
    name, under = next(iter(several.items()))
    told = {"source": seen.name, "name": name, "header": header, "count": len(several)}
    most = max(under, key=lambda one: len(under[one]))
    choices = [
        Choice(
            _USUAL,
            _("What it mostly stands under"),
            (f"{name} → {most}",),
            _("all its rows count there, the earlier ones too"),
        ),
        Choice(
            _LEAVE, _("Leave the column out"), (), _("nothing is split by it until it is mended in the file")
        ),
    ]
    if into == "products" and not seen.rows[header].null_count():
        rows = tuple(f"{name}|{one}" for one in under)
        choices.insert(
            0, Choice(_APART, _("Each is a product of its own"), rows, _("every row counts where it stands"))
        )
    text = _("%(source)s: %(name)s stands under more than one %(header)s. Where does it belong?") % told
    rows_of = [
        f"{one} ({ngettext('row %(rows)s', 'rows %(rows)s', len(at)) % {'rows': _numbers(at)}})"
        for one, at in under.items()
    ]
    evidence = _("%(name)s: %(places)s.") % {"name": name, "places": ", ".join(rows_of)}
    if len(several) > 1:
        others = ", ".join(list(several)[1 : _SHOWN + 1]) + (" …" if len(several) > _SHOWN + 1 else "")
        evidence += " " + _("So do %(others)s.") % {"others": others}
    return asking.ask(f"{seen.name}.several_{column}", text, choices, evidence=evidence)


def tiers(seen: Seen, own: Mapping[str, Any], asking: Asking) -> list[dict[str, Any]]:
    """The tier of each customer of a list of customers. Tiers hold from one day to another, and a list tells none."""
    header = next(
        (h for h in seen.headers if likeness(h, words()["tier"]) >= _VERY and seen.values(h).len()), ""
    )
    if seen.kind != "customers" or not header or not seen.is_unique([own["columns"]["customer"]]):
        return []
    told = {"source": seen.name, "header": header}
    choices = [
        Choice(
            _HELD,
            _("They always held"),
            (_cells(seen, header),),
            _("facts of all days count in the tier of today"),
        ),
        Choice(_LEAVE, _("Leave the column out"), (), _("nothing is split by tier")),
    ]
    text = _("%(source)s: since when does %(header)s hold?") % told
    evidence = _("A customer's tier is kept from day to day, and the list tells no day.")
    if asking.ask(f"{seen.name}.tier", text, choices, evidence=evidence) == _LEAVE:
        return []
    seen.chosen["customer_history.tier"] = Guess("customer_history", "tier", header, 0.9)
    columns = {"customer": own["columns"]["customer"], "tier": header, "starts_on": {"constant": EVER}}
    where = {header: {"filled": True}}
    return [{"into": "customer_history", "from": seen.name, "where": where, "columns": columns}]


def _cells(seen: Seen, header: str) -> str:
    return " · ".join(seen.values(header).cast(pl.String).unique(maintain_order=True).head(_SHOWN))


def _numbers(at: Sequence[int]) -> str:
    return ", ".join(map(str, at[:_SHOWN])) + (" …" if len(at) > _SHOWN else "")
