"""An effect said in plain words, in English and in Chinese: the verdict, what it rests on, and what to do next."""

from typing import Literal

from dabiao.engine.effect.panel import CannotMeasure, Why
from dabiao.engine.effect.verdict import Effect, Measure, Method, Outlook, Verdict

Language = Literal["en", "zh"]
Grain = Literal["period", "day", "week", "month", "quarter", "half", "year"]


def sentence(effect: Effect, measure: Measure, language: Language, grain: Grain = "period") -> str:
    """The verdict, the effect with its interval, the sample, and what speaks against trusting it."""
    say, outlook = (_EN if language == "en" else _ZH), effect.outlook
    words = {
        "effect": _shown(effect.effect, measure, language),
        "low": _shown(effect.low, measure, language).split(" ")[0],
        "high": _shown(effect.high, measure, language),
        "visible": _size(effect.visible, measure, language),
        "worthwhile": _size(measure.worthwhile, measure, language),
        "later": _size(outlook.visible, measure, language) if outlook else "",
        "more": _counted(outlook.periods or measure.horizon, grain, language) if outlook else "",
        "treated": effect.treated,
        "compared": effect.compared,
        "before": _counted(effect.before, grain, language),
        "after": _counted(effect.after, grain, language),
        "left_out": len(effect.left_out),
    }
    parts: list[str] = [effect.verdict]
    if effect.verdict == "too early" and effect.visible > measure.worthwhile:
        parts.append("visible")
    if outlook:
        parts.append(_next(outlook, effect.method))
    if effect.verdict == "no effect seen" and _may_be_harmful(effect, measure):
        parts.append("perhaps harmful")
    parts.append(effect.method)
    parts += [check.name for check in effect.checks if not check.held]
    parts += ["left_out"] if effect.left_out else []
    return (" " if language == "en" else "").join(say[part].format(**words) for part in parts)


def _may_be_harmful(effect: Effect, measure: Measure) -> bool:
    worst = effect.low if measure.better == "higher" else -effect.high
    return worst < -measure.worthwhile


def _next(outlook: Outlook, method: Method) -> str:
    """What to wait for: the effect that is there already, one worth having, or nothing."""
    if outlook.periods is None:
        return f"never by {method}"
    return "holding" if outlook.periods == outlook.holding else "then"


def verdict(found: Verdict, language: Language) -> str:
    """The verdict alone, as a label."""
    return found if language == "en" else _VERDICT_ZH[found]


def refusal(error: CannotMeasure, language: Language) -> str:
    """Why there is no effect to tell."""
    return str(error) if language == "en" else _REFUSAL_ZH[error.why].format(about=error.about)


def _shown(value: float, measure: Measure, language: Language) -> str:
    """A share of the usual level in percent; a difference of ratios in points."""
    if measure.relative:
        return f"{value:+.{0 if abs(value) >= 1 else 1}%}".replace("-", "−")
    points = f"{value * 100:+.1f}".replace("-", "−")
    return f"{points} points" if language == "en" else f"{points} 个百分点"


def _size(value: float, measure: Measure, language: Language) -> str:
    """Without a sign, and no finer than it is sure: effects that could be seen."""
    shown = f"{value * 100:.{0 if measure.relative and value >= 0.1 else 1}f}".removesuffix(".0")
    if measure.relative:
        return f"{shown}%"
    return f"{shown} points" if language == "en" else f"{shown} 个百分点"


def _counted(count: int, grain: Grain, language: Language) -> str:
    if language == "zh":
        return f"{count}{_GRAIN_ZH[grain]}"
    return f"{count} {'half-year' if grain == 'half' else grain}{'' if count == 1 else 's'}"


_VERDICT_ZH: dict[Verdict, str] = {
    "works": "有效",
    "no effect seen": "未见效果",
    "too early": "为时尚早",
    "harmful": "有害",
}
_REFUSAL_ZH: dict[Why, str] = {
    "later": "措施从{about}开始，而该期还没有数据。",
    "nobody": "措施对象没有任何数据。",
    "too short": "措施之前只有{about}期数据，至少需要六期。",
    "too few": "措施对象在措施前不足六期数据，或措施后没有数据。",
    "no level": "措施对象平时的水平为零或负数，无法按比例衡量。",
    "nobody else": "措施开始之后，没有可作对照的数据。",
}
_GRAIN_ZH: dict[Grain, str] = {
    "period": "期",
    "day": "天",
    "week": "周",
    "month": "个月",
    "quarter": "个季度",
    "half": "个半年",
    "year": "年",
}
_EN = {
    "works": "It works: {effect} (between {low} and {high}).",
    "harmful": "It does harm: {effect} (between {low} and {high}).",
    "no effect seen": "No effect seen: {effect} (between {low} and {high}); an improvement of {worthwhile} or more is ruled out.",
    "too early": "Too early to say: {effect} so far (between {low} and {high}).",
    "visible": "By now only an effect of {visible} or more would reliably show.",
    "then": "An effect of {worthwhile} would show with {more} more: look again then.",
    "holding": "Should it stay at {effect}, that would be clear with {more} more: look again then.",
    "never by comparison": "Waiting alone will not do: with {more} more it still takes {later}."
    " Treat more, or look for a larger effect.",
    "never by forecast": "Waiting alone will not do: with {more} more it still takes {later}."
    " Leave some out for a while to compare with.",
    "perhaps harmful": "It may have done harm: that is not ruled out.",
    "comparison": "{treated} treated against {compared} comparable others, {before} before and {after} since.",
    "forecast": "{treated} treated against a forecast from their own {before} before, as nobody is left to compare"
    " with; {after} since. Whatever else changed at the same time is counted in.",
    "before": "With reserve: the treated were already moving apart from the others before.",
    "balance": "With reserve: the treated and the others differ in level or trend.",
    "left_out": "{left_out} with too few figures were left out.",
}
_ZH = {
    "works": "有效：{effect}（介于{low}与{high}之间）。",
    "harmful": "有害：{effect}（介于{low}与{high}之间）。",
    "no effect seen": "未见效果：{effect}（介于{low}与{high}之间）；可以排除{worthwhile}以上的改善。",
    "too early": "为时尚早：目前为{effect}（介于{low}与{high}之间）。",
    "visible": "现在只有{visible}以上的效果才能可靠地看出来。",
    "then": "再过{more}，{worthwhile}的效果即可看出，届时请再看。",
    "holding": "若能保持{effect}，再过{more}即可确认，届时请再看。",
    "never by comparison": "单靠等待不够：再过{more}，也要{later}以上的效果才看得出来。请扩大实施范围，或以更大的效果为目标。",
    "never by forecast": "单靠等待不够：再过{more}，也要{later}以上的效果才看得出来。请先留一部分人不实施，以便对照。",
    "perhaps harmful": "但不能排除它有害。",
    "comparison": "措施对象{treated}个，对照{compared}个；之前{before}，之后{after}。",
    "forecast": "措施对象{treated}个，没有可比对象，与其自身此前{before}的预测相比；之后{after}。同期的其他变化也计算在内。",
    "before": "注意：措施之前，对象与对照的走势已有差异。",
    "balance": "注意：对象与对照在水平或趋势上差异较大。",
    "left_out": "另有{left_out}个因数据不足未计入。",
}
