"""Writes of cascades: hand down and keep, edit one amount. Each is a version of its plan with one audit line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from django.db.models import Max
from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Refused
from dabiao.engine.allocation.axis import CannotAllocate, Ints
from dabiao.engine.allocation.cascade import Cascade, cascade
from dabiao.engine.allocation.change import CascadeEdit, edited
from dabiao.engine.allocation.limits import Limit
from dabiao.engine.allocation.rounding import Flags
from dabiao.org.access import User, require
from dabiao.org.can import Can
from dabiao.targets.logic.cascade import saved, store
from dabiao.targets.logic.cascade.cells import held, scope_names
from dabiao.targets.logic.cascade.request import Prepared, from_units, in_units
from dabiao.targets.models import CascadeLimit, CascadePlan, CascadeVersion, LedgerEntry


class CannotHandDown(Refused):
    """The engine refuses; its message says what conflicts and the least change that would do."""


class Overtaken(Refused):
    """Somebody else has changed the plan in between."""


@dataclass(frozen=True)
class Unnamed:
    """Cells that lie in the lake under a token; nobody reads them before a version names it."""

    token: str
    table_version: int
    count: int


def solve(prepared: Prepared) -> Cascade:
    """Hand down and keep nothing. Raises CannotHandDown."""
    try:
        return cascade(prepared.order)
    except CannotAllocate as error:
        raise CannotHandDown(str(error)) from error


def keep(
    prepared: Prepared, handed: Cascade, *, plan: str, by: User | None, at: datetime, reason: str = ""
) -> CascadeVersion:
    """Keep a cascade as the next version of a plan: cells in the lake, then inputs, limits and ledger, at once."""
    require(by, Can.OPERATE)
    rows, width = handed.amounts.shape
    nodes, columns = np.repeat(np.arange(rows), width), np.tile(np.arange(width), rows)
    null = handed.order.scope.rolled_up((~handed.order.closed).T.astype(np.int64)).T == 0
    kept_as = _save(prepared, nodes, columns, handed.amounts.ravel(), null.ravel())
    ledger = [vars(line) for line in held(prepared, handed)]
    return _name_whole(plan, prepared, ledger, kept_as, by=by, at=at, reason=reason)


@action("targets.cascade.kept")
def _name_whole(
    plan: str, prepared: Prepared, ledger: Sequence[Mapping[str, object]], kept_as: Unnamed,
    *, by: User | None, at: datetime, reason: str,
) -> CascadeVersion:  # fmt: skip
    """Name the saved cells as a plan's next version, with what goes with it."""
    period = prepared.asked.period
    owner, _created = CascadePlan.objects.select_for_update().get_or_create(
        key=plan,
        defaults={"metric": prepared.asked.metric, "starts_on": period.start, "ends_on": period.end},
    )
    version = _next(owner, saved.inputs_of(prepared), kept_as, by=by, at=at, reason=reason)
    CascadeLimit.objects.filter(plan=owner, until__isnull=True).update(until=version.number)
    CascadeLimit.objects.bulk_create(
        [_limit(version, limit, prepared.digits) for limit in prepared.order.limits]
    )
    LedgerEntry.objects.bulk_create([LedgerEntry(version=version, **line) for line in ledger], batch_size=500)
    tell(version, {"amount": str(prepared.asked.amount)})
    return version


def edit(
    plan: str, where: Limit, value: Decimal,
    *, held_by: str | None = None, by: User | None, at: datetime, reason: str = "",
) -> CascadeEdit:  # fmt: skip
    """Set and lock one amount of a plan; only what it moves is read, handed down again and kept.

    where: scope and axis keys (its bounds are not read). Raises CannotHandDown, Overtaken, NotFound, Malformed.
    """
    require(by, Can.OPERATE)
    before = saved.opened(saved.version_of(plan))
    digits = before.prepared.digits
    try:
        top = _holder(before.prepared, where.scope, held_by)
        part = saved.block(before, top)
        change = edited(part, where.scope, where.at, in_units(value, digits), held_by=held_by)
    except CannotAllocate as error:
        raise CannotHandDown(str(error)) from error
    rows, columns = np.nonzero(change.cascade.amounts != part.amounts)
    amounts = change.cascade.amounts[rows, columns]
    kept_as = _save(before.prepared, rows + top, columns, amounts, np.zeros(len(rows), dtype=bool))
    told = {"scope": where.scope, "at": list(where.at), "value": str(value)}
    lock = change.cascade.order.limits[-1]
    _name_edit(before, told, lock, kept_as, by=by, at=at, reason=reason)
    return change


@action("targets.cascade.edited")
def _name_edit(
    before: saved.Saved, told: Mapping[str, object], lock: Limit, kept_as: Unnamed,
    *, by: User | None, at: datetime, reason: str,
) -> None:  # fmt: skip
    """Name the saved cells as the version after `before`. Raises Overtaken where there is one already."""
    owner = CascadePlan.objects.select_for_update().get(pk=before.version.plan_id)
    if saved.version_of(owner.key).number != before.version.number:
        raise Overtaken(
            _("%(plan)s was changed by somebody else just now; look again.") % {"plan": owner.key}
        )
    version = _next(owner, told, kept_as, by=by, at=at, reason=reason)
    same = CascadeLimit.objects.filter(plan=owner, until__isnull=True, scope=lock.scope, at=list(lock.at))
    same.update(until=version.number)
    _limit(version, lock, before.prepared.digits).save()
    tell(version, {**told, "moved": kept_as.count})


def _save(prepared: Prepared, nodes: Ints, columns: Ints, amounts: Ints, null: Flags) -> Unnamed:
    """Outside of the action's transaction: nobody else could write to the database while the lake is written to."""
    token, version = store.save(prepared, nodes, columns, amounts, null)
    return Unnamed(token, version, len(nodes))


def _holder(prepared: Prepared, scope: str, held_by: str | None) -> int:
    axis = prepared.order.scope
    if held_by is not None:
        return axis.position(held_by)
    return max(int(axis.parent[axis.position(scope)]), 0)


def _next(
    plan: CascadePlan, inputs: Mapping[str, object], kept_as: Unnamed, *, by: User | None, at: datetime, reason: str
) -> CascadeVersion:  # fmt: skip
    """The next version: whole where its inputs say what was handed down, else an edit of the one before."""
    last = CascadeVersion.objects.filter(plan=plan).aggregate(last=Max("number"))["last"] or 0
    return CascadeVersion.objects.create(
        plan=plan,
        number=last + 1,
        inputs=inputs,
        is_whole="org" in inputs,
        save_token=kept_as.token,
        cells=kept_as.table_version,
        reason=reason,
        made_by=by,
        made_at=at,
    )


def _limit(version: CascadeVersion, limit: Limit, digits: int) -> CascadeLimit:
    low, high = (None if bound is None else from_units(bound, digits) for bound in (limit.low, limit.high))
    return CascadeLimit(
        plan=version.plan, scope=limit.scope, at=list(limit.at), low=low, high=high, since=version.number
    )


@dataclass(frozen=True)
class Moved:
    """One amount that an edit moved, as people read it."""

    scope: str
    product: str
    period: str
    before: Decimal
    after: Decimal


def moves(prepared: Prepared, change: CascadeEdit) -> list[Moved]:
    """What an edit moved, in tree order."""
    names, digits = scope_names(prepared), prepared.digits
    told = []
    for move in change.moved:
        line, period = move.at if prepared.product_first else move.at[::-1]
        before, after = (from_units(value, digits) for value in (move.before, move.after))
        told.append(Moved(names[move.scope], line, period, before, after))
    return told
