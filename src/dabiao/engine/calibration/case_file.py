"""A calibration written down: a case file in YAML, every number with its name, range, history and source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import yaml

from dabiao.engine.calibration.assumption import Assumption, BadAssumption, certain, from_history
from dabiao.engine.calibration.calibrate import Case
from dabiao.engine.calibration.capacity import Joiners, Team, Uplift
from dabiao.engine.calibration.market import Event, Segment
from dabiao.engine.calibration.resources import Channel, Tool
from dabiao.engine.period import BadPeriod, Fiscal


class BadCase(ValueError):
    """The case file cannot be read; the message says where and how to mend it."""


@dataclass(frozen=True)
class _Part:
    """One mapping of the file with the path to it, for messages and for the keys of assumptions."""

    path: str
    values: Mapping[str, object]
    as_of: date

    def number(self, name: str) -> Assumption:
        found = self.number_or_none(name)
        if found is None:
            raise BadCase(f"{self.path}: {name} is missing")
        return found

    def number_or_none(self, name: str) -> Assumption | None:
        """A number: 25 is certain; {value, low, high, historical, source} a judgement; {history: […]} their mean."""
        given, key = self.values.get(name), f"{self.path}.{name}"
        if given is None:
            return None
        if not isinstance(given, Mapping):
            return certain(key, key, _decimal(given, key), self.as_of, "given")
        label = str(given.get("name", key))
        if isinstance(past := given.get("history"), list):
            return from_history(key, label, [_decimal(value, key) for value in past], self.as_of)
        value = _decimal(given.get("value"), key)
        low, high = (_decimal(given.get(side, value), key) for side in ("low", "high"))
        historical = given.get("historical")
        was = None if historical is None else _decimal(historical, key)
        try:
            return Assumption(
                key, label, value, low, high, self.as_of, str(given.get("source", "estimate")), was
            )
        except BadAssumption as error:
            raise BadCase(str(error)) from None

    def text(self, name: str) -> str:
        if name not in self.values:
            raise BadCase(f"{self.path}: {name} is missing")
        return str(self.values[name])

    def day(self, name: str) -> date:
        given = self.values.get(name)
        if not isinstance(given, date):
            raise BadCase(f"{self.path}: {name} is to be a day, like 2027-03-01")
        return given

    def steps(self, name: str) -> tuple[Fraction, ...]:
        given = self.values.get(name, [])
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise BadCase(f"{self.path}: {name} is to be a list")
        return tuple(Fraction(_decimal(step, f"{self.path}.{name}")) for step in given)

    def parts(self, name: str) -> list["_Part"]:
        given = self.values.get(name) or []
        if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
            raise BadCase(f"{self.path}: {name} is to be a list of entries")
        titles = (str(each.get("key") or each.get("name") or place) for place, each in enumerate(given, 1))
        return [_Part(f"{name}.{title}", each, self.as_of) for title, each in zip(titles, given, strict=True)]


def read_case(text: str, fiscal: Fiscal) -> Case:
    """The case in a file. Raises BadCase.

    period and as_of, then any of segments, events, teams, joiners, uplifts, channels, kept, tools, each as in
    `engine.calibration`; a key of an assumption is its place in the file (`teams.north.attrition`).
    """
    try:
        whole = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadCase(f"not readable as YAML: {error}") from None
    if not isinstance(whole, Mapping) or not isinstance(whole.get("as_of"), date):
        raise BadCase("the file needs period and as_of (a day, like 2026-11-15)")
    top = _Part("case", whole, whole["as_of"])
    try:
        period = fiscal.parse(top.text("period"))
    except BadPeriod as error:
        raise BadCase(str(error)) from None
    return Case(
        period=period,
        segments=tuple(map(_segment, top.parts("segments"))),
        events=tuple(map(_event, top.parts("events"))),
        teams=tuple(map(_team, top.parts("teams"))),
        joiners=tuple(map(_joiners, top.parts("joiners"))),
        uplifts=tuple(map(_uplift, top.parts("uplifts"))),
        channels=tuple(map(_channel, top.parts("channels"))),
        kept=top.number_or_none("kept"),
        tools=tuple(map(_tool, top.parts("tools"))),
    )


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


def _decimal(value: object, path: str) -> Decimal:
    """A number as it is written: YAML's floats are read back from their shortest text."""
    try:
        return Decimal(repr(value) if isinstance(value, float) else str(value).replace("_", ""))
    except InvalidOperation:
        raise BadCase(f"{path}: {value} is not a number") from None
