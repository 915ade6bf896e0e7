"""Sheets about the organisation: one people sheet makes units, positions, people and seats; a short one managers of units."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing import namesakes
from dabiao.facts.logic.proposing.asking import Asking
from dabiao.facts.logic.proposing.columns import readable
from dabiao.facts.logic.proposing.days import decided
from dabiao.facts.logic.proposing.kinds import may_be_facts
from dabiao.facts.logic.proposing.reporting import Reporting, reporting
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import likeness, plain, words

_VERY: Final = 0.8
_HALF: Final = 0.5
"""A header that is the very word is believed although many of its days need mending: the others are handed back."""
EVER: Final = "2000-01-01"
"""A seat whose beginning no sheet tells was held as long as there are facts."""
_MOST_ROWS: Final = 50_000
_SHORT: Final = 6
_MARKS: Final = ("hired_on", "position", "email")
_ANYTHING: Final = frozenset({"name", "名字"})
"""Headers of names that may be those of shops or customers."""
_OTHERS: Final = ("customer", "product", "order")
_ANY_DAY: Final = frozenset({"日期", "时间", "date", "day"})
_FIGURES: Final = ("amount", "amount_with_tax", "target", "qty")


def is_about_people(seen: Seen) -> bool:
    """One row a person: a number or name, and a unit, a position or the day somebody came; and no figure."""
    found = columns_of(seen)
    who = found.get("number") or found.get("holder")
    if who is None or seen.rows.height > _MOST_ROWS or _has_figures(seen):
        return False
    if not _stands_once(seen, who) and (_tells_of_more(seen) or not namesakes.shared(seen, who)):
        return False
    both = "number" in found and "holder" in found
    led = "manager" in found and plain(who) not in _ANYTHING
    return "unit" in found and (both or led or any(name in found for name in _MARKS))


def _stands_once(seen: Seen, who: str) -> bool:
    """Whether whoever is named there is named in one row; a few rows may name nobody: they are handed back at loading."""
    rows = seen.rows.unique()
    named = rows[who].drop_nulls()
    return named.n_unique() == named.len() >= rows.height * _HALF


def _tells_of_more(seen: Seen) -> bool:
    """Whether its rows are what people did, or what they have, rather than people: then of course names come again."""
    columns = words()["columns"]
    others = [word for name in _OTHERS for word in columns[name]]
    return may_be_facts(seen) or any(
        likeness(h, others) >= _VERY or plain(h) in _ANY_DAY for h in seen.headers
    )


def settle(seen: Seen, asking: Asking) -> None:
    """Ask who those are that share a name, or a number, where nothing tells them apart."""
    found = columns_of(seen) | seen.said
    who = found.get("number") or found.get("holder")
    if who and not _stands_once(seen, who):
        namesakes.settle(seen, found, asking)


def is_about_units(seen: Seen) -> bool:
    """A short sheet that says who manages which unit."""
    return _managers(seen) is not None


def tables(
    seen: Seen, others: Sequence[Seen], asking: Asking, *, top: str, company: str
) -> list[dict[str, Any]]:
    """What a sheet about the organisation feeds. top: the unit above all that is there already; else one is made: company."""
    company, root = whole(seen, top=top, company=company)
    if seen.kind == "people":
        return _people(seen, company, root, others, asking)
    unit, holder = _managers(seen) or (seen.said["unit"], seen.said.get("holder", ""))
    seen.chosen = {"unit": Guess("units", "unit", unit, 0.9)}
    if holder:
        note = _("name taken as employee number")
        seen.chosen["holder"] = Guess("assignments", "person", holder, 0.9, note)
    region = {"unit": unit, "kind": {"constant": "region"}, "parent": {"constant": company}}
    held = {
        "person": holder,
        "unit": unit,
        "position": {"constant": "manager"},
        "starts_on": {"constant": EVER},
    }
    return [
        *root,
        {"into": "units", "from": seen.name, "distinct": True, "columns": region},
        *([{"into": "assignments", "from": seen.name, "distinct": True, "columns": held}] if holder else []),
    ]


def whole(seen: Seen, *, top: str, company: str) -> tuple[str, list[dict[str, Any]]]:
    """The key of the unit above all, and what makes it where there is none yet."""
    name = company or _("Company")
    key = top or re.sub(r"[^\w.-]+", "-", name).strip("-") or "company"
    said = {"unit": {"constant": key}, "name": {"constant": name}, "kind": {"constant": "company"}}
    return key, [] if top else [{"into": "units", "from": seen.name, "distinct": True, "columns": said}]


def _people(
    seen: Seen, company: str, root: list[dict[str, Any]], others: Sequence[Seen], asking: Asking
) -> list[dict[str, Any]]:
    found = columns_of(seen) | seen.said
    person = found.get("number") or found["holder"]
    name = found.get("holder", person)
    teams = _teams(seen, found)
    lines = None if teams or seen.moved else reporting(seen, found, company, asking)
    if "manager" in found:
        _tell_of_managers(seen, found, teams, lines, asking)
    since: Any = {"constant": EVER}
    own = namesakes.names(seen)
    who: dict[str, Any] = {
        "person": person,
        "name": {"from": name, "values": own, "otherwise": "keep"} if own else name,
    }
    for column in ("email", "hired_on", "left_on"):
        if column in found:
            who[column] = _day(seen, found[column], others, asking) if column != "email" else found[column]
    if "hired_on" in found:
        since = {**_whole(who["hired_on"]), "default": EVER}
    else:
        asking.note(
            _("%(source)s tells no day on which people came: they hold their seats since %(day)s")
            % {"source": seen.name, "day": EVER}
        )
    where: Any = found["manager"] if teams else found.get("unit", {"constant": company})
    seat: dict[str, Any] = {"person": person, "unit": where, "starts_on": since}
    if "position" in found:
        seat["position"] = found["position"]
    kind = {"constant": "region" if teams else "team"}
    unit: dict[str, Any] = {"unit": where, "kind": kind, "parent": {"constant": company}}
    if teams:
        unit["unit"] = found["unit"]
    if "parent_unit" in found:
        unit["parent"] = {"from": found["parent_unit"], "default": company}
    _choose(seen, {name: header for name, header in found.items() if name != "manager" or teams or lines})
    told = [
        *root,
        *_above(seen, found, company, lines),
        *_units(seen, found, unit, lines),
        *(_led(seen, found) if teams else []),
        *_persons(seen, person, who),
    ]
    if seen.moved:
        seat["ends_on"] = {"next": "starts_on", "per": "person"}
    if lines:
        seen.decides = (found["manager"],)
        del seat["unit"]
        return [*told, *lines.seats(seat)]
    return [*told, {"into": "assignments", "from": seen.name, "columns": seat}]


def _persons(seen: Seen, person: str, who: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a person; of one who moved each row is the same one."""
    table = {"into": "people", "from": seen.name}
    if not seen.moved:
        return [{**table, "columns": who}]
    # Each part is its own: what two tables share would be written as a reference from one to the other.
    others = {**table, "where": {person: {"not": list(seen.moved)}}, "columns": deepcopy(who)}
    return [
        others,
        {**table, "where": {person: list(seen.moved)}, "distinct": True, "columns": deepcopy(who)},
    ]


def _choose(seen: Seen, found: Mapping[str, str]) -> None:
    """What the page shows of the columns that are read."""
    for column, header in found.items():
        into = "people" if column in {"number", "holder", "email", "hired_on", "left_on"} else "assignments"
        name = {"number": "person", "holder": "name"}.get(column, column)
        seen.chosen[column] = Guess(into, name, header, 1.0)


def _above(
    seen: Seen, found: Mapping[str, str], company: str, lines: Reporting | None
) -> list[dict[str, Any]]:
    """The units above others, as a column of the sheet says; none where the lines of reporting say otherwise."""
    if "parent_unit" not in found or (lines and not lines.stays):
        return []
    header = found["parent_unit"]
    columns = {"unit": header, "kind": {"constant": "region"}, "parent": {"constant": company}}
    where = {header: {"filled": True}}
    return [{"into": "units", "from": seen.name, "distinct": True, "where": where, "columns": columns}]


def _units(
    seen: Seen, found: Mapping[str, str], unit: dict[str, Any], lines: Reporting | None
) -> list[dict[str, Any]]:
    if lines:
        return lines.units(unit["parent"] if "parent_unit" in found and lines.stays else None)
    return (
        [{"into": "units", "from": seen.name, "distinct": True, "columns": unit}] if "unit" in found else []
    )


def _teams(seen: Seen, found: dict[str, str]) -> bool:
    """Whether each manager leads a team of one unit: several to a unit, each in one, and none among the people below.

    Where managers are among the people, `reporting` says what they lead.
    """
    if not {"manager", "unit"} <= set(found):
        return False
    rows = seen.rows.select(manager=found["manager"], unit=found["unit"]).drop_nulls().unique()
    several = rows["unit"].n_unique() < rows.height == rows["manager"].n_unique()
    below = {str(cell) for name in ("number", "holder") if name in found for cell in seen.values(found[name])}
    return several and not below & {str(cell) for cell in rows["manager"]}


def _tell_of_managers(
    seen: Seen, found: Mapping[str, str], teams: bool, lines: Reporting | None, asking: Asking
) -> None:
    told = {"source": seen.name, "manager": found["manager"], "unit": found.get("unit", "")}
    if teams:
        asking.note(_("%(source)s: each %(manager)s leads a team, below the %(unit)s") % told)
    elif lines is None:
        asking.note(_("%(source)s: %(manager)s is not read; who leads whom is said by the seats") % told)


def _led(seen: Seen, found: dict[str, str]) -> list[dict[str, Any]]:
    """The teams of managers, and the managers' own seats in them."""
    manager = found["manager"]
    team = {"unit": manager, "kind": {"constant": "team"}, "parent": found["unit"]}
    seat = {
        "person": manager,
        "unit": manager,
        "position": {"constant": "manager"},
        "starts_on": {"constant": EVER},
    }
    return [
        {"into": "units", "from": seen.name, "distinct": True, "columns": team},
        {"into": "assignments", "from": seen.name, "distinct": True, "columns": seat},
    ]


def _has_figures(seen: Seen) -> bool:
    """People with an amount beside them are orders, targets or a ranking."""
    columns = words()["columns"]
    return any(likeness(h, columns[name]) >= _VERY for name in _FIGURES for h in seen.headers)


def _whole(rule: Any) -> dict[str, Any]:  # noqa: ANN401  # a header or a rule
    return dict(rule) if isinstance(rule, dict) else {"from": rule}


def _day(seen: Seen, header: str, others: Sequence[Seen], asking: Asking) -> Any:  # noqa: ANN401  # as above
    formats = decided(seen, header, others, asking)
    return {"from": header, "formats": list(formats)} if formats else header


def columns_of(seen: Seen) -> dict[str, str]:
    """What the sheet says of a person → its header."""
    found: dict[str, str] = {}
    for column, listed in words()["people"].items():
        fitting = [
            (likeness(header, listed), header)
            for header in seen.headers
            if header not in found.values() and likeness(header, listed) >= _VERY
            and (not column.endswith("_on") or readable(seen, header, "date") >= _HALF)
        ]  # fmt: skip
        if fitting:
            found[column] = max(fitting, key=lambda each: each[0])[1]
    return found


def units_named(seen: Sequence[Seen]) -> set[str]:
    """The units that sheets about the organisation name."""
    headers = [
        (each, columns_of(each).get(name, ""))
        for each in seen if each.kind in {"people", "units"} for name in ("unit", "parent_unit")
    ]  # fmt: skip
    headers += [(each, found[0]) for each in seen if each.kind == "units" and (found := _managers(each))]
    return {str(cell) for each, header in headers if header for cell in each.values(header)}


def _managers(seen: Seen) -> tuple[str, str] | None:
    columns = words()["columns"]
    units = [h for h in seen.headers if likeness(h, columns["unit"]) >= _VERY]
    leaders = [h for h in seen.headers if likeness(h, words()["people"]["manager"]) >= _VERY]
    holders = [h for h in seen.headers if likeness(h, columns["holder"]) >= _VERY and h not in units]
    holders = [h for h in leaders if h not in units] or holders
    if not units or not holders or seen.rows.height > 5_000 or len(seen.headers) > _SHORT:
        return None
    # Where nothing calls them managers, several of one unit are its people.
    by = [units[0], holders[0]] if holders[0] in leaders else units[:1]
    return (units[0], holders[0]) if seen.is_unique(by) else None
