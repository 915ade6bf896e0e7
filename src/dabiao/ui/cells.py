"""Tables' cells as HTML: one function per kind of column."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol, cast

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dabiao.ui import format
from dabiao.ui.listing import Cell, Column, Row

FOLDED: Final = 160
"""Characters of a long text before the rest of it is folded away."""


class Delta(Protocol):
    """A relative change, or one in percentage points; `good` is None where it is neither."""

    @property
    def value(self) -> float | None: ...
    @property
    def points(self) -> bool: ...
    @property
    def good(self) -> bool | None: ...


_MARGIN: Final = Decimal("1.25")
"""A bullet's full width is 100 %, or what is needed up to 125 %."""


def cell(column: Column, row: Row, currency: str) -> SafeString:
    """What is shown."""
    value = row.get(column.key)
    shown = _shown(column, value, row, currency)
    target = row.get(column.link) if column.link else None
    if target and value is not None:
        shown = format_html('<a href="{}">{}</a>', target, shown)
    check = row.get(column.doubt) if column.doubt else None
    return format_html("{} {}", shown, doubt(str(check))) if check else shown


def doubt(href: str, *, in_words: bool = False) -> SafeString:
    """A mark beside an attainment that can hardly be right, leading to the target; below a tile in words."""
    said = _("Above 1,000%: check the target")
    if in_words:
        return format_html('<a class="why said" href="{}">{}</a>', href, said)
    return format_html('<a class="doubt" href="{}" title="{}" aria-label="{}">?</a>', href, said, said)


def drawn(column: Column, shown: SafeString, rank: str | None = None, *, stacks: bool = False) -> SafeString:
    """A whole cell of a table, with its rank where the browser orders. Said here: a template asks each
    condition of each cell anew. stacks: a number says which it is where no head stands above it."""
    number = " num" if column.is_number else ""
    ordered = "" if rank is None else f' data-v="{escape(rank)}"'
    named = f' data-label="{escape(column.label)}"' if stacks and column.is_number else ""
    hidden = " hidden" if column.hidden else ""
    return mark_safe(f'<td class="c-{column.kind}{number}"{ordered}{named}{hidden}>{shown}</td>')


def said(column: Column, row: Row, currency: str) -> str:
    """What a cell says in words, which is what a filter looks in; lights and bars say nothing."""
    value = row.get(column.key)
    if column.kind in {"light", "bullet"}:
        return ""
    if value is None:
        return format.NOTHING
    if column.kind == "change":
        return f"{format.signed(Decimal(str(value)) * 100, 1)}%"
    if column.kind == "figure":
        return format.figure(cast("Decimal", value), str(row.get("unit", "")), currency)
    if column.kind == "difference":
        return format.change(cast("Decimal", value), str(row.get("unit", "")), currency)
    return _text(column, value, str(row.get(column.currency) or currency))


def light(colour: str | None) -> SafeString:
    """Shape and colour, and a word for those who see neither."""
    words = {"green": _("On track"), "amber": _("Behind"), "red": _("Far behind")}
    if colour not in words:
        return mark_safe('<span class="light none"></span>')
    return format_html(
        '<span class="light {}" role="img" aria-label="{}" title="{}"></span>',
        colour,
        words[colour],
        words[colour],
    )


def bullet(value: format.Number | None, pace: format.Number | None, colour: str | None) -> SafeString:
    """A bar as SVG, so that no style attribute is needed."""
    if value is None:
        return mark_safe(
            '<svg class="bullet" aria-hidden="true"><rect class="track" y="3" width="100%" height="6" rx="3"/></svg>'
        )
    done = Decimal(str(value))
    due = None if pace is None else Decimal(str(pace))
    full = min(_MARGIN, max(Decimal(1), done, due or Decimal(0)))
    width = max(Decimal(0), min(done, full)) / full * 100
    tick = (
        format_html(
            '<rect class="tick" x="{}%" width="2" height="12" rx="1" transform="translate(-1)"/>',
            round(min(due, full) / full * 100, 2),
        )
        if due is not None
        else ""
    )
    label = (
        format.percent(done)
        if due is None
        else _("{done}, due {due}").format(done=format.percent(done), due=format.percent(due))
    )
    return format_html(
        '<svg class="bullet" role="img" aria-label="{}"><rect class="track" y="3" width="100%" height="6" rx="3"/>'
        '<rect class="fill {}" y="3" width="{}%" height="6" rx="3"/>{}</svg>',
        label, colour or "none", round(width, 2), tick,
    )  # fmt: skip


def step_bar(low: float, width: float, tone: str) -> SafeString:
    """A bar of a waterfall: where it begins and how wide it is, as shares of the axis. Never too thin to be seen."""
    return format_html(
        '<svg class="step" aria-hidden="true"><rect class="track" y="8" width="100%" height="1"/>'
        '<rect class="fill {}" x="{}%" y="2" width="{}%" height="13" rx="2"/></svg>',
        tone, round(min(low, 0.994) * 100, 2), round(max(width, 0.006) * 100, 2),
    )  # fmt: skip


def spark(values: Sequence[format.Number | None]) -> SafeString:
    """The last few periods as a small line; nothing where fewer than four are known."""
    known = [(at, float(value)) for at, value in enumerate(values) if value is not None]
    if len(known) < 4:
        return mark_safe("")
    low, high = min(value for _at, value in known), max(value for _at, value in known)
    span = (high - low) or 1.0
    points = [
        f"{at / (len(values) - 1) * 64:.1f},{22 - (value - low) / span * 20:.1f}" for at, value in known
    ]
    line = " ".join(points)
    first, last = points[0].split(",")[0], points[-1].split(",")[0]
    return format_html(
        '<svg class="spark" viewBox="0 0 64 24" preserveAspectRatio="none" aria-hidden="true"><polygon class="area" points="{},24 {} {},24"/><polyline class="line" points="{}"/></svg>',
        first, line, last, line,
    )  # fmt: skip


def delta(change: Delta) -> SafeString:
    """A change on another period, coloured by whether it is good."""
    if change.value is None:
        return format_html('<span class="nothing">{}</span>', format.NOTHING)
    text = format.points(change.value) if change.points else f"{format.signed(change.value * 100, 1)}%"
    return format_html('<span class="{}">{}</span>', {True: "up", False: "down", None: ""}[change.good], text)


def _shown(column: Column, value: Cell, row: Row, currency: str) -> SafeString:
    if column.kind == "light":
        return light(cast("str | None", value))
    if column.kind == "bullet":
        pace = row.get(f"{column.key}_pace")
        return bullet(
            cast("Decimal | None", value), cast("Decimal | None", pace), cast("str | None", row.get("light"))
        )
    text = said(column, row, currency)
    if value is None:
        return format_html('<span class="nothing" title="{}">{}</span>', _("No data"), text)
    if column.kind == "long":
        return _folded(text)
    if column.kind == "change":
        number = Decimal(str(value))
        colour = "up" if number > 0 else "down" if number < 0 else ""
        return format_html('<span class="{}">{}</span>', colour, text)
    return conditional_escape(text)


def _folded(text: str) -> SafeString:
    """What is long is opened by whoever wants it."""
    if len(text) <= FOLDED:
        return conditional_escape(text)
    return format_html("<details><summary>{} …</summary>{}</details>", text[:FOLDED], text[FOLDED:])


def _text(column: Column, value: Cell, currency: str) -> str:  # noqa: PLR0911  # one line per kind
    if column.kind == "flag":
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return format.moment(value)
    if isinstance(value, date):
        return format.day(value)
    if isinstance(value, str) or value is None:
        return value or ""
    match column.kind:
        case "money":
            return format.money(value, currency)
        case "cents":
            return format.cents(value, currency)
        case "ratio":
            return format.percent(value)
        case "points":
            return format.points(value)
        case "count":
            return format.plain(value)
        case _:
            return format.exact(value)
