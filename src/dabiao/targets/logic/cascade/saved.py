"""A saved cascade, read back: its axes from the app database, its amounts from the lake."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.engine.allocation.axis import Axis, tree
from dabiao.engine.allocation.cascade import Cascade, Order
from dabiao.engine.allocation.limits import Limit
from dabiao.engine.period import Period
from dabiao.targets.logic.cascade import store
from dabiao.targets.logic.cascade.axes import Holder, Organisation, Time
from dabiao.targets.logic.cascade.request import CascadeRequest, Prepared, in_units
from dabiao.targets.models import CascadeLimit, CascadeVersion


@dataclass(frozen=True, eq=False)
class Saved:
    """A version, and the tokens of its cells in the order in which they were written."""

    version: CascadeVersion
    tokens: tuple[str, ...]
    prepared: Prepared


def version_of(plan: str, *, known_at: datetime | None = None) -> CascadeVersion:
    """A plan's newest version, or the newest that was known at a moment. Raises NotFound."""
    versions = CascadeVersion.objects.filter(plan__key=plan).select_related("plan").defer("inputs")
    if known_at is not None:
        versions = versions.filter(made_at__lte=known_at)
    found = versions.order_by("-number").first()
    if found is None:
        raise NotFound(_("There is no cascade %(plan)s.") % {"plan": plan})
    return found


def opened(version: CascadeVersion) -> Saved:
    """What is needed to read or change a version; no cell is read yet."""
    earlier = CascadeVersion.objects.filter(plan=version.plan, number__lte=version.number)
    chain: list[CascadeVersion] = []
    for each in earlier.defer("inputs").order_by("-number").iterator():
        chain.append(each)
        if each.is_whole:
            break
    tokens = tuple(each.save_token for each in reversed(chain))
    frame = _frame(tokens[0])
    order = replace(frame.order, limits=tuple(_limits(version, frame.digits)))
    return Saved(version, tokens, replace(frame, order=order))


def block(saved: Saved, top: int) -> Cascade:
    """The subtree of one scope node with its amounts; 0 is everything."""
    order, digits = saved.prepared.order, saved.prepared.digits
    axis = order.scope.under(top)
    width = int(np.prod([len(column.leaves) for column in order.columns], dtype=np.int64))
    amounts, null = store.load(saved.tokens, range(top, top + len(axis.keys)), width, digits)
    inside = set(axis.keys)
    weights = np.where(null[axis.leaves], np.nan, 1.0)
    limits = tuple(limit for limit in order.limits if limit.scope in inside)
    kept = {key: share for key, share in order.kept.items() if key in inside}
    return Cascade(Order(int(amounts[0].sum()), axis, order.columns, weights, limits, kept), amounts)


def inputs_of(prepared: Prepared) -> dict[str, Any]:
    """Everything but the cells, as plain JSON."""
    asked, axis, holders, periods = (
        prepared.asked,
        prepared.org.axis,
        prepared.org.holders,
        prepared.time.periods,
    )
    return {
        "metric": asked.metric,
        "amount": str(asked.amount),
        "over": list(asked.over),
        "methods": {name: str(share) for name, share in asked.methods.items()},
        "kept": {key: str(share) for key, share in asked.kept.items()},
        "root": asked.root,
        "digits": prepared.digits,
        "product_first": prepared.product_first,
        "org": [
            [*pair, holders[pair[0]].kind, holders[pair[0]].key, holders[pair[0]].unit]
            for pair in _pairs(axis)
        ],
        "time": [
            [
                *pair,
                periods[pair[0]].label,
                periods[pair[0]].kind,
                str(periods[pair[0]].start),
                str(periods[pair[0]].end),
            ]
            for pair in _pairs(prepared.time.axis)
        ],
        "product": _pairs(prepared.product),
    }


def _pairs(axis: Axis) -> list[tuple[str, str | None]]:
    """Each key with its parent's."""
    above = [None if parent < 0 else axis.keys[parent] for parent in axis.parent.tolist()]
    return list(zip(axis.keys, above, strict=True))


@lru_cache(maxsize=8)
def _frame(token: str) -> Prepared:
    """The axes of a whole version, which never change; without weights and limits."""
    inputs = CascadeVersion.objects.get(save_token=token).inputs
    org = tree("org", {row[0]: row[1] for row in inputs["org"]})
    holders = {row[0]: Holder(row[2], row[3], row[4]) for row in inputs["org"]}
    spans = tree("period", {row[0]: row[1] for row in inputs["time"]})
    periods = {
        row[0]: Period(date.fromisoformat(row[4]), date.fromisoformat(row[5]), row[3], row[2])
        for row in inputs["time"]
    }
    product = tree("product", dict(inputs["product"]))
    shares = {key: Fraction(share) for key, share in inputs["kept"].items()}
    year = periods[spans.keys[0]]
    amount = Decimal(inputs["amount"])
    asked = CascadeRequest(
        inputs["metric"], year, amount, tuple(inputs["over"]), kept=shares, root=inputs["root"]
    )
    columns = (product, spans) if inputs["product_first"] else (spans, product)
    kept = {f"unit:{key}": share for key, share in shares.items()}
    units = in_units(amount, inputs["digits"])
    order = Order(units, org, columns, np.zeros((0, 0)), (), kept)
    return Prepared(asked, order, Organisation(org, holders), Time(spans, periods), product, inputs["digits"])


def _limits(version: CascadeVersion, digits: int) -> list[Limit]:
    """The limits in force in a version."""
    here = CascadeLimit.objects.filter(plan=version.plan, since__lte=version.number)
    rows = here.filter(Q(until__isnull=True) | Q(until__gt=version.number)).order_by("pk")
    return [
        Limit(row.scope, tuple(row.at), _units(row.low, digits), _units(row.high, digits)) for row in rows
    ]


def _units(value: Decimal | None, digits: int) -> int | None:
    return None if value is None else in_units(value, digits)
