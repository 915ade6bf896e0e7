"""What being off costs: the one rule that puts signals of different metrics in one order."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from dabiao.engine.metric import Metric, Ratio, grows
from dabiao.engine.number import decimal_of
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import Promise
from dabiao.metrics.standing import NOW, Standing, stand
from dabiao.metrics.subtree import Subtree, sides
from dabiao.org.queries import Scope

CENTS: Final = 2
COUNTED: Final = frozenset({"count", "quantity"})


@dataclass(frozen=True)
class Stake:
    """Money at stake by now. `about`: derived from what one of something brings, not counted."""

    amount: Decimal
    about: bool = False


def short(frame: Frame, below: Subtree, key: str, scope: Scope | None, stands: Standing) -> Fraction | None:
    """How much is missing by now, in what the metric adds up: more than 0 is bad, whichever way the metric should go.

    Of a sum or count what is due less what there is; of a ratio or mean what its part lacks on the whole that there is
    (four deals of forty). None where nothing is added up.
    """
    metric = frame.metrics[key]
    sign = 1 if metric.direction == "up" else -1
    if stands.ahead is not None and grows(metric):
        return -sign * Fraction(stands.ahead)
    if stands.target is None or len(sides(metric)) < 2:
        return None
    part, whole = below.added(NOW, key, scope)
    if part is None or not whole:
        return None
    return sign * (Fraction(stands.target) * _exact(whole) - _exact(part))


def stake(
    metric: Metric,
    stands: Standing,
    lacking: Fraction | None,
    *,
    each: Fraction | None,
    brings: Fraction | None,
) -> Stake | None:
    """What is missing, in money: money as it is; of what is counted, times what one of it brings on the page's scope.

    A visit does not sell by itself, so the share of the visits that is missing puts at most the same share of the sales
    due in that part at stake. Either way it is derived, and said as "about".

    each: what one brings, see `worths`. brings: money of the headline that the part should have brought by now, see
    `brought`. None where money can't be derived: means of days and scores, counts of what should rather not happen.
    """
    if lacking is None or lacking <= 0:
        return None
    if counted(metric).unit == "money":
        return Stake(decimal_of(lacking, CENTS))
    if metric.direction == "down" or each is None or brings is None or stands.deviation is None:
        return None
    most = Fraction(-stands.deviation) * max(brings, Fraction(0))
    return Stake(decimal_of(min(lacking * each, most), CENTS), about=True)


def counted(metric: Metric) -> Metric:
    """What is missing where the metric is too low: of a ratio its part."""
    return metric.part if isinstance(metric, Ratio) else metric


def worths(
    frame: Frame, below: Subtree, headline: Number | None, own: Mapping[str, Number | None]
) -> Mapping[str, Fraction]:
    """Metric → what one visit, proposal, won deal … brings: the headline's money of the page's scope by as many as the
    scope has had. All lines of a page are weighed alike.

    headline: the scope's, None where it is no money. own: the scope's figures by metric
    """
    found: dict[str, Fraction] = {}
    for key, value in own.items():
        metric = frame.metrics[key]
        added = below.added(NOW, key, frame.scope)
        many = added[0] if added else value
        if counted(metric).unit in COUNTED and many and many > 0 and headline and headline > 0:
            found[key] = _exact(headline) / _exact(many)
    return found


def brought(frame: Frame, headline: str, value: Number | None, promise: Promise) -> Fraction | None:
    """What a scope should have brought of the headline by now; without a target what it has brought; None if no money."""
    if frame.metrics[headline].unit != "money":
        return None
    stands = stand(frame, frame.metrics[headline], value, promise)
    if value is not None and stands.ahead is not None:
        return Fraction(str(value)) - Fraction(stands.ahead)
    return None if value is None else Fraction(str(value))


def _exact(value: Number) -> Fraction:
    return Fraction(str(value))
