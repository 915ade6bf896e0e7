"""What people call the columns, tables and dimensions that figures are split by and made of."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dabiao.facts.words import TABLES

COLUMNS: Final[Mapping[str, Promise]] = {
    "key": _("Number in the source"),
    "source": _("Source"),
    "entity": _("Legal entity"),
    "person": _("Person"),
    "customer": _("Customer"),
    "unit": _("Unit"),
    "amount": _("Amount excl. tax"),
    "amount_with_tax": _("Amount incl. tax"),
    "tax_rate": _("Tax rate"),
    "currency": _("Currency"),
    "original_amount": _("Original amount excl. tax"),
    "original_amount_with_tax": _("Original amount incl. tax"),
    "fx_rate": _("Exchange rate"),
    "fx_on": _("Rate of"),
    "signed_on": _("Signed on"),
    "ordered_on": _("Ordered on"),
    "shipped_on": _("Shipped on"),
    "invoiced_on": _("Invoiced on"),
    "recognised_on": _("Recognised on"),
    "due_on": _("Due on"),
    "received_on": _("Received on"),
    "allocated_on": _("Allocated on"),
    "created_on": _("Created on"),
    "closed_on": _("Closed on"),
    "changed_at": _("Changed at"),
    "sent_on": _("Sent on"),
    "started_at": _("Started at"),
    "planned_on": _("Planned on"),
    "answered_on": _("Answered on"),
    "opened_at": _("Opened at"),
    "used_on": _("Used on"),
    "spent_on": _("Spent on"),
    "qualified_on": _("Qualified on"),
    "converted_on": _("Won on"),
    "expected_close_on": _("Expected close"),
    "engaged_on": _("First contact"),
    "promised_on": _("Promised on"),
    "accepted_on": _("Accepted on"),
    "order": _("Order"),
    "contract": _("Contract"),
    "product": _("Product"),
    "product_line": _("Product line"),
    "category": _("Category"),
    "qty": _("Quantity"),
    "cost": _("Cost"),
    "list_amount": _("At list price"),
    "discount": _("Discount"),
    "kind": _("Kind"),
    "sales_channel": _("Sales channel"),
    "acquisition_channel": _("Acquisition channel"),
    "dealer": _("Dealer"),
    "reverses": _("Reverses"),
    "receivable": _("Receivable"),
    "receipt": _("Receipt"),
    "invoice": _("Invoice"),
    "method": _("Method"),
    "vendor": _("Vendor"),
    "campaign": _("Campaign"),
    "referrer": _("Referred by"),
    "valid": _("Valid"),
    "invalid_reason": _("Why invalid"),
    "opportunity": _("Opportunity"),
    "stage": _("Stage"),
    "outcome": _("Outcome"),
    "lost_reason": _("Why lost"),
    "competitor": _("Competitor"),
    "budget": _("Budget"),
    "decision_chain": _("People who decide"),
    "forecast_category": _("Forecast category"),
    "team": _("Team"),
    "region": _("Region"),
    "version": _("Version"),
    "minutes": _("Minutes"),
    "contact": _("Contact"),
    "with_decision_maker": _("With a decision maker"),
    "need_stated": _("Need stated"),
    "needs_depth": _("Depth of needs"),
    "plan": _("Planned visit"),
    "has_case": _("With a case"),
    "has_roi": _("With ROI"),
    "companion": _("Companion"),
    "customer_tier": _("Customer tier"),
    "high_value": _("High-value customer"),
    "entered_by": _("Filed by"),
    "signer": _("Signer"),
    "status": _("Status"),
    "contract_party": _("Contract party"),
    "end_customer": _("End customer"),
    "score": _("Score"),
    "severity": _("Severity"),
    "cause": _("Cause"),
    "industry": _("Industry"),
    "province": _("Province"),
    "city": _("City"),
    "customer_type": _("Customer type"),
    "parent_customer": _("Parent group"),
    "tier": _("Customer tier"),
    "customer_status": _("Customer status"),
    "goal": _("Goal"),
    "done": _("Done"),
    "instrument": _("Survey"),
    "rule": _("Rule"),
    "metric": _("Metric"),
    "value": _("Value"),
    "on": _("Day"),
}
KINDS: Final[Mapping[str, Promise]] = {
    "result": pgettext_lazy("kind of metric", "Result"),
    "process": pgettext_lazy("kind of metric", "Process"),
    "quality": pgettext_lazy("kind of metric", "Quality"),
    "capability": pgettext_lazy("kind of metric", "Capability"),
    "team": pgettext_lazy("kind of metric", "Team"),
}
UNITS: Final[Mapping[str, Promise]] = {
    "money": pgettext_lazy("unit of a metric", "Money"),
    "count": pgettext_lazy("unit of a metric", "Count"),
    "quantity": pgettext_lazy("unit of a metric", "Quantity"),
    "days": pgettext_lazy("unit of a metric", "Days"),
    "minutes": pgettext_lazy("unit of a metric", "Minutes"),
    "ratio": pgettext_lazy("unit of a metric", "Share"),
    "score": pgettext_lazy("unit of a metric", "Score"),
}
VALUES: Final[Mapping[str, Promise]] = {
    "strategic": pgettext_lazy("customer tier", "Strategic"),
    "profit": pgettext_lazy("customer tier", "Profit"),
    "nurture": pgettext_lazy("customer tier", "Nurture"),
    "maintain": pgettext_lazy("customer tier", "Maintain"),
    "active": pgettext_lazy("customer status", "Active"),
    "dormant": pgettext_lazy("customer status", "Dormant"),
    "lost": pgettext_lazy("outcome", "Lost"),
    "won": pgettext_lazy("outcome", "Won"),
    "new": pgettext_lazy("kind of deal", "New"),
    "renewal": pgettext_lazy("kind of deal", "Renewal"),
    "upsell": pgettext_lazy("kind of deal", "Upsell"),
    "cross_sell": pgettext_lazy("kind of deal", "Cross-sell"),
    "return": pgettext_lazy("kind of deal", "Return"),
    "cancellation": pgettext_lazy("kind of deal", "Cancellation"),
    "direct": pgettext_lazy("sales channel", "Direct"),
    "online": pgettext_lazy("sales channel", "Online"),
    "visit": pgettext_lazy("activity", "Visit"),
    "call": pgettext_lazy("activity", "Call"),
    "demo": pgettext_lazy("activity", "Demo"),
    "proposal": pgettext_lazy("activity", "Proposal"),
    "joint_visit": pgettext_lazy("activity", "Joint visit"),
    "transfer": pgettext_lazy("method", "Transfer"),
    "acceptance_bill": pgettext_lazy("method", "Acceptance bill"),
    "advance": pgettext_lazy("instalment", "Advance"),
    "delivery": pgettext_lazy("instalment", "On delivery"),
    "acceptance": pgettext_lazy("instalment", "On acceptance"),
    "retention": pgettext_lazy("instalment", "Retention"),
}


def column(name: str) -> str:
    """What a column or a dimension is called; its own name where nobody has given it one."""
    return str(COLUMNS[name]) if name in COLUMNS else name.replace("_", " ").capitalize()


def table(name: str) -> str:
    """What a table is called."""
    return str(TABLES[name]) if name in TABLES else name.replace("_", " ").capitalize()


def value(told: object) -> str:
    """A value of a column as a reader sees it; codes by their names, days as ISO days."""
    text = str(told)
    return str(VALUES[text]) if text in VALUES else text
