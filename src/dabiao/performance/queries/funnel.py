"""The funnel of a period: how many got to each stage, and which share of those before."""

from collections.abc import Sequence
from typing import Final

from dabiao.metrics.frame import Frame
from dabiao.metrics.standing import NOW, Values
from dabiao.performance.queries.rows import Stage

STAGES: Final = ("leads", "qualified_leads", "new_opportunities", "proposals", "won_deals")


def funnel(frame: Frame, known: Sequence[str], values: Values) -> tuple[Stage, ...]:
    """Stages that have facts, in order; empty where fewer than two have any.

    These are the counts of the period, not one cohort followed: a stage can exceed the one before.
    """
    if len(known) < 2:
        return ()
    counts = [(key, _whole(values.get(NOW, key))) for key in known]
    if not any(count for _key, count in counts):
        return ()
    stages: list[Stage] = []
    before: int | None = None
    for key, count in counts:
        share = count / before if count is not None and before and count <= before else None
        stages.append(Stage(frame.label(key), count, share, counts=frame.note(key)))
        before = count
    return tuple(stages)


def _whole(value: object) -> int | None:
    return None if value is None else int(value)  # type: ignore[call-overload]  # counts come as integers or decimals
