"""The weights of a company's cascade: who × when × what, by each method asked for, and who is there when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from dabiao.core.calendars import working_days
from dabiao.core.errors import Malformed
from dabiao.engine.allocation.axis import Axis, Floats
from dabiao.engine.allocation.people import Ramp, Service, factors
from dabiao.engine.allocation.season import by_earlier_years, by_working_days
from dabiao.engine.allocation.weights import BadMix, Method, combined, filled
from dabiao.engine.metric import Metric
from dabiao.engine.period import Fiscal, Period, between
from dabiao.org import queries as org
from dabiao.targets.logic.cascade.axes import Holder, Organisation, Time
from dabiao.targets.logic.cascade.history import brought, daily

WAYS: Final = ("even", "history", "seasonality", "working-days")
YEARS: Final = 3


@dataclass(frozen=True, eq=False)
class Basis:
    """What weights are made of."""

    metric: Metric
    period: Period
    fiscal: Fiscal
    org: Organisation
    time: Time
    product: Axis


def weights(basis: Basis, methods: Mapping[str, Fraction], ramp: Ramp) -> Floats:
    """Scope leaves × periods × products; NaN where a person is not there. Raises Malformed for a method unknown."""
    unknown = [name for name in methods if name not in WAYS]
    if unknown:
        raise Malformed(
            _("There is no method %(name)s; choose from %(known)s.")
            % {"name": unknown[0], "known": ", ".join(WAYS)}
        )
    try:
        mixed = combined([Method(name, share, _by(basis, name)) for name, share in methods.items()])
    except BadMix as error:
        raise Malformed(str(error)) from None
    there = _presence(basis, ramp)
    return np.asarray(mixed if there is None else mixed * there[:, :, None])


def _by(basis: Basis, name: str) -> Floats:
    who, when, what = (np.ones(len(axis.leaves)) for axis in (basis.org.axis, basis.time.axis, basis.product))
    if name == "working-days":
        when = by_working_days(basis.time.leaves, working_days(basis.period.start, basis.period.end))
    if name in ("history", "seasonality"):
        when = _season(basis)
    if name == "history":
        who, what = _of_holders(basis), _of_products(basis)
    return np.asarray(who[:, None, None] * when[:, None] * what)


def _season(basis: Basis) -> Floats:
    """What each period brought in earlier years; working days where a period has no history."""
    first = date(basis.period.start.year - YEARS - 1, 1, 1)
    before = daily(basis.metric, between(first, basis.period.start))
    working = working_days(first, basis.period.end + timedelta(days=1))
    seen = by_earlier_years(basis.time.leaves, before, working, basis.fiscal, YEARS)
    return filled(seen, by_working_days(basis.time.leaves, working))


def _of_holders(basis: Basis) -> Floats:
    """The year before, by person (or by unit, where units are the last level); the average for who has none."""
    keys = [basis.org.holders[key] for key in basis.org.axis.leaf_keys]
    found = {kind: _brought(basis, kind) for kind in {holder.kind for holder in keys}}
    seen = np.array([found[holder.kind].get(holder.key, float("nan")) for holder in keys])
    if np.isnan(seen).all() or not np.nansum(np.maximum(seen, 0)):
        raise Malformed(
            _("%(metric)s has no history in the year before; use another method.")
            % {"metric": basis.metric.key}
        )
    return filled(np.maximum(seen, 0), np.ones(len(seen)))


def _of_products(basis: Basis) -> Floats:
    keys = basis.product.leaf_keys
    if keys == ("",):
        return np.ones(1)
    found = _brought(basis, "product_line")
    seen = np.array([max(found.get(key, 0.0), 0.0) for key in keys])
    return seen if seen.any() else np.ones(len(keys))


def _brought(basis: Basis, by: str) -> Mapping[str, float]:
    before = brought(basis.metric, by, basis.fiscal.year_before(basis.period))
    return {key: float(value) for key, value in before.items()}


def _presence(basis: Basis, ramp: Ramp) -> Floats | None:
    """Scope leaves × periods: the part that somebody is there and up to speed; None where that is everybody, always."""
    leaves, holders = basis.org.axis.leaf_keys, basis.org.holders
    partly = [row for row, key in enumerate(leaves) if not _always(holders[key], basis.period)]
    people = {holders[key].key for key in leaves if holders[key].kind == "person"}
    new = _newcomers(people, basis.period) if ramp.steps or ramp.protected < 1 else {}
    ramping = [row for row, key in enumerate(leaves) if holders[key].key in new]
    if not partly and not ramping:
        return None
    part = np.ones((len(leaves), len(basis.time.leaves)))
    for row in partly:
        part[row] = _seated(holders[leaves[row]], basis.time.leaves)
    for row in ramping:
        part[row] *= factors(new[holders[leaves[row]].key], basis.time.leaves, ramp)
    return part


def _always(holder: Holder, period: Period) -> bool:
    return holder.kind == "unit" or any(
        start <= period.start and period.end <= end for start, end in holder.seats
    )


def _seated(holder: Holder, periods: Sequence[Period]) -> Floats:
    """The share of each period's days in the seat; NaN for none."""
    days = [sum(_overlap(period, seat) for seat in holder.seats) for period in periods]
    return np.array(
        [part / period.days if part else float("nan") for part, period in zip(days, periods, strict=True)]
    )


def _overlap(period: Period, seat: tuple[date, date]) -> int:
    return max((min(period.end, seat[1]) - max(period.start, seat[0])).days, 0)


def _newcomers(people: set[str], period: Period) -> dict[str, Service]:
    """Who was hired in the period or the year before it, or is on probation: those a ramp may still concern."""
    known = org.arrivals(period.start, period.end)
    return {
        key: Service(known[key].hired_on, None, known[key].probation_until) for key in people & known.keys()
    }
