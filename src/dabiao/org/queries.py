"""Reads of the organisation, and THE visibility function: what somebody may see on a day.

Everything that shows, exports or searches facts, targets, units or people starts from `sight`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.core.fields import sounds_like
from dabiao.core.names import fold
from dabiao.core.pinyin import sounds, typed
from dabiao.org.access import may, require
from dabiao.org.can import Can
from dabiao.org.logic.seats import Numbering, numbering
from dabiao.org.logic.tree import Node, Tree, one_tree, org_version, read_once, tree
from dabiao.org.models import FOREVER, Absence, ApiToken, Assignment, Grant, Person, Position, Unit, User

__all__ = ["FOREVER", "Node", "Numbering", "Tree", "numbering", "one_tree", "org_version", "tree"]

ALL_SEEING = frozenset({User.Role.ADMIN.value, User.Role.OPERATIONS.value, User.Role.READER.value})


_AT_ONCE = 500
"""Keys in one statement: databases take only so many parameters."""
ScopeKind = Literal["unit", "person"]


@dataclass(frozen=True)
class Scope:
    """Whose figures are asked for: a unit (its subtree) or one person."""

    kind: ScopeKind
    key: str


@dataclass(frozen=True)
class Sight:
    """What a viewer may see: everything, or the seats of some units, and in any case themselves.

    `units` are all units whose seats may be seen (subtrees spelled out, by today's tree); `person` is the
    viewer's own employee number. Whoever reads a snapshot turns it into seats by that snapshot's `numbering`.
    """

    everything: bool
    units: frozenset[str]
    person: str | None

    @cached_property
    def key(self) -> str:
        """Two viewers with the same key see the same: what caches put into their keys."""
        if self.everything:
            return "all"
        told = "\n".join([self.person or "", *sorted(self.units)])
        return blake2b(told.encode(), digest_size=12).hexdigest()


def sight(viewer: User, on: date) -> Sight:
    """What `viewer` may see on a day.

    Administrators, sales operations and readers: everything. Managers: the subtrees of the units in which
    they hold a position on that day. Everybody: the subtrees granted to them for that day, and themselves.
    """
    who = (viewer.pk, viewer.role, viewer.is_active, viewer.person_id)
    return read_once(("sight", *who, on), lambda: _sight(viewer, on))


def _sight(viewer: User, on: date) -> Sight:
    if not viewer.is_active:
        return Sight(False, frozenset(), None)
    person = own_person(viewer)
    if viewer.role in ALL_SEEING:
        return Sight(True, frozenset(), person)
    today = tree()
    tops = {*_managed(viewer, on), *_granted(viewer, on)}
    return Sight(False, frozenset(node.key for top in tops for node in today.subtree(top)), person)


def operator() -> User:
    """Whoever runs commands on the machine itself: not stored, sees everything."""
    return User(username="operator", role=User.Role.ADMIN)


def one_of_each_sight() -> Iterator[User]:
    """Somebody who sees everything, a manager of each kind of unit, somebody who sees themselves: for what is made ready
    before anybody asks. Nothing of theirs may be shown to others."""
    yield operator()
    users = User.objects.filter(is_active=True).exclude(person=None).order_by("pk")
    of_kind = "person__assignments__position__unit__kind"
    seated = users.filter(role=User.Role.MANAGER).values_list(of_kind, "pk")
    firsts = {kind: pk for kind, pk in reversed(seated) if kind}
    yield from users.filter(pk__in=firsts.values())
    yield from users.filter(role=User.Role.REP)[:1]


def own_person(viewer: User) -> str | None:
    """The viewer's employee number."""
    return viewer.person.key if viewer.person else None


def units_visible(viewer: User, on: date) -> tuple[Node, ...]:
    """Units whose figures the viewer may see, in tree order."""
    seen = sight(viewer, on)
    return tuple(node for node in tree().nodes if seen.everything or node.key in seen.units)


def people_visible(viewer: User, on: date) -> QuerySet[Person]:
    """People whose name and figures the viewer may see: who ever held a seat in a visible unit, and oneself.

    Those who have moved away stay visible, because their facts of that time do; which of their facts show is
    decided by the seat on the fact's own day.
    """
    seen = sight(viewer, on)
    if seen.everything:
        return Person.objects.all()
    seated = Assignment.objects.filter(position__unit__key__in=seen.units).values("person_id")
    return Person.objects.filter(Q(pk__in=seated) | Q(key=seen.person or ""))


def check_scope(viewer: User, scope: Scope, on: date) -> Scope:
    """The scope itself if the viewer may see it. Raises NotFound, whether it is hidden or does not exist."""
    seen = sight(viewer, on)
    if scope.kind == "unit":
        visible = scope.key in tree().by_key if seen.everything else scope.key in seen.units
    elif scope.key == seen.person:
        visible = True
    else:
        visible = people_visible(viewer, on).filter(key=scope.key).exists()
    if not visible:
        raise NotFound(_("There is no %(key)s, or it is not yours to see.") % {"key": scope.key})
    return scope


def home_scope(viewer: User, on: date) -> Scope | None:
    """Where a viewer starts: the top of what they see, else themselves, else nothing."""
    units = units_visible(viewer, on)
    if units:
        return Scope("unit", units[0].key)
    person = own_person(viewer)
    return Scope("person", person) if person else None


def tops_visible(viewer: User, on: date) -> tuple[Node, ...]:
    """Visible units that lie in no other visible unit."""
    visible = units_visible(viewer, on)
    keys = {node.key for node in visible}
    return tuple(node for node in visible if node.parent not in keys)


def people_seated(viewer: User, day: date, on: date) -> QuerySet[Person]:
    """People who hold a seat on a day that the viewer may see today (`on`), and oneself: whose days one may enter."""
    seen = sight(viewer, on)
    if seen.everything:
        return Person.objects.all()
    held = Assignment.objects.filter(position__unit__key__in=seen.units, starts_on__lte=day, ends_on__gt=day)
    return Person.objects.filter(Q(pk__in=held.values("person_id")) | Q(key=seen.person or ""))


def find_people(viewer: User, text: str, on: date, most: int = 20) -> QuerySet[Person]:
    """People by name, pinyin or employee number, among those the viewer may see."""
    named = Q(name__icontains=text) | Q(key__istartswith=text) | sounds_like(text)
    found = people_visible(viewer, on).filter(named)
    return found.order_by("name", "key")[:most]


def find_units(viewer: User, text: str, on: date, most: int = 20) -> list[Node]:
    """Units by name, pinyin or key, among those the viewer may see."""
    wanted, aloud = text.casefold(), typed(text)
    found = (
        node
        for node in units_visible(viewer, on)
        if wanted in node.name.casefold()
        or wanted in node.name_en.casefold()
        or wanted in node.key.casefold()
        or (aloud and aloud in sounds(node.name))
    )
    return list(found)[:most]


def people_names(keys: "set[str] | None" = None) -> dict[str, str]:
    """Employee number → name, of all or of the keys asked for. For labels of rows already scoped."""
    people = Person.objects.all() if keys is None else Person.objects.filter(key__in=keys)
    return dict(people.values_list("key", "name"))


def employee_numbers() -> frozenset[str]:
    """Everybody's employee number, for checking what refers to them."""
    return frozenset(Person.objects.values_list("key", flat=True))


def names_of_people() -> dict[str, str]:
    """Employee number → name, of everybody: for files that name people as people do."""
    return dict(Person.objects.values_list("key", "name"))


def top_unit() -> str:
    """The unit that all others lie below; nothing where there is none, or more than one."""
    tops = list(Unit.objects.filter(parent=None).values_list("key", flat=True)[:2])
    return tops[0] if len(tops) == 1 else ""


def position_keys() -> frozenset[str]:
    """Every position's key."""
    return frozenset(Position.objects.values_list("key", flat=True))


def holder_ids(scopes: Iterable[Scope]) -> dict[Scope, int]:
    """Scope → the row of the unit or person it names, of those that exist. For foreign keys to them."""
    wanted = list(dict.fromkeys(scopes))
    rows: dict[Scope, int] = {}
    for at in range(0, len(wanted), _AT_ONCE):
        part = wanted[at : at + _AT_ONCE]
        units = Unit.objects.filter(key__in=[scope.key for scope in part if scope.kind == "unit"])
        people = Person.objects.filter(key__in=[scope.key for scope in part if scope.kind == "person"])
        rows |= {Scope("unit", key): pk for key, pk in units.values_list("key", "pk")}
        rows |= {Scope("person", key): pk for key, pk in people.values_list("key", "pk")}
    return rows


@dataclass(frozen=True)
class Arrival:
    """When somebody was hired, and until when they are on probation; None where it is not known or not so."""

    hired_on: date | None
    probation_until: date | None


def arrivals(start: date, end: date) -> dict[str, Arrival]:
    """Who was hired in [start, end) or a year before, or is on probation then, by employee number."""
    recent = Person.objects.filter(hired_on__gte=start - timedelta(days=366), hired_on__lt=end)
    hired = dict(recent.values_list("key", "hired_on"))
    seats = Assignment.objects.filter(primary=True, probation_until__gt=start, starts_on__lt=end)
    until = dict(seats.order_by("probation_until").values_list("person__key", "probation_until"))
    return {key: Arrival(hired.get(key), until.get(key)) for key in hired.keys() | until.keys()}


def people_on(unit: str, on: date) -> dict[str, str]:
    """Employee number → name of those with a main seat in the subtree of a unit on a day, by position."""
    keys = [node.key for node in tree().subtree(unit)]
    held = _held(on, on + timedelta(days=1)).filter(position__unit__key__in=keys)
    ordered = held.order_by("position__key", "starts_on", "pk")
    return dict(ordered.values_list("person__key", "person__name"))


@dataclass(frozen=True)
class PersonRow:
    """A person with the main seat of a day; seat columns are None for those who hold none."""

    key: str
    name: str
    unit: str | None
    position: str | None
    since: date | None
    left_on: date | None


def people_rows(
    viewer: User, on: date, *, unit: str | None = None, day: date | None = None, language: str = ""
) -> list[PersonRow]:
    """Visible people with their main seat on a day (`on`), in tree order; of `unit`: who holds one in its subtree.

    on: the day of the viewer's sight, which another `day` does not change: what one might see once is no right today.
    language: in which units are called
    """
    known = tree().by_key
    seen, day = sight(viewer, on), day or on
    held = Assignment.objects.filter(primary=True, starts_on__lte=day, ends_on__gt=day)
    if not seen.everything:
        held = held.filter(person__in=people_visible(viewer, on))
    if unit is not None:
        held = held.filter(position__unit__key__in=[node.key for node in tree().subtree(unit)])
    seats = {seat.person_id: seat for seat in held.select_related("position__unit")}
    theirs = None if seen.everything else set(_last_seated(seen).values_list("person_id", flat=True))
    rows = []
    for person in people_visible(viewer, on).order_by("key"):
        seat = seats.get(person.pk)
        if seat is None and unit is not None:
            continue
        if seat is not None and not (
            seen.everything or seat.position.unit.key in seen.units or person.key == seen.person
        ):
            seat = None  # where somebody works now is not for those who saw them before
        place = (known[seat.position.unit.key].index, seat.position.key) if seat else (len(known), "")
        rows.append((place, person.key, person, seat))
    return [
        PersonRow(
            key=person.key,
            name=person.name,
            unit=known[seat.position.unit.key].label(language) if seat else None,
            position=seat.position.title if seat else None,
            since=seat.starts_on if seat else None,
            left_on=person.left_on
            if theirs is None or person.pk in theirs or person.key == seen.person
            else None,
        )
        for _place, _key, person, seat in sorted(rows, key=lambda row: row[:2])
    ]


def person(viewer: User, key: str, on: date) -> Person:
    """A person whom the viewer may see. Raises NotFound."""
    check_scope(viewer, Scope("person", key), on)
    return Person.objects.get(key=key)


def is_theirs(viewer: User, key: str, on: date) -> bool:
    """Whether the viewer may know of a person what no day belongs to: where to write, when they left the company.

    Whoever sees the seat that they hold last may; those who saw them before they moved away may not.
    """
    seen = sight(viewer, on)
    return seen.everything or seen.person == key or _last_seated(seen).filter(person__key=key).exists()


def _last_seated(seen: Sight) -> QuerySet[Assignment]:
    """Visible seats after which their holders hold no other."""
    later = Assignment.objects.filter(person=OuterRef("person"), ends_on__gt=OuterRef("ends_on"))
    return Assignment.objects.filter(~Exists(later), position__unit__key__in=seen.units)


def seats_of(viewer: User, key: str, on: date) -> list[Assignment]:
    """Seats of a person that the viewer may see, newest first: those in visible units, and all of one's own."""
    seen = sight(viewer, on)
    held = Assignment.objects.filter(person__key=key).select_related("position__unit")
    if not (seen.everything or seen.person == key):
        held = held.filter(position__unit__key__in=seen.units)
    return list(held.order_by("-starts_on", "-pk"))


@dataclass(frozen=True)
class Away:
    """Days [starts_on, ends_on) of an absence that the viewer may see; `pk` is the whole absence's.

    kind: why, in the reader's language; only that they are away where the reason is none of the viewer's business
    """

    pk: int
    kind: str
    starts_on: date
    ends_on: date


def absences_of(viewer: User, key: str, on: date) -> list[Away]:
    """Absences of a person, newest first: all of one's own, else the days on which they held a visible seat.

    Day by day as facts are: who managed somebody once learns nothing of the time after, nor who manages them
    now of the time before. Of an absence across a move each sees their part.
    """
    spans, told = days_visible(viewer, key, on), _days_accounted_for(viewer, key, on)
    parts = [
        (row, max(row.starts_on, start), min(row.ends_on, end))
        for row in Absence.objects.filter(person__key=key)
        for start, end in spans
        if start < row.ends_on and row.starts_on < end
    ]
    away = {
        Away(row.pk, _kind(row, known=any(a <= start and end <= b for a, b in told)), start, end)
        for row, start, end in parts
    }
    return sorted(away, key=lambda each: (each.starts_on, each.pk), reverse=True)


def _kind(row: Absence, *, known: bool) -> str:
    return str(row.get_kind_display()) if known else _("Away")


def _days_accounted_for(viewer: User, key: str, on: date) -> list[tuple[date, date]]:
    """Half-open spans of days of which the viewer may know why somebody is away: all of one's own; all for sales
    operations and administrators, who enter them; for managers those on which a seat below theirs was held.

    Readers, and whoever was granted to see a unit, see figures: of people they learn that they are away, not why.
    """
    if own_person(viewer) == key or viewer.role in ALL_SEEING - {User.Role.READER}:
        return [(date.min, FOREVER)]
    below = {node.key for top in _managed(viewer, on) for node in tree().subtree(top)}
    held = (seat for seat in seats_of(viewer, key, on) if seat.position.unit.key in below)
    return _together((seat.starts_on, seat.ends_on) for seat in held)


def days_visible(viewer: User, key: str, on: date) -> list[tuple[date, date]]:
    """Half-open spans of days of a person that the viewer may see: all of one's own, else those of visible seats."""
    seen = sight(viewer, on)
    if seen.everything or seen.person == key:
        return [(date.min, FOREVER)]
    return _together((seat.starts_on, seat.ends_on) for seat in seats_of(viewer, key, on))


def seen_between(viewer: User, keys: Collection[str], start: date, end: date, on: date) -> frozenset[str]:
    """Of these people those of whom the viewer may see a day of [start, end)."""
    seen = sight(viewer, on)
    if seen.everything:
        return frozenset(keys)
    held = Assignment.objects.filter(
        position__unit__key__in=seen.units, starts_on__lt=end, ends_on__gt=start, person__key__in=keys
    )
    return frozenset(held.values_list("person__key", flat=True)) | ({seen.person or ""} & set(keys))


def days_in(
    units: Collection[str], people: Collection[str], start: date, end: date
) -> dict[str, list[tuple[date, date]]]:
    """Person → the days of [start, end) that are theirs where these units are looked at; others are left out.

    Whoever has their main seat elsewhere too: the days of the main seats in the units. Who has none elsewhere: all days,
    for what is promised to somebody is not less for their having come or left meanwhile.
    """
    held = Assignment.objects.filter(person__key__in=people, starts_on__lt=end, ends_on__gt=start)
    spans: dict[str, list[tuple[date, date]]] = {}
    elsewhere: set[str] = set()
    fields = ("person__key", "position__unit__key", "primary", "starts_on", "ends_on")
    for person, unit, primary, first, after in held.values_list(*fields):
        if unit in units:
            spans.setdefault(person, []).extend([(max(first, start), min(after, end))] if primary else [])
        elif primary:
            elsewhere.add(person)
    return {
        person: _together(found) if person in elsewhere else [(start, end)]
        for person, found in spans.items()
        if found or person not in elsewhere
    }


def _together(times: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Half-open spans in order, those that touch or overlap as one."""
    spans: list[tuple[date, date]] = []
    for start, end in sorted(times):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def seats_in(unit: str, on: date) -> list[tuple[Position, list[Assignment]]]:
    """Positions of one unit with who holds them on a day."""
    positions = Position.objects.filter(unit__key=unit).order_by("key")
    held: dict[int, list[Assignment]] = {}
    for seat in Assignment.objects.filter(
        position__unit__key=unit, starts_on__lte=on, ends_on__gt=on
    ).select_related("person"):
        held.setdefault(seat.position_id, []).append(seat)
    return [(position, held.get(position.pk, [])) for position in positions]


@dataclass(frozen=True)
class Vacancy:
    """A position that nobody holds. since: the day after its last holder's last; None where nobody ever held it."""

    key: str
    title: str
    unit: str
    since: date | None
    last: str


def vacancies(viewer: User, on: date) -> list[Vacancy]:
    """Positions of visible units that nobody holds on a day, in tree order; a seat that begins later is vacant yet."""
    places = {node.key: node.index for node in units_visible(viewer, on)}
    held = Assignment.objects.filter(position=OuterRef("pk"), starts_on__lte=on)
    last = held.filter(ends_on__lte=on).order_by("-ends_on", "-pk")
    rows = (
        Position.objects.filter(~Exists(held.filter(ends_on__gt=on)), unit__key__in=places)
        .annotate(
            since=Subquery(last.values("ends_on")[:1]), holder=Subquery(last.values("person__name")[:1])
        )
        .values_list("key", "title", "unit__key", "since", "holder")
    )
    vacant = [Vacancy(key, title, unit, since, holder or "") for key, title, unit, since, holder in rows]
    return sorted(vacant, key=lambda row: (places[row.unit], row.key))


@dataclass(frozen=True)
class HeldSeat:
    """A main seat that somebody holds or held."""

    person: str
    unit: str
    starts_on: date
    ends_on: date


def primary_seats(units: Collection[str], start: date, end: date) -> list[HeldSeat]:
    """Main seats directly in the units that touch [start, end), by unit, person, start."""
    rows = _held(start, end).filter(position__unit__key__in=units)
    fields = ("position__unit__key", "person__key", "starts_on")
    return [
        HeldSeat(*row)
        for row in rows.order_by(*fields).values_list(
            "person__key", "position__unit__key", "starts_on", "ends_on"
        )
    ]


def seatless(people: Collection[str], start: date, end: date) -> set[str]:
    """Those of the people who have no main seat on any day of [start, end): not hired yet, gone, or nowhere at all."""
    seated = _held(start, end).filter(person__key__in=people).values_list("person__key", flat=True)
    return set(people) - set(seated)


def main_seats() -> list[tuple[str, date, date]]:
    """Of everybody when they hold a main seat: person, first day, day after the last. What counts is counted there."""
    return list(
        Assignment.objects.filter(primary=True)
        .order_by("person__key", "starts_on")
        .values_list("person__key", "starts_on", "ends_on")
    )


def holders(units: Collection[str], start: date, end: date) -> QuerySet[Assignment, int]:
    """Ids of people with a main seat directly in the units within [start, end), for a subquery."""
    return _held(start, end).filter(position__unit__key__in=units).values_list("person", flat=True)


def units_of(people: Collection[str], start: date, end: date) -> dict[str, str]:
    """Person → the unit of the main seat that they held last in [start, end)."""
    held = _held(start, end).filter(person__key__in=people).order_by("starts_on", "pk")
    return dict(held.values_list("person__key", "position__unit__key"))


def _held(start: date, end: date) -> QuerySet[Assignment]:
    return Assignment.objects.filter(primary=True, starts_on__lt=end, ends_on__gt=start)


def seats_during(
    person: OuterRef, units: Collection[str], starts_on: OuterRef, ends_on: OuterRef
) -> QuerySet[Assignment]:
    """Seats of the person of an outer row in the units, during that row's dates. For `Exists`."""
    return Assignment.objects.filter(
        person=person, position__unit__key__in=units, starts_on__lt=ends_on, ends_on__gt=starts_on
    )


def unit_order(key: str) -> int:
    """A unit's place among its siblings."""
    return Unit.objects.values_list("order", flat=True).get(key=key)


def users(viewer: User) -> list[User]:
    """Everybody who can sign in, for administrators. Raises Forbidden."""
    require(viewer, Can.ADMINISTER)
    return list(User.objects.select_related("person").order_by("username"))


def name_in_use(username: str) -> str | None:
    """How the user is written whom this spelling means; None when nobody is meant. For the door: before any viewer."""
    return User.objects.filter(known_as=fold(username)).values_list("username", flat=True).first()


def user(viewer: User, username: str) -> User:
    """One user, for administrators. Raises Forbidden, NotFound."""
    require(viewer, Can.ADMINISTER)
    found = User.objects.select_related("person").filter(username=username).first()
    if found is None:
        raise NotFound(_("There is no user %(name)s.") % {"name": username})
    return found


def grants_of(subject: User) -> list[Grant]:
    """Grants that a user has or had, newest first."""
    return list(Grant.objects.filter(user=subject).select_related("unit", "by").order_by("-starts_on", "pk"))


def tokens(viewer: User) -> list[ApiToken]:
    """One's own tokens; everybody's for an administrator."""
    rows = ApiToken.objects.all() if may(viewer, Can.ADMINISTER) else ApiToken.objects.filter(user=viewer)
    return list(rows.select_related("user").order_by("revoked_at", "-created_at", "pk"))


def _managed(viewer: User, on: date) -> list[str]:
    if viewer.role != User.Role.MANAGER or viewer.person_id is None:
        return []
    held = Assignment.objects.filter(person_id=viewer.person_id, starts_on__lte=on, ends_on__gt=on)
    return list(held.values_list("position__unit__key", flat=True))


def _granted(viewer: User, on: date) -> list[str]:
    granted = Grant.objects.filter(user=viewer, starts_on__lte=on, ends_on__gt=on)
    return list(granted.values_list("unit__key", flat=True))
