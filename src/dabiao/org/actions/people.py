"""Changes of people: who they are, which seat they hold from when to when, when they are away."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Refused
from dabiao.org.access import require
from dabiao.org.actions._common import bump, changes, found, only, saved
from dabiao.org.can import Can
from dabiao.org.models import FOREVER, Absence, Assignment, Person, Position, User


class SeatsOverlap(Refused):
    """A person holds one primary seat on a day: facts of that day count for it, once."""


@dataclass(frozen=True)
class Seat:
    """An assignment to make: which position, from when to when (`ends_on` is the first day after)."""

    position: str
    starts_on: date
    ends_on: date = FOREVER
    primary: bool = True
    probation_until: date | None = None
    fte: Decimal = field(default=Decimal(1))
    exit_reason: str = ""


@action("org.person.added")
def add_person(
    *, key: str, name: str, email: str = "", hired_on: date | None = None, left_on: date | None = None,
    by: User | None, at: datetime,
) -> Person:  # fmt: skip
    """Somebody new, known by employee number."""
    require(by, Can.OPERATE)
    person = saved(Person(key=key, name=name, email=email, hired_on=hired_on, left_on=left_on))
    bump(at)
    tell(person)
    return person


@action("org.person.changed")
def change_person(key: str, *, values: dict[str, object], by: User | None, at: datetime) -> Person:
    """Change `name`, `email`, `hired_on` or `left_on`."""
    require(by, Can.OPERATE)
    person = found(Person.objects.select_for_update(), key)
    told = changes(person, only(values, "name", "email", "hired_on", "left_on"))
    if told:
        saved(person)
        bump(at)
        tell(person, told)
    return person


@action("org.assignment.added")
def assign(person: str, seat: Seat, *, by: User | None, at: datetime) -> Assignment:
    """Give a person a seat. Raises SeatsOverlap when they hold another primary one in that time."""
    require(by, Can.OPERATE)
    holder = found(Person.objects.select_for_update(), person)
    position = found(Position.objects.all(), seat.position)
    assignment = Assignment(
        person=holder,
        position=position,
        starts_on=seat.starts_on,
        ends_on=seat.ends_on,
        primary=seat.primary,
        probation_until=seat.probation_until,
        fte=seat.fte,
        exit_reason=seat.exit_reason,
    )
    _refuse_overlap(assignment)
    saved(assignment)
    bump(at)
    tell(holder, _said(seat))
    return assignment


@action("org.assignment.changed")
def change_assignment(pk: int, *, values: dict[str, object], by: User | None, at: datetime) -> Assignment:
    """Change dates, `primary`, `probation_until`, `fte` or `exit_reason` of a seat somebody holds or held."""
    require(by, Can.OPERATE)
    assignment = found(Assignment.objects.select_related("person", "position"), pk, by="pk")
    Person.objects.select_for_update().get(pk=assignment.person_id)
    known = ("starts_on", "ends_on", "primary", "probation_until", "fte", "exit_reason")
    told = changes(assignment, only(values, *known))
    if told:
        _refuse_overlap(assignment)
        saved(assignment)
        bump(at)
        tell(assignment.person, {"position": assignment.position.key, **told})
    return assignment


@action("org.assignment.added")
def move(person: str, seat: Seat, *, by: User | None, at: datetime) -> Assignment:
    """Transfer: what the person holds on the first day of the new seat ends on that day, then the new seat begins."""
    require(by, Can.OPERATE)
    holder = found(Person.objects.select_for_update(), person)
    held = Assignment.objects.filter(
        person=holder, primary=True, starts_on__lt=seat.starts_on, ends_on__gt=seat.starts_on
    )
    ended = [change_assignment(row.pk, values={"ends_on": seat.starts_on}, by=by, at=at) for row in held]
    assignment = assign(person, seat, by=by, at=at)
    left = {"left": ", ".join(row.position.key for row in ended)} if ended else {}
    tell(holder, {**_said(seat), **left})
    return assignment


@action("org.assignment.removed")
def remove_assignment(pk: int, *, by: User | None, at: datetime) -> None:
    """Take back a seat that was entered by mistake. Facts of that time then count for nobody's unit."""
    require(by, Can.OPERATE)
    assignment = found(Assignment.objects.select_related("person", "position"), pk, by="pk")
    tell(
        assignment.person,
        {"position": assignment.position.key, "starts_on": str(assignment.starts_on)},
    )
    assignment.delete()
    bump(at)


@action("org.absence.recorded")
def record_absence(
    person: str, *, starts_on: date, ends_on: date, kind: str, by: User | None, at: datetime
) -> Absence:
    """Days on which somebody is away; `ends_on` is the first day back."""
    require(by, Can.OPERATE)
    holder = found(Person.objects.all(), person)
    absence = saved(Absence(person=holder, starts_on=starts_on, ends_on=ends_on, kind=kind))
    bump(at)
    tell(holder, {"starts_on": str(starts_on), "ends_on": str(ends_on), "kind": kind})
    return absence


@action("org.absence.removed")
def remove_absence(pk: int, *, by: User | None, at: datetime) -> None:
    """Take back an absence."""
    require(by, Can.OPERATE)
    absence = found(Absence.objects.select_related("person"), pk, by="pk")
    tell(absence.person, {"starts_on": str(absence.starts_on)})
    absence.delete()
    bump(at)


def _said(seat: Seat) -> dict[str, str]:
    return {"position": seat.position, "starts_on": str(seat.starts_on), "ends_on": str(seat.ends_on)}


def _refuse_overlap(seat: Assignment) -> None:
    if not seat.primary:
        return
    others = Assignment.objects.filter(
        person=seat.person, primary=True, starts_on__lt=seat.ends_on, ends_on__gt=seat.starts_on
    )
    other = others.exclude(pk=seat.pk).select_related("position").order_by("starts_on").first()
    if other is not None:
        raise SeatsOverlap(
            _(
                "%(person)s already holds %(position)s from %(start)s to %(end)s. End that first, or make this seat a secondary one."
            )
            % {
                "person": seat.person,
                "position": other.position,
                "start": other.starts_on,
                "end": other.ends_on,
            }
        )
