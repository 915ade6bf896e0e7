"""What to do first about a signal: the step the method asks for, by metric and by kind of metric."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dabiao.engine.metric import Metric
from dabiao.performance.queries.rows import Signal

Words = str | Promise

BY_METRIC: Final[Mapping[str, Words]] = {
    "collection_rate": _(
        "List the overdue instalments by customer; agree a date of payment with the largest."
    ),
    "received_amount": _(
        "List the overdue instalments by customer; agree a date of payment with the largest."
    ),
    "qualified_lead_conversion_rate": _(
        "Compare people and product lines: who loses which leads at which stage? Coach on what they don't know."
    ),
    "win_rate": _(
        "Read the lost deals of the period: reason, competitor, stage. Change the step that loses most."
    ),
    "leads": _("Compare channels by valid share and cost; stop the one that no longer pays."),
    "qualified_leads": _("Compare channels by valid share and cost; stop the one that no longer pays."),
    "visits": _(
        "Look at length and result of the visits, not only at their number; go along on two of them."
    ),
    "effective_visit_rate": _("Prepare each visit with one question to answer; go along on two of them."),
    "proposals": _("Check the last proposals for a reference case and a return calculation."),
    "new_customers": _(
        "Plan next week's first visits by customer tier; fill the funnel before the month ends."
    ),
}
BY_KIND: Final[Mapping[str, Words]] = {
    "result": _("Drill down to the unit, product and customer that make the gap, then ask why five times."),
    "process": _("Agree a number a day with the people concerned and look at it in the weekly meeting."),
    "quality": _("Look at five examples together and write down what a good one has."),
    "capability": _("Pick the people concerned for a short training, and measure again in four weeks."),
    "team": _("Speak with the manager: who carries the team, who needs help?"),
}
DIVERGENCE: Final = _("More work, less result: check how well the work fits before asking for more of it.")
PLENTY: Final = _("More than planned: check that it brings more too, in needs stated, proposals and deals.")
PRAISE: Final = _("Find out what is done differently here, check that it lasts, and share it.")


def next_step(signal: Signal, metric: Metric | None) -> str:
    """One sentence for whoever has to act on the signal."""
    if signal.kind == "divergence":
        return str(DIVERGENCE)
    if signal.light == "green":
        return str(PLENTY if metric is not None and metric.kind == "process" else PRAISE)
    if metric is None:
        return str(BY_KIND["result"])
    return str(BY_METRIC.get(metric.key) or BY_KIND.get(metric.kind) or BY_KIND["result"])
