"""A plan as plain sentences in English or Chinese: what a person would be given to sign.

Everything is generated from the plan's values, so the sentences cannot say anything else than what is paid.
"""

from collections.abc import Iterator
from typing import Final

from dabiao.engine.payout.explain_bonus import bonus_sentences
from dabiao.engine.payout.phrase import Language, amount, day, last_day, number, percent, say, span, title
from dabiao.engine.payout.plan import (
    PAY,
    Attained,
    Component,
    Credit,
    Factor,
    Gate,
    Limit,
    Measure,
    Member,
    Plan,
    Prorate,
    Recipient,
    Table,
    Tiers,
)
from dabiao.engine.payout.validate import completed
from dabiao.engine.row import Condition, Written

_COMPARED: Final = {
    "one_of": ("is {values}", "为{values}"),
    "known_none_of": ("is not {values}", "不为{values}"),
    "none_of": ("is not {values}", "不为{values}"),
    "at_least": ("is at least {values}", "不低于{values}"),
    "above": ("is above {values}", "高于{values}"),
    "at_most": ("is at most {values}", "不高于{values}"),
    "below": ("is below {values}", "低于{values}"),
    "not_null": ("is filled in", "已填写"),
    "is_null": ("is empty", "为空"),
}
_REASONS: Final = {
    "joining": ("joining", "入职"),
    "leaving": ("leaving", "离职"),
    "transfer": ("transfer", "调岗"),
    "absence": ("absence", "缺勤"),
    "probation": ("probation", "试用期"),
}


def explain(plan: Plan, language: Language) -> list[str]:
    """The sentences of a plan, in the order in which somebody would read them."""
    plan = completed(plan)
    found = [*_who(plan, language), *_money(plan, language)]
    used = [component for component in plan.components.values() if component.base in plan.measures]
    for key in dict.fromkeys(component.base for component in used):
        found += _measure(plan, plan.measures[key], language)
    for component in plan.components.values():
        found += _component(plan, component, language)
    return [*found, *_settlement(plan, language)]


def _who(plan: Plan, lang: Language) -> Iterator[str]:
    named = title(plan.title, lang)
    yield say(
        lang,
        f"Plan {plan.key}, version {plan.version}: {named}. In force from {day(plan.start)} to {last_day(plan.end)}.",
        f"方案 {plan.key} 第 {plan.version} 版：{named}。自 {day(plan.start)} 起至 {last_day(plan.end)} 止有效。",
    )
    if not plan.who:
        yield say(lang, "It applies to everyone who is credited.", "适用于所有计得业绩的人员。")
    else:
        yield say(lang, "It applies to ", "适用于") + _members(plan.who, lang) + say(lang, ".", "。")
    if plan.except_who:
        yield (
            say(lang, "It does not apply to ", "不适用于")
            + _members(plan.except_who, lang)
            + say(lang, ".", "。")
        )
    if plan.managers:
        held = ", ".join(plan.managers)
        yield say(
            lang,
            f"A person's manager is whoever holds {held} in the person's unit on that day, else in the nearest one above.",
            f"上级主管为当日本部门任 {held} 的人员，本部门没有时为最近的上级部门。",
        )


def _members(members: tuple[Member, ...], lang: Language) -> str:
    kinds = {"role": ("everyone in the role", "岗位"), "unit": ("unit", "部门"), "person": ("person", "人员")}
    found = []
    for member in members:
        text = say(lang, f"{kinds[member.kind][0]} {member.key}", f"{kinds[member.kind][1]} {member.key}")
        if member.kind == "unit":
            text += say(lang, " and all units below it", "及其下级部门")
        if member.start:
            text += say(lang, f" from {day(member.start)}", f"（自 {day(member.start)}）")
        if member.end:
            text += say(lang, f" until {last_day(member.end)}", f"（至 {last_day(member.end)}）")
        found.append(text)
    return say(lang, "; ", "；").join(found)


def _money(plan: Plan, lang: Language) -> Iterator[str]:
    every = span(plan.period, lang)
    yield say(
        lang,
        f"Amounts are in {plan.currency} and settled per {every}.",
        f"金额以 {plan.currency} 计，按{every}结算。",
    )
    if plan.round == "line":
        yield say(
            lang,
            f"Every line is rounded to {plan.digits} decimals, half away from zero.",
            f"每笔明细四舍五入到 {plan.digits} 位小数。",
        )
    else:
        yield say(
            lang,
            f"Each component is rounded once per person and {every}, to {plan.digits} decimals, half away from zero.",
            f"每人每{every}每个组件只四舍五入一次，保留 {plan.digits} 位小数。",
        )
    for rate in plan.exchange:
        yield say(
            lang,
            f"From {day(rate.start)} on, 1 {rate.currency} counts as {number(rate.rate)} {plan.currency}.",
            f"自 {day(rate.start)} 起，1 {rate.currency} 按 {number(rate.rate)} {plan.currency} 折算。",
        )


def _measure(plan: Plan, measure: Measure, lang: Language) -> Iterator[str]:
    text = say(
        lang,
        f"“{measure.key}” counts {measure.amount} of {measure.table} by {measure.on}",
        f"“{measure.key}”按 {measure.on} 统计 {measure.table} 的 {measure.amount}",
    )
    if measure.where:
        text += say(lang, ", where ", "，条件：") + _conditions(measure.where, lang)
    for group in measure.exclude:
        text += say(lang, ", leaving out those where ", "，剔除：") + _conditions(group, lang)
    yield text + say(lang, ".", "。")
    if measure.refunds == "original":
        yield say(
            lang,
            "A refund undoes the sale that it names: in that sale's period, at that sale's rate, posted when it becomes known.",
            "退款冲回其对应的原单：按原单所属期间和费率重算，差额计入得知退款的期间。",
        )
    else:
        yield say(
            lang,
            "Refunds and credit notes count as negative amounts on their own date, once.",
            "退款与红字单据按其自身日期以负数计一次。",
        )
    yield from _credit(plan.credits[measure.credit], lang)


def _conditions(conditions: tuple[Condition, ...], lang: Language) -> str:
    found = []
    for condition in conditions:
        english, chinese = _COMPARED[condition.test]
        values = say(lang, " or ", "或").join(
            value.text if isinstance(value, Written) else str(value) for value in condition.values
        )
        text = say(lang, f"{condition.column} {english}", f"{condition.column}{chinese}")
        found.append(text.replace("{values}", values))
    return say(lang, " and ", "且").join(found)


def _credit(rule: Credit, lang: Language) -> Iterator[str]:
    if rule.direct and rule.split:
        parts = " : ".join(f"{column} {number(weight)}" for column, weight in rule.split)
        yield say(
            lang,
            f"Each fact is divided {parts}; where one is empty its part falls to the others.",
            f"每笔业绩按 {parts} 拆分；其中一方为空时归其余各方。",
        )
    elif rule.direct:
        yield say(
            lang, f"Credit goes to {_recipient(rule.to, lang)}.", f"业绩归{_recipient(rule.to, lang)}。"
        )
    if rule.shared:
        yield say(
            lang,
            "Where shares are recorded for a fact, the newest ones decide.",
            "某笔业绩登记有分配比例的，以最新登记为准。",
        )
    for also in rule.also:
        ways = {
            "each": ("to each of", "分别计给每位"),
            "equal": ("equally among", "平均计给"),
            "weight": ("by weight among", "按权重计给"),
        }[also.divide]
        who = _recipient(also.recipient, lang)
        yield say(
            lang,
            f"On top, {percent(also.share)} goes {ways[0]} {who}.",
            f"另有 {percent(also.share)} {ways[1]}{who}。",
        )
    for level, share in enumerate(rule.rollup, start=1):
        yield say(
            lang,
            f"{percent(share)} also counts for the manager {level} level(s) above on that day.",
            f"其中 {percent(share)} 同时计入当日上 {level} 级主管。",
        )


def _recipient(to: Recipient, lang: Language) -> str:
    if to.kind == "relation":
        return say(
            lang,
            f"whoever is {to.relation} for the {to.column} on that day",
            f"当日 {to.column} 的 {to.relation}",
        )
    if to.kind == "rule" and to.relation != "record":
        return say(lang, f"whom the rule {to.relation} names", f"规则 {to.relation} 所指的人")
    if to.kind == "through":
        return say(
            lang,
            f"the {to.take} of the {to.column} behind it",
            f"其 {to.column} 在 {to.table} 中的 {to.take}",
        )
    return say(lang, f"the {to.column} on the record", f"单据上的 {to.column}")


def _component(plan: Plan, component: Component, lang: Language) -> Iterator[str]:
    name = title(component.title, lang)
    if component.bonus is not None:
        yield from bonus_sentences(plan, component, lang)
    elif component.base.startswith(PAY) and component.rate and component.rate.flat is not None:
        other = title(plan.components[component.base.removeprefix(PAY)].title, lang)
        rate = percent(component.rate.flat)
        yield say(lang, f"{name}: {rate} of what {other} pays.", f"{name}：{other}应发额的 {rate}。")
    else:
        yield from _rate(plan, component, name, lang)
    for factor in component.times:
        yield _factor(plan, factor, lang)
    for raise_ in component.raises:
        how = (
            say(lang, f"is multiplied by {number(1 + raise_.by)}", f"上浮 {percent(raise_.by)}（相对值）")
            if raise_.kind == "relative"
            else say(lang, f"rises by {percent(raise_.by)} points", f"提高 {percent(raise_.by)}（百分点）")
        )
        yield say(
            lang,
            f"Where {_gate(raise_.when, plan, lang)}, the rate {how}.",
            f"{_gate(raise_.when, plan, lang)}时，费率{how}。",
        )
    yield from _limits(plan, component, lang)


def _rate(plan: Plan, component: Component, name: str, lang: Language) -> Iterator[str]:
    rate, base = component.rate, component.base
    if rate is None:
        return
    if rate.flat is not None:
        yield say(
            lang, f"{name}: {percent(rate.flat)} of “{base}”.", f"{name}：“{base}”的 {percent(rate.flat)}。"
        )
    elif rate.table:
        yield say(lang, f"{name}: of “{base}”, by these rates: ", f"{name}：按下列费率计“{base}”：") + _table(
            plan.tables[rate.table], lang, shares=True
        )
    elif rate.tiers is not None:
        yield from _tiers(plan, rate.tiers, name, base, lang)


def _tiers(plan: Plan, tiers: Tiers, name: str, base: str, lang: Language) -> Iterator[str]:
    of = tiers.measure or base
    over = span(tiers.over or plan.period, lang)
    per = (
        say(lang, f", each {' and '.join(tiers.per)} by itself", f"，按{'、'.join(tiers.per)}分别累计")
        if tiers.per
        else ""
    )
    by = (
        say(lang, f"the attainment of “{of}”", f"“{of}”的完成率")
        if tiers.by == "attainment"
        else say(lang, f"the total of “{of}”", f"“{of}”累计额")
    )
    yield say(
        lang,
        f"{name}: “{base}” earns rates by {by} within the {over}{per}.",
        f"{name}：“{base}”按{over}内{by}分档计提{per}。",
    )
    for number_, step in enumerate(tiers.steps):
        start = percent(step.start) if tiers.by == "attainment" else amount(step.start, plan)
        later = tiers.steps[number_ + 1 : number_ + 2]
        if tiers.pay == "whole":
            yield say(
                lang,
                f"From {start} on, all of it earns {percent(step.value)}.",
                f"达到 {start} 起，全额按 {percent(step.value)} 计。",
            )
        elif later:
            end = percent(later[0].start) if tiers.by == "attainment" else amount(later[0].start, plan)
            yield say(
                lang,
                f"The part from {start} to {end} earns {percent(step.value)}.",
                f"{start} 至 {end} 的部分按 {percent(step.value)} 计。",
            )
        else:
            yield say(
                lang,
                f"The part above {start} earns {percent(step.value)}.",
                f"超过 {start} 的部分按 {percent(step.value)} 计。",
            )
    if tiers.pay == "marginal" and tiers.below_zero == "nothing":
        yield say(lang, "Below zero nothing is earned or owed.", "累计额低于零的部分不计提也不倒扣。")


def _table(table: Table, lang: Language, *, shares: bool) -> str:
    shown = percent if shares else number
    if table.source:
        return say(
            lang,
            f"{table.take} of {table.source} by {', '.join(table.by)}.",
            f"按 {'、'.join(table.by)} 取 {table.source} 的 {table.take}。",
        )
    parts = []
    for row in table.rows:
        named = say(lang, ", ", "、").join(f"{column} {value}" for column, value in row.match)
        text = f"{named or say(lang, 'all', '全部')} {shown(row.value)}"
        if row.start:
            text += say(lang, f" from {day(row.start)}", f"（自 {day(row.start)}）")
        if row.end:
            text += say(lang, f" until {last_day(row.end)}", f"（至 {last_day(row.end)}）")
        parts.append(text)
    if table.otherwise is not None:
        parts.append(say(lang, "otherwise ", "其余 ") + shown(table.otherwise))
    return say(lang, "; ", "；").join(parts) + say(lang, ".", "。")


def _factor(plan: Plan, factor: Factor, lang: Language) -> str:
    if factor.flat is not None:
        return say(lang, f"This is multiplied by {number(factor.flat)}.", f"再乘以 {number(factor.flat)}。")
    if factor.table:
        return say(lang, "This is multiplied by: ", "再乘以：") + _table(
            plan.tables[factor.table], lang, shares=False
        )
    what = _asked(factor, plan, lang)
    is_share = factor.attained is not None and factor.attained.by == "attainment"
    is_share = is_share or (factor.feature is not None and factor.feature.kind == "ratio")
    shown = percent if is_share else number
    if not factor.steps:
        most = (
            ""
            if factor.most is None
            else say(lang, f", at most {number(factor.most)}", f"，最高 {number(factor.most)}")
        )
        return say(lang, f"This is multiplied by {what}{most}.", f"再乘以{what}{most}。")
    steps = say(lang, "; ", "；").join(
        say(
            lang,
            f"from {shown(step.start)}: × {number(step.value)}",
            f"{shown(step.start)} 起 × {number(step.value)}",
        )
        for step in factor.steps
    )
    if factor.below is not None:
        steps += say(lang, f"; below that: × {number(factor.below)}", f"；以下 × {number(factor.below)}")
    if factor.unknown is not None:
        steps += say(
            lang, f"; where unknown: × {number(factor.unknown)}", f"；未知时 × {number(factor.unknown)}"
        )
    return say(lang, f"This is multiplied by {what}: {steps}.", f"再按{what}乘以系数：{steps}。")


def _asked(factor: Factor, plan: Plan, lang: Language) -> str:
    if factor.score:
        return say(lang, f"the score “{factor.score}”", f"“{factor.score}”评分")
    if factor.attained is not None:
        return _attained(factor.attained, plan, lang)
    if factor.feature is None:
        return ""
    if factor.feature.kind == "days":
        first, last = factor.feature.of
        return say(lang, f"the days from {first} to {last}", f"{first} 到 {last} 的天数")
    if factor.feature.kind == "ratio":
        part, whole = factor.feature.of
        return say(lang, f"{part} ÷ {whole}", f"{part} ÷ {whole} ")
    return factor.feature.of[0]


def _attained(attained: Attained, plan: Plan, lang: Language) -> str:
    whose = say(
        lang, "the team's" if attained.team else "the person's own", "团队" if attained.team else "本人"
    )
    over = span(attained.over or plan.period, lang)
    if attained.by == "attainment":
        return say(
            lang,
            f"{whose} attainment of “{attained.measure}” in the {over}",
            f"{whose}{over}“{attained.measure}”完成率",
        )
    return say(
        lang,
        f"{whose} total of “{attained.measure}” in the {over}",
        f"{whose}{over}“{attained.measure}”累计额",
    )


def _gate(gate: Gate, plan: Plan, lang: Language) -> str:
    if gate.attained is not None:
        what = _attained(gate.attained, plan, lang)
        least = percent(gate.at_least) if gate.attained.by == "attainment" else amount(gate.at_least, plan)
    else:
        what = say(lang, f"the score “{gate.score}”", f"“{gate.score}”评分")
        least = number(gate.at_least)
    return say(lang, f"{what} is at least {least}", f"{what}不低于 {least}")


def _limits(plan: Plan, component: Component, lang: Language) -> Iterator[str]:
    for gate in component.gates:
        left = percent(gate.otherwise)
        yield say(
            lang,
            f"Unless {_gate(gate, plan, lang)}, only {left} of it is paid.",
            f"除非{_gate(gate, plan, lang)}，否则只发 {left}。",
        )
    if component.unit == "points" and component.worth is not None:
        yield say(
            lang,
            f"It counts points, each worth {amount(component.worth, plan)}.",
            f"以积分计，每分值 {amount(component.worth, plan)}。",
        )
    if component.cap is not None:
        yield say(lang, "At most ", "最高 ") + _limit(component.cap, plan, lang)
    if component.floor is not None:
        yield say(lang, "At least ", "最低 ") + _limit(component.floor, plan, lang)
    if component.prorate is not None:
        yield _prorate(component.prorate, lang)
    if component.stages:
        parts = say(lang, ", ", "，").join(
            f"{percent(stage.share)} {stage.event}" for stage in component.stages
        )
        yield say(lang, f"It is paid in stages: {parts}.", f"分阶段发放：{parts}。")
    for clawback in component.clawbacks:
        if clawback.when == "unpaid":
            yield say(
                lang,
                f"{percent(clawback.share)} of it is taken back if the money has not come {clawback.days} days after the fact, and given again when it comes.",
                f"单据日后 {clawback.days} 天仍未全额回款的，扣回 {percent(clawback.share)}；回款后补发。",
            )
        else:
            yield say(
                lang,
                f"{percent(clawback.share)} of it is taken back if the customer leaves within {clawback.days} days.",
                f"客户在 {clawback.days} 天内流失的，扣回 {percent(clawback.share)}。",
            )
    if component.hold is not None:
        yield say(
            lang,
            f"{percent(component.hold.share)} is held back until the {span(component.hold.until, lang)} ends.",
            f"暂扣 {percent(component.hold.share)}，至{span(component.hold.until, lang)}末发放。",
        )


def _limit(limit: Limit, plan: Plan, lang: Language) -> str:
    over = span(limit.over or plan.period, lang)
    return say(lang, f"{amount(limit.amount, plan)} per {over}.", f"每{over} {amount(limit.amount, plan)}。")


def _prorate(prorate: Prorate, lang: Language) -> str:
    reasons = say(lang, ", ", "、").join(say(lang, *_REASONS[reason]) for reason in prorate.reasons)
    days = say(lang, f"{prorate.days} days", "工作日" if prorate.days == "working" else "日历日")
    return say(
        lang,
        f"Fixed amounts count for the share of {days} in force ({reasons}).",
        f"固定金额按在岗{days}折算（{reasons}）。",
    )


def _settlement(plan: Plan, lang: Language) -> Iterator[str]:
    rules = plan.settlement
    if rules.guarantee is not None:
        months = (
            say(
                lang,
                f" for {rules.guarantee.months} months after joining",
                f"，入职后 {rules.guarantee.months} 个月内",
            )
            if rules.guarantee.months
            else ""
        )
        yield say(
            lang,
            f"Pay is filled up to {amount(rules.guarantee.amount, plan)}{months}.",
            f"应发额保底 {amount(rules.guarantee.amount, plan)}{months}。",
        )
    if rules.hold is not None:
        yield say(
            lang,
            f"{percent(rules.hold.share)} of pay is held back until the {span(rules.hold.until, lang)} ends.",
            f"应发额暂扣 {percent(rules.hold.share)}，至{span(rules.hold.until, lang)}末发放。",
        )
    if rules.instalments > 1 or rules.recover_most < 1:
        yield say(
            lang,
            f"What is taken back is recovered in {rules.instalments} instalment(s), each at most {percent(rules.recover_most)} of pay.",
            f"扣回款分 {rules.instalments} 期抵扣，每期不超过当期应发额的 {percent(rules.recover_most)}。",
        )
    if rules.draw is not None:
        back = (
            say(lang, "; it is recovered from later pay above that", "；超出部分用于偿还预支")
            if rules.draw.recoverable
            else say(lang, "; it is not owed back", "；无需偿还")
        )
        yield say(
            lang,
            f"A draw fills pay up to {amount(rules.draw.amount, plan)}{back}.",
            f"预支补足至 {amount(rules.draw.amount, plan)}{back}。",
        )
    yield from _leaving(plan, lang)


def _leaving(plan: Plan, lang: Language) -> Iterator[str]:
    leaver = plan.settlement.leaver
    held = {
        "pay": ("what is held back is paid", "暂扣款结清"),
        "forfeit": ("what is held back is forfeited", "暂扣款不再发放"),
    }[leaver.held]
    draw = {
        "recover": ("an open draw is recovered as far as pay goes", "未还预支从应发额中抵扣"),
        "forgive": ("an open draw is forgiven", "未还预支免除"),
    }[leaver.draw]
    later = {
        "pay": ("what is earned later is paid", "离职后到账的业绩照发"),
        "stop": ("nothing earned later is paid", "离职后到账的业绩不再发放"),
    }[leaver.later]
    yield say(
        lang,
        f"On leaving {held[0]}, {draw[0]}, and {later[0]}.",
        f"离职时，{held[1]}，{draw[1]}，{later[1]}。",
    )
