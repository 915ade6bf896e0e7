"""The text of a plan read into `plan.Plan`: what each word means stands in `docs/incentives.md`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Literal, TypeVar, cast

from dabiao.engine.message import message
from dabiao.engine.payout import plan as model
from dabiao.engine.payout.component_file import component, settlement
from dabiao.engine.payout.plan import SCHEMA, Case, Exchange, Member, Plan, Words
from dabiao.engine.payout.reader import Bad, Problem, Spot, document, field_of, listed
from dabiao.engine.payout.rule_file import Dictionary, credit, measure, table, words


@dataclass(frozen=True)
class Parsed:
    """A plan as far as it could be read, the problems of its writing, and the line of each path."""

    plan: Plan | None
    problems: tuple[Problem, ...]
    lines: dict[str, int]


_FIELDS = [
    "schema",
    "plan",
    "version",
    "title",
    "from",
    "to",
    "who",
    "except",
    "currency",
    "period",
    "year_starts",
    "cut_day",
    "round",
    "digits",
    "decimals",
    "largest",
    "amounts",
    "exchange",
    "managers",
    "measures",
    "credits",
    "tables",
    "components",
    "settlement",
    "cases",
]
T = TypeVar("T")
_LONG_AGO, _NEVER = date(1, 1, 1), date(9999, 12, 31)


def parse(text: str, dictionary: Dictionary) -> Parsed:
    """The plan that a text describes, with every problem of its writing at once."""
    root, problems = document(text)
    if root is None:
        return Parsed(None, tuple(problems), {})
    plan = _plan(root, dictionary)
    return Parsed(plan, tuple(sorted(problems)), root.lines)


def _plan(root: Spot, dictionary: Dictionary) -> Plan:
    found = root.fields(*_FIELDS)
    field_of(found, "schema", _schema, None, needed=root)
    title = field_of(found, "title", words, Words("", ""))
    key = field_of(found, "plan", Spot.text, "", needed=root)
    period = cast("model.Every", field_of(found, "period", lambda s: s.word(model.Every), "month"))
    components = field_of(found, "components", lambda s: _named(s, component), {}, needed=root)
    return Plan(
        key=key,
        version=field_of(found, "version", Spot.whole, 1, needed=root),
        title=title if title.en else Words(key, key),
        start=field_of(found, "from", Spot.day, _LONG_AGO, needed=root),
        end=field_of(found, "to", Spot.day, _NEVER, needed=root),
        who=field_of(found, "who", _members, (), needed=root),
        except_who=field_of(found, "except", listed(_member), ()),
        currency=field_of(found, "currency", Spot.text, "", needed=root),
        period=period,
        year_starts=field_of(found, "year_starts", Spot.whole, 1),
        cut_day=field_of(found, "cut_day", Spot.whole, 1),
        round=cast(Any, field_of(found, "round", _round, "payable")),
        digits=field_of(found, "digits", Spot.whole, 2),
        decimals=field_of(found, "decimals", Spot.whole, 4),
        largest=field_of(found, "largest", Spot.positive, Decimal(10) ** 9),
        amounts=cast(Any, field_of(found, "amounts", _amounts, "reporting")),
        exchange=field_of(found, "exchange", listed(_exchange), ()),
        measures=field_of(
            found, "measures", lambda s: _named(s, partial(measure, dictionary=dictionary)), {}
        ),
        credits=field_of(found, "credits", lambda s: _named(s, credit), {}),
        tables=field_of(found, "tables", lambda s: _named(s, table), {}),
        components={name: _by_period(each, period) for name, each in components.items()},
        settlement=field_of(found, "settlement", settlement, model.Settlement()),
        cases=field_of(found, "cases", listed(_case), ()),
        managers=field_of(found, "managers", listed(Spot.text), ()),
    )


def _by_period(component: model.Component, period: model.Every) -> model.Component:
    """A limit over the pay period is one without `over`: said in one way only."""

    def limit(given: model.Limit | None) -> model.Limit | None:
        return replace(given, over=None) if given is not None and given.over == period else given

    return replace(component, cap=limit(component.cap), floor=limit(component.floor))


def _schema(spot: Spot) -> None:
    if spot.text() != SCHEMA:
        raise spot.bad(
            message("'{text}' is not a plan this version can read", text=spot.text()),
            message("Write `schema: {schema}`.", schema=SCHEMA),
        )


def _round(spot: Spot) -> str:
    return spot.word(Literal["payable", "line"])


def _amounts(spot: Spot) -> str:
    return spot.word(Literal["reporting", "original"])


def _members(spot: Spot) -> tuple[Member, ...]:
    if not spot.is_list and not spot.is_mapping and spot.text() == "everyone":
        return ()
    return listed(_member)(spot)


def _member(spot: Spot) -> Member:
    found = spot.fields("role", "unit", "person", "from", "to")
    kinds = [kind for kind in ("role", "unit", "person") if kind in found]
    if len(kinds) != 1:
        raise spot.bad(
            message("says not exactly one of role, unit, person"), message("Write e.g. `- role: rep`.")
        )
    return Member(
        cast(Any, kinds[0]),
        found[kinds[0]].text(),
        field_of(found, "from", _maybe_day, None),
        field_of(found, "to", _maybe_day, None),
    )


def _maybe_day(spot: Spot) -> date | None:
    return spot.day()


def _exchange(spot: Spot) -> Exchange:
    found = spot.fields("currency", "from", "rate")
    return Exchange(
        field_of(found, "currency", Spot.text, "", needed=spot),
        field_of(found, "from", Spot.day, _LONG_AGO),
        field_of(found, "rate", Spot.positive, Decimal(1), needed=spot),
    )


def _named(spot: Spot, read: Callable[[str, Spot], T]) -> dict[str, T]:
    """A mapping of named things, each read on its own."""
    found = {}
    for name, below in spot.entries():
        try:
            found[name] = read(name, below)
        except Bad as bad:
            spot.problems.append(bad.problem)
    return found


def _case(spot: Spot) -> Case:
    found = spot.fields("name", "facts", "expect", "entries", "balances", "lines", "until")
    return Case(
        field_of(found, "name", Spot.text, "", needed=spot),
        field_of(
            found, "facts", lambda s: {name: below.text() for name, below in s.entries()}, {}, needed=spot
        ),
        field_of(found, "expect", Spot.text, "", needed=spot),
        field_of(found, "entries", Spot.text, ""),
        field_of(found, "balances", Spot.text, ""),
        field_of(found, "lines", Spot.text, ""),
        field_of(found, "until", _maybe_day, None),
        spot.line,
    )
