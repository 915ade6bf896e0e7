"""The column of managers of a people sheet whose managers are among its own people: read, asked about, put in a mapping."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.core.called import Called
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.lines import Lines, Member, circle_of, key_of, lines_of, moved
from dabiao.facts.logic.proposing.seen import Seen
from dabiao.facts.logic.words import plain, words

LINES: Final = "lines"
SEATS: Final = "seats"
"""Answers to whether the column or units and positions say who leads whom."""
NOBODY: Final = "none"
"""The answer that nobody of the sheet is somebody's manager."""
_SHOWN: Final = 6
_OFFERED: Final = 4
_MOST_ASKED: Final = 3
"""Managers of nobody's name that are asked about one by one."""
_ALIKE: Final = 0.6
_ALIKE_LEAST: Final = 0.5
"""How like one another two names are of which one is likely, or may be, a slip of the other: 王小明 and 王晓明, 张珊 and 张三."""


@dataclass(frozen=True)
class Reporting:
    """What the column says. who, unit, manager: headers; stays: everybody sits in the unit that the sheet says."""

    seen: Seen
    top: str
    who: str
    unit: str
    manager: str
    members: tuple[Member, ...]
    lines: Lines
    stays: bool

    def units(self, parent: object) -> list[dict[str, Any]]:
        """The units of the sheet and the teams within them, what lies above before what lies below.

        parent: what the sheet itself says is above a unit, if it does.
        """
        turns: dict[int, list[str]] = {}
        for unit in self.lines.parents:
            turns.setdefault(self._turn(unit), []).append(unit)
        return [
            self._teams(turns[turn]) if turn % 2 else self._named(turns[turn], parent)
            for turn in sorted(turns)
        ]

    def _turn(self, unit: str) -> int:
        """How often units of the sheet and teams take turns on the way down to it: even for the first, odd for teams."""
        if unit not in self.lines.parents:
            return 0
        above, teams = self.lines.parents[unit], self.lines.teams.values()
        return self._turn(above) + ((unit in teams) != (above in teams))

    def _named(self, units: Sequence[str], parent: object) -> dict[str, Any]:
        above = {unit: self.lines.parents[unit] for unit in units}
        columns: dict[str, Any] = {
            "unit": self.unit,
            "kind": {"constant": "region" if self.lines.teams else "team"},
            "parent": parent
            or _usually(self.unit, {u: p for u, p in above.items() if p != self.top}, self.top),
        }
        some = {"where": {self.unit: list(units)}} if self._cells() != set(units) else {}
        return {"into": "units", "from": self.seen.name, **some, "distinct": True, "columns": columns}

    def _teams(self, teams: Sequence[str]) -> dict[str, Any]:
        by = {team: who for who, team in self.lines.teams.items()}
        names = {member.who: member.name for member in self.members}
        columns = {
            "unit": {"from": self.who, "values": {by[team]: team for team in teams}},
            "name": {"from": self.who, "values": {by[team]: names[by[team]] for team in teams}},
            "kind": {"constant": "team"},
            "parent": {"from": self.who, "values": {by[team]: self.lines.parents[team] for team in teams}},
        }
        where = {self.who: [by[team] for team in teams]}
        return {"into": "units", "from": self.seen.name, "where": where, "columns": columns}

    def seats(self, seat: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The seats of its people, those of managers called so where no column names positions. seat: what is common to all."""
        leading = {member.manager for member in self.members if member.manager}
        if "position" not in seat:
            managers = {member.who: "manager" for member in self.members if member.who in leading}
            called = {"from": self.who, "values": managers, "otherwise": "empty"}
            seat = {**seat, "position": called}
        usual = {"from": self.unit, "default": self.top} if "" in self._cells() else self.unit
        if not self.lines.seats:
            return [self._seat({}, seat, usual)]
        apart, told = self._apart(), []
        if apart:
            told.append(self._seat({self.who: list(apart)}, seat, {"from": self.who, "values": apart}))
        rest: dict[str, Any] = {self.who: {"not": list(apart)}} if apart else {}
        return told + [self._seat({**rest, **where}, seat, unit) for where, unit in self._below(usual)]

    def _seat(self, where: Mapping[str, Any], seat: Mapping[str, Any], unit: object) -> dict[str, Any]:
        """Each part is its own: what two tables share would be written as a reference from one to the other."""
        rows = {"where": dict(where)} if where else {}
        columns = {**seat, "unit": unit}
        return {"into": "assignments", "from": self.seen.name, **_own(rows), "columns": _own(columns)}

    def _apart(self) -> dict[str, str]:
        """Where those sit of whom their cells do not tell it: leaders of teams, and whose manager somebody has settled."""
        settled = {
            each.who: self.lines.seats.get(each.who, each.unit) for each in self.members if each.settled
        }
        return {**settled, **self.lines.teams}

    def _below(self, usual: object) -> Iterator[tuple[dict[str, Any], object]]:
        """Which rows of people without a team of their own sit where: by unit and manager, where a row says both."""
        by, apart = {member.who: member for member in self.members}, self._apart()
        cells = self.seen.rows.select(pl.col(self.who, self.unit, self.manager).cast(pl.String))
        places = {
            (unit, said): self.lines.seats.get(who, by[who].unit)
            for who, unit, said in cells.iter_rows()
            if said and who in by and who not in apart
        }
        both = {f"{unit}|{said}": place for (unit, said), place in places.items() if unit}
        alone = {said: place for (unit, said), place in places.items() if not unit}
        filled, lacks = {"filled": True}, {"filled": False}
        if both:
            yield (
                {self.unit: filled, self.manager: filled},
                {"from": [self.unit, self.manager], "values": both},
            )
        if alone:
            yield {self.unit: lacks, self.manager: filled}, {"from": self.manager, "values": alone}
        yield {self.manager: lacks}, usual

    def _cells(self) -> set[str]:
        return set(self.seen.rows[self.unit].cast(pl.String).fill_null(""))


def reporting(seen: Seen, found: Mapping[str, str], top: str, asking: Asking) -> Reporting | None:
    """What the column of managers says; nothing where none of them is among the people, or somebody says it is not to be read.

    top: the unit above all, in which those sit whose unit is empty. Asks whom a name of two means, and which holds where the
    column contradicts units or positions.
    """
    who, unit, manager = found.get("number") or found.get("holder"), found.get("unit"), found.get("manager")
    if not (who and unit and manager):
        return None
    members = _members(seen, found, top, asking)
    if not any(member.manager for member in members):
        return None
    broken = _without_circles(seen, manager, members, top, asking)
    if broken is None:
        return None
    members = broken
    settled = _settled(seen, manager, members, top, _given(seen, found, unit), asking)
    if settled is None:
        return None
    _tell(seen, found, members, settled[0], top, asking)
    return Reporting(seen, top, who, unit, manager, members, *settled)


def _members(seen: Seen, found: Mapping[str, str], top: str, asking: Asking) -> tuple[Member, ...]:
    """The rows, with whom the cells of managers mean; who is their own manager has none."""
    who = found.get("number") or found["holder"]
    columns = [who, found.get("holder", who), found["unit"], found.get("position"), found["manager"]]
    cells = [seen.rows[header].cast(pl.String).fill_null("").to_list() if header else [""] * seen.rows.height for header in columns]  # fmt: skip
    rows = [
        Member(key, name or key, top if not unit or key_of(unit) == key_of(top) else unit, title, said, at=at)
        for key, name, unit, title, said, at in zip(*cells, seen.at, strict=True)
        if key
    ]
    empty = set(words()["empty"]) | {""}
    meant = _meant(seen, rows, {member.said for member in rows} - empty, asking)
    told = [
        replace(row, said="" if row.said in empty or meant.get(row.said) == row.who else row.said, manager=meant.get(row.said, ""))
        for row in rows
    ]  # fmt: skip
    members = tuple(dict.fromkeys(row if row.said else replace(row, manager="") for row in told))
    if any(member.manager for member in members):
        own = {row.who: row for row in rows if row.said and meant.get(row.said) == row.who}
        members = _led_by_nobody(seen, members, own, asking)
    return members


def _led_by_nobody(
    seen: Seen, members: tuple[Member, ...], own: Mapping[str, Member], asking: Asking
) -> tuple[Member, ...]:
    """Who is said to be their own manager is led by nobody; asked of those who are not the one at the head of all."""
    others = [member for member in members if not member.said and member.who not in own]
    for who, member in own.items():
        told = {"source": seen.name, "name": member.name, "row": member.at}
        if len(own) == 1 and not others:
            asking.note(
                _("%(source)s: %(name)s (row %(row)s) is their own manager: nobody is above them") % told
            )
            continue
        near = [each for each in members if each.who != who and each.unit == member.unit] or [*members]
        leading = {each.manager for each in members}
        near = sorted((each for each in near if each.who != who), key=lambda each: each.who not in leading)
        choices = [
            Choice(NOBODY, _("Nobody is above them"), (), _("as if the cell were empty")),
            *(_chosen_person(each) for each in near[:_OFFERED]),
        ]
        text = (
            _("%(source)s: %(name)s (row %(row)s) is said to be their own manager. Who is above them?") % told
        )
        also = [each.who for each in members if each.who != who]
        said = asking.ask(f"{seen.name}.manager_of_{who}", text, choices, also=also)
        if said != NOBODY:
            members = tuple(
                replace(each, said=said, manager=said, settled=True) if each.who == who else each
                for each in members
            )
    return members


def _chosen_person(member: Member) -> Choice:
    beside = " · ".join(filter(None, [member.unit, member.title]))
    return Choice(member.who, f"{member.who} {member.name}", (), beside)


def _meant(seen: Seen, rows: Sequence[Member], cells: set[str], asking: Asking) -> dict[str, str]:
    """Cell → the one whom it means. A name of two is asked for, and so is one that nobody of the sheet has."""
    people = Called({member.who: member.name for member in rows})
    by = {member.who: member for member in rows}
    meant: dict[str, str] = {}
    strange: list[str] = []
    for cell in sorted(cells):
        numbers = people.meant(cell) or people.meant(cell.removesuffix(".0"))
        if len(numbers) == 1:
            meant[cell] = numbers[0]
        elif numbers:
            choices = [_chosen_person(by[who]) for who in numbers]
            below = [member.name for member in rows if member.said == cell]
            text = _("%(source)s: who is the manager %(name)s?") % {"source": seen.name, "name": cell}
            evidence = _("%(count)s people have this name; to one of them report: %(names)s") % {
                "count": len(numbers), "names": _some(below),
            }  # fmt: skip
            meant[cell] = asking.ask(f"{seen.name}.manager_{cell}", text, choices, evidence=evidence)
        else:
            strange.append(cell)
    near = {cell: _near(cell, rows) for cell in strange}
    slips = [cell for cell, members in near.items() if members and _likeness(cell, members[0]) >= _ALIKE]
    # Where none of the managers is among the people, and none is nearly, they are people of elsewhere.
    if meant or (slips and len(strange) <= _MOST_ASKED):
        meant |= _unknown(seen, rows, near, slips, meant, asking)
    return meant


def _near(cell: str, rows: Sequence[Member]) -> list[Member]:
    """Whose name or number is like that, the nearest first."""
    alike = {member.who: _likeness(cell, member) for member in rows}
    found = [member for member in rows if alike[member.who] >= _ALIKE_LEAST]
    return sorted(found, key=lambda member: -alike[member.who])[:_OFFERED]


def _likeness(cell: str, member: Member) -> float:
    near = (
        difflib.SequenceMatcher(None, cell.lower(), own.lower()).ratio() for own in (member.name, member.who)
    )
    return max(near)


def _unknown(
    seen: Seen,
    rows: Sequence[Member],
    near: Mapping[str, Sequence[Member]],
    slips: Sequence[str],
    known: Mapping[str, str],
    asking: Asking,
) -> dict[str, str]:
    """Managers whom the sheet does not have: slips of somebody's name, or people of elsewhere. One question each; of many
    that are no slips one together. known: cell → whom it means, of the others."""
    everybody = [member.who for member in rows]
    heads = [each for each in rows if each.who in known.values() or surely_leads(each.title)]
    meant: dict[str, str] = {}
    others = [cell for cell in near if cell not in slips]
    together = others if len(others) > _MOST_ASKED else []
    nobody = Choice(NOBODY, _("Somebody else"), (), _("nobody is put below them"))
    if together:
        text = _("%(source)s: %(count)s managers are none of its people. What of those who report to them?") % {
            "source": seen.name, "count": len(together),
        }  # fmt: skip
        choices = [
            Choice(
                NOBODY,
                _("They are led by nobody of the sheet"),
                (),
                _("everybody sits in the unit that the sheet says"),
            )
        ]
        asking.ask(f"{seen.name}.managers", text, choices, evidence=_some(together))
    for cell, members in near.items():
        if cell in together:
            continue
        below = [member for member in rows if member.said == cell]
        told = {"source": seen.name, "name": cell, "count": len(below)}
        text = _("%(source)s: the manager %(name)s is none of its people. Who is it?") % told
        evidence = _("To them report: %(names)s") % {
            "names": _some(
                [_("%(name)s (row %(row)s)") % {"name": each.name, "row": each.at} for each in below]
            )
        }
        own = {each.who for each in below}
        choices = [*(_chosen_person(each) for each in members if each.who not in own), nobody]
        if not members:
            choices += [_chosen_person(each) for each in heads if each.who not in own][:_OFFERED]
        said = asking.ask(f"{seen.name}.manager_{cell}", text, choices, evidence=evidence, also=everybody)
        if said != NOBODY:
            meant[cell] = said
    return meant


def _given(seen: Seen, found: Mapping[str, str], unit: str) -> dict[str, str]:
    """Unit → the unit above it, as a column of the sheet says. The row of a head may name the unit twice: that is none above."""
    if "parent_unit" not in found:
        return {}
    told = seen.rows.select(pl.col(unit, found["parent_unit"]).cast(pl.String)).drop_nulls()
    return {own: above for own, above in told.iter_rows() if key_of(own) != key_of(above)}


def _without_circles(
    seen: Seen, manager: str, members: tuple[Member, ...], top: str, asking: Asking
) -> tuple[Member, ...] | None:
    """The rows, of which none reports to somebody below them: who of a circle is above the others is asked, row by row;
    nothing where the column is not to be read."""
    by = {member.who: member for member in members}
    while circle := circle_of(members):
        ring = [by[who] for who in circle[:-1]]
        told = {"source": seen.name, "manager": manager}
        choices = [
            Choice(
                each.who,
                _("%(name)s is above the others") % {"name": each.name},
                (" · ".join(filter(None, [each.unit, each.title])),),
                _("row %(row)s is read as if its %(manager)s were empty") % {**told, "row": each.at},
            )
            for each in ring[:_OFFERED]
        ]
        choices.append(
            Choice(
                SEATS,
                _("None of them"),
                (),
                _("%(manager)s is not read; whoever holds a seat in a unit leads it") % told,
            )
        )
        text = _("%(source)s: people report to each other in turn. Who is above the others?") % told
        way = [_("%(name)s (row %(row)s)") % {"name": by[who].name, "row": by[who].at} for who in circle]
        said = asking.ask(
            f"{seen.name}.manager_circle_{min(circle)}",
            text,
            choices,
            evidence=" → ".join(way),
            also=[each.who for each in ring[_OFFERED:]],
        )
        if said == SEATS:
            return None
        members = tuple(
            replace(each, said="", manager="", settled=True) if each.who == said else each for each in members
        )
    return members


def _settled(
    seen: Seen, manager: str, members: Sequence[Member], top: str, given: Mapping[str, str], asking: Asking
) -> tuple[Lines, bool] | None:
    """What the lines say, and whether everybody stays where the sheet puts them; nothing where the lines are not to be read.

    What holds is asked where units or positions say otherwise.
    """
    lines, over = lines_of(members, top, given), _overtitled(members)
    other = moved(members, top) if lines.circle or lines.astray else lines
    if other is lines and not over:
        return lines, True
    told = {"source": seen.name, "manager": manager}
    choices = [
        Choice(SEATS, _("Units and positions"), (), _("%(manager)s is not read; whoever holds a seat in a unit leads it") % told),
    ]  # fmt: skip
    if not (other.circle or other.astray):
        says = _("everybody sits in the unit of whom they report to, or below it")
        choices.insert(0, Choice(LINES, _("The column %(manager)s") % told, (), says))
    text = _("%(source)s: %(manager)s contradicts units or positions. Who leads whom?") % told
    said = asking.ask(f"{seen.name}.manager", text, choices, evidence=_against(members, lines, over))
    return (other, other is lines) if said == LINES else None


def _against(members: Sequence[Member], lines: Lines, over: Sequence[Member]) -> str:
    """The rows that contradict units or positions, in words."""
    by = {member.who: member for member in members}
    said = (
        [_("they report to each other: %(names)s") % {"names": " → ".join(lines.circle)}]
        if lines.circle
        else []
    )
    said += [
        _("%(low)s in %(unit)s reports to %(high)s in %(other)s")
        % {"low": low.name, "unit": low.unit, "high": by[low.manager].name, "other": by[low.manager].unit}
        for low in lines.astray
    ]
    said += [
        _("%(low)s, %(title)s, reports to %(high)s, %(other)s")
        % {"low": low.name, "title": low.title, "high": by[low.manager].name, "other": by[low.manager].title}
        for low in over
    ]
    return _some(said, "; ")


def _overtitled(members: Sequence[Member]) -> list[Member]:
    """Those whose title leads and who report to somebody whose title does not."""
    by = {member.who: member for member in members}
    return [
        member
        for member in members
        if member.manager and surely_leads(member.title) and not may_lead(by[member.manager].title)
    ]


def surely_leads(title: str) -> bool:
    """大区经理 and Head of Sales lead; 客户经理 may or may not."""
    return may_lead(title) and bool(title) and not _has(title, "doubtful")


def may_lead(title: str) -> bool:
    """客户经理 may, and where nothing is said; 销售代表 and 总监助理 do not."""
    return not title or (_has(title, "leading") and not _has(title, "assisting"))


def _has(title: str, kind: str) -> bool:
    bare = plain(title)
    return any(plain(word) in bare for word in words()["titles"][kind])


def _tell(
    seen: Seen, found: Mapping[str, str], members: Sequence[Member], lines: Lines, top: str, asking: Asking
) -> None:
    """Say what was concluded: who leads which unit, what lies below what, whom nobody knows."""
    by = {member.who: member for member in members}
    told = {"source": seen.name, "manager": found["manager"], "unit": found["unit"]}
    led = [
        _("%(name)s: %(unit)s") % {"name": by[who].name, "unit": unit} for unit, who in lines.heads.items()
    ]
    led += [
        _("%(name)s: a team in %(unit)s") % {"name": by[who].name, "unit": by[who].unit}
        for who in lines.teams
    ]
    called = {team: by[who].name for who, team in lines.teams.items()}
    below = [
        _("%(unit)s below %(above)s") % {"unit": called.get(unit, unit), "above": called.get(above, above)}
        for unit, above in lines.parents.items()
        if above != top
    ]
    asking.note(_("%(source)s: %(manager)s says who leads what: %(led)s") % {**told, "led": _some(led)})
    if below:
        asking.note(
            _("%(source)s: by %(manager)s, what lies below what: %(below)s") % {**told, "below": _some(below)}
        )
    strange = sorted({member.said for member in members if member.said and not member.manager})
    if strange:
        asking.note(
            _("%(source)s: %(names)s in %(manager)s are none of its people; nobody is put below them")
            % {**told, "names": _some(strange)}
        )
    if lost := seen.rows[found["unit"]].null_count():
        asking.note(
            ngettext(
                "%(source)s: %(count)s person without %(unit)s sits in %(top)s itself",
                "%(source)s: %(count)s people without %(unit)s sit in %(top)s itself",
                lost,
            )
            % {**told, "count": lost, "top": top}
        )


def _usually(header: str, values: Mapping[str, str], otherwise: str) -> dict[str, Any]:
    """What a few cells stand for, and what all others do."""
    if not values:
        return {"constant": otherwise}
    return {"from": header, "values": dict(values), "otherwise": "empty", "default": otherwise}


def _own(part: Any) -> Any:  # noqa: ANN401  # any part of a mapping
    if isinstance(part, dict):
        return {name: _own(below) for name, below in part.items()}
    return [_own(below) for below in part] if isinstance(part, list) else part


def _some(texts: Sequence[str], between: str = ", ") -> str:
    more = len(texts) - _SHOWN
    return between.join(texts[:_SHOWN]) + (f"{between}… +{more}" if more > 0 else "")
