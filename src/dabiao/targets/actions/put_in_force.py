"""A cascade put in force: its amounts become the targets that attainment is measured against."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from dabiao.core.errors import Refused
from dabiao.engine.allocation.cascade import Cascade
from dabiao.engine.promise import PRODUCT_LINE, WHOLE, Part
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.targets import actions
from dabiao.targets.actions import Done, Slot
from dabiao.targets.logic.cascade.cells import Cell, cells
from dabiao.targets.logic.cascade.request import Prepared

MOST = 200_000


class TooMany(Refused):
    """More targets than are set in one go."""


def put_in_force(
    prepared: Prepared, handed: Cascade, *, level: str = "target", by: User | None, at: datetime, on: date
) -> Done:
    """Set everybody's target of each finest period, by product line and in all, at one level; the others stay.

    Somebody with seats in two units has the sum of both.
    """
    values: dict[Slot, Decimal | None] = {}
    for slot, value in _slots(prepared, handed):
        values[slot] = value if slot not in values else (values[slot] or Decimal(0)) + value
    if len(values) > MOST:
        raise TooMany(
            _("%(count)s targets are more than %(most)s: hand down fewer levels or products.")
            % {"count": len(values), "most": MOST}
        )
    return actions.set_level(values, level, by=by, at=at, on=on)


def _slots(prepared: Prepared, handed: Cascade) -> Iterator[tuple[Slot, Decimal]]:
    finest = set(prepared.time.axis.leaf_keys)
    lines = {prepared.product.keys[0], *prepared.product.leaf_keys}
    holders = [prepared.org.holders[key] for key in prepared.org.axis.keys]
    width = len(prepared.time.axis.keys) * len(prepared.product.keys)
    for place, cell in enumerate(cells(prepared, handed)):
        holder = holders[place // width]
        if holder.key and _is_set(cell, finest, lines) and cell.value is not None:
            period = prepared.time.periods[cell.period]
            scope = Scope(holder.kind, holder.key)
            part = Part(PRODUCT_LINE, cell.product) if cell.product else WHOLE
            yield Slot(scope, prepared.asked.metric, period.start, period.end, part), cell.value


def _is_set(cell: Cell, finest: set[str], lines: set[str]) -> bool:
    return cell.period in finest and cell.product in lines
