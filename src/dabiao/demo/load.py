"""Bring the simulated company in through the doors that everybody uses: imports, targets, publication."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta

import pyarrow as pa

from dabiao.core import calendars, publishing
from dabiao.demo import accounts, names
from dabiao.demo.accounts import imported
from dabiao.demo.names import Language, Names
from dabiao.demo.simulation.company import Company
from dabiao.engine.workdays import calendar_days
from dabiao.facts.actions import keep_names
from dabiao.lake.change import Change, Window
from dabiao.lake.publish import Published
from dabiao.lake.tables import TABLES
from dabiao.org.queries import Scope
from dabiao.targets import actions as targets
from dabiao.targets.actions import Slot
from dabiao.targets.queries import Levels, lake_table

ALWAYS = (date(1970, 1, 1), date(2100, 1, 1))
Step = Callable[[str], None]


def load(company: Company, language: Language, *, at: datetime, step: Step = lambda what: None) -> Published:
    """Bring everything in. Done again with the same company it changes nothing.

    step: told what is being done, for a progress line.
    """
    called = names.names(company, language)
    step("organisation")
    _organisation(company, called, at=at)
    step("accounts")
    accounts.make(company, language, at=at)
    step("targets")
    _targets(company, at=at)
    step("facts")
    return publishing.publish(
        _changes(company), at=at, note="demo", within=lambda number: keep_names(called.labels)
    )


def _organisation(company: Company, called: Names, *, at: datetime) -> None:
    units = [
        {
            "key": unit.key,
            "name": called.units[unit.key][0],
            "name_en": called.units[unit.key][1],
            "kind": unit.kind,
            "parent": unit.parent or "",
            "order": str(order),
        }
        for order, unit in enumerate(company.units)
    ]
    people = [
        {"key": p.key, "name": called.people[p.key], "hired_on": str(p.hired_on), "left_on": _text(p.left_on)}
        for p in company.people
    ]
    positions = [{"key": s.key, "title": called.titles[s.key], "unit": s.unit} for s in company.seats]
    assignments = [
        {
            "person": each.person,
            "position": each.seat,
            "starts_on": str(each.starts_on),
            "last_day": _last(each.ends_on),
            "probation_last_day": _last(each.probation_until) if each.probation_until else "",
        }
        for each in company.assignments
    ]
    absences = [
        {
            "person": each.person,
            "starts_on": str(each.starts_on),
            "last_day": _last(each.ends_on),
            "kind": each.kind,
        }
        for each in company.absences
    ]
    for table, rows in (
        ("units", units),
        ("people", people),
        ("positions", positions),
        ("assignments", assignments),
        ("absences", absences),
    ):
        imported(table, rows, at=at)


def _targets(company: Company, *, at: datetime) -> None:
    slots = {
        Slot(
            Scope(each.scope_kind, each.scope), each.metric, each.starts_on, each.ends_on, each.part
        ): Levels(each.base, each.target, each.challenge)
        for each in company.targets
    }
    targets.set_targets(slots, by=None, at=at, on=company.on)


def _changes(company: Company) -> Iterator[Change]:
    """Facts replace all that their source has said; dimensions are added to."""
    for name, rows in company.tables.items():
        if TABLES[name].kind == "dimension":
            yield Change(name, rows)
            continue
        (source,) = set(rows["source"].to_pylist())
        yield Change(name, rows, window=Window(source, *ALWAYS))
    yield Change("calendar", calendar_table(company))
    yield Change("targets", lake_table(), whole=True)


def calendar_table(company: Company) -> pa.Table:
    """The company's calendar from January of the first year to December after the last."""
    start, end = date(company.first.year, 1, 1), date(company.on.year + 2, 1, 1)
    days = calendar_days(calendars.company(), start, end)
    return pa.Table.from_pylist([asdict(day) for day in days], schema=TABLES["calendar"].schema)


def _last(ends_on: date) -> str:
    """The last day that counts, as files say it; empty while it lasts."""
    return "" if ends_on.year == 9999 else str(ends_on - timedelta(days=1))


def _text(day: date | None) -> str:
    return "" if day is None else str(day)
