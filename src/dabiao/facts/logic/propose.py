"""A mapping proposed from what the files look like: headers by synonym, cells by what they can be read as."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.engine import document as documents
from dabiao.facts.logic import coerce
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.mapping.parse import SCHEMA
from dabiao.facts.logic.reading import PROBLEM, ROW, Options, Sheet, open_file, sheet_names

SAMPLE: Final = 50_000
"""Rows looked at: a key must be unique among them."""
_ENOUGH: Final = 0.95
"""Share of cells that must be readable as a column's type for the header to be believed."""
_HALF: Final = 0.5
"""A header that is the very word is believed although many of its cells need mending."""
_SURE: Final = 0.9
_DAY_FIRST: Final = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%b %d, %Y", "%d %b %Y")
_LEFT_OUT: Final = frozenset(
    {"original_amount", "original_amount_with_tax", "fx_rate", "fx_per", "fx_on", "key"}
)


@dataclass(frozen=True)
class Guess:
    """A column of a table and the header that it seems to be. confidence: 1 = the very word, well filled."""

    table: str
    column: str
    header: str
    confidence: float
    note: str = ""


@dataclass(frozen=True)
class Proposal:
    """A mapping to confirm: its text, how sure each column is, and what could not be placed."""

    text: str
    guesses: tuple[Guess, ...]
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """File (and sheet) → its columns."""


@dataclass
class Seen:
    """One table of the upload as it was found."""

    name: str
    file: Path
    sheet: Sheet
    sheet_name: str
    rows: pl.DataFrame
    table: str | None = None
    chosen: dict[str, Guess] = field(default_factory=dict)

    def values(self, header: str) -> pl.Series:
        return self.rows[header].drop_nulls()

    def is_unique(self, headers: Sequence[str]) -> bool:
        """Filled and different in every row."""
        part = self.rows.select(headers)
        return part.drop_nulls().height == part.height and part.n_unique() == part.height


def propose(paths: Sequence[Path], *, system: str) -> Proposal:
    """Look at files and propose one mapping for all of them. Raises Unreadable for what is no table."""
    seen = [_look(path, sheet, index) for path in paths for index, sheet in enumerate(sheet_names(path))]
    headers = {_called(each.file, each.sheet_name): list(each.sheet.columns) for each in seen}
    seen = [each for each in seen if each.sheet.columns and each.rows.height]
    for each in seen:
        _classify(each)
    document: dict[str, Any] = {"schema": SCHEMA, "system": system, "sources": {}, "tables": []}
    facts = [each for each in seen if each.table and INTO[each.table].on]
    others = [each for each in seen if each not in facts]
    notes: list[str] = []
    joins = {each.name: _joins(each, others) for each in facts}
    for each in seen:
        document["sources"][each.name] = _source(each, joins.get(each.name, []))
    for each in others:
        document["tables"] += _org(each, system)
    for each in seen:
        document["tables"] += _tables(each, joins.get(each.name, []), notes)
    used = {name for each in facts for join in joins[each.name] for name in [join["source"]]}
    unplaced = tuple(
        each.name for each in others if not each.table and not _is_org(each) and each.name not in used
    )
    for name in unplaced if document["tables"] else ():
        del document["sources"][name]
    guesses = tuple(guess for each in seen for guess in each.chosen.values())
    text = documents.write(document)
    return Proposal(text, guesses, unplaced, tuple(notes), headers)


def headers_of(paths: Sequence[Path]) -> dict[str, list[str]]:
    """File (and sheet) → its columns, for files whose mapping is known."""
    return {
        _called(path, sheet): list(open_file(path, Options(sheet=sheet or None)).columns)
        for path in paths
        for sheet in sheet_names(path)
    }


def _called(file: Path, sheet: str) -> str:
    return f"{file.name}#{sheet}" if sheet else file.name


# What a sheet looks like.


def _look(path: Path, sheet: str, index: int) -> Seen:
    opened = open_file(path, Options(sheet=sheet or None))
    frames, height = [], 0
    for frame in opened.chunks():
        frames.append(frame)
        height += frame.height
        if height >= SAMPLE:
            break
    rows = pl.concat(frames, how="diagonal").drop(ROW, PROBLEM, strict=False) if frames else pl.DataFrame()
    name = re.sub(r"[^\w-]+", "_", sheet or path.stem).strip("_") or f"source{index + 1}"
    return Seen(name, path, opened, sheet, rows)


def _classify(seen: Seen) -> None:
    """Choose the table whose needed columns are all there, and that explains most headers."""
    best: tuple[float, str, dict[str, Guess]] = (0.0, "", {})
    for table, rules in _words()["tables"].items():
        guesses = _guesses(seen, table)
        named = any(_plain(word) == _plain(seen.sheet_name or seen.file.stem) for word in rules["called"])
        if not all(name in guesses for name in rules["needs"]) or not any(
            name in guesses for name in rules["one_of"]
        ):
            continue
        on = INTO[table].on
        score = sum(guess.confidence for guess in guesses.values()) + (2 if named else 0) + (1 if on else 0)
        if score > best[0]:
            best = (score, table, guesses)
    if best[1] and not _is_org(seen):
        seen.table, seen.chosen = best[1], best[2]


def _guesses(seen: Seen, table: str) -> dict[str, Guess]:
    """Per column of the table the best header, each header for one column (names may share with keys)."""
    columns = [name for name in INTO[table].columns if name not in _LEFT_OUT]
    columns += [name for names in _words()["tables"][table]["keys"] for name in names if name not in columns]
    columns += ["profit"] if table == "order_lines" else []
    found = [guess for column in columns for guess in _candidates(seen, table, column)]
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in sorted(found, key=lambda guess: (-guess.confidence, columns.index(guess.column))):
        if guess.column not in chosen and guess.header not in taken:
            chosen[guess.column] = guess
            taken.add(guess.header)
    for kind in ("customer", "product"):
        if kind not in chosen and f"{kind}_name" in chosen:
            chosen[kind] = chosen.pop(f"{kind}_name")
    return chosen


def _candidates(seen: Seen, table: str, column: str) -> Iterable[Guess]:
    synonyms = _words()["columns"].get(
        "line_of_products" if (column == "line" and table == "products") else column, []
    )
    kind = _kind(table, column)
    for header in seen.sheet.columns:
        likeness = max(sure * _likeness(form, [column, *synonyms]) for form, sure in _forms(seen, header))
        if likeness < 0.6:
            continue
        readable = _readable(seen.values(header), kind)
        if readable >= (_HALF if likeness > _SURE else _ENOUGH):
            yield Guess(table, column, header, round(likeness * readable, 3))


def _forms(seen: Seen, header: str) -> Iterable[tuple[str, float]]:
    """What a header may be called, and how sure that is: 金额 over 含税 is 金额含税, 含税金额 or simply 含税."""
    yield header, 1.0
    above, _space, below = header.partition(" ")
    if below and sum(aside.what == "header" for aside in seen.sheet.asides) > 1:
        yield f"{below} {above}", 0.98
        yield below, 0.95


def _kind(table: str, column: str) -> str:
    if column == "profit":
        return "money"
    return INTO[table].columns.get(column, "text")


def _likeness(header: str, words: Sequence[str]) -> float:
    """1 for the very word; less the later it stands among the synonyms; 0.7 for a word that holds it."""
    return _alike(_plain(header), tuple(words))


@lru_cache(maxsize=200_000)
def _alike(plain: str, words: tuple[str, ...]) -> float:
    """Each header is compared with the synonyms of every column of every table, which share most of them."""
    known = [_plain(word) for word in words]
    if plain in known:
        return 1.0 - 0.01 * min(known.index(plain), 20)
    return 0.7 if any(len(word) >= 3 and word in plain for word in known) else 0.0


@lru_cache(maxsize=20_000)
def _plain(word: str) -> str:
    bare = re.sub(r"[（(\[【].*?[)）\]】]", "", word)
    return re.sub(r"[\s_\-/#:：.]+", "", bare).lower()


def _readable(values: pl.Series, kind: str) -> float:
    """Share of the filled cells that the type can hold, the usual words for nothing left out."""
    if values.len() == 0:
        return 0.0 if kind in {"date", "time"} else 1.0
    texts = values.cast(pl.String)
    real = values.filter(~texts.is_in(_words()["empty"]))
    if real.len() == 0:
        return 0.0
    formats = _formats(real) if kind in {"date", "time"} else ()
    got = coerce.coerced(real, coerce.Cells(kind, rounding=True, formats=formats))
    return 1 - (real.len() - got.reason.null_count()) / real.len()


def _formats(values: pl.Series) -> tuple[str, ...]:
    """Formats that day-first and month-first dates need; none where the usual ones do."""
    usual = coerce.coerced(values, coerce.Cells("date"))
    if usual.reason.null_count() >= _ENOUGH * len(values):
        return ()
    month = coerce.coerced(values, coerce.Cells("date", formats=(coerce.dates.MONTH,)))
    if month.reason.null_count() >= _ENOUGH * len(values):
        return (coerce.dates.MONTH,)
    for name in _DAY_FIRST:
        got = coerce.coerced(values, coerce.Cells("date", formats=(name,)))
        if got.reason.null_count() == len(values):
            return (name,)
    return ()


# From what is seen to the mapping.


def _source(seen: Seen, joins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": seen.file.name}
    if seen.sheet_name:
        entry["sheet"] = seen.sheet_name
    if not any(aside.what == "header" for aside in seen.sheet.asides):
        entry["header"] = list(seen.sheet.columns)
    blanks = [word for word in _words()["empty"] if _means_nothing(seen, word)]
    if blanks:
        entry["empty"] = blanks
    if joins:
        entry["join"] = [dict(join) for join in joins]
    return entry


def _means_nothing(seen: Seen, word: str) -> bool:
    """The word stands in a column that holds numbers or dates otherwise."""
    headers = [guess.header for guess in seen.chosen.values() if _kind(guess.table, guess.column) != "text"]
    return any((seen.values(header).cast(pl.String) == word).any() for header in headers)


def _joins(seen: Seen, others: Sequence[Seen]) -> list[dict[str, Any]]:
    """Other sheets that say one thing more about a column of this one: who manages a region, what came back."""
    joins = []
    for other in others:
        for header in other.sheet.columns:
            if header not in seen.sheet.columns or not _contained(seen, other, header):
                continue
            more = [name for name in other.sheet.columns if name not in seen.sheet.columns]
            taken = {name: name for name in more if _adds(other, name)}
            if taken and other.table is None:
                joins.append(
                    {"source": other.name, "on": {header: header}, "take": taken, "missing": "ignore"}
                )
                break
    return joins


def _contained(seen: Seen, other: Seen, header: str) -> bool:
    """Most keys of the other sheet are known here."""
    theirs, ours = other.values(header).unique(), seen.values(header).unique()
    return theirs.len() > 0 and theirs.is_in(ours.to_list()).sum() * 2 >= theirs.len()


def _adds(other: Seen, header: str) -> bool:
    return any(_likeness(header, _words()["columns"][kind]) >= 0.7 for kind in ("holder", "returned"))


def _is_org(seen: Seen) -> bool:
    """A short sheet that says who manages which unit."""
    return _org_columns(seen) is not None


def _org_columns(seen: Seen) -> tuple[str, str] | None:
    words = _words()["columns"]
    units = [h for h in seen.sheet.columns if _likeness(h, words["unit"]) >= 0.8]
    holders = [h for h in seen.sheet.columns if _likeness(h, words["holder"]) >= 0.8 and h not in units]
    if not units or not holders or seen.rows.height > 5_000 or len(seen.sheet.columns) > 6:
        return None
    return (units[0], holders[0]) if seen.is_unique([units[0], holders[0]]) else None


def _org(seen: Seen, system: str) -> list[dict[str, Any]]:
    """Units below a company, each with who manages it."""
    columns = _org_columns(seen)
    if columns is None:
        return []
    unit, holder = columns
    company = re.sub(r"[^\w.-]+", "-", system).strip("-") or "company"
    seen.chosen = {
        "unit": Guess("units", "unit", unit, 0.9),
        "holder": Guess("assignments", "person", holder, 0.9, _("name taken as employee number")),
    }
    root = {"unit": {"constant": company}, "kind": {"constant": "company"}}
    region = {"unit": unit, "kind": {"constant": "region"}, "parent": {"constant": company}}
    held = {
        "person": holder,
        "unit": unit,
        "position": {"constant": "manager"},
        "starts_on": {"constant": "2000-01-01"},
    }
    return [
        {"into": "units", "from": seen.name, "distinct": True, "columns": root},
        {"into": "units", "from": seen.name, "distinct": True, "columns": region},
        {"into": "assignments", "from": seen.name, "distinct": True, "columns": held},
    ]


def _tables(seen: Seen, joins: Sequence[Mapping[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    if seen.table is None:
        return []
    own = _table(seen, seen.table, joins, notes)
    return [own, *_beside(seen, own)]


def _table(seen: Seen, table: str, joins: Sequence[Mapping[str, Any]], notes: list[str]) -> dict[str, Any]:
    known = INTO[table]
    columns: dict[str, Any] = {}
    for name, guess in seen.chosen.items():
        if name in known.columns:
            columns[name] = _rule(seen, guess, known.columns[name])
    if "profit" in seen.chosen and "cost" not in columns and "amount" in seen.chosen:
        columns["cost"] = {"from": seen.chosen["amount"].header, "minus": seen.chosen["profit"].header}
        notes.append(
            _("%(source)s: cost = %(amount)s − %(profit)s")
            % {
                "source": seen.name,
                "amount": seen.chosen["amount"].header,
                "profit": seen.chosen["profit"].header,
            }
        )
    for join in joins:
        _use_join(join, columns, known.columns, seen, table)
    if table == "opportunities":
        _outcome(seen, columns)
    if table == "targets":
        columns.setdefault("metric", {"constant": "sales_amount"})
        columns["ends_on"] = {
            "next": "starts_on",
            "per": [n for n in ("person", "unit", "metric") if n in columns],
        }
    entry: dict[str, Any] = {"into": table, "from": seen.name}
    if known.keyed:
        entry["key"] = _key(seen, table, notes)
    elif not seen.is_unique([seen.chosen[name].header for name in known.key if name in seen.chosen]):
        entry["distinct"] = True
    return {
        **entry,
        "columns": dict(sorted(columns.items(), key=lambda item: list(known.columns).index(item[0]))),
    }


def _use_join(
    join: Mapping[str, Any], columns: dict[str, Any], known: Mapping[str, str], seen: Seen, table: str
) -> None:
    """A manager of the row's region becomes its person, where it has none; a return marks the line."""
    for header in join["take"]:
        if _likeness(header, _words()["columns"]["returned"]) >= 0.7 and "returned" in known:
            columns["returned"] = {"from": header, "default": "否"}
            seen.chosen["returned"] = Guess(
                table,
                "returned",
                header,
                0.9,
                _("from %(source)s; lines are marked, never multiplied") % {"source": join["source"]},
            )
        elif "person" in known and "person" not in columns:
            columns["person"] = header
            seen.chosen["person"] = Guess(
                table, "person", header, 0.8, _("from %(source)s") % {"source": join["source"]}
            )


def _rule(seen: Seen, guess: Guess, kind: str) -> str | dict[str, Any]:
    rule: dict[str, Any] = {"from": guess.header}
    values = seen.values(guess.header)
    if kind in {"date", "time"} and (
        formats := _formats(values.filter(~values.cast(pl.String).is_in(_words()["empty"])))
    ):
        rule["formats"] = list(formats)
    if kind in {"money", "qty", "rate"} and (unit := _unit(guess.header)):
        rule["unit"] = unit
    if kind == "rate" and "unit" not in rule and _looks_like_percent(values):
        rule["unit"] = "%"
    if translated := _translation(guess, values):
        rule |= {"values": translated, "otherwise": "keep"}
    if guess.column == INTO[guess.table].on and seen.rows[guess.header].null_count():
        rule["required"] = False
    return guess.header if list(rule) == ["from"] else rule


def _unit(header: str) -> str | None:
    found = re.search(r"[（(\[【/]?\s*(百万|千万|十万|万|亿|千)元?\s*[)）\]】]?$", header)
    return found.group(1) if found else None


def _looks_like_percent(values: pl.Series) -> bool:
    """Rates above 1 without a sign are percent: 13 means 13 %."""
    got = coerce.coerced(values, coerce.Cells("rate", rounding=True)).values.drop_nulls()
    return got.len() > 0 and bool((got > 1).any()) and not values.cast(pl.String).str.contains("[%％]").any()


def _translation(guess: Guess, values: pl.Series) -> dict[str, str]:
    words = {("activities", "kind"): "activity_kind", ("receipts", "method"): "receipt_method"}
    name = words.get((guess.table, guess.column))
    return _by_words(values, _words()["values"][name]) if name else {}


def _outcome(seen: Seen, columns: dict[str, Any]) -> None:
    """Won and lost read off the stage, where no column says it."""
    header = seen.chosen["stage"].header if "stage" in seen.chosen else None
    if "outcome" in columns or header is None:
        return
    found = _by_words(seen.values(header), _words()["values"]["outcome"])
    if found:
        columns["outcome"] = {"from": header, "values": found, "otherwise": "empty"}


def _by_words(values: pl.Series, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    meant = {_plain(word): key for key, listed in words.items() for word in listed}
    texts = values.cast(pl.String).unique().sort().to_list()
    return {
        text: meant[_plain(text)]
        for text in texts[:200]
        if _plain(text) in meant and meant[_plain(text)] != text
    }


def _key(seen: Seen, table: str, notes: list[str]) -> str | list[str]:
    """The first of the usual keys that is different in every row; else one from the whole row."""
    rules = _words()["tables"][table]["keys"]
    singles = [[name] for names in rules for name in names]
    for names in [*([["line"]] if "line" in seen.chosen else []), *rules, *singles]:
        headers = [seen.chosen[name].header for name in names if name in seen.chosen]
        if len(headers) == len(names) and seen.is_unique(headers):
            return headers[0] if len(headers) == 1 else headers
    notes.append(
        _("%(source)s: no column tells the rows apart, so a key is made from the whole row")
        % {"source": seen.name}
    )
    return "generated"


def _beside(seen: Seen, own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Customers, products and deliveries that an order sheet says something about."""
    out = []
    for into, needed in (("customers", "customer"), ("products", "product")):
        if seen.table == into or needed not in own["columns"] or not INTO[str(seen.table)].on:
            continue
        guesses = _guesses(seen, into)
        fixed = own["columns"][needed]
        columns = {needed: fixed} | {
            name: guess.header
            for name, guess in guesses.items()
            if name in INTO[into].columns and name not in {needed, "parent", "created_on", "list_price", "launched_on", "floor_price"}
            and guess.header != fixed
        }  # fmt: skip
        name = own["columns"].pop(f"{needed}_name", None)
        if name is not None:
            columns[f"{needed}_name"] = name
        if len(columns) > 1:
            seen.chosen |= {f"{into}.{n}": g for n, g in guesses.items() if n in columns and n != needed}
            out.append({"into": into, "from": seen.name, "distinct": True, "columns": columns})
    return out + _deliveries(seen, own)


def _deliveries(seen: Seen, own: Mapping[str, Any]) -> list[dict[str, Any]]:
    guess = next(
        iter(sorted(_candidates(seen, "deliveries", "shipped_on"), key=lambda g: -g.confidence)), None
    )
    if seen.table != "order_lines" or guess is None or guess.header == own["columns"].get("ordered_on"):
        return []
    seen.chosen["shipped_on"] = guess
    shared = {
        n: own["columns"][n]
        for n in ("person", "customer", "order", "product", "qty", "amount")
        if n in own["columns"]
    }
    columns = {"shipped_on": _rule(seen, guess, "date"), **shared}
    where = {guess.header: {"filled": True}}
    return [{"into": "deliveries", "from": seen.name, "key": own["key"], "where": where, "columns": columns}]


def synonyms() -> Mapping[str, Sequence[str]]:
    """Column → what files call it, the most usual word first."""
    columns: Mapping[str, Sequence[str]] = _words()["columns"]
    return columns


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    text = (files("dabiao.facts") / "synonyms.yml").read_text(encoding="utf-8")
    root, _problems = documents.read(text)
    words: dict[str, Any] = {name: node.plain() for name, node in root.members.items()} if root else {}
    words["empty"] = [word for word in words["empty"] if word is not None]
    return words
