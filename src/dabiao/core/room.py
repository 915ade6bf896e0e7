"""What a room brings to the house: one frozen value each, in its `room.py`; `dabiao.rooms.ROOMS` lists them all.

Whatever spans rooms (addresses, API, commands, rail, search, notices, audit labels, publication, imports, the
worker) is a loop over them, so a new room touches nothing outside its own folder but that one tuple. What a lower
room needs of a higher one (the promised targets, names of keys) is asked of the register, never imported.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from django.utils.functional import Promise
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    import pyarrow as pa

Step = Literal["", "plan", "do", "check", "reward", "data", "administration"]
"""A step of the loop, in the order of the rail."""
Colour = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class Entry:
    """A page in the rail. `view` is its URL name; pages below it keep it lit when their names start with `under`.

    can: the capability that opens it (of `org.can.Can`); None: everybody who has signed in. order: of the entries of
    one step the smaller stands first; equal ones in the order of the rooms.
    """

    view: str
    label: Promise | str
    icon: str
    step: Step = ""
    can: StrEnum | None = None
    under: tuple[str, ...] = ()
    order: int = 0
    active: bool = False
    count: int = 0
    hot: bool = False

    def at(self, view: str) -> "Entry":
        """Lit when `view` is shown."""
        lit = view == self.view or (bool(self.under) and view.startswith(self.under))
        return replace(self, active=lit)


@dataclass(frozen=True)
class Hit:
    """One line of a search's answer."""

    name: str
    href: str
    icon: str
    note: str = ""


@dataclass(frozen=True)
class Search:
    """Hits of one kind: (viewer, text, on, most) → hits, among what the viewer may see."""

    label: Promise | str
    find: Callable[[Any, str, date, int], Iterable[Hit]]


@dataclass(frozen=True)
class Notice:
    """One line under the bell."""

    text: str
    href: str
    light: Colour
    at: datetime


@dataclass(frozen=True)
class Command:
    """A command of the program: `module:function` or `module:app`, imported only when it is called for."""

    place: str
    help: str


@dataclass(frozen=True)
class LakeSource:
    """What a room keeps in the app database and publishes to the lake whenever it has changed.

    version: a number that grows with every change, read before the tables. tables: lake table → all its rows.
    """

    name: str
    version: Callable[[], int]
    tables: "Callable[[], Mapping[str, pa.Table]]"


@dataclass(frozen=True)
class Periodic:
    """A short piece of work that every worker does again and again; it must be safe in several workers at once."""

    name: str
    every: float
    run: Callable[[datetime], object]


@dataclass(frozen=True)
class Schedule:
    """A job that comes back: a function of the room's `tasks`, as `module.function`."""

    name: str
    task: str
    every: timedelta


@dataclass(frozen=True)
class Promises:
    """Whoever knows what was promised.

    version: grows whenever a target changes. promised: (scopes, metrics, start, end, dimension or
    empty) → (scope, metric, member of the dimension or empty) → the engine's promise for [start, end), of those that
    have one.
    """

    version: Callable[[], int]
    promised: Callable[[Sequence[Any], Sequence[str], date, date, str], Mapping[tuple[Any, str, str], Any]]


Names = Callable[[str, Collection[str]], Mapping[str, str]]
"""(kind of thing, keys) → key → name, for rows already scoped."""


@dataclass(frozen=True)
class Room:
    """Everything that the house knows of a room. Callables import what they need when they are called."""

    key: str
    label: Promise | str = ""
    urls: str = ""
    """Module of its addresses."""
    at: str = ""
    """Where they hang, with a closing slash; empty: at the root."""
    api: str = ""
    """Module of its router."""
    rail: tuple[Entry, ...] = ()
    account: tuple[Entry, ...] = ()
    """Pages of one's own account."""
    lit_in: str = ""
    """The entry of another room that stays lit on this room's pages."""
    period: tuple[str, ...] = ()
    """URL names, or their beginnings, of pages whose figures depend on the period: the bar shows its picker."""
    scope: tuple[str, ...] = ()
    """The same for whose figures they are."""
    of_one_scope: tuple[str, ...] = ()
    """Parameters of addresses that name somebody or something of the scope shown: left behind when another is chosen."""
    audit: Mapping[str, Promise] = field(default_factory=dict)
    """Audit code → what it says."""
    publishes: tuple[LakeSource, ...] = ()
    imports: Callable[[], Mapping[str, Any]] | None = None
    """Table → the importable that takes its rows."""
    promises: Promises | None = None
    names: Names | None = None
    search: tuple[Search, ...] = ()
    notices: Callable[[Any, datetime], Iterable[Notice]] | None = None
    warm: Callable[[date], object] | None = None
    """What the first page would wait for, done beside the first requests."""
    commands: Mapping[str, Command] = field(default_factory=dict)
    periodics: tuple[Periodic, ...] = ()
    schedules: tuple[Schedule, ...] = ()


@cache
def installed() -> tuple[Room, ...]:
    """The rooms of this program, lowest first. By name: the register stands above all that asks here."""
    rooms: tuple[Room, ...] = import_string("dabiao.rooms.ROOMS")
    return rooms


def sources() -> Iterator[LakeSource]:
    """What rooms publish, in the order of the rooms."""
    return (source for room in installed() for source in room.publishes)


def names(kind: str, keys: Collection[str]) -> Mapping[str, str]:
    """Key → name, from whichever rooms keep names of this kind of thing."""
    called: dict[str, str] = {}
    for room in installed():
        if room.names is not None:
            called |= room.names(kind, keys)
    return called


def promises() -> Promises | None:
    """The room that knows targets; None in a program without it."""
    return next((room.promises for room in installed() if room.promises is not None), None)


def importables(key: str = "") -> Mapping[str, Any]:
    """Table → the importable of whichever room takes its rows; of the room `key` alone where one is given."""
    rooms = (room for room in installed() if room.imports and key in {"", room.key})
    return {table: taken for room in rooms if room.imports for table, taken in room.imports().items()}
