"""A mapping proposed from what the files look like. It is right, or it asks; it never guesses in silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.engine import document as documents
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.mapping.parse import SCHEMA
from dabiao.facts.logic.proposing import (
    columns,
    joins,
    kinds,
    market,
    merging,
    namesakes,
    people,
    scale,
    spelling,
    tables,
    targets,
    telling,
)
from dabiao.facts.logic.proposing.asking import Asking, Choice, Question
from dabiao.facts.logic.proposing.marks import comma_example, mark_of
from dabiao.facts.logic.proposing.seen import Guess, Seen, called, headers_of, ledger_name, looked_at
from dabiao.facts.logic.proposing.systems import BY_HAND, Former, formers, system_of
from dabiao.facts.logic.proposing.taken import Taken, taken, why_nothing
from dabiao.facts.logic.words import synonyms, words

__all__ = [
    "BY_HAND",
    "Choice",
    "Former",
    "Guess",
    "Proposal",
    "Question",
    "Taken",
    "There",
    "formers",
    "headers_of",
    "propose",
    "synonyms",
    "why_nothing",
]


@dataclass(frozen=True)
class Proposal:
    """A mapping to confirm: its text, how sure each column is, what could not be placed, and what has to be asked.

    questions: all of them, those that are answered too. headers: file (and sheet) → its columns
    taken: what each sheet was taken for
    """

    text: str
    guesses: tuple[Guess, ...]
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    taken: tuple[Taken, ...] = ()

    @property
    def open(self) -> tuple[Question, ...]:
        """Questions without an answer. While there are any, nothing is to be loaded by the text."""
        return tuple(question for question in self.questions if not question.answer)


@dataclass(frozen=True)
class There:
    """What is there already.

    former: what earlier files came from, among which is asked where nobody says it; top: the unit that all others lie
    below, where there is one; sold: what a month has brought so far, exact text
    """

    former: Sequence[Former] = ()
    top: str = ""
    sold: str = ""


_NOTHING: Final = There()


def propose(
    paths: Sequence[Path],
    *,
    system: str = "",
    there: There = _NOTHING,
    answers: Mapping[str, str] | None = None,
    year: int,
    company: str = "",
) -> Proposal:
    """Look at files and propose one mapping for all of them.

    system: what the files come from. answers: question → the choice taken. year: this one.
    company: what the unit at the top is called, where it has to be made.
    Raises Unreadable for what is no table, Malformed for an answer that is none.
    """
    asking = Asking(answers or {}, year)
    seen = looked_at(paths, asking)
    for each in seen:
        merging.fill(each, asking)
        _classify(each, asking)
    named = system or system_of(seen, there.former, asking)
    document: dict[str, Any] = {"schema": SCHEMA, "system": named, "sources": {}, "tables": []}
    facts = [
        each
        for each in seen
        if each.kind and each.kind in INTO and INTO[each.kind].on and each.kind != "market"
    ]
    others = [each for each in seen if each not in facts]
    found = {each.name: joins.joins_of(each, others) for each in facts}
    fed: list[dict[str, Any]] = []
    unpivots, cuts = dict[str, dict[str, Any]](), list[market.Cut]()
    name = company or (named if named != BY_HAND else "")
    units = people.units_named(seen)
    for each in sorted(seen, key=lambda one: one.kind not in {_PEOPLE, _UNITS}):
        beside = [one for one in seen if one is not each]
        if each.kind in {_PEOPLE, _UNITS}:
            fed += people.tables(each, beside, asking, top=there.top, company=name)
        elif each.kind == "market":
            turned, entries = market.fed(each, cuts, asking)
            unpivots |= {each.name: turned} if turned else {}
            fed += entries
        elif each.kind == "targets":
            targets.settle_place(each, units, asking)
            if targets.periods_of(each):
                unpivots[each.name], entry = targets.wide(each, asking)
            else:
                (entry,) = tables.tables_of(each, found.get(each.name, []), beside, asking)
            fed += _of_somebody(each, entry, asking, people.whole(each, top=there.top, company=name))
        else:
            fed += tables.tables_of(each, found.get(each.name, []), beside, asking)
    _settle_scale(seen, fed, there.sold, asking)
    document["tables"] = _once(fed)
    used = {str(entry["from"]) for entry in fed} | {j["source"] for each in found.values() for j in each}
    replacing = {str(entry["from"]) for entry in fed if entry.get("mode") == "replace"}
    for each in seen:
        if each.name in used or not fed:
            source = _source(each, asking, found.get(each.name, []), unpivots.get(each.name))
            if each in facts and (same := spelling.replaced(each, seen, asking)):
                source["replace"] = same
            # A ledger takes the place of what it said before, never of what another one says of the same days.
            own = {"system": f"{named}-{ledger_name(each)}"} if each.name in replacing else {}
            document["sources"][each.name] = source | own
    unplaced = tuple(each.name for each in seen if each.name not in used)
    guesses = tuple(guess for each in seen for guess in each.chosen.values())
    headers = {called(file, each.sheet_name): list(each.headers) for each in seen for file in each.files}
    asked = {question.key for question in asking.open}
    sheets = tuple(
        taken(each, [one for one in fed if one["from"] == each.name], asked, _looked_up(each, found))
        for each in seen
    )
    return Proposal(
        documents.write(document),
        guesses,
        unplaced,
        tuple(asking.notes),
        headers,
        tuple(asking.questions),
        sheets,
    )


def _settle_scale(seen: Sequence[Seen], fed: Sequence[dict[str, Any]], sold: str, asking: Asking) -> None:
    """In what targets are counted, as far as orders beside them, or else those there already, make it doubtful."""
    by_name = {each.name: each for each in seen}
    orders = [(by_name[entry["from"]], entry) for entry in fed if entry["into"] == "order_lines"]
    known = scale.monthly(orders) or (Decimal(sold) if sold else None)
    for entry in fed:
        if entry["into"] == "targets":
            scale.settle(by_name[entry["from"]], entry, known, asking)


_PEOPLE, _UNITS = "people", "units"


def _classify(seen: Seen, asking: Asking) -> None:
    if seen.hidden:
        seen.why = _("it is hidden in the workbook; choose what it is to have it loaded")
    elif people.is_about_people(seen):
        seen.kind = _PEOPLE
        people.settle(seen, asking)
    elif people.is_about_units(seen):
        seen.kind = _UNITS
    elif not market.classify(seen, asking) and not targets.classify_wide(seen, asking):
        kinds.classify(seen, asking)
        if seen.kind is None and all(question.key != f"{seen.name}.kind" for question in asking.questions):
            market.explain(seen)
    if (
        not seen.hidden
        and seen.kind is None
        and all(question.key != f"{seen.name}.kind" for question in asking.questions)
    ):
        targets.ask_if_aims(seen, asking)
    telling.correct(seen, asking)


def _of_somebody(
    seen: Seen, entry: dict[str, Any], asking: Asking, whole: tuple[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Targets that no column says the holder of are the company's."""
    if {"person", "unit"} & set(entry["columns"]):
        return [entry]
    key, root = whole
    asking.note(
        _("%(source)s: no column says whose the targets are: they are those of %(unit)s")
        % {"source": seen.name, "unit": key}
    )
    return [*root, {**entry, "columns": {"unit": {"constant": key}, **entry["columns"]}}]


def _looked_up(seen: Seen, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """What a sheet is used for that feeds nothing itself."""
    users = [name for name, joined in found.items() if any(join["source"] == seen.name for join in joined)]
    return _("looked up for %(names)s") % {"names": ", ".join(users)} if users else ""


def _source(
    seen: Seen, asking: Asking, found: Sequence[Mapping[str, Any]], unpivot: Mapping[str, Any] | None
) -> dict[str, Any]:
    files = [file.name for file in seen.files]
    entry: dict[str, Any] = {"file": files[0] if len(files) == 1 else files}
    if seen.sheet_name:
        entry["sheet"] = seen.sheet_name
    if not any(aside.what == "header" for aside in seen.sheet.asides):
        entry["header"] = list(seen.headers)
    if blanks := [word for word in words()["empty"] if _means_nothing(seen, word)]:
        entry["empty"] = blanks
    if mark_of(seen) == "comma":
        entry["decimal"] = "comma"
        asking.note(
            _("%(source)s: %(example)s; decimals stand behind a comma")
            % {"source": seen.name, "example": comma_example(seen)}
        )
    if seen.fill:
        entry["fill_down"] = list(seen.fill)
    if seen.decides:
        entry["decides"] = list(seen.decides)
    if unpivot:
        entry["unpivot"] = dict(unpivot)
    entry |= namesakes.source(seen)
    if found:
        entry["join"] = [dict(join) for join in found]
    return entry


def _means_nothing(seen: Seen, word: str) -> bool:
    """The word stands in a column that holds numbers or dates otherwise."""
    headers = [
        guess.header
        for guess in seen.chosen.values()
        if guess.header in seen.headers
        and guess.table in INTO
        and columns.type_of(guess.table, guess.column.rpartition(".")[2]) != "text"
    ]
    wide = {"targets": targets.periods_of, "market": market.wide}
    headers += list(wide[seen.kind](seen)) if seen.kind in wide else []
    return any((seen.rows[header].cast(pl.String) == word).any() for header in headers)


def _once(fed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The company at the top is told by one sheet, not by each."""
    told: list[dict[str, Any]] = []
    for entry in fed:
        same = [
            one
            for one in told
            if one["into"] == entry["into"] == "units" and one["columns"] == entry["columns"]
        ]
        if not (
            same and all(isinstance(rule, dict) and "constant" in rule for rule in entry["columns"].values())
        ):
            told.append(entry)
    return told
