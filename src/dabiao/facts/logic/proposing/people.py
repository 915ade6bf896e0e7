"""Sheets about the organisation: one people sheet makes units, positions, people and seats; a short one managers of units."""

import re
from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing.asking import Asking
from dabiao.facts.logic.proposing.columns import readable
from dabiao.facts.logic.proposing.days import decided
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import likeness, words

_VERY: Final = 0.8
_EVER: Final = "2000-01-01"
"""A seat whose beginning no sheet tells was held as long as there are facts."""
_MOST_ROWS: Final = 50_000
_SHORT: Final = 6
_MARKS: Final = ("hired_on", "position", "email")
_FIGURES: Final = ("amount", "amount_with_tax", "target", "qty")


def is_about_people(seen: Seen) -> bool:
    """One row a person: a number or name, and a unit, a position or the day somebody came; and no figure."""
    found = _columns(seen)
    who = found.get("number") or found.get("holder")
    if who is None or seen.rows.height > _MOST_ROWS or not seen.is_unique([who]) or _has_figures(seen):
        return False
    both = "number" in found and "holder" in found
    return "unit" in found and (both or any(name in found for name in _MARKS))


def is_about_units(seen: Seen) -> bool:
    """A short sheet that says who manages which unit."""
    return _managers(seen) is not None


def tables(
    seen: Seen, system: str, others: Sequence[Seen], asking: Asking, *, top: str
) -> list[dict[str, Any]]:
    """What a sheet about the organisation feeds. top: the company that is there already; else one is called as the system."""
    company = top or re.sub(r"[^\w.-]+", "-", system).strip("-") or "company"
    whole = {"unit": {"constant": company}, "kind": {"constant": "company"}}
    root = [] if top else [{"into": "units", "from": seen.name, "distinct": True, "columns": whole}]
    if is_about_people(seen):
        return _people(seen, company, root, others, asking)
    unit, holder = _managers(seen) or ("", "")
    seen.chosen = {
        "unit": Guess("units", "unit", unit, 0.9),
        "holder": Guess("assignments", "person", holder, 0.9, _("name taken as employee number")),
    }
    region = {"unit": unit, "kind": {"constant": "region"}, "parent": {"constant": company}}
    held = {
        "person": holder,
        "unit": unit,
        "position": {"constant": "manager"},
        "starts_on": {"constant": _EVER},
    }
    return [
        *root,
        {"into": "units", "from": seen.name, "distinct": True, "columns": region},
        {"into": "assignments", "from": seen.name, "distinct": True, "columns": held},
    ]


def _people(
    seen: Seen, company: str, root: list[dict[str, Any]], others: Sequence[Seen], asking: Asking
) -> list[dict[str, Any]]:
    found = _columns(seen)
    person = found.get("number") or found["holder"]
    name = found.get("holder", person)
    since: Any = {"constant": _EVER}
    who: dict[str, Any] = {"person": person, "name": name}
    for column in ("email", "hired_on", "left_on"):
        if column in found:
            who[column] = _day(seen, found[column], others, asking) if column != "email" else found[column]
    if "hired_on" in found:
        since = {**_whole(who["hired_on"]), "default": _EVER}
    else:
        asking.note(
            _("%(source)s tells no day on which people came: they hold their seats since %(day)s")
            % {"source": seen.name, "day": _EVER}
        )
    seat: dict[str, Any] = {"person": person, "unit": found["unit"], "starts_on": since}
    if "position" in found:
        seat["position"] = found["position"]
    unit: dict[str, Any] = {
        "unit": found["unit"],
        "kind": {"constant": "team"},
        "parent": {"constant": company},
    }
    if "parent_unit" in found:
        unit["parent"] = {"from": found["parent_unit"], "default": company}
    for column, header in found.items():
        into = "people" if column in {"number", "holder", "email", "hired_on", "left_on"} else "assignments"
        seen.chosen[column] = Guess(
            into, {"number": "person", "holder": "name"}.get(column, column), header, 1.0
        )
    above = (
        [{"into": "units", "from": seen.name, "distinct": True, "where": {found["parent_unit"]: {"filled": True}},
          "columns": {"unit": found["parent_unit"], "kind": {"constant": "region"}, "parent": {"constant": company}}}]
        if "parent_unit" in found
        else []
    )  # fmt: skip
    return [
        *root,
        *above,
        {"into": "units", "from": seen.name, "distinct": True, "columns": unit},
        {"into": "people", "from": seen.name, "columns": who},
        {"into": "assignments", "from": seen.name, "columns": seat},
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


def _columns(seen: Seen) -> dict[str, str]:
    """What the sheet says of a person → its header."""
    found: dict[str, str] = {}
    for column, listed in words()["people"].items():
        fitting = [
            (likeness(header, listed), header)
            for header in seen.headers
            if header not in found.values() and likeness(header, listed) >= _VERY
            and (not column.endswith("_on") or readable(seen, header, "date") >= _VERY)
        ]  # fmt: skip
        if fitting:
            found[column] = max(fitting, key=lambda each: each[0])[1]
    return found


def _managers(seen: Seen) -> tuple[str, str] | None:
    columns = words()["columns"]
    units = [h for h in seen.headers if likeness(h, columns["unit"]) >= _VERY]
    holders = [h for h in seen.headers if likeness(h, columns["holder"]) >= _VERY and h not in units]
    if not units or not holders or seen.rows.height > 5_000 or len(seen.headers) > _SHORT:
        return None
    return (units[0], holders[0]) if seen.is_unique([units[0], holders[0]]) else None
