"""Why a light is on, in a sentence, where a job has worked it out: kept by it, shown while it still holds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from django.db.models import Max

from dabiao.core import keeping
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Frame
from dabiao.metrics.scope import seats
from dabiao.org import queries as org
from dabiao.org.queries import Scope, tree
from dabiao.performance.models import KeptReason
from dabiao.performance.queries.rows import Signal, Tile

Light = tuple[Scope, str]
"""Whose, and which metric."""
METHOD: Final = 4
"""One more whenever an explanation would name another part for the same figures: what was kept by an earlier program
would contradict the page that works it out."""


@dataclass(frozen=True)
class Reason:
    """Why, in short and in full, in one language."""

    short: str
    full: str


def fingerprint(frame: Frame, value: Number | None) -> str:
    """Differs wherever a kept reason would no longer be what the page shows: another figure, target, organisation,
    definition, way of explaining; of a running period another day, because more is due."""
    exact = None if value is None else round(Fraction(str(value)), 9)
    day = None if frame.closed else frame.today
    return keeping.stamp(METHOD, exact, frame.versions, frame.edition, frame.period, day, frame.currency)


def sees_all(frame: Frame, scope: Scope) -> bool:
    """Whether the figures of a scope hold what is nobody's for this viewer: at the top, for who sees everything."""
    roots = tree().roots()
    top = len(roots) == 1 and scope == Scope("unit", roots[0].key)
    return top and org.sight(frame.viewer, frame.today).everything


def known(frame: Frame, lights: Collection[tuple[Scope, str, Number | None]]) -> dict[Light, Reason]:
    """The reasons that still hold for these lights (scope, metric, value). The scopes are visible: the page has checked.

    A reason names parts of its scope. Whoever may see a unit sees all of it; of a person who has moved a manager sees
    a part only, and then there is none.
    """
    asked = {(scope, key): value for scope, key, value in lights}
    if not asked:
        return {}
    kept = KeptReason.objects.filter(
        starts_on=frame.period.start,
        ends_on=frame.period.end,
        scope__in={scope.key for scope, _key in asked},
        metric__in={key for _scope, key in asked},
    ).order_by("pk")
    found: dict[Light, Reason] = {}
    for row in kept:
        scope = Scope("person" if row.scope_kind == "person" else "unit", row.scope)
        place = (scope, row.metric)
        if place not in asked or row.sees_all != sees_all(frame, scope) or not _whole(frame, scope):
            continue
        words = row.words.get(frame.language)
        if words and row.fingerprint == fingerprint(frame, asked[place]):
            found[place] = Reason(*words)
    return found


def with_causes(frame: Frame, signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """The same signals, with the short reason where there is one."""
    lights = [(each.scope, each.metric, each.value) for each in signals if each.explainable and each.scope]
    reasons = known(frame, lights)
    return tuple(
        replace(each, cause=reasons[each.scope, each.metric].short)
        if each.explainable and each.scope and (each.scope, each.metric) in reasons
        else each
        for each in signals
    )


def on_tiles(frame: Frame, tiles: Sequence[Tile]) -> tuple[Tile, ...]:
    """The same tiles of the frame's scope, those that ask why with the short reason where there is one."""
    scope = frame.scope
    if scope is None:
        return tuple(tiles)
    reasons = known(frame, [(scope, each.metric, each.value) for each in tiles if each.asks_why])
    return tuple(
        replace(each, cause=reasons[scope, each.metric].short) if (scope, each.metric) in reasons else each
        for each in tiles
    )


def last_kept() -> object:
    """Changes whenever a job has kept reasons: a page with none asks again then."""
    return KeptReason.objects.aggregate(last=Max("made_at"))["last"]


def _whole(frame: Frame, scope: Scope) -> bool:
    if scope.kind == "unit":
        return True
    seen = seats(frame.lake, viewer=frame.viewer, scope=scope, on=frame.today)
    if frame.seats is not None and scope != frame.scope:
        seen = seen and seen & frame.seats
    return seen == seats(frame.lake, viewer=org.operator(), scope=scope, on=frame.today)
