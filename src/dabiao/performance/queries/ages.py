"""Since when a signal stands: in how many periods in a row, this one included, the same has been off."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.engine.period import Period
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, promised
from dabiao.metrics.standing import stand
from dabiao.metrics.subtree import Subtree
from dabiao.org.queries import Scope
from dabiao.performance.queries.rows import Signal
from dabiao.performance.queries.signals import is_off

BACK: Final = 6
"""Earlier periods that are looked at."""


def windows(frame: Frame) -> dict[str, Period]:
    """The whole periods before this one, of its own kind, nearest first."""
    spans: dict[str, Period] = {}
    earlier = frame.period
    for n in range(1, BACK + 1):
        earlier = frame.fiscal.previous(earlier)
        spans[f"h{n}"] = earlier
    return spans


def aged(frame: Frame, below: Subtree, signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """The same signals, those that are off their target with their age. Stops where nothing is off any more.

    A period without a target or figure ends the row and is no "new": nobody can say how it stood then.
    below: knows them in `windows`
    """
    open_now = {(each.scope, each.metric) for each in signals if each.kind == "off_target" and each.scope}
    ages: dict[tuple[Scope | None, str], tuple[int, bool]] = dict.fromkeys(open_now, (1, True))
    for n, (name, period) in enumerate(windows(frame).items(), start=2):
        if not open_now:
            break
        then = frame.at(period)
        scopes = sorted({scope for scope, _key in open_now if scope}, key=lambda scope: (scope.kind, scope.key))  # fmt: skip
        goals = promised(then, scopes, sorted({key for _scope, key in open_now}))
        for scope, key in list(open_now):
            promise = goals.get((scope, key), NONE)
            stands = stand(then, frame.metrics[key], below.get(name, key, scope), promise)
            if stands.light is not None and is_off(stands):
                ages[scope, key] = (n, True)
            else:
                ages[scope, key] = (n - 1, n > 2 or stands.light is not None)
                open_now.discard((scope, key))
    return tuple(
        replace(
            each, age=ages[each.scope, each.metric][0], since=_said(frame, *ages[each.scope, each.metric])
        )
        if (each.scope, each.metric) in ages and each.kind == "off_target"
        else each
        for each in signals
    )


def _said(frame: Frame, age: int, known: bool) -> str:
    """The age in words; nothing where it is not known how the period before stood."""
    if age == 1:
        return _("new") if known else ""
    if age > BACK:
        return _("for %(n)s periods or longer") % {"n": age}
    words = {
        "day": ngettext("for %(n)s day in a row", "for %(n)s days in a row", age),
        "week": ngettext("for %(n)s week in a row", "for %(n)s weeks in a row", age),
        "month": ngettext("for %(n)s month in a row", "for %(n)s months in a row", age),
        "quarter": ngettext("for %(n)s quarter in a row", "for %(n)s quarters in a row", age),
        "year": ngettext("for %(n)s year in a row", "for %(n)s years in a row", age),
    }
    other = ngettext("for %(n)s period in a row", "for %(n)s periods in a row", age)
    return words.get(frame.period.kind, other) % {"n": age}
