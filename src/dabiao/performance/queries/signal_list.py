"""All signals of a scope as a table, which is filtered, ordered and exported like any other."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from dabiao.performance.queries.rows import Signal
from dabiao.ui.listing import Cell, Column, Listing


def listing(signals: Sequence[Signal], name: str, currency: str) -> Listing:
    """One row a signal, in their order. Each row leads to its metric (`href`) and its explanation (`why`).

    name: the scope's, of what is about it as a whole
    """
    columns = (
        Column("light", _("Light"), "light"),
        Column("who", _("Unit or person"), link="href"),
        Column("path", _("Below"), hidden=True),
        Column("metric", _("Metric"), "code"),
        Column("value", _("Actual"), "figure"),
        Column("target", _("Target"), "figure"),
        Column("deviation", _("Off by"), "change", note=_("Against what is due by now, or the period before.")),
        Column("stake", _("At stake"), "money"),
        Column("basis", _("Est."), "code", note=_("≈: the missing share of the sales due here.")),
        Column("since", _("Since when"), "code"),
        Column("cause", _("Where it comes from"), "long", link="why"),
        Column("step", _("Next step"), "long"),
    )  # fmt: skip
    rows = [_row(each, name) for each in signals]
    return Listing("signals", columns, rows, currency=currency, stacks=True)


def _row(signal: Signal, name: str) -> dict[str, Cell]:
    looked = signal.cause or (_("Look where it comes from") if signal.explainable else "")
    parted, words = _("%(up)s up while %(down)s falls"), {"up": signal.label, "down": signal.other_label}
    carried = _("It makes at least 80%% of the gap of %(units)s") % {"units": _(", ").join(signal.carries)}
    return {
        "light": signal.light,
        "who": " › ".join([*signal.path[-1:], signal.who or name]),
        "path": " › ".join(signal.path),
        "metric": parted % words if signal.kind == "divergence" else signal.label,
        "value": None if signal.kind == "divergence" else signal.value,
        "target": signal.target,
        "deviation": None
        if signal.deviation is None or signal.kind == "divergence" or signal.points
        else round(signal.deviation, 12),  # an export tells no digits of binary fractions
        "stake": signal.stake,
        "basis": "≈" if signal.about else None,
        "since": signal.since,
        "cause": " ".join([looked, *([carried] if signal.carries else [])]) or None,
        "step": signal.step,
        "unit": signal.unit,
    }
