"""What was brought before: a measure's facts by person, day or product line, as weights of a cascade."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.engine.metric import Measure, Metric
from dabiao.engine.period import Period
from dabiao.lake import dictionary, reading
from dabiao.metrics import answer
from dabiao.metrics.answer import MetricRequest, Windows


def metric_of(key: str) -> Metric:
    """A metric of the dictionary. Raises Malformed with the nearest name."""
    metric = dictionary.in_force().get(key)
    if metric is None:
        raise Malformed(
            _("There is no metric %(metric)s%(hint)s.") % {"metric": key, "hint": dictionary.nearest(key)}
        )
    return metric


def brought(metric: Metric, by: str, period: Period) -> Mapping[str, Decimal]:
    """What facts of a period sum to, by `person`, `unit`, `day` (ISO) or `product_line`; people without facts are left out.

    All facts count, whoever asks.
    Raises Malformed for a metric whose parts do not sum.
    """
    if not isinstance(metric, Measure) or not metric.additive:
        raise Malformed(
            _("%(metric)s has no history that sums; hand it down evenly.") % {"metric": metric.key}
        )
    window = Windows((("", period.start, period.end),))
    request = MetricRequest((metric.key,), (by,))
    table = answer.answer(reading.current(), request, windows=window, seats=None)
    return {
        _key(row[by]): Decimal(str(row[metric.key]))
        for row in answer.rows(table)
        if row[metric.key] is not None and row[by] is not None
    }


def daily(metric: Metric, period: Period) -> dict[date, Decimal]:
    """The same by day."""
    return {date.fromisoformat(day): value for day, value in brought(metric, "day", period).items()}


def _key(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
