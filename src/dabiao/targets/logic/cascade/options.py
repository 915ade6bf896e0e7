"""What the command line says of a cascade, read: methods, shares, limits."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.engine.allocation.limits import Limit
from dabiao.targets.logic.cascade.request import Prepared, in_units


def methods(text: str) -> dict[str, Fraction]:
    """`even`, or several with how much each counts: `history:60,even:40`."""
    found: dict[str, Fraction] = {}
    for part in text.split(","):
        name, _colon, share = part.strip().partition(":")
        found[name] = Fraction(_number(share or "1", part))
    return found


def shares(texts: Sequence[str], root: str, sign: int) -> dict[str, Fraction]:
    """`0.1` (of the top) or `east=0.1`; sign -1 for what is handed down over and above."""
    found = {}
    for text in texts:
        key, equals, share = text.rpartition("=")
        found[key if equals else root] = sign * Fraction(_number(share, text))
    return found


def limits(prepared: Prepared, texts: Sequence[str], side: str) -> tuple[Limit, ...]:
    """`east=500`, `P04:2027-03=120` or `P04:2027-03:bikes=60` as a lock, a minimum (low) or a maximum (high)."""
    return tuple(_limit(prepared, text, side) for text in texts)


def place(prepared: Prepared, text: str) -> Limit:
    """`P04:2027-03:bikes` as scope and axis keys, without bounds."""
    scope, *at = text.split(":")
    keys = [prepared.time.axis.keys[0], prepared.product.keys[0]]
    keys[: len(at)] = at[:2]
    ordered = reversed(keys) if prepared.product_first else keys
    return Limit(scope_key(prepared, scope), tuple(ordered) if any(at) else ())


def scope_key(prepared: Prepared, name: str) -> str:
    """The axis key of a unit key, an employee number, or `P06@chengdu` for one of several seats. Raises Malformed."""
    holders = prepared.org.holders
    found = [key for key, holder in holders.items() if name in (holder.key, f"{holder.key}@{holder.unit}")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Malformed(_("%(name)s has no part in this cascade.") % {"name": name})
    seats = ", ".join(key.removeprefix("person:") for key in found)
    raise Malformed(_("%(name)s has several seats; say which: %(seats)s.") % {"name": name, "seats": seats})


def _limit(prepared: Prepared, text: str, side: str) -> Limit:
    where, equals, value = text.rpartition("=")
    if not equals:
        raise Malformed(_("%(text)s: write WHO[:PERIOD[:PRODUCT]]=AMOUNT.") % {"text": text})
    units, at = in_units(_number(value, text), prepared.digits), place(prepared, where)
    return Limit(at.scope, at.at, None if side == "high" else units, None if side == "low" else units)


def _number(text: str, within: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise Malformed(
            _("%(text)s: %(number)s is not a number.") % {"text": within, "number": text}
        ) from None
