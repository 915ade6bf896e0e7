"""The demo company's organisation: units, seats, people, and who held which seat when."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np

from dabiao.demo.simulation.arrays import Flags, Floats, Ints, dice
from dabiao.demo.simulation.timeline import Timeline, as_date, as_day

FOREVER = date(9999, 12, 31)
FOREVER_DAY = 2_932_896
PROBATION_DAYS = 184
Role = Literal["director", "manager", "rep", "operations", "finance", "hr"]


@dataclass(frozen=True)
class Unit:
    """A node of the organisation; parents come before their children."""

    key: str
    parent: str | None
    kind: Literal["company", "region", "team", "staff"]


@dataclass(frozen=True)
class Seat:
    """A seat that one person at a time can hold."""

    key: str
    unit: str
    role: Role


@dataclass(frozen=True)
class Person:
    """Somebody on the payroll. `key` is the employee number."""

    key: str
    hired_on: date
    left_on: date | None


@dataclass(frozen=True)
class Assignment:
    """Who held which seat from when to when (half-open)."""

    person: str
    seat: str
    starts_on: date
    ends_on: date = FOREVER
    probation_until: date | None = None
    fte: Decimal = Decimal(1)


@dataclass(frozen=True)
class Absence:
    """Days on which a person was away (half-open)."""

    person: str
    starts_on: date
    ends_on: date
    kind: Literal["leave", "illness", "training"]


TEAMS = (
    ("shanghai-1", "east", 6),
    ("shanghai-2", "east", 4),
    ("hangzhou", "east", 4),
    ("nanjing", "east", 5),
    ("suzhou", "east", 4),
    ("guangzhou", "south", 4),
    ("shenzhen", "south", 4),
    ("beijing", "north", 4),
    ("qingdao", "north", 3),
    ("chengdu", "southwest", 4),
    ("chongqing", "southwest", 4),
)
REGIONS = ("east", "south", "north", "southwest")
STAFF = (("sales-operations", "operations", 2), ("finance", "finance", 1), ("people", "hr", 1))
UNITS = (
    Unit("company", None, "company"),
    *(
        unit
        for region in REGIONS
        for unit in (
            Unit(region, "company", "region"),
            *(Unit(team, region, "team") for team, parent, _ in TEAMS if parent == region),
        )
    ),
    *(Unit(unit, "company", "staff") for unit, _, _ in STAFF),
)
REP_SEATS = tuple(
    Seat(f"{team}-rep-{number}", team, "rep") for team, _, size in TEAMS for number in range(1, size + 1)
)
OTHER_SEATS = (
    Seat("company-director", "company", "director"),
    *(Seat(f"{region}-manager", region, "manager") for region in REGIONS),
    *(Seat(f"{team}-manager", team, "manager") for team, _, _ in TEAMS),
    *(Seat(f"{unit}-{n}", unit, role) for unit, role, size in STAFF for n in range(1, size + 1)),  # type: ignore[arg-type]  # roles of STAFF
)
SEATS = (*REP_SEATS, *OTHER_SEATS)
TEAM_KEYS = tuple(team for team, _, _ in TEAMS)
SEAT_TEAM: Ints = np.array([TEAM_KEYS.index(seat.unit) for seat in REP_SEATS])
REGION_OF_TEAM: Ints = np.array([REGIONS.index(region) for _, region, _ in TEAMS])
SEAT_REGION: Ints = REGION_OF_TEAM[SEAT_TEAM]


@dataclass(frozen=True)
class Move:
    """A change of holder: `leaves` the seat on a day, somebody (new, or from another seat) takes it later."""

    seat: str
    back: int
    day: int
    takes: Literal["nobody", "new"] | str


MOVES = (
    Move("suzhou-rep-3", 16, 1, "nobody"),
    Move("suzhou-rep-3", 15, 12, "new"),
    Move("beijing-manager", 13, 1, "nobody"),
    Move("beijing-manager", 13, 16, "qingdao-rep-1"),  # promoted
    Move("qingdao-rep-1", 12, 9, "new"),
    Move("shenzhen-rep-4", 10, 10, "nobody"),
    Move("shenzhen-rep-4", 10, 16, "guangzhou-rep-2"),  # moved in the middle of a month
    Move("guangzhou-rep-2", 9, 11, "new"),
    Move("shanghai-1-rep-4", 7, 1, "nobody"),
    Move("shanghai-1-rep-5", 7, 1, "nobody"),
    Move("shanghai-1-rep-6", 7, 8, "nobody"),
    Move("shanghai-1-rep-4", 6, 8, "new"),
    Move("shanghai-1-rep-5", 6, 8, "new"),
    Move("shanghai-1-rep-6", 6, 16, "new"),
    Move("shanghai-2-rep-4", 4, 10, "nobody"),
    Move("shanghai-2-rep-4", 4, 16, "hangzhou-rep-4"),  # moved in the middle of a month
    Move("hangzhou-rep-4", 3, 9, "new"),
    Move("chongqing-rep-4", 2, 19, "nobody"),  # vacant ever since
)


@dataclass
class _Desk:
    """Who sits where while the moves are played."""

    holder: dict[str, str] = field(default_factory=dict)
    since: dict[str, date] = field(default_factory=dict)
    past: list[Assignment] = field(default_factory=list)
    hired: dict[str, date] = field(default_factory=dict)
    left: dict[str, date] = field(default_factory=dict)

    def hire(self, seat: str, on: date) -> None:
        person = f"E{1001 + len(self.hired)}"
        self.hired[person] = on
        self.sit(person, seat, on)

    def sit(self, person: str, seat: str, on: date) -> None:
        self.holder[seat], self.since[seat] = person, on

    def rise(self, seat: str, on: date) -> str:
        person = self.holder.pop(seat)
        self.past.append(self._assignment(person, seat, self.since.pop(seat), on))
        return person

    def assignments(self) -> tuple[Assignment, ...]:
        lasting = [self._assignment(self.holder[seat], seat, on, FOREVER) for seat, on in self.since.items()]
        return tuple(sorted([*self.past, *lasting], key=lambda each: (each.seat, each.starts_on)))

    def _assignment(self, person: str, seat: str, start: date, end: date) -> Assignment:
        joined = self.hired[person] == start
        probation = as_date(as_day(start) + PROBATION_DAYS) if joined else None
        return Assignment(person, seat, start, end, probation)


@dataclass(frozen=True)
class Roster:
    """Who works where, with grids by rep's seat and simulated day. `holder` is an index into `people`; while
    a seat is vacant it is the team's manager, so that nothing belongs to nobody."""

    people: tuple[Person, ...]
    assignments: tuple[Assignment, ...]
    absences: tuple[Absence, ...]
    holder: Ints
    sitting: Flags
    """The seat has a holder of its own, by seat and day."""
    held: Floats
    """1 where the holder is there and not on leave."""
    tenure: Ints
    """Days since the holder joined."""
    manager: Ints
    """The team's manager, or who stands in, by team and day."""
    start: int
    """The first simulated day."""

    def on(self, seat: Ints, days: Ints) -> Ints:
        """Who answers for a seat on each day; for days to come, who does at the end."""
        return self.holder[seat, self._at(days)]

    def still(self, person: Ints, seat: Ints, days: Ints) -> Ints:
        """The person while they are in the company, afterwards whoever has taken over the seat."""
        left = np.array([FOREVER_DAY if p.left_on is None else as_day(p.left_on) for p in self.people])
        return np.where(days < left[person], person, self.on(seat, days))

    def _at(self, days: Ints) -> Ints:
        return np.clip(days - self.start, 0, self.holder.shape[1] - 1)

    def index(self, person: str) -> int:
        return int(person[1:]) - 1001

    def holders(self, seat: str) -> tuple[Assignment, ...]:
        return tuple(each for each in self.assignments if each.seat == seat)


def roster(seed: int, timeline: Timeline) -> Roster:
    """The organisation through the years; the same for every language and every choice of events."""
    throws = dice(seed, "roster")
    desk = _Desk()
    for seat in SEATS:
        joined = timeline.first - int(throws.integers(400, 3200))
        desk.hire(seat.key, as_date(joined))
    for move in MOVES:
        _play(desk, move, as_date(timeline.month(move.back, move.day)))
    people = tuple(Person(key, hired, desk.left.get(key)) for key, hired in desk.hired.items())
    assignments = desk.assignments()
    absences = _absences(throws, timeline, people)
    grids = _grids(timeline, people, assignments, absences)
    return Roster(people, assignments, absences, *grids, timeline.start)


def _play(desk: _Desk, move: Move, on: date) -> None:
    if move.takes == "nobody":
        desk.left[desk.rise(move.seat, on)] = on
    elif move.takes == "new":
        desk.hire(move.seat, on)
    else:
        desk.sit(desk.rise(move.takes, on), move.seat, on)


def _absences(
    throws: np.random.Generator, timeline: Timeline, people: tuple[Person, ...]
) -> tuple[Absence, ...]:
    """Leave twice a year, a few days of illness, one training."""
    found = []
    for person in people:
        for year in range(3):
            base = timeline.end - 365 * (year + 1)
            for kind, offset, length in (
                ("leave", 40, 5),
                ("illness", 120, 2),
                ("leave", 210, 5),
                ("training", 300, 3),
            ):
                first = base + offset + int(throws.integers(0, 50))
                start, end = as_date(first), as_date(first + length)
                if start >= person.hired_on and end <= (person.left_on or FOREVER) and throws.random() < 0.8:
                    found.append(Absence(person.key, start, end, kind))  # type: ignore[arg-type]  # kinds above
    return tuple(sorted(found, key=lambda each: (each.person, each.starts_on)))


def _grids(
    timeline: Timeline,
    people: tuple[Person, ...],
    assignments: tuple[Assignment, ...],
    absences: tuple[Absence, ...],
) -> tuple[Ints, Flags, Floats, Ints, Ints]:
    """The grids of `Roster`, in its order."""
    index = {person.key: number for number, person in enumerate(people)}
    rows = {seat.key: row for row, seat in enumerate(SEATS)}
    sits = np.full((len(SEATS), len(timeline)), -1)
    for each in assignments:
        sits[rows[each.seat], _span(timeline, each.starts_on, each.ends_on)] = index[each.person]
    holder = sits[: len(REP_SEATS)]
    sitting: Flags = holder >= 0
    manager = np.stack([_manager(sits, rows, team) for team in TEAM_KEYS])
    holder = np.where(holder < 0, manager[SEAT_TEAM], holder)
    away = np.zeros((len(people), len(timeline)), dtype=bool)
    for absence in absences:
        away[index[absence.person], _span(timeline, absence.starts_on, absence.ends_on)] = True
    days = np.arange(len(timeline))
    held = (sitting & ~away[holder, days]).astype("float64")
    hired = np.array([as_day(person.hired_on) for person in people])
    return holder, sitting, held, timeline.start + days - hired[holder], manager


def _manager(sits: Ints, rows: dict[str, int], team: str) -> Ints:
    """Who leads a team on each day: its manager, else the region's."""
    region = next(parent for name, parent, _ in TEAMS if name == team)
    own = sits[rows[f"{team}-manager"]]
    leader: Ints = np.where(own < 0, sits[rows[f"{region}-manager"]], own)
    return leader


def _span(timeline: Timeline, start: date, end: date) -> slice:
    return slice(max(as_day(start) - timeline.start, 0), max(as_day(end) - timeline.start, 0))
