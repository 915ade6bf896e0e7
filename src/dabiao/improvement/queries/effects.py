"""From a metric and whom a measure treats to a panel whose effect can be computed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.core.sentence import say
from dabiao.engine.effect import CannotMeasure, Effect, Measure, measure_effect
from dabiao.engine.effect.wording import Grain, sentence
from dabiao.engine.message import Message, Series, counted_message
from dabiao.engine.metric import Metric, zero_without_facts
from dabiao.engine.period import Kind, Period
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.frame import Frame

BEFORE: Final = 24
"""Periods before the measure that are looked at, at most."""
WORTHWHILE: Final = 0.1
"""The smallest effect worth having, unless said otherwise: a tenth of the usual level."""
SEASON: Final[Mapping[Kind, int]] = {"day": 7, "week": 52, "month": 12, "quarter": 4, "half": 2}
GRAINS: Final[Mapping[Kind, Grain]] = {
    "day": "day", "week": "week", "month": "month", "quarter": "quarter", "half": "half", "year": "year",
}  # fmt: skip


@dataclass(frozen=True)
class Effected:
    """An effect with the sentence that says it. look_again: the period in which one worth having would show."""

    metric: str
    since: Period
    effect: Effect
    sentence: str
    look_again: Period | None


def effected(
    frame: Frame,
    key: str,
    treated: Sequence[str],
    *,
    by: str,
    since: Period,
    others: Sequence[str] = (),
    worthwhile: float | None = None,
) -> Effected:
    """The effect since `since`, up to the frame's period, on the members of `by` that a measure treats.

    by: "person" or a kind of unit; the other members in the frame's scope are the pool to compare with.
    others: members under another measure at the same time: not compared with, for what happens to them is not usual
    worthwhile: the smallest effect worth having, a share of the usual level or, of a ratio, 0.01 for a point
    Raises NotFound (metric or member), BadMetricRequest when there is too little to go by.
    """
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    if worthwhile is not None and not 0 < worthwhile < float("inf"):
        raise BadMetricRequest(_("An effect worth having is above 0: 0.1 is a tenth."))
    metric = frame.metrics[key]
    windows = _windows(frame, since)
    figures = _figures(frame, key, windows, by, nothing=_of_nothing(metric))
    missing = sorted({*treated, *others} - {unit for unit, _window in figures})
    if missing:
        raise NotFound(_("%(key)s has no figures here.") % {"key": missing[0]})
    figures = {
        place: figure for place, figure in figures.items() if place[0] not in set(others) - set(treated)
    }
    before = list(windows)[: list(windows).index(since.label)]
    measure = Measure(
        better="higher" if metric.direction == "up" else "lower",
        worthwhile=_worthwhile(metric, figures, treated, before) if worthwhile is None else worthwhile,
        relative=metric.unit != "ratio",
        season=SEASON.get(since.kind, 1),
    )
    try:
        found = measure_effect(_table(figures), dict.fromkeys(treated, since.label), measure)
    except CannotMeasure as error:
        raise BadMetricRequest(say(error.said, frame.language)) from error
    said = sentence(found, measure, GRAINS.get(since.kind, "period"))
    told = say(Series([*said.items, *_beside(treated, others)], said.between), frame.language)
    return Effected(key, since, found, told, _look_again(frame, windows, found))


def _beside(treated: Sequence[str], others: Sequence[str]) -> Iterator[Message]:
    """What other measures at the same time mean for this one."""
    both = set(treated) & set(others)
    if apart := set(others) - both:
        yield counted_message(
            "{count} under another measure was not compared with.",
            "{count} under another measure were not compared with.",
            len(apart),
        )
    if both:
        yield counted_message(
            "With reserve: {count} of the treated is under another measure too, what is seen is of both.",
            "With reserve: {count} of the treated are under another measure too, what is seen is of both.",
            len(both),
        )


def _of_nothing(metric: Metric) -> float | None:
    """What a period without facts says: nothing sold is 0, a ratio or a mean of nothing is not known."""
    return 0.0 if zero_without_facts(metric) else None


def _worthwhile(
    metric: Metric,
    figures: Mapping[tuple[str, str], float | None],
    treated: Sequence[str],
    before: Sequence[str],
) -> float:
    """A tenth of the usual level; of a ratio in its own unit, as its effects are."""
    if metric.unit != "ratio":
        return WORTHWHILE
    usual = [figures.get((unit, window)) for unit in treated for window in before]
    known = [one for one in usual if one is not None]
    return WORTHWHILE * sum(known) / len(known) if any(known) else WORTHWHILE


def _look_again(frame: Frame, windows: Mapping[str, Period], found: Effect) -> Period | None:
    if found.outlook is None or found.outlook.periods is None:
        return None
    last = list(windows.values())[-1]
    for _more in range(found.outlook.periods):
        last = frame.fiscal.containing(last.kind, last.end)
    return last


def _windows(frame: Frame, since: Period) -> dict[str, Period]:
    """By label, oldest first: so many before `since`, and on to the frame's period, whole ones only."""
    if since.kind != frame.period.kind:
        raise BadMetricRequest(
            _("Give two periods of the same kind: the first with the measure and the last to count.")
        )
    found: list[Period] = []
    window = frame.period
    while window.end > frame.today:
        window = frame.fiscal.previous(window)
    while window.start >= since.start:
        found.append(window)
        window = frame.fiscal.previous(window)
    if not found:
        raise BadMetricRequest(_("The measure has no whole period behind it yet."))
    for _place in range(BEFORE):
        found.append(window)
        window = frame.fiscal.previous(window)
    return {one.label: one for one in reversed(found)}


def _figures(
    frame: Frame, key: str, windows: Mapping[str, Period], by: str, *, nothing: float | None
) -> dict[tuple[str, str], float | None]:
    """(member, window) -> figure; `nothing` where there is none between a member's first figure and its last."""
    rows = [row for row in frame.ask([key], windows, (by,)) if row[by] not in {None, ""}]
    found = {(str(row[by]), str(row["window"])): _number(row[key]) for row in rows}
    labels = list(windows)
    first = min((labels.index(window) for _unit, window in found), default=0)
    for unit in {unit for unit, _window in found}:
        shown = [place for place, label in enumerate(labels) if (unit, label) in found]
        for label in labels[shown[0] : shown[-1] + 1]:
            found.setdefault((unit, label), nothing)
    return {place: figure for place, figure in found.items() if labels.index(place[1]) >= first}


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _table(figures: Mapping[tuple[str, str], float | None]) -> pa.Table:
    """unit, period, value; labels of one kind of period sort as their days do."""
    return pa.table(
        {
            "unit": [unit for unit, _window in figures],
            "period": [window for _unit, window in figures],
            "value": pa.array(list(figures.values()), pa.float64()),
        }
    )
