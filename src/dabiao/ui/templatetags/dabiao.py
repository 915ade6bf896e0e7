"""What templates say in one word: figures, lights, bullets, icons, charts, tables, addresses that keep their place."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from django import template
from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dabiao.engine.attainment import doubtful
from dabiao.engine.period import Period
from dabiao.ui import cells, charts, format, view
from dabiao.ui.address import NAMES
from dabiao.ui.listing import Listing
from dabiao.ui.table import drawn

register = template.Library()
Number = format.Number
_BETWEEN: Final = re.compile("`([^`]+)`")


@register.filter
def money(value: Number | None, currency: str = "CNY") -> str:
    """`{{ amount|money:currency }}` → ¥156 万."""
    return format.NOTHING if value is None else format.money(value, currency)


@register.filter
def cents(value: Number | None, currency: str = "CNY") -> str:
    """An amount with every digit."""
    return format.NOTHING if value is None else format.cents(value, currency)


@register.filter
def count(value: Number | None) -> str:
    """1004 → 1,004."""
    return format.NOTHING if value is None else format.plain(value)


class Grouped(int):
    """A number of things that is written with its thousands apart: `blocktranslate` counts by it and writes it."""

    def __str__(self) -> str:
        return format.plain(int(self))


@register.filter
def grouped(value: int) -> Grouped:
    """`{% blocktranslate count n=rows|grouped %}` → 3,629 rows."""
    return Grouped(value)


@register.filter
def exact(value: Number | None) -> str:
    """Every digit there is."""
    return format.NOTHING if value is None else format.exact(value)


@register.filter
def rough(value: Number | None) -> str:
    """A figure worked out from others: 6,984,545.4545 → 6,984,545."""
    return format.NOTHING if value is None else format.rough(value)


@register.filter
def percent(value: Number | None, digits: int = 1) -> str:
    """0.708 → 70.8%."""
    return format.NOTHING if value is None else format.percent(value, digits)


@register.filter
def points(value: Number | None) -> str:
    """A change of a ratio in percentage points."""
    return format.NOTHING if value is None else format.points(value)


@register.filter
def signed_percent(value: Number | None) -> str:
    """0.112 → +11.2%."""
    return format.NOTHING if value is None else f"{format.signed(format._decimal(value) * 100, 1)}%"


@register.filter
def short(value: Number | None) -> format.Short | str:
    """`.digits` and `.step` of a figure: 1,842 and 万."""
    return format.NOTHING if value is None else format.short(value)


@register.simple_tag
def figure(value: Number | None, unit: str, currency: str = "CNY", digits: int | None = None) -> str:
    """A metric's value as its unit is written."""
    return format.figure(value, unit, currency, digits)


@register.simple_tag
def change(value: Number | None, unit: str, currency: str = "CNY", digits: int | None = None) -> str:
    """A difference of a metric, with its sign; percentage points for ratios."""
    return format.change(value, unit, currency, digits)


@register.filter
def magnitude(value: Number | None) -> Number | None:
    """Without its sign, for sentences that say "short" or "above"."""
    return None if value is None else abs(format._decimal(value))


@register.simple_tag
def parts(value: Number | None, unit: str, currency: str = "CNY") -> format.Short:
    """A value's `.digits` and `.step` for tiles: ¥1,842 and 万, 75.0 and %."""
    return format.parts(value, unit, currency)


@register.simple_tag
def beside(target: Number, value: Number | None, unit: str) -> str:
    """A target as it is written beside its value."""
    return format.beside(target, value, unit)


@register.simple_tag
def delta(change: cells.Delta) -> SafeString:
    """A change on another period, coloured by whether it is good: +11.2%, −8.0 pp."""
    return cells.delta(change)


@register.filter
def day(on: date | None) -> str:
    """A day in the language's order."""
    return format.NOTHING if on is None else format.day(on)


@register.filter
def moment(at: datetime | None) -> str:
    """A moment in the business time zone."""
    return format.NOTHING if at is None else format.moment(at)


@register.filter
def period(window: Period | None) -> str:
    """A period as people call it."""
    return format.NOTHING if window is None else format.period(window)


@register.simple_tag
def light(colour: str | None) -> SafeString:
    """A green disc, amber triangle or red square; nothing at all where there is no light."""
    return cells.light(colour)


@register.simple_tag
def bullet(value: Number | None, pace: Number | None = None, colour: str | None = None) -> SafeString:
    """A bar of attainment (0.708) with a tick where we should be today (0.722)."""
    return cells.bullet(value, pace, colour)


@register.simple_tag
def doubt(attained: Number | None, href: str, *, in_words: bool = False) -> SafeString:
    """A mark beside an attainment above 1,000 %, leading to its target; nothing beside others."""
    return cells.doubt(href, in_words=in_words) if doubtful(attained) else SafeString()


@register.filter
def coded(text: str) -> SafeString:
    """What stands between backticks as code: texts are shared with the documents."""
    return mark_safe(_BETWEEN.sub(r"<code>\1</code>", conditional_escape(text)))  # escaped just now


@register.simple_tag
def step_bar(at: tuple[float, float], tone: str) -> SafeString:
    """A bar of a waterfall: (beginning, width) on an axis from 0 to 1; the figures stand beside it."""
    return cells.step_bar(*at, tone)


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A Tabler icon by name, drawn in the text's colour; KeyError for one that does not exist."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', classes, _icon(name)
    )


def _icon(name: str) -> SafeString:
    return mark_safe(_icons()[name])  # from the pinned package, not from anybody's input


@lru_cache(maxsize=1)
def _icons() -> Mapping[str, str]:
    file = settings.ROOT / "ui/static/vendor/icons.json"
    if not file.exists():
        raise FileNotFoundError(
            "the front-end files are missing: run `python hatch_build.py` in the checkout"
        )
    icons: Mapping[str, str] = json.loads(file.read_text())
    return icons


@register.simple_tag
def spark(values: Sequence[Number | None]) -> SafeString:
    """The last few periods as a line of 64 × 24 pixels."""
    return cells.spark(values)


@register.simple_tag
def pace_chart(rows: charts.Pace, key: str, label: str, unit: str, currency: str = "CNY") -> SafeString:
    """Cumulative actual, target pace and forecast."""
    return chart(charts.pace(rows, unit=unit, currency=currency), key, label, "tall")


@register.simple_tag
def funnel_chart(stages: Sequence[charts.Stage], key: str, label: str) -> SafeString:
    """Stages of the funnel."""
    return chart(charts.funnel(stages), key, label)


@register.simple_tag
def correlation_chart(links: Sequence[charts.Link], key: str, label: str) -> SafeString:
    """Process figures against the result."""
    return chart(charts.correlation(links), key, label)


@register.simple_tag(takes_context=True)
def columns_chart(
    context: Mapping[str, Any], trend: charts.Trend, key: str, label: str, to: str = ""
) -> SafeString:
    """A metric period by period with its targets. A column leads to the metric `to`, split, in its period."""
    leads = [keep(context, "performance:breakdown", to, period=each) for each in trend.labels] if to else []
    drawn = chart(charts.columns(trend, leads), key, label, "low")
    if not leads:
        return drawn
    links = format_html_join(
        " ", '<a href="{}">{}</a>', [(at, each) for at, each in zip(leads, trend.labels, strict=True)]
    )
    return format_html('{}<nav class="chart-leads" aria-label="{}">{}</nav>', drawn, label, links)


@register.simple_tag
def chart(option: Mapping[str, Any], key: str, label: str, classes: str = "") -> SafeString:
    """Draw an ECharts option from `web.charts`; `label` is what a screen reader says."""
    data = json_script(option, f"{key}-option")
    return format_html(
        '<div class="chart {}" id="{}" role="img" aria-label="{}" data-chart="{}-option"></div>{}',
        classes,
        key,
        label,
        key,
        data,
    )


@register.inclusion_tag("_listing.html", takes_context=True)
def listing(context: Mapping[str, Any], table: Listing, *, tools: bool = True) -> dict[str, Any]:
    """A table that sorts, filters, turns pages, chooses columns, moves by keyboard and exports itself."""
    return drawn(context["request"], table, tools=tools)


@register.simple_tag(takes_context=True)
def here(context: Mapping[str, Any], **changes: object) -> str:
    """This page's address with some parameters changed; an empty value drops one. Tables start anew."""
    query: QueryDict = context["request"].GET.copy()
    for name in view.NAMES:
        query.pop(name, None)
    for name, value in changes.items():
        if value in {"", None}:
            query.pop(name, None)
        else:
            query[name] = str(value)
    text = query.urlencode()
    return f"{context['request'].path}?{text}" if text else str(context["request"].path)


@register.simple_tag(takes_context=True)
def stay(context: Mapping[str, Any], to: str = "", **changes: object) -> str:
    """This page's address, or `to` with it, for another scope or period: split, order and filter go along."""
    query = view.lasting(context["request"].GET)
    for name, value in changes.items():
        query[name] = str(value)
    return f"{to or context['request'].path}?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def keep(context: Mapping[str, Any], view: str, *args: object, **changes: object) -> str:
    """Another page's address that keeps scope and period, with some parameters changed."""
    query = QueryDict(mutable=True)
    current: QueryDict = context["request"].GET
    for name in NAMES:
        if kept := current.get(name):
            query[name] = kept
    for name, value in changes.items():
        if value in {"", None}:
            query.pop(name, None)
        else:
            query[name] = str(value)
    address = reverse(view, args=args)
    text = query.urlencode()
    return f"{address}?{text}" if text else address


@register.inclusion_tag("_empty.html")
def empty(
    title: str, text: str = "", icon: str = "mood-empty", button: str = "", href: str = ""
) -> dict[str, str]:
    """What a page says when it has nothing to show: what to do next, with one button."""
    return {"title": title, "text": text, "icon": icon, "button": button, "href": href}


@register.inclusion_tag("_progress.html")
def progress(done: int, total: int | None, text: str = "") -> dict[str, Any]:
    """A progress bar with a count; without a total it only moves."""
    return {"done": done, "total": total, "text": text or _("Working …")}
