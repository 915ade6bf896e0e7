"""The metric dictionary: what each metric means, how it is computed, when it is green, and how it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dabiao.core.errors import NotFound
from dabiao.engine.metric import Measure, Metric, Ratio, measures_of, rollable, sources_of
from dabiao.engine.row import Between, Terms
from dabiao.lake import dictionary
from dabiao.lake.metrics_page import definition
from dabiao.metrics import labels
from dabiao.metrics.figure import Where
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, promised
from dabiao.metrics.standing import NOW, Standing, Values, stand
from dabiao.performance.queries.breakdown import trend
from dabiao.performance.queries.rows import Trend
from dabiao.ui.listing import Cell, Column, Listing


@dataclass(frozen=True)
class About:
    """One metric, explained."""

    where: Where
    metric: Metric
    label: str
    note: str
    kind: str
    unit: str
    formula: str
    computed: str
    tables: tuple[str, ...]
    green: Decimal
    amber: Decimal
    own: bool
    standing: Standing
    trend: Trend
    parts: tuple[tuple[str, str], ...]


def about(frame: Frame, key: str) -> About:
    """The definition of a metric, its value in scope and period, and how it went."""
    if key not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": key})
    metric = frame.metrics[key]
    spans = {NOW: frame.so_far}
    value = Values(frame, spans, frame.ask((key,), spans)).get(NOW, key)
    promise = promised(frame, [frame.scope], (key,)).get((frame.scope, key), NONE)
    return About(
        where=Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number),
        metric=metric,
        label=frame.label(key),
        note=frame.note(key),
        kind=str(labels.KINDS[metric.kind]),
        unit=str(labels.UNITS[metric.unit]),
        formula=formula(frame, metric),
        computed=definition(metric),
        tables=tuple(dict.fromkeys(labels.table(each.source.table) for each in measures_of(metric))),
        green=metric.lights.green,
        amber=metric.lights.amber,
        own=metric is not dictionary.standard_metrics().get(key),
        standing=stand(frame, metric, value, promise),
        trend=trend(frame, key),
        parts=tuple((each.key, frame.said(each.label)) for each in measures_of(metric) if each.key != key),
    )


def formula(frame: Frame, metric: Metric) -> str:
    """How it is computed, in the reader's words."""
    if isinstance(metric, Ratio):
        return " ÷ ".join(frame.said(each.label) for each in (metric.part, metric.whole))
    if isinstance(metric, Measure):
        return f"{labels.table(metric.source.table)} · {_how(metric)}"
    return _("%(metric)s ÷ that of the parent") % {"metric": frame.said(metric.of.label)}


def _how(measure: Measure) -> str:
    of = _of(measure)
    return {
        "sum": _("sum of %(of)s"),
        "count": _("number of rows"),
        "distinct": _("number of different %(of)s"),
        "mean": _("mean of %(of)s"),
        "median": _("median of %(of)s"),
        "min": _("smallest %(of)s"),
        "max": _("largest %(of)s"),
    }[measure.how] % {"of": of}


def _of(measure: Measure) -> str:
    """The columns of a value as they are added, subtracted or run from one to the other."""
    if isinstance(measure.of, Terms):
        less = "".join(f" − {labels.column(name)}" for name in measure.of.minus)
        return " + ".join(labels.column(name) for name in measure.of.plus) + less
    if isinstance(measure.of, Between):
        return f"{labels.column(measure.of.start)} → {labels.column(measure.of.end)}"
    return " · ".join(labels.column(name) for name in dict.fromkeys(measure.of.columns if measure.of else ()))


def _values(frame: Frame, known: Iterable[str]) -> Values:
    """All metrics in the period. One question for each set of tables: a question over all of them at once would
    take seconds to compile, and one median would keep every sum from its roll-up."""
    alike: dict[object, list[str]] = {}
    for key in known:
        metric = frame.metrics[key]
        alike.setdefault((sources_of([metric]), rollable(metric)), []).append(key)
    spans, cell = {NOW: frame.so_far}, dict[str, object]()
    for keys in alike.values():
        for row in frame.ask(keys, spans):
            cell |= row
    return Values(frame, spans, [cell] if cell else [])


def listing(frame: Frame, *, valued: bool = True) -> Listing:
    """Every metric in force, with its value in scope and period unless those are to follow."""
    known = frame.known(frame.metrics)
    values = _values(frame, known if valued else ())
    promises = promised(frame, [frame.scope], known) if valued else {}
    rows: list[dict[str, Cell]] = []
    for key, metric in frame.metrics.items():
        value = values.get(NOW, key) if valued and key in known else None
        stands = stand(frame, metric, value, promises.get((frame.scope, key), NONE))
        rows.append(
            {
                "label": frame.label(key),
                "key": key,
                "kind": str(labels.KINDS[metric.kind]),
                "formula": formula(frame, metric),
                "light": stands.light,
                "value": value,
                "target": stands.target,
                "unit": metric.unit,
                "data": _("yes") if key in known else _("no facts"),
            }
        )
    columns = [
        Column("light", pgettext("colour of a status", "Light"), "light", export=False),
        Column("label", _("Metric"), link="href"),
        Column("kind", _("Kind")),
        Column("formula", _("Computed as")),
        Column("value", _("This period"), "figure"),
        Column("target", _("Target"), "figure"),
        Column("data", _("Facts")),
        Column("key", _("Key"), hidden=True),
        Column("unit", _("Unit of measure"), hidden=True),
    ]
    return Listing("metrics", columns, rows, currency=frame.currency)
