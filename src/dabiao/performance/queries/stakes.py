"""What being off costs: the one rule that puts signals of different metrics in one order."""

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
    metric: Metric, stands: Standing, lacking: Fraction | None, brings: Fraction | None
) -> Stake | None:
    """What is missing, in money: money as it is; of what is counted, its share of the sales due in that part.

    A visit does not sell by itself, so a fifth of the visits missing puts at most a fifth of what the part should have
    sold by now at stake. It is derived from the part alone, so that whoever looks reads the same, and said as "about".

    brings: money of the headline that the part should have brought by now, see `brought`. None where money can't be
    derived: means of days and scores, counts of what should rather not happen.
    """
    if lacking is None or lacking <= 0:
        return None
    if counted(metric).unit == "money":
        return Stake(decimal_of(lacking, CENTS))
    if metric.direction == "down" or counted(metric).unit not in COUNTED:
        return None
    if brings is None or stands.deviation is None:
        return None
    return Stake(decimal_of(Fraction(-stands.deviation) * max(brings, Fraction(0)), CENTS), about=True)


def counted(metric: Metric) -> Metric:
    """What is missing where the metric is too low: of a ratio its part."""
    return metric.part if isinstance(metric, Ratio) else metric


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
