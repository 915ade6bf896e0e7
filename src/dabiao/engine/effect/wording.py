"""An effect said in plain words: the verdict, what it rests on, and what to do next."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, Literal

from dabiao.engine.effect.verdict import Effect, Measure, Method, Outlook
from dabiao.engine.message import (
    Message,
    Number,
    Percent,
    Series,
    Value,
    counted_message,
    message,
    noted,
    noted_plural,
)
from dabiao.engine.number import rounded

Grain = Literal["period", "day", "week", "month", "quarter", "half", "year"]

_SENTENCES: Final[Mapping[str, str]] = {
    "works": noted("It works: {effect} (between {low} and {high})."),
    "harmful": noted("It does harm: {effect} (between {low} and {high})."),
    "no effect seen": noted(
        "No effect seen: {effect} (between {low} and {high}); an improvement of {worthwhile} or more is ruled out."
    ),
    "too early": noted("Too early to say: {effect} so far (between {low} and {high})."),
    "visible": noted("By now only an effect of {visible} or more would reliably show."),
    "then": noted("An effect of {worthwhile} would show with {more} more: look again then."),
    "holding": noted("Should it stay at {effect}, that would be clear with {more} more: look again then."),
    "never by comparison": noted(
        "Waiting alone will not do: with {more} more it still takes {later}. Treat more, or look for a larger effect."
    ),
    "never by forecast": noted(
        "Waiting alone will not do: with {more} more it still takes {later}. Leave some out for a while to compare with."
    ),
    "perhaps harmful": noted("It may have done harm: that is not ruled out."),
    "comparison": noted(
        "{treated} treated against {compared} comparable others, {before} before and {after} since."
    ),
    "forecast": noted(
        "{treated} treated against a forecast from their own {before} before, as nobody is left to compare with;"
        " {after} since. Whatever else changed at the same time is counted in."
    ),
    "before": noted("With reserve: the treated were already moving apart from the others before."),
    "balance": noted("With reserve: the treated and the others differ in level or trend."),
    "left_out": noted("{left_out} with too few figures were left out."),
}

_GRAINS: Final[Mapping[Grain, tuple[str, str]]] = {
    "period": noted_plural("{count} period", "{count} periods"),
    "day": noted_plural("{count} day", "{count} days"),
    "week": noted_plural("{count} week", "{count} weeks"),
    "month": noted_plural("{count} month", "{count} months"),
    "quarter": noted_plural("{count} quarter", "{count} quarters"),
    "half": noted_plural("{count} half-year", "{count} half-years"),
    "year": noted_plural("{count} year", "{count} years"),
}


def sentence(effect: Effect, measure: Measure, grain: Grain = "period") -> Series:
    """The verdict, the effect with its interval, the sample, and what speaks against trusting it."""
    values = _values(effect, measure, grain)
    parts = [Message(_SENTENCES[part], values) for part in _parts(effect, measure)]
    return Series(parts, message("{head} {last}", context="sentences"))


def _values(effect: Effect, measure: Measure, grain: Grain) -> dict[str, Value]:
    outlook = effect.outlook
    return {
        "effect": _shown(effect.effect, measure),
        "low": _figure(effect.low, measure),
        "high": _shown(effect.high, measure),
        "visible": _size(effect.visible, measure),
        "worthwhile": _size(measure.worthwhile, measure),
        "later": _size(outlook.visible, measure) if outlook else "",
        "more": _counted(outlook.periods or measure.horizon, grain) if outlook else "",
        "treated": effect.treated,
        "compared": effect.compared,
        "before": _counted(effect.before, grain),
        "after": _counted(effect.after, grain),
        "left_out": len(effect.left_out),
    }


def _parts(effect: Effect, measure: Measure) -> Iterator[str]:
    """Which sentences are said, in their order."""
    yield effect.verdict
    if effect.verdict == "too early" and effect.visible > measure.worthwhile:
        yield "visible"
    if effect.outlook:
        yield _next(effect.outlook, effect.method)
    if effect.verdict == "no effect seen" and _may_be_harmful(effect, measure):
        yield "perhaps harmful"
    yield effect.method
    yield from (check.name for check in effect.checks if not check.held)
    if effect.left_out:
        yield "left_out"


def _may_be_harmful(effect: Effect, measure: Measure) -> bool:
    worst = effect.low if measure.better == "higher" else -effect.high
    return worst < -measure.worthwhile


def _next(outlook: Outlook, method: Method) -> str:
    """What to wait for: the effect that is there already, one worth having, or nothing."""
    if outlook.periods is None:
        return f"never by {method}"
    return "holding" if outlook.periods == outlook.holding else "then"


def _shown(value: float, measure: Measure) -> Value:
    """A share of the usual level in percent; a difference of ratios in points."""
    figure = _figure(value, measure)
    return figure if measure.relative else message("{n} points", context="percentage", n=figure)


def _figure(value: float, measure: Measure) -> Value:
    if measure.relative:
        return Percent(Decimal(str(value)), digits=0 if abs(value) >= 1 else 1, signed=True)
    return Number(Decimal(str(value * 100)), digits=1, signed=True)


def _size(value: float, measure: Measure) -> Value:
    """Without a sign, and no finer than it is sure: effects that could be seen."""
    share = Decimal(str(value))
    if measure.relative:
        return Percent(_to(share, 0 if value >= 0.1 else 1))
    return message("{n} points", context="percentage", n=Number(_to(share, 1) * 100))


def _to(share: Decimal, digits: int) -> Decimal:
    """A share whose percentage has so many digits at most."""
    return rounded(share, digits + 2)


def _counted(count: int, grain: Grain) -> Message:
    return counted_message(*_GRAINS[grain], count)
