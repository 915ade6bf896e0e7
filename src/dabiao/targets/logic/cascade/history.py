"""What was brought before: a measure's facts by person, day or product line, as weights of a cascade."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa
from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.engine import dimension
from dabiao.engine.measure import measure
from dabiao.engine.metric import Measure, Metric
from dabiao.engine.period import Period
from dabiao.lake import dictionary, reading
from dabiao.lake.placing import placed, sql, unbound

_LOOKUPS = ("products", "customers", "customer_history", "unit_levels")


def metric_of(key: str) -> Metric:
    """A metric of the dictionary. Raises Malformed with the nearest name."""
    found = dictionary.in_force().get(key)
    if found is None:
        raise Malformed(
            _("There is no metric %(metric)s%(hint)s.") % {"metric": key, "hint": dictionary.nearest(key)}
        )
    return found


def brought(metric: Metric, by: str, period: Period) -> Mapping[str, Decimal]:
    """What facts of a period sum to, by `person`, `unit`, `day` (ISO) or `product_line`; people without facts are left out.

    Raises Malformed for a metric whose parts do not sum.
    """
    if not isinstance(metric, Measure) or not metric.additive:
        raise Malformed(
            _("%(metric)s has no history that sums; hand it down evenly.") % {"metric": metric.key}
        )
    facts = placed(metric.source, seated=by == "unit")
    facts = dimension.with_dimensions(facts, [by], {name: unbound(name) for name in _LOOKUPS}, levels=())
    facts = facts.filter(facts.day >= period.start, facts.day < period.end)
    rows: pa.Table = reading.current().run(sql(measure([metric], {metric.source: facts}, by=[by])))
    return {
        _key(row[by]): Decimal(row[metric.key])
        for row in rows.to_pylist()
        if row[metric.key] is not None and row[by] is not None
    }


def daily(metric: Metric, period: Period) -> dict[date, Decimal]:
    """The same by day."""
    return {date.fromisoformat(day): value for day, value in brought(metric, "day", period).items()}


def _key(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
