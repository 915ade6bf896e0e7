"""From a metric and whom a measure treats to a panel whose effect can be computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.engine.effect import CannotMeasure, Effect, Measure, measure_effect
from dabiao.engine.effect.wording import Language, sentence
from dabiao.engine.metric import Ratio
from dabiao.engine.period import Period
from dabiao.performance.measuring import BadQuestion
from dabiao.performance.queries.frame import Frame

BEFORE: Final = 24
"""Periods before the measure that are looked at, at most."""


@dataclass(frozen=True)
class Effected:
    """An effect with the sentence that says it."""

    metric: str
    since: Period
    effect: Effect
    sentence: str


def effected(
    frame: Frame, key: str, treated: Sequence[str], *, by: str, since: Period, worthwhile: float = 0.1
) -> Effected:
    """The effect since `since`, up to the frame's period, on the members of `by` that a measure treats.

    by: "person" or a kind of unit; the other members in the frame's scope are the pool to compare with.
    Raises NotFound (metric or member), BadQuestion when there is too little to go by.
    """
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    metric = frame.metrics[key]
    relative = not isinstance(metric, Ratio)
    measure = Measure(
        better="higher" if metric.direction == "up" else "lower", worthwhile=worthwhile, relative=relative
    )
    windows = _windows(frame, since)
    figures = _figures(frame, key, windows, by, additive=relative)
    missing = sorted(set(treated) - {unit for unit, _window in figures})
    if missing:
        raise NotFound(_("%(key)s has no figures here.") % {"key": missing[0]})
    start = list(windows).index(since.label)
    try:
        found = measure_effect(_table(figures, list(windows)), dict.fromkeys(treated, start), measure)
    except CannotMeasure as error:
        raise BadQuestion(str(error)) from error
    language: Language = "zh" if frame.language.startswith("zh") else "en"
    return Effected(key, since, found, sentence(found, measure, language))


def _windows(frame: Frame, since: Period) -> dict[str, Period]:
    """By label, oldest first: so many before `since`, and on to the frame's period, whole ones only."""
    found: list[Period] = []
    window = frame.period if frame.closed else frame.fiscal.previous(frame.period)
    while window.start >= since.start:
        found.append(window)
        window = frame.fiscal.previous(window)
    if not found:
        raise BadQuestion(_("The measure has no whole period behind it yet."))
    for _place in range(BEFORE):
        found.append(window)
        window = frame.fiscal.previous(window)
    return {one.label: one for one in reversed(found)}


def _figures(
    frame: Frame, key: str, windows: Mapping[str, Period], by: str, *, additive: bool
) -> dict[tuple[str, str], float | None]:
    """(member, window) -> figure. A sum of nothing is 0 from a member's first figure to its last."""
    rows = [row for row in frame.ask([key], windows, (by,)) if row[by] not in {None, ""}]
    found = {(str(row[by]), str(row["window"])): _number(row[key]) for row in rows}
    labels = list(windows)
    first = min((labels.index(window) for _unit, window in found), default=0)
    for unit in {unit for unit, _window in found}:
        shown = [place for place, label in enumerate(labels) if (unit, label) in found]
        for label in labels[shown[0] : shown[-1] + 1]:
            found.setdefault((unit, label), 0.0 if additive else None)
    return {place: figure for place, figure in found.items() if labels.index(place[1]) >= first}


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _table(figures: Mapping[tuple[str, str], float | None], labels: Sequence[str]) -> pa.Table:
    place = {label: position for position, label in enumerate(labels)}
    return pa.table(
        {
            "unit": [unit for unit, _window in figures],
            "period": [place[window] for _unit, window in figures],
            "value": pa.array(list(figures.values()), pa.float64()),
        }
    )
