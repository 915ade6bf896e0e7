"""A question about metrics: which, split and filtered how, in which windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

import numpy as np
import pyarrow as pa

from dabiao.core.errors import Malformed
from dabiao.core.sentence import say
from dabiao.engine.metric import Measure, Metric, Side, sides_of
from dabiao.engine.period import BadPeriod, Fiscal, Kind, Period
from dabiao.lake import dictionary

WINDOW = "window"
_EPOCH: Final = date(1970, 1, 1)
TIMES: Final[tuple[str, ...]] = ("day", "week", "period", "month", "quarter", "half", "year")
"""Lengths of time by which an answer can be split."""


class BadMetricRequest(Malformed):
    """The metrics, dimensions and filters don't fit together; the message says what would."""


def parts_of(fiscal: Fiscal, whole: Period, time: str) -> tuple[Period, ...]:
    """A period in parts of one of `TIMES`. Raises BadMetricRequest."""
    try:
        return fiscal.parts(whole, cast(Kind, time))
    except BadPeriod as error:
        raise BadMetricRequest(say(error.said)) from error


@dataclass(frozen=True)
class MetricRequest:
    """What is asked, without when and for whom: one compiled query per question.

    by: dimensions; `window` splits by the windows. where: dimension → the values to keep (null: "").
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = (WINDOW,)
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Windows:
    """Named half-open date ranges; they may overlap."""

    ranges: tuple[tuple[str, date, date], ...]

    @property
    def days(self) -> pa.Table:
        """One row per window and day, so that facts meet their windows by equality."""
        spans = [(name, (start - _EPOCH).days, (end - _EPOCH).days) for name, start, end in self.ranges]
        days = np.concatenate(
            [np.empty(0, np.int32), *(np.arange(a, b, dtype=np.int32) for _, a, b in spans)]
        )
        called = pa.array([name for name, _, _ in spans], pa.string())
        at = np.repeat(np.arange(len(spans)), [max(0, b - a) for _, a, b in spans])
        return pa.table({WINDOW: called.take(pa.array(at)), "day": pa.array(days).view(pa.date32())})


def metrics_of(keys: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics in force of these keys, among which may be the two sides of a mean.

    Raises BadMetricRequest that names the nearest known one.
    """
    known = dictionary.in_force()
    metrics = {key: known.get(key) or _side(key, known) for key in keys}
    if unknown := [key for key in keys if metrics[key] is None]:
        raise BadMetricRequest(f"No metric is called {unknown[0]!r}{dictionary.nearest(unknown[0])}.")
    return tuple(metric for metric in metrics.values() if metric is not None)


def _side(key: str, known: Mapping[str, Metric]) -> Side | None:
    """`needs_depth__sum`, `needs_depth__count`: names that no entry of the dictionary can have."""
    mean = known.get(key.partition("__")[0])
    if not isinstance(mean, Measure) or mean.how != "mean":
        return None
    return next((side for side in sides_of(mean) if side.key == key), None)
