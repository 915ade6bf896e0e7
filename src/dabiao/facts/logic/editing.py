"""The mapping on the page: what is proposed for each column, and choices written back into the text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dabiao.engine.document import read, write
from dabiao.facts.logic import labels
from dabiao.facts.logic.mapping.known import INTO


@dataclass(frozen=True)
class ColumnChoice:
    """A column of a table: the header it is read from, or in words what makes it. confidence None: not guessed."""

    field: str
    column: str
    label: str
    header: str
    said: str
    confidence: float | None
    note: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class TableChoice:
    """A table that the mapping feeds."""

    title: str
    source: str
    key: str
    columns: tuple[ColumnChoice, ...]
    addable: tuple[tuple[str, str], ...]
    field: str
    headers: tuple[str, ...]


def tables(text: str, report: Mapping[str, Any]) -> list[TableChoice]:
    """What the mapping says, table by table; empty for a text that cannot be read."""
    document = _document(text)
    guesses = {
        (g["table"], g["column"].rpartition(".")[2], g["header"]): g for g in report.get("guesses", [])
    }
    shown = []
    for index, entry in enumerate(document.get("tables") or []):
        if not isinstance(entry, dict) or not isinstance(entry.get("columns"), dict):
            continue
        into, source = str(entry.get("into")), str(entry.get("from"))
        headers = _headers(document, source, report)
        columns = tuple(
            _choice(f"c:{index}:{name}", into, name, rule, guesses, headers)
            for name, rule in entry["columns"].items()
        )
        addable = (
            tuple(
                (name, labels.column(into, name))
                for name in INTO[into].columns
                if name not in entry["columns"]
            )
            if into in INTO
            else ()
        )
        key = entry.get("key")
        key = " + ".join(key) if isinstance(key, list) else str(key or "")
        key = _("made from the whole row") if key == "generated" else key
        shown.append(TableChoice(labels.table(into), source, key, columns, addable, str(index), headers))
    return shown


def sources(text: str) -> list[str]:
    """Names of the sources that a table can be fed from."""
    return [str(name) for name in _document(text).get("sources") or {}]


def chosen(text: str, said: Mapping[str, str]) -> str:
    """The text with the choices of the page in it.

    Fields: `c:TABLE:COLUMN` header, `new:TABLE` + `from:TABLE` another column, `drop:TABLE`, `newtable` + `newsource`.
    """
    document = _document(text)
    listed = document.get("tables") or []
    dropped: list[int] = []
    for index, entry in enumerate(listed):
        columns = entry.get("columns") if isinstance(entry, dict) else None
        if not isinstance(columns, dict):
            continue
        for name in list(columns):
            header = said.get(f"c:{index}:{name}")
            if header is not None:
                _choose(columns, name, header)
        if said.get(f"drop:{index}"):
            dropped.append(index)
        added, header = said.get(f"new:{index}", ""), said.get(f"from:{index}", "")
        if added and header:
            columns[added] = header
    kept = [entry for index, entry in enumerate(listed) if index not in dropped]
    if (into := said.get("newtable", "")) in INTO and (source := said.get("newsource", "")):
        kept.append(
            {
                "into": into,
                "from": source,
                **({"key": "generated"} if INTO[into].keyed else {}),
                "columns": {},
            }
        )
    document["tables"] = kept
    return write(document)


def _choose(columns: dict[str, Any], name: str, header: str) -> None:
    if not header:
        del columns[name]
    elif isinstance(columns[name], dict):
        columns[name]["from"] = header
    else:
        columns[name] = header


def _choice(
    field: str, into: str, name: str, rule: object, guesses: Mapping[tuple[str, str, str], Any], headers: tuple[str, ...]
) -> ColumnChoice:  # fmt: skip
    header = rule if isinstance(rule, str) else rule.get("from") if isinstance(rule, dict) else None
    if not isinstance(header, str):
        return ColumnChoice(field, name, labels.column(into, name), "", _said(rule), None, "", ())
    guess = guesses.get((into, name, header), {})
    choices = headers if header in headers else (header, *headers)
    more = _said({k: v for k, v in rule.items() if k != "from"}) if isinstance(rule, dict) else ""
    return ColumnChoice(
        field,
        name,
        labels.column(into, name),
        header,
        more,
        guess.get("confidence"),
        guess.get("note", ""),
        choices,
    )


def _said(rule: object) -> str:
    """A rule in few words: constant 2026-01-01, minus 利润."""
    if not isinstance(rule, dict):
        return str(rule)
    return ", ".join(f"{name}: {_plain(value)}" for name, value in rule.items())


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{a} → {b if b is not None else '—'}" for a, b in value.items())
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def _headers(document: Mapping[str, Any], source: str, report: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns of the source's files, and those that its joins and its turning add."""
    sources = document.get("sources")
    entry = sources.get(source) if isinstance(sources, dict) else None
    entry = entry if isinstance(entry, dict) else {"file": entry}
    known = report.get("headers", {})
    files = entry.get("file") if isinstance(entry.get("file"), list) else [entry.get("file")]
    names = [f"{file}#{entry['sheet']}" if entry.get("sheet") else str(file) for file in files or []]
    own: object = (
        next((known[name] for name in names if name in known), None)
        or entry.get("header")
        or next((v for k, v in known.items() if str(k).startswith(tuple(f"{name}#" for name in names))), [])
    )
    listed = own if isinstance(own, list) else []
    joins = entry.get("join") if isinstance(entry.get("join"), list) else []
    taken = [
        str(alias) for join in joins or [] if isinstance(join, dict) for alias in (join.get("take") or {})
    ]
    turned = entry.get("unpivot")
    more = [str(turned.get(name)) for name in ("name", "value")] if isinstance(turned, dict) else []
    return tuple(dict.fromkeys([*map(str, listed), *taken, *more]))


def _document(text: str) -> dict[str, Any]:
    root, _problems = read(text)
    document = root.plain() if root else None
    return document if isinstance(document, dict) else {}
