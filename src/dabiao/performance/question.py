"""A question about metrics: which, split and filtered how, in which windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from dabiao.core.errors import Malformed
from dabiao.engine.metric import Metric
from dabiao.lake import dictionary

WINDOW = "window"


class BadQuestion(Malformed):
    """The metrics, dimensions and filters don't fit together; the message says what would."""


@dataclass(frozen=True)
class Question:
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
        rows = [
            (name, start + timedelta(days=n))
            for name, start, end in self.ranges
            for n in range((end - start).days)
        ]
        return pa.table(
            {
                WINDOW: pa.array([name for name, _ in rows], pa.string()),
                "day": pa.array([day for _, day in rows], pa.date32()),
            }
        )


def metrics_of(keys: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics in force of these keys. Raises BadQuestion that names the nearest known one."""
    known = dictionary.in_force()
    if unknown := [key for key in keys if key not in known]:
        raise BadQuestion(f"No metric is called {unknown[0]!r}{dictionary.nearest(unknown[0])}.")
    return tuple(known[key] for key in keys)
