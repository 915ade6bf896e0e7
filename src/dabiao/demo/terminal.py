"""One full loop in the terminal: target, actual, attainment, what stands out, what to do next."""

from collections.abc import Sequence
from datetime import date

from django.utils import translation
from django.utils.translation import gettext as _
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dabiao.engine.light import Colour
from dabiao.engine.period import Period
from dabiao.lake.reading import Lake
from dabiao.metrics.figure import Delta, Number
from dabiao.metrics.frame import Frame, frame_of
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.performance.queries.cockpit import cockpit
from dabiao.performance.queries.rows import Cockpit, Part, Signal, Tile
from dabiao.ui import format as written

LIGHTS: dict[Colour | None, tuple[str, str]] = {
    "green": ("●", "green"),
    "amber": ("▲", "yellow"),
    "red": ("■", "red"),
    None: ("·", "dim"),
}
SHOWN = 5


def print_loop(
    lake: Lake, viewer: User, period: Period, *, today: date, language: str, console: Console
) -> None:
    """The loop of one period for the company, each of its regions, and the team that lags most."""
    with translation.override(language):
        everything = frame_of(lake, viewer=viewer, scope=None, period=period, today=today, language=language)
        company = _unit(everything, "company")
        page = cockpit(company)
        console.print(_chapter(company, page))
        regions = [node.key for node in company.children if node.kind == "region"]
        pages = {key: cockpit(_unit(everything, key)) for key in regions}
        for key, region in pages.items():
            console.print(_section(_unit(everything, key), region))
        team = _lagging(pages)
        if team is not None:
            frame = _unit(everything, team)
            console.print(_chapter(frame, cockpit(frame)))


def _unit(frame: Frame, key: str) -> Frame:
    return frame.of(Scope("unit", key))


def _lagging(pages: dict[str, Cockpit]) -> str | None:
    """The team that is furthest behind in any region."""
    teams = [part for page in pages.values() for part in page.parts if part.kind == "unit"]
    behind = sorted(
        (part for part in teams if part.ahead is not None), key=lambda part: (part.ahead, part.key)
    )
    return behind[0].key if behind else None


def _chapter(frame: Frame, page: Cockpit) -> RenderableType:
    """A scope in full."""
    return Group(
        Rule(f"{frame.name} · {frame.period.label}", style="bold"),
        _verdict(page),
        Padding(_metrics(page.tiles, frame.currency), (1, 2)),
        Padding(_parts(page.parts, frame.currency), (0, 2, 1, 2)),
        _signals(frame, varied([*page.signals, *page.good], SHOWN)),
    )


def _section(frame: Frame, page: Cockpit) -> RenderableType:
    """A scope in short: verdict and what stands out."""
    return Group(
        Rule(frame.name, style="dim", align="left"),
        _verdict(page),
        _signals(frame, varied([*page.signals, *page.good], 3)),
    )


def varied(signals: Sequence[Signal], most: int) -> list[Signal]:
    """The worst signal of each metric first, then what is left, until there are `most`."""
    first = {signal.label: signal for signal in reversed(signals)}
    rest = [signal for signal in signals if first[signal.label] is not signal]
    return [*(signal for signal in signals if first[signal.label] is signal), *rest][:most]


def _verdict(page: Cockpit) -> Text:
    """How it stands, in a sentence."""
    verdict = page.verdict
    if verdict is None or verdict.value is None:
        return Text(_("No facts in this period."), style="dim")
    value = written.figure(verdict.value, verdict.unit, page.where.currency)
    text = Text.assemble(_light(verdict.light), " ", f"{verdict.label} {value}")
    if verdict.reach is not None and verdict.gap is not None:
        gap = _size(verdict.gap, page)
        words = (
            _("{share} of the target, {gap} short")
            if verdict.gap < 0
            else _("{share} of the target, {gap} above")
        )
        text.append(" · " + words.format(share=written.percent(verdict.reach), gap=gap), style="bold")
    if verdict.worst and verdict.worst.ahead is not None:
        gap = _size(verdict.worst.ahead, page)
        text.append(" · " + _("furthest behind: {who}, {gap}").format(who=verdict.worst.label, gap=gap))
    return text


def _size(gap: Number, page: Cockpit) -> str:
    """A distance without its sign."""
    unit = page.verdict.unit if page.verdict else "money"
    return written.figure(gap if gap >= 0 else -gap, unit, page.where.currency)


def _metrics(tiles: Sequence[Tile], currency: str) -> Table:
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("")
    table.add_column(_("Metric"))
    for title in (
        _("Target"),
        _("Actual"),
        _("Attainment"),
        _("MoM"),
        _("YoY"),
    ):
        table.add_column(title, justify="right")
    for tile in tiles:
        table.add_row(
            _light(tile.light),
            tile.label,
            written.figure(tile.target, tile.unit, currency),
            written.figure(tile.value, tile.unit, currency),
            _share(tile.attainment),
            _delta(tile.on_previous),
            _delta(tile.on_year),
        )
    return table


def _parts(parts: Sequence[Part], currency: str) -> Table:
    table = Table(show_edge=False, header_style="bold", pad_edge=False)
    table.add_column("")
    table.add_column(_("Part"))
    for title in (_("Target"), _("Actual"), _("Attainment"), _("Ahead")):
        table.add_column(title, justify="right")
    for part in parts:
        table.add_row(
            _light(part.light),
            part.label,
            written.figure(part.target, "money", currency),
            written.figure(part.value, "money", currency),
            _share(part.attainment),
            written.figure(part.ahead, "money", currency),
        )
    return table


def _signals(frame: Frame, signals: Sequence[Signal]) -> RenderableType:
    """What stands out, each with the next step."""
    if not signals:
        return Text("  " + _("Nothing stands out."), style="dim")
    lines: list[RenderableType] = []
    for signal in signals:
        lines.append(Text.assemble("  ", _light(signal.light), " ", (_said(signal, frame), "bold")))
        lines.append(Text(f"    → {signal.step}"))
    return Group(*lines)


def _said(signal: Signal, frame: Frame) -> str:
    value = written.figure(signal.value, signal.unit, frame.currency)
    who = f"{signal.who} · " if signal.who and signal.who != frame.name else ""
    if signal.kind == "divergence" and signal.deviation is not None and signal.other_change is not None:
        other = written.points(signal.other_change) if signal.other_points else _signed(signal.other_change)
        return f"{signal.label} {_signed(signal.deviation)}, {signal.other_label} {other}"
    if signal.target is None:
        change = "" if signal.deviation is None else f" ({_signed(signal.deviation)})"
        return f"{who}{signal.label} {value}{change}"
    target = written.figure(signal.target, signal.unit, frame.currency)
    return f"{who}" + _("{metric} {value}, target {target}").format(
        metric=signal.label, value=value, target=target
    )


def _light(colour: Colour | None) -> Text:
    sign, style = LIGHTS[colour]
    return Text(sign, style=style)


def _share(value: float | None) -> str:
    return written.NOTHING if value is None else written.percent(value)


def _delta(delta: Delta) -> Text:
    if delta.value is None:
        return Text(written.NOTHING, style="dim")
    style = "" if delta.good is None else "green" if delta.good else "red"
    return Text(written.points(delta.value) if delta.points else _signed(delta.value), style=style)


def _signed(value: float) -> str:
    return f"{written.signed(value * 100, 1)}%"
