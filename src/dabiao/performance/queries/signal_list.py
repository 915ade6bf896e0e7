"""All signals of a scope as a table, which is filtered, ordered and exported like any other."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from dabiao.performance.queries.rows import Signal
from dabiao.ui.listing import Cell, Column, Listing


def listing(signals: Sequence[Signal], currency: str) -> Listing:
    """One row a signal, in their order. Each row leads to its metric (`href`) and its explanation (`why`)."""
    columns = (
        Column("light", _("Light"), "light"),
        Column("who", _("Unit or person"), link="href"),
        Column("path", _("Below"), hidden=True),
        Column("metric", _("Metric"), "code"),
        Column("value", _("Actual"), "figure"),
        Column("target", _("Target"), "figure"),
        Column("deviation", _("Off by"), "change", note=_("Against what is due by now, or the period before.")),
        Column("stake", _("At stake"), "money"),
        Column("basis", _("Basis"), "code"),
        Column("since", _("Since when"), "code"),
        Column("cause", _("Where it comes from"), "long", link="why"),
        Column("step", _("Next step"), "long"),
    )  # fmt: skip
    return Listing("signals", columns, [_row(each) for each in signals], currency=currency)


def _row(signal: Signal) -> dict[str, Cell]:
    looked = signal.cause or (_("Look where it comes from") if signal.explainable else "")
    carried = _("It makes at least 80%% of the gap of %(units)s") % {"units": _(", ").join(signal.carries)}
    return {
        "light": signal.light,
        "who": " › ".join([*signal.path[-1:], signal.who]),
        "path": " › ".join(signal.path),
        "metric": signal.label,
        "value": signal.value,
        "target": signal.target,
        "deviation": signal.deviation,
        "stake": signal.stake,
        "basis": "" if signal.stake is None else _("estimated") if signal.about else _("counted"),
        "since": signal.since,
        "cause": " ".join([looked, *([carried] if signal.carries else [])]) or None,
        "step": signal.step,
        "unit": signal.unit,
    }
