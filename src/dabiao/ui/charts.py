"""Charts: pure functions from frozen rows to ECharts options. `static/dabiao/charts.js` draws them all.

Colours are names of the style sheet's variables (`--accent`), so that one option serves both themes.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from django.utils.translation import gettext as _

from dabiao.ui import format

Option = dict[str, Any]
Number = format.Number
_SHADES: Final = ("--shade-1", "--shade-2", "--shade-3", "--shade-4", "--shade-5", "--shade-6")


class Pace(Protocol):
    """Cumulative figures by working day; None where there is none (yet)."""

    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def actual(self) -> Sequence[Number | None]: ...
    @property
    def goal(self) -> Sequence[Number | None]: ...
    @property
    def middle(self) -> Sequence[Number | None]: ...
    @property
    def low(self) -> Sequence[Number | None]: ...
    @property
    def high(self) -> Sequence[Number | None]: ...
    @property
    def now(self) -> int | None: ...


class Trend(Protocol):
    """A metric period by period."""

    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def values(self) -> Sequence[Number | None]: ...
    @property
    def goal(self) -> Sequence[Number | None]: ...
    @property
    def unit(self) -> str: ...
    @property
    def currency(self) -> str: ...


class Stage(Protocol):
    """A stage of the funnel and the share of the one before that got there."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> int | None: ...
    @property
    def share(self) -> float | None: ...
    @property
    def note(self) -> str: ...
    @property
    def hot(self) -> bool: ...


class Link(Protocol):
    """A correlation and its interval."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def pace(rows: Pace, *, unit: str, currency: str) -> Option:
    """Cumulative actual against the pace that the target asks for, with the forecast's band."""
    size, step = _scale([*rows.actual, *rows.goal, *rows.high])
    low, high = _scaled(rows.low, size), _scaled(rows.high, size)
    actual = _scaled(rows.actual, size)
    band = [None if a is None or b is None else round(b - a, 4) for a, b in zip(low, high, strict=True)]
    quiet: Option = {
        "type": "line",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0},
        "tooltip": {"show": False},
    }
    series: list[Option] = [
        {**quiet, "stack": "band", "data": low},
        {**quiet, "stack": "band", "data": band, "areaStyle": {"color": "--band", "opacity": 0.85}},
        _line(_("Target pace"), _scaled(rows.goal, size), color="--goal", type="dashed", width=1.6),
        _line(_("Forecast"), _scaled(rows.middle, size), color="--accent", type="dotted", width=2),
        {
            **_line(_("Actual"), actual, color="--accent", width=2.6),
            **_here(rows, actual, unit=unit, currency=currency),
        },
    ]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 26, "top": 30, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", **_around(unit, step, currency)},
        "xAxis": {**_labels(rows.labels), "boundaryGap": False},
        "yAxis": _values(name=_unit(unit, step, currency)),
        "series": series,
    }


def funnel(stages: Sequence[Stage]) -> Option:
    """Stages as bars of falling length; beside each its count and the share that got so far."""
    most = max((stage.value or 0 for stage in stages), default=0)
    data = [
        _bar(stage.value, _stage_text(stage), "--red" if stage.hot else _SHADES[min(at, 5)])
        for at, stage in enumerate(stages)
    ]
    return {
        "animation": False,
        "grid": {"left": 12, "right": 10, "top": 4, "bottom": 4, "containLabel": True},
        "xAxis": {"show": False, "max": most * 1.75 or 1},
        "yAxis": _names([stage.label for stage in stages]),
        "series": [{"type": "bar", "data": data, "barMaxWidth": 22}],
    }


def correlation(links: Sequence[Link]) -> Option:
    """How strongly each process figure moves with the result: −1 to 1. What may be chance is grey."""
    data = [_bar(link.value, format.plain(link.value, 2), _link_colour(link)) for link in links]
    return {
        "animation": False,
        "grid": {"left": 6, "right": 44, "top": 6, "bottom": 4, "containLabel": True},
        "xAxis": {**_values(), "min": -1, "max": 1},
        "yAxis": _names([link.label for link in links]),
        "series": [{"type": "bar", "data": data, "barMaxWidth": 14}],
    }


def _link_colour(link: Link) -> str:
    if link.low <= 0 <= link.high:
        return "--goal"
    return "--red" if link.value < 0 else "--accent"


def columns(trend: Trend, leads: Sequence[str] = ()) -> Option:
    """One column a period with the target of each as a line. leads: where a click on each column leads."""
    values, goal, ratio = trend.values, trend.goal, trend.unit == "ratio"
    size, step = (Decimal("0.01"), "%") if ratio else _scale([*values, *goal])
    name = step if ratio else _unit(trend.unit, step, trend.currency)
    series: list[Option] = [
        {
            "name": _("Actual"),
            "type": "bar",
            "data": _scaled(values, size),
            "barMaxWidth": 26,
            "itemStyle": {"color": "--accent", "borderRadius": [3, 3, 0, 0]},
        }
    ]
    if any(each is not None for each in goal):
        series.append(
            {
                **_line(_("Target"), _scaled(goal, size), color="--goal", type="dashed", width=1.6),
                "symbol": "circle",
                "symbolSize": 5,
            }
        )
    return {
        "animation": False,
        "grid": {"left": 8, "right": 14, "top": 30, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", **_around(trend.unit, step, trend.currency)},
        "xAxis": _labels(trend.labels),
        "yAxis": _values(name=name),
        "series": series,
        "leads": list(leads),
    }


def _here(rows: Pace, actual: Sequence[float | None], *, unit: str, currency: str) -> Option:
    """The point that says where we are today."""
    if rows.now is None or actual[rows.now] is None:
        return {}
    text = format.figure(rows.actual[rows.now], unit, currency)
    over = rows.now < len(actual) - 1
    line = {
        "symbol": "none",
        "silent": True,
        "label": {
            "formatter": _("today"),
            "color": "--mute",
            "padding": [0, 0, 0, 0 if rows.now else 56],
        },  # beside the unit
        "lineStyle": {"color": "--goal", "type": "dashed"},
        "data": [{"xAxis": rows.now}],
    }
    mark = {
        "symbol": "circle", "symbolSize": 9, "silent": True, "itemStyle": {"color": "--accent"}, "data": [{"coord": [rows.now, actual[rows.now]]}],
        "label": {"show": True, "formatter": text, "position": "top", "align": "right" if rows.now > len(actual) / 4 else "left", "color": "--accent-ink", "fontWeight": 600, "distance": 8},
    }  # fmt: skip
    return {"markPoint": mark, **({"markLine": line} if over else {})}


def _line(
    name: str, data: Sequence[float | None], *, color: str, width: float, type: str = "solid"
) -> Option:
    return {
        "name": name,
        "type": "line",
        "symbol": "none",
        "data": list(data),
        "lineStyle": {"type": type, "color": color, "width": width},
        "itemStyle": {"color": color},
    }


def _bar(value: Number | None, text: str, color: str) -> Option:
    label = {"show": True, "position": "right", "formatter": text, "color": "--ink", "fontSize": 12}
    return {"value": value, "itemStyle": {"color": color, "borderRadius": 3}, "label": label}


def _stage_text(stage: Stage) -> str:
    count = format.NOTHING if stage.value is None else format.plain(stage.value)
    share = "" if stage.share is None else format.percent(stage.share, 0)
    return "  ".join(part for part in (count, share, stage.note) if part)


def _labels(names: Sequence[str]) -> Option:
    return {
        "type": "category",
        "data": list(names),
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": "--line"}},
        "axisLabel": {"color": "--mute", "hideOverlap": True},
    }


def _names(names: Sequence[str]) -> Option:
    return {
        "type": "category",
        "inverse": True,
        "data": list(names),
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "axisLabel": {"color": "--ink", "width": 120, "overflow": "truncate"},
    }


def _values(name: str = "") -> Option:
    return {
        "type": "value",
        "name": name,
        "nameTextStyle": {"color": "--mute", "align": "right"},
        "splitLine": {"lineStyle": {"color": "--hair"}},
        "axisLabel": {"color": "--mute"},
    }


def _scale(values: Sequence[Number | None]) -> tuple[Decimal, str]:
    """The step (万, M) in which the largest value is written."""
    largest = max((abs(Decimal(str(value))) for value in values if value is not None), default=Decimal(0))
    return format.step(largest)


def _scaled(values: Sequence[Number | None], size: Decimal) -> list[float | None]:
    return [None if value is None else round(float(Decimal(str(value)) / size), 4) for value in values]


def _around(unit: str, step: str, currency: str) -> Option:
    """What a tooltip writes before and after a figure, as a page writes it: `¥156 万`, `¥1.56M`, `18.2 %`."""
    chinese = step > "z"
    symbol = (
        format.SYMBOLS.get(currency, f"{currency}{format.GAP}" if currency else "") if unit == "money" else ""
    )
    return {"before": symbol, "after": format.GAP + step if chinese else step}


def _unit(unit: str, step: str, currency: str) -> str:
    symbol = format.SYMBOLS.get(currency, currency) if unit == "money" else ""
    return f"{symbol} {step}".strip()
