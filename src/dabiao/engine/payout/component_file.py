"""Reads what a plan pays: components with their limits, bonuses, stages, and the settlement of the sum."""

from decimal import Decimal
from typing import Any, Literal, cast, get_args

from dabiao.engine.message import message
from dabiao.engine.payout import plan as model
from dabiao.engine.payout.plan import (
    Bonus,
    Clawback,
    Component,
    Curve,
    Draw,
    Guarantee,
    Hold,
    Leaver,
    Limit,
    Prorate,
    Raise,
    Settlement,
    Stage,
    Words,
)
from dabiao.engine.payout.reader import Spot, field_of, listed
from dabiao.engine.payout.rule_file import ONE, every, factor, gate, rate, steps, words

ZERO = Decimal(0)
_BONUS = [
    "kind",
    "amount",
    "measure",
    "over",
    "curve",
    "between",
    "at_least",
    "rate",
    "best_of",
    "beat",
    "within_days",
    "prizes",
    "ties",
    "among",
    "unit",
    "weights",
    "score",
]


def component(name: str, spot: Spot) -> Component:
    found = spot.fields(
        *("title", "base", "rate", "times", "raise", "bonus", "gate", "cap", "floor", "prorate"),
        *("stages", "clawback", "hold", "unit", "worth"),
    )
    return Component(
        key=name,
        title=field_of(found, "title", words, Words(name, name)),
        base=field_of(found, "base", Spot.text, ""),
        rate=field_of(found, "rate", rate, None),
        times=field_of(found, "times", listed(factor), ()),
        raises=field_of(found, "raise", listed(_raise), ()),
        bonus=field_of(found, "bonus", _bonus, None),
        gates=field_of(found, "gate", listed(gate), ()),
        cap=field_of(found, "cap", _limit, None),
        floor=field_of(found, "floor", _limit, None),
        prorate=field_of(found, "prorate", _prorate, None),
        stages=field_of(found, "stages", listed(_stage), ()),
        clawbacks=field_of(found, "clawback", listed(_clawback), ()),
        hold=field_of(found, "hold", _hold, None),
        unit=cast(Any, field_of(found, "unit", lambda s: s.word(Literal["money", "points"]), "money")),
        worth=field_of(found, "worth", _maybe_number, None),
    )


def _raise(spot: Spot) -> Raise:
    found = spot.fields("when", "by", "as")
    if "as" not in found:
        spot.note(
            message("says neither relative nor points"),
            message("Add `as: relative` (5% → 5.5%) or `as: points`."),
        )
    return Raise(
        field_of(found, "when", gate, model.Gate(ZERO), needed=spot),
        field_of(found, "by", Spot.positive, ZERO, needed=spot),
        cast(Any, field_of(found, "as", lambda s: s.word(Literal["relative", "points"]), "relative")),
    )


def _bonus(spot: Spot) -> Bonus | None:
    found = spot.fields(*_BONUS)
    kind = field_of(found, "kind", lambda s: s.word(model.BonusKind), "", needed=spot)
    if kind not in get_args(model.BonusKind):
        return None
    points = field_of(found, "curve", steps, ())
    between = field_of(found, "between", lambda s: s.word(Literal["line", "step"]), "line")
    return Bonus(
        kind=cast("model.BonusKind", kind),
        amount=field_of(found, "amount", Spot.positive, ZERO),
        measure=field_of(found, "measure", Spot.text, ""),
        over=field_of(found, "over", every, None),
        curve=Curve(points, cast(Any, between)) if points else None,
        at_least=field_of(found, "at_least", _maybe_number, None),
        rate=field_of(found, "rate", _maybe_number, None),
        best_of=field_of(found, "best_of", Spot.whole, 0),
        beat=cast(Any, field_of(found, "beat", lambda s: s.word(Literal["best", "target"]), "best")),
        within_days=field_of(found, "within_days", _maybe_whole, None),
        prizes=field_of(found, "prizes", listed(Spot.positive), ()),
        ties=cast(Any, field_of(found, "ties", lambda s: s.word(Literal["share", "each"]), "share")),
        among=cast(Any, field_of(found, "among", lambda s: s.word(Literal["plan", "unit"]), "plan")),
        unit=field_of(found, "unit", Spot.text, ""),
        weights=cast(
            Any,
            field_of(found, "weights", lambda s: s.word(Literal["equal", "measure", "score"]), "equal"),
        ),
        score=field_of(found, "score", Spot.text, ""),
    )


def _maybe_number(spot: Spot) -> Decimal | None:
    return spot.number()


def _maybe_whole(spot: Spot) -> int | None:
    return spot.whole()


def _limit(spot: Spot) -> Limit | None:
    if not spot.is_mapping:
        return Limit(spot.number())
    found = spot.fields("amount", "over")
    return Limit(
        field_of(found, "amount", Spot.number, ZERO, needed=spot), field_of(found, "over", every, None)
    )


def _prorate(spot: Spot) -> Prorate | None:
    reasons = Literal["joining", "leaving", "transfer", "absence", "probation"]
    found = spot.fields("for", "days")
    return Prorate(
        cast(Any, field_of(found, "for", listed(lambda s: s.word(reasons)), (), needed=spot)),
        cast(Any, field_of(found, "days", lambda s: s.word(model.Days), "calendar")),
    )


def _stage(spot: Spot) -> Stage:
    found = spot.fields("event", "share")
    return Stage(
        field_of(found, "event", Spot.text, "", needed=spot),
        field_of(found, "share", Spot.share, ZERO, needed=spot),
    )


def _clawback(spot: Spot) -> Clawback:
    found = spot.fields("when", "days", "share")
    return Clawback(
        cast(
            Any,
            field_of(found, "when", lambda s: s.word(Literal["unpaid", "churned"]), "unpaid", needed=spot),
        ),
        field_of(found, "days", Spot.whole, 0, needed=spot),
        field_of(found, "share", Spot.share, ONE),
    )


def _hold(spot: Spot) -> Hold | None:
    found = spot.fields("share", "until")
    return Hold(
        field_of(found, "share", Spot.share, ZERO, needed=spot),
        field_of(found, "until", every, "year"),
    )


def settlement(spot: Spot) -> Settlement:
    found = spot.fields("guarantee", "hold", "clawback", "draw", "leaver")
    instalments, most = field_of(found, "clawback", _instalments, (1, ONE))
    return Settlement(
        guarantee=field_of(found, "guarantee", _guarantee, None),
        hold=field_of(found, "hold", _hold, None),
        instalments=instalments,
        recover_most=most,
        draw=field_of(found, "draw", _draw, None),
        leaver=field_of(found, "leaver", _leaver, Leaver()),
    )


def _instalments(spot: Spot) -> tuple[int, Decimal]:
    found = spot.fields("instalments", "most")
    return field_of(found, "instalments", Spot.whole, 1), field_of(found, "most", Spot.share, ONE)


def _guarantee(spot: Spot) -> Guarantee | None:
    found = spot.fields("amount", "months", "prorate")
    return Guarantee(
        field_of(found, "amount", Spot.positive, ZERO, needed=spot),
        field_of(found, "months", _maybe_whole, None),
        field_of(found, "prorate", _prorate, None),
    )


def _draw(spot: Spot) -> Draw | None:
    found = spot.fields("amount", "recoverable", "months", "prorate")
    return Draw(
        field_of(found, "amount", Spot.positive, ZERO, needed=spot),
        field_of(found, "recoverable", Spot.yes, True, needed=spot),
        field_of(found, "months", _maybe_whole, None),
        field_of(found, "prorate", _prorate, None),
    )


def _leaver(spot: Spot) -> Leaver:
    found = spot.fields("held", "draw", "later")
    return Leaver(
        cast(Any, field_of(found, "held", lambda s: s.word(Literal["pay", "forfeit"]), "pay")),
        cast(Any, field_of(found, "draw", lambda s: s.word(Literal["recover", "forgive"]), "recover")),
        cast(Any, field_of(found, "later", lambda s: s.word(Literal["pay", "stop"]), "pay")),
    )
