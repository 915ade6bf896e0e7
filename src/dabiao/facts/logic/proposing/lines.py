"""Who reports to whom, as a people sheet says: which unit each manager leads, and so which units lie below which.

Whoever holds a seat sees the units below it, so a line from a person to a manager holds where the manager's seat is in the
person's unit or above. Units are those that the sheet names; a manager who leads only a part of one has a team below it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from dabiao.facts.logic.loading.shape import unit_key


@dataclass(frozen=True)
class Member:
    """One row. who: number, or name where there is none. said: the cell of the manager; manager: whom it means, if anybody;
    at: where the row stands in the file; settled: their manager is as somebody said, and not as the cell says."""

    who: str
    name: str
    unit: str
    title: str = ""
    said: str = ""
    manager: str = ""
    at: int = field(default=0, compare=False)
    settled: bool = False


@dataclass
class Lines:
    """What follows from them.

    heads: unit → who leads all of it. teams: manager → the team that is theirs. parents: unit or team → what it lies below
    seats: where somebody sits who does not sit in the unit that the sheet says. astray: whose manager sits neither in
    their unit nor above it; circle: names of people who report to each other in turn
    """

    heads: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)
    astray: tuple[Member, ...] = ()
    circle: tuple[str, ...] = ()


def key_of(name: str) -> str:
    """A unit's key, as loading will make it of its name."""
    return str(unit_key(pl.Series([name], dtype=pl.String))[0])


def lines_of(members: Sequence[Member], top: str, given: Mapping[str, str] | None = None) -> Lines:
    """What the lines say of units. top: what lies above all; given: unit → the one above it, where the sheet says so."""
    by = {member.who: member for member in members}
    if circle := circle_of(members):
        return Lines(circle=tuple(by[who].name for who in circle))
    units: dict[str, list[Member]] = {}
    for member in members:
        units.setdefault(member.unit, []).append(member)
    leading = {member.manager for member in members if member.manager}
    found = Lines({unit: head for unit, own in units.items() if (head := _head(own, leading))})
    found.teams = _teams(members, leading - set(found.heads.values()), top)
    found.parents = {
        unit: (given or {}).get(unit) or _above(own, by, found) or top
        for unit, own in units.items()
        if unit != top
    }
    for member in members:
        boss = by.get(member.manager)
        with_boss = found.teams.get(boss.who, boss.unit) if boss and boss.unit == member.unit else member.unit
        if member.who in found.teams:
            found.parents[found.teams[member.who]] = with_boss
        if (seat := found.teams.get(member.who, with_boss)) != member.unit:
            found.seats[member.who] = seat
    return _looked_over(members, by, found)


def circle_of(members: Sequence[Member]) -> tuple[str, ...]:
    """Who reports to each other in turn, there and back; nothing where every line ends."""
    return _circle({member.who: member.manager for member in members if member.manager})


def moved(members: Sequence[Member], top: str) -> Lines:
    """As `lines_of`, and whoever's manager sits elsewhere sits with the manager, instead of in their own unit."""
    by = {member.who: member for member in members}
    leading = {member.manager for member in members if member.manager}
    leaving = {member.who for member in lines_of(members, top).astray if member.who not in leading}
    elsewhere = [
        replace(member, unit=by[member.manager].unit) if member.who in leaving else member
        for member in members
    ]
    found = lines_of(elsewhere, top)
    for member in elsewhere:
        if member.who in leaving:
            found.seats.setdefault(member.who, member.unit)
    for member in found.astray:
        with_boss = found.seats.get(member.manager, by[member.manager].unit)
        if member.who in found.teams:
            found.parents[found.teams[member.who]] = with_boss
        else:
            found.seats[member.who] = with_boss
    return _looked_over(elsewhere, by, found) if not found.circle else found


def _looked_over(members: Sequence[Member], by: Mapping[str, Member], found: Lines) -> Lines:
    return replace(found, astray=_astray(members, by, found), circle=_circle(found.parents))


def _head(own: Sequence[Member], leading: Collection[str]) -> str:
    """Who leads all of a unit: the one manager there whose own manager is elsewhere, if nobody else reports elsewhere."""
    inside = {member.who for member in own}
    outwards = {member.who for member in own if member.said and member.manager not in inside}
    tops = {member.who for member in own if member.who in leading and member.manager not in inside}
    return next(iter(tops)) if len(tops) == 1 and outwards <= tops else ""


def _teams(members: Sequence[Member], leaders: Collection[str], top: str) -> dict[str, str]:
    """The teams of those who lead less, or other, than their unit: called by their names where nothing else is."""
    names = Counter(key_of(member.name) for member in members)
    units = {key_of(member.unit) for member in members} | {key_of(top)}
    return {
        member.who: name if names[name := key_of(member.name)] == 1 and name not in units else member.who
        for member in members
        if member.who in leaders
    }


def _above(own: Sequence[Member], by: Mapping[str, Member], found: Lines) -> str:
    """What those lead to whom most of a unit's people report outside it."""
    inside = {member.who for member in own}
    outside = (by[member.manager] for member in own if member.manager and member.manager not in inside)
    led = Counter(found.teams.get(boss.who, boss.unit) for boss in outside)
    return led.most_common(1)[0][0] if led else ""


def _astray(members: Sequence[Member], by: Mapping[str, Member], found: Lines) -> tuple[Member, ...]:
    """Those who report to somebody who sits neither in their unit nor above it."""

    def above(unit: str) -> Iterator[str]:
        seen: set[str] = set()
        while unit and unit not in seen:
            seen.add(unit)
            yield unit
            unit = found.parents.get(unit, "")

    def seat(member: Member) -> str:
        return found.seats.get(member.who, member.unit)

    return tuple(
        member for member in members if member.manager and seat(by[member.manager]) not in above(seat(member))
    )


def _circle(above: Mapping[str, str]) -> tuple[str, ...]:
    """The first of what lies above itself, on the way there and back; nothing where every way ends."""
    ends: set[str] = set()
    for start in above:
        way: list[str] = []
        at = start
        while at and at not in ends and at not in way:
            way.append(at)
            at = above.get(at, "")
        if at in way:
            return (*way[way.index(at) :], at)
        ends.update(way)
    return ()
