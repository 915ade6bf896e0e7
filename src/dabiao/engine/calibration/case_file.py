"""A calibration written down: a case file in YAML, every number with its name, range, history and source."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Final, TypeVar

from dabiao.engine.calibration.assumption import Assumption, BadAssumption, certain, from_history
from dabiao.engine.calibration.calibrate import Case
from dabiao.engine.calibration.capacity import Joiners, Team, Uplift
from dabiao.engine.calibration.market import Event, Segment
from dabiao.engine.calibration.resources import Channel, Tool
from dabiao.engine.document import Node, Problem, field_of, listed, read, tried
from dabiao.engine.message import message
from dabiao.engine.period import FORMS, BadPeriod, Fiscal, Period

T = TypeVar("T")
_NUMBER: Final = ("name", "value", "low", "high", "historical", "history", "source")
_UNREAD: Final = date(1, 1, 1)
"""Stands where no day could be read: the case is refused then."""


class BadCase(ValueError):
    """The case file cannot be read; `problems` says all of what is wrong, where, and how to mend it."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class _Part:
    """One entry of the file. Its path is its place in words (`teams.north`), which begins the keys of its numbers."""

    node: Node
    fields: Mapping[str, Node]
    as_of: date

    def number(self, name: str) -> Assumption:
        number = self.number_or_none(name, needed=True)
        return number or certain(name, name, Decimal(1), self.as_of, "unread")

    def number_or_none(self, name: str, *, needed: bool = False) -> Assumption | None:
        key = ".".join(filter(None, (self.node.path or "case", name)))
        number = partial(_assumption, key=key, as_of=self.as_of)
        return field_of(self.fields, name, number, None, needed=self.node if needed else None)

    def text(self, name: str) -> str:
        return field_of(self.fields, name, Node.text, "", needed=self.node)

    def day(self, name: str) -> date:
        return field_of(self.fields, name, Node.day, _UNREAD, needed=self.node)

    def steps(self, name: str) -> tuple[Fraction, ...]:
        return tuple(map(Fraction, field_of(self.fields, name, listed(Node.number), ())))


def _assumption(node: Node, key: str, as_of: date) -> Assumption | None:
    """25 is certain; {value, low, high, historical, source} a judgement; {history: […]} their mean, None of none."""
    if node.is_scalar:
        return certain(key, key, node.number(), as_of, "given")
    fields = node.fields(*_NUMBER)
    label = field_of(fields, "name", Node.text, key)
    if "history" in fields:
        past = from_history(key, label, listed(Node.number)(fields["history"]), as_of)
        if past is None:
            raise node.bad(message("the history is empty"), message("Write what was, or a value."))
        return past
    value = field_of(fields, "value", Node.number, Decimal(1), needed=node)
    low, high = (field_of(fields, side, Node.number, value) for side in ("low", "high"))
    was = field_of(fields, "historical", Node.number, None)
    source = field_of(fields, "source", Node.text, "estimate")
    try:
        return Assumption(key, label, value, low, high, as_of, source, was)
    except BadAssumption as error:
        raise node.bad(error.said, message("Widen the range, or correct the value.")) from None


def read_case(text: str, fiscal: Fiscal, file: str = "") -> Case:
    """The case in a file. Raises BadCase.

    period and as_of, then any of segments, events, teams, joiners, uplifts, channels, kept, tools, each as in
    `engine.calibration`; a key of an assumption is its place in the file (`teams.north.attrition`).
    """
    root, problems = read(text, file)
    case = tried(root, partial(_case, fiscal=fiscal), None) if root else None
    if problems or case is None:
        raise BadCase(sorted(problems))
    return case


def _case(root: Node, fiscal: Fiscal) -> Case | None:
    fields = root.fields("period", "as_of", "kept", *_SECTIONS)
    period = field_of(fields, "period", partial(_period, fiscal=fiscal), None, needed=root)
    as_of = field_of(fields, "as_of", Node.day, _UNREAD, needed=root)
    if period is None:
        return None
    return Case(
        period=period,
        segments=_parts(fields, "segments", as_of, _segment),
        events=_parts(fields, "events", as_of, _event),
        teams=_parts(fields, "teams", as_of, _team),
        joiners=_parts(fields, "joiners", as_of, _joiners),
        uplifts=_parts(fields, "uplifts", as_of, _uplift),
        channels=_parts(fields, "channels", as_of, _channel),
        kept=_Part(root, fields, as_of).number_or_none("kept"),
        tools=_parts(fields, "tools", as_of, _tool),
    )


def _period(node: Node, fiscal: Fiscal) -> Period:
    try:
        return fiscal.parse(node.text())
    except BadPeriod:
        says = message("'{text}' names no period of the calendar", text=node.text())
        raise node.bad(says, message("Write {forms}.", forms=FORMS)) from None


_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "segments": ("key", "size", "growth", "share", "share_gain"),
    "events": ("name", "since", "segment", "effect"),
    "teams": ("key", "headcount", "per_head", "attrition"),
    "joiners": ("team", "count", "since", "ramp"),
    "uplifts": ("name", "team", "since", "heads", "effect"),
    "channels": ("key", "budget", "cost_per_lead", "conversion", "deal_value"),
    "tools": ("name", "since", "effect"),
}
"""What an entry of each section says; any may have a `key` and a `name`."""


def _parts(
    fields: Mapping[str, Node], section: str, as_of: date, made: Callable[[_Part], T]
) -> tuple[T, ...]:
    """The entries of a section, each called by its key, else its name, else its place."""
    if section not in fields or fields[section].is_null:
        return ()
    if not fields[section].is_list:
        fields[section].note(message("a list of entries is expected"), message("Start each entry with `- `."))
        return ()
    numbered = enumerate(fields[section].items(), 1)
    titled = [node.called(f"{section}.{_title(node) or place}") for place, node in numbered]
    parts = [tried(node, partial(_part, section=section, as_of=as_of), None) for node in titled]
    return tuple(made(part) for part in parts if part is not None)


def _title(node: Node) -> str:
    titles = (node.members.get(name) for name in ("key", "name"))
    return next((title.text() for title in titles if title and title.is_scalar), "")


def _part(node: Node, section: str, as_of: date) -> _Part:
    named = node.fields(*_SECTIONS[section], "key", "name")
    return _Part(node, {name: each.called(f"{node.path}.{name}") for name, each in named.items()}, as_of)


def _segment(part: _Part) -> Segment:
    size, growth, share = (part.number(name) for name in ("size", "growth", "share"))
    return Segment(part.text("key"), size, growth, share, part.number_or_none("share_gain"))


def _event(part: _Part) -> Event:
    return Event(part.text("name"), part.day("since"), part.text("segment"), part.number("effect"))


def _team(part: _Part) -> Team:
    return Team(part.text("key"), part.number("headcount"), part.number("per_head"), part.number("attrition"))


def _joiners(part: _Part) -> Joiners:
    return Joiners(part.text("team"), part.number("count"), part.day("since"), part.steps("ramp"))


def _uplift(part: _Part) -> Uplift:
    return Uplift(
        part.text("name"), part.text("team"), part.day("since"), part.number("heads"), part.number("effect")
    )


def _channel(part: _Part) -> Channel:
    budget, cost, conversion = (part.number(name) for name in ("budget", "cost_per_lead", "conversion"))
    return Channel(part.text("key"), budget, cost, conversion, part.number("deal_value"))


def _tool(part: _Part) -> Tool:
    return Tool(part.text("name"), part.day("since"), part.number("effect"))
