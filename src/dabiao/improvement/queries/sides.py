"""What is added up behind a metric, so that its parts sum to it; or why nothing is, and what to ask for instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from dabiao.engine.metric import How, Measure, Metric, Ratio, Share, Side, Source, adds_up, sides_of
from dabiao.engine.row import Points
from dabiao.metrics import labels
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.frame import Frame

INSTEAD: Final = 2
"""So many metrics are proposed in place of one that cannot be taken apart."""

AVERAGED: Final[frozenset[How]] = frozenset({"median", "min", "max"})


class CannotTakeApart(BadMetricRequest):
    """The metric is no sum, ratio of sums or mean, so parts do not add up to it."""


@dataclass(frozen=True)
class Sides:
    """What is added up: the part, and the whole that it is divided by.

    net: whether a single value of the part can be −1, as of a net score
    """

    part: Measure | Side
    whole: Measure | Side | None = None
    net: bool = False

    @property
    def keys(self) -> dict[str, str]:
        """`part` (and `whole`) → what to ask the measuring for."""
        return {"part": self.part.key, **({"whole": self.whole.key} if self.whole else {})}

    @property
    def counts_different(self) -> bool:
        """Whether different things are counted, of which each counts in one part."""
        return isinstance(self.part, Measure) and self.part.how == "distinct"

    @property
    def source(self) -> Source:
        """The facts of the part."""
        return self.part.of.source if isinstance(self.part, Side) else self.part.source


def sides(frame: Frame, metric: Metric) -> Sides:
    """The one or two sums that a metric is made of. Raises CannotTakeApart with what to ask for instead."""
    if not adds_up(metric):
        said = _ratio_refused(frame, metric) if isinstance(metric, Ratio) else _refused(frame, metric)
        raise CannotTakeApart(" ".join(one for one in said if one))
    if isinstance(metric, Ratio):
        return Sides(metric.part, metric.whole)
    assert isinstance(metric, Measure)
    return Sides(*sides_of(metric), net=_net(metric)) if metric.how == "mean" else Sides(metric)


def _odd(metric: Ratio) -> list[Measure]:
    """The sides that do not add up over parts."""
    return [each for each in (metric.part, metric.whole) if not each.additive or _timeless(each)]


def _ratio_refused(frame: Frame, metric: Ratio) -> list[str]:
    odd = _odd(metric)
    plain = [each for each in (metric.part, metric.whole) if each not in odd]
    divided = _("%(metric)s divides %(part)s by %(whole)s.") % {
        "metric": frame.said(metric.label),
        "part": frame.said(metric.part.label),
        "whole": frame.said(metric.whole.label),
    }
    instead = _proposed(frame, plain) if plain else _instead(frame, odd[0])
    return [divided, *(_why(frame, each) for each in odd), instead]


def _refused(frame: Frame, metric: Metric) -> list[str]:
    return [_why(frame, metric), _instead(frame, metric)]


def _timeless(each: Measure) -> bool:
    return each.source.on is None


def _net(mean: Measure) -> bool:
    return isinstance(mean.of, Points) and bool(mean.of.minus_one_if)


def _why(frame: Frame, metric: Metric) -> str:
    named = {"metric": frame.said(metric.label)}
    if not isinstance(metric, Measure):
        return _("%(metric)s is a piece of a larger whole: its own parts do not add up to it.") % named
    if _timeless(metric):
        return _("%(metric)s is as it is now: no earlier period says what is usual.") % named
    if metric.how == "distinct" and metric.of is not None:
        named["what"] = labels.column(metric.of.columns[0])
        return (
            _(
                "%(metric)s counts every “%(what)s” once, in however many parts it occurs: parts add up to more."
            )
            % named
        )
    return {
        "mean": _("%(metric)s is a mean, and a quotient of means is not made of its parts."),
        "median": _("%(metric)s is a median: those of the parts do not make up that of the whole."),
    }.get(metric.how, _("%(metric)s is a single value: one part decides it alone.")) % named


def _instead(frame: Frame, metric: Metric) -> str:
    """Metrics that say something alike and can be taken apart: the mean for a median, a sum of the same facts."""
    known = [one for one in frame.metrics.values() if isinstance(one, Measure) and not _timeless(one)]
    if isinstance(metric, Share):
        return _proposed(frame, [metric.of])
    if not isinstance(metric, Measure):
        return ""
    if metric.how in AVERAGED:
        means = [one for one in known if one.how == "mean" and one.of == metric.of]
        return _proposed(frame, means) or _("Define a mean of the same value and ask for that.")
    alike = [one for one in known if one.additive and one.source.table == metric.source.table]
    return _proposed(frame, alike)


def _proposed(frame: Frame, metrics: Iterable[Metric]) -> str:
    found = [f"{frame.said(one.label)} ({one.key})" for one in metrics][:INSTEAD]
    return _("Ask for %(metrics)s instead.") % {"metrics": _(" or ").join(found)} if found else ""
