"""An effect said in plain words, in English and in Chinese."""

from typing import Literal

from dabiao.engine.effect.measure import Effect, Measure, Verdict

Language = Literal["en", "zh"]


def sentence(effect: Effect, measure: Measure, language: Language) -> str:
    """The verdict, the effect with its interval, the sample, and what speaks against trusting it."""
    say = _EN if language == "en" else _ZH
    text = say[effect.verdict].format(
        effect=_shown(effect.effect, measure, language),
        low=_shown(effect.low, measure, language),
        high=_shown(effect.high, measure, language),
        visible=_shown(effect.visible, measure, language).lstrip("+"),
        worthwhile=_shown(measure.worthwhile, measure, language).lstrip("+"),
    )
    sample = say[effect.method].format(
        treated=effect.treated, compared=effect.compared, before=effect.before, after=effect.after
    )
    doubts = "".join(say[check.name] for check in effect.checks if not check.held)
    left_out = say["left_out"].format(count=len(effect.left_out)) if effect.left_out else ""
    return text + sample + doubts + left_out


def verdict(found: Verdict, language: Language) -> str:
    """The verdict alone, as a label."""
    return found if language == "en" else _VERDICT_ZH[found]


def _shown(value: float, measure: Measure, language: Language) -> str:
    """A share of the usual level in percent; a difference of ratios in points."""
    if measure.relative:
        return f"{value:+.1%}".replace("-", "−")
    points = f"{value * 100:+.1f}".replace("-", "−")
    return f"{points} points" if language == "en" else f"{points} 个百分点"


_VERDICT_ZH: dict[Verdict, str] = {
    "works": "有效",
    "no effect seen": "未见效果",
    "too early": "为时尚早",
    "harmful": "有害",
}
_EN = {
    "works": "It works: {effect} (between {low} and {high}).",
    "harmful": "It does harm: {effect} (between {low} and {high}).",
    "no effect seen": "No effect seen: {effect} (between {low} and {high}); one of {worthwhile} would have shown.",
    "too early": "Too early to say: {effect} so far, but only an effect of {visible} or more would show yet.",
    "comparison": " {treated} treated against {compared} comparable others, {before} periods before and {after} after.",
    "forecast": " {treated} treated against a forecast from their own {before} periods, as nobody is left to compare"
    " with; {after} periods after. Whatever else changed at the same time is counted in.",
    "before": " With reserve: the treated were already moving apart from the others before.",
    "balance": " With reserve: the treated and the others differ in level or trend.",
    "left_out": " {count} without figures throughout were left out.",
}
_ZH = {
    "works": "有效：{effect}（介于{low}与{high}之间）。",
    "harmful": "有害：{effect}（介于{low}与{high}之间）。",
    "no effect seen": "未见效果：{effect}（介于{low}与{high}之间）；若有{worthwhile}的效果，应已显现。",
    "too early": "为时尚早：目前为{effect}，但现在只有{visible}以上的效果才看得出来。",
    "comparison": "措施对象{treated}个，对照{compared}个；之前{before}期，之后{after}期。",
    "forecast": "措施对象{treated}个，没有可比对象，与其自身此前{before}期的预测相比；之后{after}期。同期的其他变化也计算在内。",
    "before": "注意：措施之前，对象与对照的走势已有差异。",
    "balance": "注意：对象与对照在水平或趋势上差异较大。",
    "left_out": "另有{count}个因数据不全未计入。",
}
