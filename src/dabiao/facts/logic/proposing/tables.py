"""From what a sheet seems to be to the tables of a mapping that it feeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.facts.logic.coerce.words import NO_RESULT
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import columns, days, joins, keys, money, sorting, targets
from dabiao.facts.logic.proposing.asking import Asking
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import ENDING, is_other_money, likeness, plain, words

_TRANSLATED: Final = {("activities", "kind"): "activity_kind", ("receipts", "method"): "receipt_method"}
_VERY: Final = 0.8
_MAY_LACK: Final = ("opportunities", "created_on")
_NOT_BESIDE: Final = frozenset({"parent", "created_on", "list_price", "launched_on", "floor_price"})
_SHARED: Final = ("person", "customer", "order", "product", "qty", "amount")


def tables_of(
    seen: Seen, found: Sequence[Mapping[str, Any]], others: Sequence[Seen], asking: Asking
) -> list[dict[str, Any]]:
    """The sheet's own table, and what it says beside of customers, products and deliveries."""
    if seen.kind is None:
        return []
    own = _own(seen, seen.kind, found, others, asking)
    _line_for_product(seen, own, asking)
    beside = _beside(seen, own, asking)
    return [own, *beside, *sorting.tiers(seen, own, asking), *_deliveries(seen, own, others, asking)]


def _own(
    seen: Seen, table: str, found: Sequence[Mapping[str, Any]], others: Sequence[Seen], asking: Asking
) -> dict[str, Any]:
    known = INTO[table]
    seen.chosen = sorting.settled(seen, table, seen.chosen, asking)
    ruled: dict[str, Any] = {}
    for name, guess in seen.chosen.items():
        if name in known.columns and not _is_left_out(seen, guess, known.columns[name], asking):
            ruled[name] = _rule(seen, guess, known.columns[name], others, asking)
    _work_out(seen, ruled, table, asking)
    for join in found:
        joins.use(join, ruled, known.columns, seen, table)
    if table == "opportunities":
        _outcome(seen, ruled)
    if table == "targets":
        return _in_order(targets.long(seen, ruled, asking))
    code = money.currency_of(seen.chosen["amount"].header) if "amount" in seen.chosen else None
    if code and "currency" in known.columns and "currency" not in ruled:
        ruled["currency"] = {"constant": code}
    entry: dict[str, Any] = {"into": table, "from": seen.name}
    if known.keyed:
        entry |= _keyed(seen, table, asking)
    elif not seen.is_unique([seen.chosen[name].header for name in known.key if name in seen.chosen]):
        entry["distinct"] = True
    return _in_order({**entry, "columns": ruled})


def _in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """Columns as the table has them, so that the text reads the same whatever the file's order is."""
    order = list(INTO[entry["into"]].columns)
    return {**entry, "columns": dict(sorted(entry["columns"].items(), key=lambda item: order.index(item[0])))}


def _keyed(seen: Seen, table: str, asking: Asking) -> dict[str, Any]:
    key = keys.key_of(seen, table, asking)
    if key.columns is None:
        return {"key": "generated", **({"mode": "replace", "window": key.window} if key.window else {})}
    return {"key": key.columns[0] if len(key.columns) == 1 else list(key.columns)}


def _rule(
    seen: Seen, guess: Guess, kind: str, others: Sequence[Seen], asking: Asking
) -> str | dict[str, Any]:
    rule: dict[str, Any] = {"from": guess.header}
    if kind in {"date", "time"} and (formats := days.decided(seen, guess.header, others, asking)):
        rule["formats"] = list(formats)
        seen.formats[guess.header] = formats
    if unit := money.unit_of(seen, guess.header, kind, asking):
        rule["unit"] = unit
    elif kind == "rate" and money.rate_of(seen, guess.column, guess.header, asking) == money.PERCENT:
        rule["unit"] = "%"
    if translated := _translation(guess, seen.values(guess.header)):
        rule |= {"values": translated, "otherwise": "keep"}
    # A deal that nobody has begun has no day yet. An order, a receipt or a visit without one is handed back.
    if (guess.table, guess.column) == _MAY_LACK and seen.rows[guess.header].null_count():
        rule["required"] = False
    return guess.header if list(rule) == ["from"] else rule


def _is_left_out(seen: Seen, guess: Guess, kind: str, asking: Asking) -> bool:
    """A column of rates of which somebody says that it is not to be read."""
    return kind == "rate" and money.rate_of(seen, guess.column, guess.header, asking) == money.LEFT_OUT


def _work_out(seen: Seen, ruled: dict[str, Any], table: str, asking: Asking) -> None:
    """Cost from profit, an amount from price and quantity, where the sheet has no column for them."""
    if table != "order_lines":
        return
    told = {"source": seen.name}
    _with_tax(seen, ruled, asking)
    if "profit" in seen.chosen and "cost" not in ruled and "amount" in seen.chosen:
        amount, profit = seen.chosen["amount"].header, seen.chosen["profit"].header
        unit = ruled["amount"].get("unit") if isinstance(ruled["amount"], dict) else None
        ruled["cost"] = {"from": amount, "minus": profit, **({"unit": unit} if unit else {})}
        asking.note(
            _("%(source)s: cost = %(amount)s − %(profit)s") % {**told, "amount": amount, "profit": profit}
        )
    if {"amount", "amount_with_tax"} & set(ruled):
        _unworked(seen, asking)
    elif own := _called_amount(seen):
        # What it says is unreadable; it is handed back cell by cell, and no other figure takes its place.
        ruled["amount"] = own
        seen.chosen["amount"] = Guess(table, "amount", own, 0.5)
    elif {"qty", "unit_price"} <= set(seen.chosen):
        qty, price = seen.chosen["qty"].header, seen.chosen["unit_price"].header
        ruled["amount"] = {"from": price, "times": qty, "round": True}
        asking.note(_("%(source)s: amount = %(price)s × %(qty)s") % {**told, "price": price, "qty": qty})


def _called_amount(seen: Seen) -> str:
    """A column that is called the amount and could not be read as one."""
    used = {guess.header for guess in seen.chosen.values()}
    listed = [word for name in ("amount", "amount_with_tax") for word in words()["columns"][name]]
    return next(
        (
            header
            for header in seen.headers
            if header not in used
            and likeness(header, listed) >= ENDING
            and not is_other_money(header, "amount", "order_lines")
        ),
        "",
    )


def _unworked(seen: Seen, asking: Asking) -> None:
    """Formulas that the file holds no result of are handed back, never worked out by us: their rule may be another."""
    for name in ("amount", "amount_with_tax"):
        header = seen.chosen[name].header if name in seen.chosen else ""
        count = int((seen.rows[header].cast(pl.String) == NO_RESULT).sum()) if header in seen.headers else 0
        if count:
            asking.note(
                _(
                    "%(source)s: %(count)s cells of %(header)s are formulas without a result: their rows are handed "
                    "back; open the file in a spreadsheet and save it"
                )
                % {"source": seen.name, "count": count, "header": header}
            )


def _with_tax(seen: Seen, ruled: dict[str, Any], asking: Asking) -> None:
    """What is due may hold freight besides: where a column of taxes says so, the amount with tax is the two together."""
    tax = next((h for h in seen.headers if likeness(h, words()["columns"]["tax_amount"]) >= _VERY), None)
    if tax is None or not {"amount", "amount_with_tax"} <= set(ruled) or not isinstance(ruled["amount"], str):
        return
    net, gross = ruled["amount"], seen.chosen["amount_with_tax"].header
    amounts = {name: money.exact(seen, name) for name in (net, tax, gross)}
    if (amounts[net] + amounts[tax] == amounts[gross]).all():
        return
    ruled["amount_with_tax"] = {"from": net, "plus": tax}
    seen.chosen["amount_with_tax"] = replace(seen.chosen["amount_with_tax"], header=tax)
    asking.note(
        _("%(source)s: with tax = %(net)s + %(tax)s; %(gross)s has more in it")
        % {"source": seen.name, "net": net, "tax": tax, "gross": gross}
    )


def _translation(guess: Guess, values: pl.Series) -> dict[str, str]:
    name = _TRANSLATED.get((guess.table, guess.column))
    return _by_words(values, words()["values"][name]) if name else {}


def _outcome(seen: Seen, ruled: dict[str, Any]) -> None:
    """Won and lost read off the stage, where no column says it."""
    header = seen.chosen["stage"].header if "stage" in seen.chosen else None
    if "outcome" in ruled or header is None:
        return
    if found := _by_words(seen.values(header), words()["values"]["outcome"]):
        ruled["outcome"] = {"from": header, "values": found, "otherwise": "empty"}


def _by_words(values: pl.Series, listed: Mapping[str, Sequence[str]]) -> dict[str, str]:
    meant = {plain(word): key for key, words_ in listed.items() for word in words_}
    texts = values.cast(pl.String).unique().sort().to_list()
    return {
        text: meant[plain(text)]
        for text in texts[:200]
        if plain(text) in meant and meant[plain(text)] != text
    }


def _line_for_product(seen: Seen, own: dict[str, Any], asking: Asking) -> None:
    """Facts of which the product line is all that is said of the product are facts of it: figures can be split by it."""
    table = str(seen.kind)
    if "product" in own["columns"] or INTO[table].on is None:
        return
    if header := sorting.line_for_product(seen, table, INTO[table].columns, asking):
        own["columns"]["product"] = header
        own["columns"] = _in_order(own)["columns"]
        seen.chosen["product"] = Guess(table, "product", header, 0.9)
        asking.note(
            _("%(source)s: no column is the product, so each %(header)s stands as a product of that name")
            % {"source": seen.name, "header": header}
        )


def _beside(seen: Seen, own: dict[str, Any], asking: Asking) -> list[dict[str, Any]]:
    """Customers and products that a sheet of facts says something about."""
    out: list[dict[str, Any]] = []
    for into, needed in (("customers", "customer"), ("products", "product")):
        if seen.kind == into or needed not in own["columns"] or not INTO[str(seen.kind)].on:
            continue
        found = sorting.settled(seen, into, columns.guesses(seen, into), asking)
        fixed = own["columns"][needed]
        said = {needed: fixed} | {
            name: guess.header
            for name, guess in found.items()
            if name in INTO[into].columns and name != needed and name not in _NOT_BESIDE
            and (guess.header != fixed or name in sorting.SORTED[into])
        }  # fmt: skip
        name = own["columns"].pop(f"{needed}_name", None)
        if name is not None:
            said[f"{needed}_name"] = name
        said, own["columns"][needed] = sorting.told_apart(seen, into, said, asking)
        if len(said) > 1:
            seen.chosen |= {f"{into}.{n}": g for n, g in found.items() if n in said and n != needed}
            out.append({"into": into, "from": seen.name, "distinct": True, "columns": said})
    return out


def _deliveries(
    seen: Seen, own: Mapping[str, Any], others: Sequence[Seen], asking: Asking
) -> list[dict[str, Any]]:
    if seen.kind != "order_lines":
        return []
    found = sorted(columns.candidates(seen, "deliveries", "shipped_on"), key=lambda guess: -guess.confidence)
    if not found or found[0].header == own["columns"].get("ordered_on"):
        return []
    guess = found[0]
    seen.chosen["shipped_on"] = guess
    shared = {name: own["columns"][name] for name in _SHARED if name in own["columns"]}
    where = {guess.header: {"filled": True}}
    ruled = {"shipped_on": _rule(seen, guess, "date", others, asking), **shared}
    again = {name: own[name] for name in ("key", "mode", "window") if name in own}
    return [{"into": "deliveries", "from": seen.name, **again, "where": where, "columns": ruled}]
