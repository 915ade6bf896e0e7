"""From a metric of the dictionary and a frame to cells that can be explained, and back to names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.utils import translation
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.core.sentence import say
from dabiao.engine.diagnosis import Before, CannotExplain, Explanation, NoRatio, explain
from dabiao.engine.diagnosis.decompose import Kind
from dabiao.engine.diagnosis.search import Settings
from dabiao.engine.diagnosis.wording import Names, Unit, reason, sentence, shown, step_names
from dabiao.engine.message import Message, message
from dabiao.engine.metric import Measure, Metric
from dabiao.engine.period import Period
from dabiao.improvement.queries.against import Against, Expected, expected, in_words
from dabiao.improvement.queries.cells import HISTORY, cells, now, windows
from dabiao.improvement.queries.net_scores import lifted, lowered
from dabiao.improvement.queries.owed import Uneven
from dabiao.improvement.queries.sides import CannotTakeApart, Sides, sides
from dabiao.improvement.queries.staffing import staff
from dabiao.lake.reading import Lake
from dabiao.metrics import labels, names, splits
from dabiao.metrics.answer import BadMetricRequest
from dabiao.metrics.frame import Frame
from dabiao.performance.queries.breakdown import ways
from dabiao.ui.format import money

__all__ = ["Against", "CannotTakeApart", "Explained", "explained", "possible", "single"]

LABELLED_BY_NAME: Final = frozenset({"product_line", "acquisition_channel"})
MOST: Final = 6
DIMENSIONS: Final = (
    "person", "product_line", "customer", "acquisition_channel", "sales_channel", "industry", "customer_type", "province",
)  # fmt: skip
"""What a cause may lie in. Results (outcome, lost reason) explain nothing: they are the gap under another name.

So is the customer of a lead, because only good leads become customers. Single customers and their industries only
where money is counted: of visits and deals each has too few to tell, and all together hide what others have."""
OF_CUSTOMERS: Final = frozenset({"customer", "industry", "customer_type", "province"})
NOTED: Final = 3
"""Units of which it is said that their parts' targets do not sum to their own."""
CROWD: Final = 200
"""Where more people work, single people and customers are left to whoever looks one unit deeper."""
FEW: Final = 0.2
"""A kind of unit in which fewer of the seats lie is no way to split a figure."""
MEETS: Final = 0.5
"""Where less of a ratio's two sides lies in members that have both, it does not exist member by member."""
DECIMALS: Final = {"score": 2, "days": 1, "minutes": 1}
"""Digits of a mean that a sentence shows: those of a sum of days say nothing."""


@dataclass(frozen=True)
class Explained:
    """An explanation with what its members are called, the sentence that says it, and its steps and gap in words.

    notes: what a reader must know of how it was worked out
    reason: the sentence without what is off and by how much
    """

    metric: str
    period: Period
    against: Against
    explanation: Explanation
    names: Names
    sentence: str
    steps: tuple[str, ...]
    notes: tuple[str, ...] = ()
    reason: str = ""


def explained(frame: Frame, key: str, against: Against, *, by: Sequence[str] = ()) -> Explained:
    """Why the metric of the frame's scope and period is off. Raises NotFound, BadMetricRequest.

    by: the dimensions to look along; by default units below the scope, person, product line, customer, channels …
    A period that is not over is compared with the first days, as many, of the periods before.
    """
    return explained_in([frame.language], frame, key, against, by=by)[frame.language]


def explained_in(
    languages: Sequence[str], frame: Frame, key: str, against: Against, *, by: Sequence[str] = ()
) -> dict[str, Explained]:
    """The same, found out once and said in each of the languages."""
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    metric = frame.metrics[key]
    made_of = sides(frame, metric)
    by = _named(frame, metric, by)
    table, dimensions = cells(frame, made_of, tuple(by) or _dimensions(frame, metric, made_of), asked=by)
    _refuse_nothing(frame, key, made_of, table, against)
    dimensions = tuple(name for name in dimensions if name in by or _tells(table, name)) or dimensions[:1]
    held = expected(frame, key, made_of, table, dimensions, against)
    found = _explained(frame, key, made_of, held, dimensions, against)
    told = {}
    for language in languages:
        with translation.override(language):
            told[language] = _told(replace(frame, language=language), metric, found, held, dimensions, against)  # fmt: skip
    return told


def _named(frame: Frame, metric: Metric, by: Sequence[str]) -> tuple[str, ...]:
    """The dimensions as they are called here: units are looked along kind by kind, as they have targets; what targets and
    attainment know by another name (segment) is known by it here too."""
    if splits.is_nobodys(metric):
        return tuple(by)
    roots = frame.tree.roots()
    top = frame.unit or (roots[0] if len(roots) == 1 else None)
    inside = frame.tree.subtree(top.key)[1:] if top else frame.tree.nodes
    kinds = {node.kind for node in frame.tree.nodes}
    found: list[str] = []
    for name in by:
        below = [node.kind for node in inside] if name == "unit" and "unit" not in kinds else []
        found += below or [name if name in kinds else splits.named(name) or name]
    return tuple(dict.fromkeys(found))


def _told(
    frame: Frame,
    metric: Metric,
    found: Explanation,
    held: Expected,
    dimensions: Sequence[str],
    against: Against,
) -> Explained:
    """What was found out, in the language of the frame."""
    called = _names(frame, metric, found, dimensions, against)
    worst = sorted(held.uneven, key=lambda each: (-abs(each.own - each.parts), each.unit, each.dimension))[
        :NOTED
    ]
    return Explained(
        metric.key,
        frame.period,
        against,
        found,
        called,
        sentence=say(sentence(found, called), frame.language),
        steps=tuple(say(step, frame.language) for step in step_names(found, called)),
        notes=(
            *_counted_once(frame, metric),
            *(say(_uneven(frame, called, each), frame.language) for each in worst),
        ),
        reason=say(reason(found, called), frame.language),
    )


def _counted_once(frame: Frame, metric: Metric) -> Iterator[str]:
    """That the parts of a count of different things are not those of the breakdown, which counts in each of them."""
    if isinstance(metric, Measure) and metric.how == "distinct" and metric.of is not None:
        what = labels.column(metric.of.columns[0])
        note = message("Every “{what}” counts once, in the part where it first showed.", what=what)
        yield say(note, frame.language)


def _explained(
    frame: Frame, key: str, made_of: Sides, held: Expected, dimensions: Sequence[str], against: Against
) -> Explanation:
    kind: Kind = "ratio" if made_of.whole else "sum"
    table, named = held.cells, held.figures
    if made_of.net:
        table, named = lifted(table), lifted(named) if isinstance(named, pa.Table) else named
    try:
        early = frame.early
        there = staff(frame, windows(frame), dimensions) if kind == "sum" and not early else None
        then = Before(named) if isinstance(named, pa.Table) and against == "previous" else named
        found = explain(
            table,
            dimensions,
            at=HISTORY,
            kind=kind,
            expected=then,
            staff=there,
            settings=Settings(early=early),
        )
    except NoRatio as error:
        raise BadMetricRequest(
            _("%(metric)s cannot be compared: there was nothing to divide by, now or then.")
            % {"metric": frame.label(key)}
        ) from error
    except CannotExplain as error:
        raise BadMetricRequest(say(error.said, frame.language)) from error
    return lowered(found) if made_of.net else found


def _uneven(frame: Frame, called: Names, each: Uneven) -> Message:
    """That the targets below a unit sum to another figure than its own."""
    if each.dimension:
        return message(
            "The targets by {dimension} sum to {parts}, the target is {own}: they are left aside here.",
            dimension=labels.column(each.dimension),
            parts=shown(each.parts, called),
            own=shown(each.own, called),
        )
    node = frame.tree.by_key[each.unit]
    return message(
        "The targets of the parts of {unit} sum to {parts}, its own is {own}: the difference belongs to none of them.",
        unit=node.label(frame.language),
        parts=shown(each.parts, called),
        own=shown(each.own, called),
    )


def _tells(table: pa.Table, dimension: str) -> bool:
    """Whether there is more than one member, and a ratio's two sides meet in them.

    Advertising is spent on a channel and by nobody, leads come from a channel to somebody: cost per lead exists by
    channel, but not by person.
    """
    if len(pc.unique(table[dimension])) < 2:
        return False
    if "whole" not in table.column_names:
        return True
    sums = table.group_by(dimension).aggregate([("part", "sum"), ("whole", "sum")])
    part = pc.abs(sums["part_sum"].cast(pa.float64())).to_numpy()
    whole = pc.abs(sums["whole_sum"].cast(pa.float64())).to_numpy()
    part_met, whole_met = part[whole > 0].sum(), whole[part > 0].sum()
    return not part.any() or bool(part_met >= MEETS * part.sum() and whole_met >= MEETS * whole.sum())


def _refuse_nothing(frame: Frame, key: str, made_of: Sides, table: pa.Table, against: Against) -> None:
    here = now(table)
    empty = not here.num_rows or (made_of.whole is not None and not pc.any(pc.not_equal(here["whole"], 0)))
    if empty:
        raise BadMetricRequest(
            _("%(metric)s has no figures here in %(period)s.")
            % {"metric": frame.label(key), "period": frame.period.label}
        )
    if against in {"baseline", "previous"} and here.num_rows == table.num_rows:
        raise BadMetricRequest(
            _(
                "%(metric)s has no earlier period here that says what is usual: choose a target or a later period."
            )
            % {"metric": frame.label(key)}
        )


def possible(frame: Frame, metric: Metric, made_of: Sides) -> tuple[str, ...]:
    """Kinds of units below the scope, then what the metric's facts can be split by."""
    below = [
        node
        for node in frame.tree.nodes
        if frame.unit is None or frame.unit.index < node.index < frame.unit.ends
    ]
    levels = [
        kind
        for kind in dict.fromkeys(node.kind for node in below)
        if sum(node.kind == kind for node in below) > 1 and kind in _peopled(frame.lake)
    ]
    known = set(ways(frame, metric)) | {"person"}
    known -= OF_CUSTOMERS if made_of.source.table == "leads" else set()
    return tuple(dict.fromkeys([*levels, *(name for name in DIMENSIONS if name in known)]))


@lru_cache(maxsize=8)
def _peopled(lake: Lake) -> frozenset[str]:
    """Kinds of units in which people enough have sat to account for anything: head office's departments have not."""
    held = lake.run(
        "SELECT l.kind, count(*) AS held FROM assignments a JOIN unit_levels l ON l.unit = a.unit GROUP BY l.kind"
    ).to_pylist()
    most = max((row["held"] for row in held), default=0)
    return frozenset(row["kind"] for row in held if row["held"] >= FEW * most)


def _dimensions(frame: Frame, metric: Metric, made_of: Sides) -> tuple[str, ...]:
    """Those that are looked along where nobody says which."""
    left_out = single(frame) | ({"customer", "industry"} if made_of.part.unit != "money" else set())
    return tuple(name for name in possible(frame, metric, made_of) if name not in left_out)[:MOST]


def single(frame: Frame) -> set[str]:
    """What is too many members to be looked at where a crowd works."""
    return {"person", "customer"} if _people(frame) > CROWD else set()


def _people(frame: Frame) -> int:
    """How many people held a seat of the scope in the period."""
    span = pa.table({"first": [frame.period.start], "after": [frame.period.end]})
    held = "SELECT count(DISTINCT person) AS n FROM assignments, span WHERE starts_on < after AND ends_on > first"
    if frame.seats is None:
        return int(frame.lake.run(held, span=span)["n"][0].as_py())
    scope = pa.table({"seat": pa.array(sorted(frame.seats), pa.int64())})
    inside = f"{held} AND seat IN (SELECT seat FROM scope)"
    return int(frame.lake.run(inside, span=span, scope=scope)["n"][0].as_py())


def _names(
    frame: Frame, metric: Metric, found: Explanation, dimensions: Sequence[str], against: Against
) -> Names:
    """What the metric, the dimensions and the members of causes and branches are called."""
    units: dict[str, Unit] = {"money": "money", "ratio": "ratio"}
    said = {(name, member) for one in found.ranked for name, member in one.where if member is not None}
    said |= {(name, line.member.name) for name, split in found.by.items() for line in split.contributions}
    members: dict[tuple[str, str], str] = {}
    for dimension in dimensions:
        keys = {member for name, member in said if name == dimension}
        members |= {(dimension, key): called for key, called in _called(frame, dimension, keys).items()}
    return Names(
        metric=frame.label(metric.key),
        against=in_words(frame, against, ratio=found.kind == "ratio"),
        unit=units.get(metric.unit, "count"),
        dimensions={name: labels.column(name) for name in dimensions},
        members=members,
        decimals=_decimals(metric, found),
        money=partial(_money, frame),
    )


def _money(frame: Frame, value: Decimal) -> str:
    """An amount as the page shows it, in the language of the sentence."""
    with translation.override(frame.language):
        return money(value, frame.currency)


def _decimals(metric: Metric, found: Explanation) -> int:
    """As many as a mean's unit has, and one more where its gap would not be seen."""
    if found.kind != "ratio":
        return 0
    usual = DECIMALS.get(metric.unit, 0)
    return usual if abs(found.gap) >= Decimal(1).scaleb(-usual) or not usual else usual + 1


def _called(frame: Frame, dimension: str, keys: set[str]) -> Mapping[str, str]:
    if any(node.kind == dimension for node in frame.tree.nodes):
        return {key: frame.tree.by_key[key].label(frame.language) for key in keys if key in frame.tree.by_key}
    known = names.labels(dimension, keys) if dimension in LABELLED_BY_NAME else names.names(dimension, keys)
    return {key: known.get(key, labels.value(key)) for key in keys}
