"""From a metric of the dictionary and a frame to cells that can be explained, and back to names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.engine.diagnosis import CannotExplain, Explanation, NoRatio, explain
from dabiao.engine.diagnosis.decompose import Kind
from dabiao.engine.diagnosis.wording import Language, Names, Unit, sentence
from dabiao.engine.metric import Measure, Metric, Ratio, Words
from dabiao.engine.number import MONEY_SCALE, rounded
from dabiao.engine.period import Period, between
from dabiao.org import queries as org
from dabiao.performance import words
from dabiao.performance.foreseeing import foreseen
from dabiao.performance.measuring import BadQuestion
from dabiao.performance.queries import names
from dabiao.performance.queries.breakdown import ways
from dabiao.performance.queries.frame import Frame
from dabiao.performance.queries.names import labels
from dabiao.performance.queries.promised import NONE, promised

Against = Literal["baseline", "target", "forecast", "previous"]

HISTORY: Final = 18
"""Earlier periods that say what is usual."""

AMOUNT: Final = pa.decimal128(22, MONEY_SCALE)
AGAINST: Final = {
    "baseline": Words("usual level", "平常水平"),
    "target": Words("target", "目标"),
    "forecast": Words("forecast", "预测"),
    "previous": Words("period before", "上期"),
}
LABELLED_BY_NAME: Final = frozenset({"product_line", "acquisition_channel"})
MOST: Final = 7
DIMENSIONS: Final = (
    "person", "product_line", "customer", "acquisition_channel", "sales_channel", "industry", "customer_type", "province",
)  # fmt: skip
"""What a cause may lie in. Results (outcome, lost reason) explain nothing: they are the gap under another name.

So is the customer of a lead, because only good leads become customers. Single customers only where money is
counted: of visits and deals each has too few to tell."""
OF_CUSTOMERS: Final = frozenset({"customer", "industry", "customer_type", "province"})


class CannotTakeApart(BadQuestion):
    """The metric is not a sum or a ratio of two sums, so parts do not add up to it."""


@dataclass(frozen=True)
class Explained:
    """An explanation with what its members are called and the sentence that says it."""

    metric: str
    period: Period
    against: Against
    explanation: Explanation
    names: Names
    sentence: str


def explained(frame: Frame, key: str, against: Against, *, by: Sequence[str] = ()) -> Explained:
    """Why the metric of the frame's scope and period is off. Raises NotFound, BadQuestion.

    by: the dimensions to look along; by default units below the scope, person, product line, customer, channels …
    A period that is not over is compared with the first days, as many, of the periods before.
    """
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    metric = frame.metrics[key]
    dimensions = tuple(by) or _dimensions(frame, metric)
    cells = _cells(frame, metric, dimensions)
    telling = tuple(name for name in dimensions if name in by or len(pc.unique(cells[name])) > 1)
    dimensions = telling or dimensions[:1]
    kind: Kind = "ratio" if isinstance(metric, Ratio) else "sum"
    try:
        expected = _expected(frame, metric, cells, dimensions, against)
        found = explain(cells, dimensions, at=HISTORY, kind=kind, expected=expected)
    except (CannotExplain, NoRatio) as error:
        raise BadQuestion(str(error)) from error
    called = _names(frame, metric, found, dimensions, against)
    language: Language = "zh" if frame.language.startswith("zh") else "en"
    return Explained(key, frame.period, against, found, called, sentence(found, called, language))


def _dimensions(frame: Frame, metric: Metric) -> tuple[str, ...]:
    """Kinds of units below the scope, then what the metric's facts can be split by."""
    below = [
        node
        for node in frame.tree.nodes
        if frame.unit is None or frame.unit.index < node.index < frame.unit.ends
    ]
    levels = [
        kind
        for kind in dict.fromkeys(node.kind for node in below)
        if sum(node.kind == kind for node in below) > 1
    ]
    part, _whole = _sides(metric)
    possible = set(ways(frame, metric)) | {"person"}
    possible -= OF_CUSTOMERS if part.source.table == "leads" else set()
    possible -= {"customer"} if part.unit != "money" else set()
    return tuple(dict.fromkeys([*levels, *(name for name in DIMENSIONS if name in possible)]))[:MOST]


def _sides(metric: Metric) -> tuple[Measure, Measure | None]:
    """What is summed: a measure, or the part and the whole of a ratio."""
    if isinstance(metric, Measure) and metric.additive:
        return metric, None
    if isinstance(metric, Ratio) and metric.part.additive and metric.whole.additive:
        return metric.part, metric.whole
    raise CannotTakeApart(
        _("%(key)s is not a sum or a ratio of sums: its parts do not add up to it.") % {"key": metric.key}
    )


def _windows(frame: Frame) -> dict[str, Period]:
    """Named by their place: the period itself last, those before it cut to as many days while it still runs."""
    spans, window = {str(HISTORY): frame.so_far}, frame.period
    for place in range(HISTORY - 1, -1, -1):
        window = frame.fiscal.previous(window)
        cut = min(window.end, window.start + (frame.so_far.end - frame.so_far.start))
        spans[str(place)] = window if frame.closed else between(window.start, cut)
    return spans


def _cells(frame: Frame, metric: Metric, dimensions: Sequence[str]) -> pa.Table:
    """period, part, whole (of a ratio) and the dimensions, from the facts of the scope."""
    part, whole = _sides(metric)
    sides = {"part": part.key, **({"whole": whole.key} if whole else {})}
    rows = frame.ask(list(dict.fromkeys(sides.values())), _windows(frame), dimensions)
    return pa.table(
        {
            "period": pa.array([int(str(row["window"])) for row in rows], pa.int64()),
            **{side: pa.array([_amount(row[key]) for row in rows], AMOUNT) for side, key in sides.items()},
            **{name: pa.array([_member(row[name]) for row in rows], pa.string()) for name in dimensions},
        }
    )


def _amount(value: object) -> Decimal:
    return rounded(Decimal(str(value)), MONEY_SCALE) if value is not None else Decimal(0)


def _member(value: object) -> str | None:
    return str(value) if value not in {None, ""} else None


def _expected(
    frame: Frame, metric: Metric, cells: pa.Table, dimensions: Sequence[str], against: Against
) -> pa.Table | None:
    if against == "baseline":
        return None
    if against == "previous":
        return _as_before(cells, dimensions)
    if against == "forecast":
        return _as_foreseen(frame, metric)
    scope = frame.scope or org.home_scope(frame.viewer, frame.today)
    target = promised(frame, [scope], (metric.key,)).get((scope, metric.key), NONE).value
    if target is None:
        raise NotFound(_("%(key)s has no target here in this period.") % {"key": metric.key})
    return _as_promised(frame, cells, target)


def _as_before(cells: pa.Table, dimensions: Sequence[str]) -> pa.Table:
    """The period before, member by member; members that had nothing then are expected to have nothing."""
    then = pc.equal(cells["period"], HISTORY - 1)
    sides = [name for name in ("part", "whole") if name in cells.column_names]
    nothing = pa.scalar(Decimal(0), AMOUNT)
    kept = {side: pc.if_else(then, cells[side], nothing) for side in sides}
    table = pa.table({**{name: cells[name] for name in dimensions}, **kept})
    summed = table.group_by(list(dimensions)).aggregate([(side, "sum") for side in sides])
    return summed.rename_columns([*dimensions, *sides])


def _as_promised(frame: Frame, cells: pa.Table, target: Decimal) -> pa.Table:
    """The target in total. A running period owes what is due by now; a ratio owes it on the whole there is."""
    if "whole" in cells.column_names:
        now = cells.filter(pc.equal(cells["period"], HISTORY))
        whole = pc.sum(now["whole"]).as_py() or Decimal(0)
        return pa.table({"part": _one(target * whole), "whole": _one(whole)})
    share = Decimal(1) if frame.closed else Decimal(frame.pace.share.numerator) / frame.pace.share.denominator
    return pa.table({"part": _one(target * share)})


def _as_foreseen(frame: Frame, metric: Metric) -> pa.Table:
    """What the cockpit's forecast would have said on the eve of the period about its days up to now."""
    part, whole = _sides(metric)
    sides = {"part": part.key, **({"whole": whole.key} if whole else {})}
    days = frame.so_far
    made = {
        side: foreseen(frame.lake, key, frame.seats, on=days.start, until=days.end)
        for side, key in sides.items()
    }
    said = {side: _one(Decimal(str(one.total[-1]))) for side, one in made.items() if one is not None}
    if len(said) < len(sides):
        raise NotFound(_("%(key)s has no forecast for this period.") % {"key": metric.key})
    return pa.table(said)


def _one(value: Decimal) -> pa.Array:
    return pa.array([rounded(value, MONEY_SCALE)], AMOUNT)


def _names(
    frame: Frame, metric: Metric, found: Explanation, dimensions: Sequence[str], against: Against
) -> Names:
    """What the metric, the dimensions and the members of causes and branches are called."""
    units: dict[str, Unit] = {"money": "money", "ratio": "ratio"}
    said = {(name, member) for where in found.ranked for name, member in where if member is not None}
    said |= {(name, line.member.name) for name, split in found.by.items() for line in split.contributions}
    members: dict[tuple[str, str], str] = {}
    for dimension in dimensions:
        keys = {member for name, member in said if name == dimension}
        members |= {(dimension, key): called for key, called in _called(frame, dimension, keys).items()}
    return Names(
        metric=frame.label(metric.key),
        against=AGAINST[against].in_language(frame.language),
        unit=units.get(metric.unit, "count"),
        dimensions={name: words.column(name) for name in dimensions},
        members=members,
    )


def _called(frame: Frame, dimension: str, keys: set[str]) -> Mapping[str, str]:
    if any(node.kind == dimension for node in frame.tree.nodes):
        return {key: frame.tree.by_key[key].label(frame.language) for key in keys if key in frame.tree.by_key}
    known = labels(dimension, keys) if dimension in LABELLED_BY_NAME else names.names(dimension, keys)
    return {key: known.get(key, words.value(key)) for key in keys}
