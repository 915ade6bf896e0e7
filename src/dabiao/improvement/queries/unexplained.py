"""Which lights a job should explain next, so that their reasons stand on the pages before anybody asks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.conf import settings

from dabiao.core.errors import Refused
from dabiao.engine.metric import adds_up
from dabiao.engine.period import Period
from dabiao.improvement.queries.explaining import explained_in
from dabiao.lake.reading import Lake
from dabiao.metrics.figure import Number
from dabiao.metrics.frame import Frame, home_frame
from dabiao.metrics.promised import promised
from dabiao.metrics.standing import NOW
from dabiao.metrics.subtree import subtree
from dabiao.org import queries as org
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.performance.actions import Found
from dabiao.performance.queries import cockpit, reasons, signals

MOST: Final = 60
"""Lights of one period that are explained, the most money first: a third of a second each."""


@dataclass(frozen=True)
class Unexplained:
    """A light without a reason that holds: the frame in which it is seen, and the figure it shows."""

    frame: Frame
    scope: Scope
    metric: str
    value: Number | None


def unexplained(lake: Lake, on: date) -> list[Unexplained]:
    """Red and amber lights that somebody's pages show, of this month, the one before and this quarter: units first, then people.

    Looked at are the scopes where users are at home; whoever sees a unit sees all below it, so that its subtree is
    looked at once for all of them, and the top once more where somebody sees what is credited to nobody.
    """
    homes = _homes(on)
    found: dict[tuple[object, ...], Unexplained] = {}
    frames = [replace(home_frame(viewer, on), lake=lake) for viewer in homes]
    for turn in zip(*map(_spans, frames), strict=True):
        for frame, period in zip(frames, turn, strict=True):
            for light in _lights(frame.at(period)):
                place = (light.scope, light.metric, period, reasons.sees_all(frame, light.scope))
                found.setdefault(place, light)
    return list(found.values())


def _spans(frame: Frame) -> list[Period]:
    """What pages are looked at most: the month, the one before it, the quarter, or the one before where it has only begun."""
    quarter = frame.at(frame.fiscal.containing("quarter", frame.today))
    whole = quarter.fiscal.previous(quarter.period) if quarter.early else quarter.period
    return [frame.period, frame.fiscal.previous(frame.period), whole]


def found_out(light: Unexplained) -> Found | None:
    """Why, in all languages; None where it can't be said."""
    frame = light.frame.of(light.scope)
    languages = [language for language, _name in settings.LANGUAGES]
    try:
        told = explained_in(languages, frame, light.metric, "target")
    except Refused:
        return None
    return Found(
        scope=light.scope,
        sees_all=reasons.sees_all(frame, light.scope),
        metric=light.metric,
        period=frame.period,
        words={language: (each.reason, each.sentence) for language, each in told.items()},
        fingerprint=reasons.fingerprint(frame, light.value),
    )


def _homes(on: date) -> list[User]:
    """One user for each scope that is somebody's start, widest first; whoever starts inside another's scope left out."""
    users = [user for user in org.users(org.operator()) if user.is_active]
    starts: dict[tuple[Scope, bool], User] = {}
    for user in users:
        home = org.home_scope(user, on)
        if home is not None and home.kind == "unit":
            starts.setdefault((home, org.sight(user, on).everything), user)
    order = {node.key: node for node in org.tree().nodes}
    wide = sorted(starts, key=lambda each: (order[each[0].key].index, not each[1]))
    kept: list[tuple[Scope, bool]] = []
    for scope, everything in wide:
        index = order[scope.key].index
        inside = any(order[top.key].index < index < order[top.key].ends for top, _all in kept)
        kept += [] if inside else [(scope, everything)]
    return [starts[each] for each in kept] or [org.operator()]


def _lights(frame: Frame) -> Iterator[Unexplained]:
    """Of one scope with all below it, the most money first, so many at most; those whose reason still holds left out."""
    tiles = cockpit.tiles_of(frame)
    if not tiles:
        return
    below = subtree(frame, [tile.metric for tile in tiles], {NOW: frame.so_far})
    promises = promised(frame, below.parts, [tile.metric for tile in tiles])
    below.learn(promises)
    off = [
        each
        for each in signals.every_off(frame, tiles, below, promises)
        if each.scope and adds_up(frame.metrics[each.key])
    ]
    stakes = signals.weighed(frame, tiles, below, promises, off)
    ranked = sorted(
        zip(off, stakes, strict=True),
        key=lambda pair: (
            pair[0].scope is not None and pair[0].scope.kind == "person",
            pair[1] is None,
            -pair[1].amount if pair[1] else 0,
            pair[0].stands.light != "red",
            pair[0].key,
            pair[0].scope.key if pair[0].scope else "",
        ),
    )
    wanted = [(each.scope, each.key, each.stands.value) for each, _stake in ranked[:MOST] if each.scope]
    held = reasons.known(frame, wanted)
    for scope, key, value in wanted:
        if (scope, key) not in held:
            yield Unexplained(frame, scope, key, value)
