"""Mapping text → MapFile, or all that is wrong with it: file, line, what, and the mend."""

import codecs
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dabiao.core import written
from dabiao.core.errors import Malformed
from dabiao.core.sentence import say
from dabiao.engine.document import Bad, Node, Problem, field_of, known_names, listed, read, tried
from dabiao.facts.logic.coerce.dates import reads_days
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.mapping.model import (
    Agree,
    Apart,
    Join,
    MapFile,
    Next,
    Rule,
    Source,
    TableMap,
    Unpivot,
    Where,
)
from dabiao.facts.logic.reading import Options
from dabiao.facts.logic.reading.opening import FORMATS

SCHEMA: Final = "dabiao/map/1"
_TOP = ("schema", "system", "currency", "time_zone", "sources", "tables", "ignore", "agree")
_AGREE = ("source", "column", "with", "its", "on", "latest")
_SOURCE = (
    "file", "query", "connector", "format", "sheet", "header", "skip", "delimiter", "encoding", "trim", "empty",
    "totals", "decimal", "fill_down", "replace", "join", "unpivot", "apart", "decides", "system", "optional",
)  # fmt: skip
_UNPIVOT = ("columns", "name", "value")
_APART = ("column", "by", "values")
_JOIN = ("source", "on", "take", "missing")
_TABLE = ("into", "from", "key", "mode", "window", "where", "distinct", "columns")
_RULE = (
    "from", "first", "constant", "values", "otherwise", "default", "formats", "unit", "plus", "minus", "times",
    "round", "add_days", "required", "next", "per", "last",
)  # fmt: skip
_UNITS: Final = tuple(unit for unit in written.UNITS if unit)
_MOST_HEADERS: Final = 10
_MOST_SKIPPED: Final = 29
"""Rows above a table and of its header: those at the top of a file in which a header is looked for."""
_MOST_DAYS: Final = 36_600
"""A hundred years, beyond which a day leaves the calendar sooner or later."""
_NEVER_BETWEEN: Final = frozenset('"\r\n\0')
_DELIMITERS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|", "spaces": "spaces"}


class BadMapping(Malformed):
    """A mapping cannot be used as it is. `problems` holds all of what is wrong, in the reader's language."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            replace(problem, says=say(problem.says), mend=say(problem.mend)) for problem in problems
        )
        super().__init__("\n".join(map(_located, self.problems)))


def _located(problem: Problem) -> str:
    return _("%(file)s:%(line)s: %(message)s. %(mend)s") % {
        "file": problem.file,
        "line": problem.line,
        "message": problem.says,
        "mend": problem.mend,
    }


def read_map(text: str, *, file: str = "map.yml") -> MapFile:
    """Parse and check a mapping. Raises BadMapping with every problem, in the order of lines."""
    root, problems = read(text, file)
    mapping = tried(root, partial(_map_file, text=text), None) if root else None
    if problems or mapping is None:
        raise BadMapping(sorted(problems))
    return mapping


def _map_file(root: Node, text: str) -> MapFile:
    top = _given(root, *_TOP)
    schema = top.get("schema", root)
    if schema.content != SCHEMA:
        schema.note(
            _("schema is %(what)r") % {"what": schema.content if "schema" in top else None},
            _("Write `schema: %(SCHEMA)s` at the top.") % {"SCHEMA": SCHEMA},
        )
    sources = field_of(top, "sources", _sources, {})
    if not sources:
        top.get("sources", root).note(_("no sources"), _("Name at least one file under `sources`."))
    tables = field_of(top, "tables", listed(partial(_table, sources=sources)), ())
    if not tables:
        top.get("tables", root).note(_("no tables"), _("Say under `tables` what the sources feed."))
    return MapFile(
        system=field_of(top, "system", _word, "", needed=root),
        sources=sources,
        tables=tables,
        currency=field_of(top, "currency", _word, None),
        time_zone=field_of(top, "time_zone", _zone, None),
        ignore=field_of(top, "ignore", _words, ()),
        agree=field_of(top, "agree", listed(partial(_agree, sources=sources)), ()),
        text=text,
    )


def _agree(node: Node, sources: Mapping[str, Source]) -> Agree:
    fields = _given(node, *_AGREE)
    source, other = (
        field_of(fields, name, partial(_source_name, sources=sources), "", needed=node)
        for name in ("source", "with")
    )
    column, its = (field_of(fields, name, _word, "", needed=node) for name in ("column", "its"))
    on = field_of(fields, "on", _pairs, {})
    return Agree(source, column, other, its, on, field_of(fields, "latest", _word, None), node.line)


# Sources and their joins.


def _sources(node: Node) -> dict[str, Source]:
    sources = {name: tried(below, partial(_source, name), None) for name, below in node.entries()}
    known = {name: source for name, source in sources.items() if source is not None}
    for name in known:
        for join in _joins(node.members[name]):
            tried(join, partial(_plain_source, sources=known), None)
    return known


def _joins(node: Node) -> Iterable[Node]:
    return node.members["join"].items() if "join" in node.members else ()


def _plain_source(join: Node, sources: Mapping[str, Source]) -> None:
    """A join looks up in a source that there is, and that looks up nowhere itself."""
    name = join.members.get("source")
    if name is None or not name.is_scalar or not name.content:
        return
    if sources[_source_name(name, sources)].joins:
        raise join.bad(
            _("%(source)s has joins of its own") % {"source": name.content}, _("Look up in a plain source.")
        )


def _source_name(node: Node, sources: Mapping[str, Source]) -> str:
    if _word(node) not in sources:
        raise _unknown(node, _("source"), sources)
    return _word(node)


def _source(name: str, node: Node) -> Source:
    fields = {"file": node} if node.is_scalar and not node.is_null else _given(node, *_SOURCE)
    files = field_of(fields, "file", _files, ())
    query = field_of(fields, "query", _word, None)
    if bool(files) == bool(query):
        node.note(
            _("source %(name)s needs either `file` or `query`") % {"name": name}, _("Name one of them.")
        )
    return Source(
        name,
        files,
        query,
        field_of(fields, "connector", _word, None),
        _options(fields),
        field_of(fields, "replace", _replacements, {}),
        field_of(fields, "join", listed(_join), ()),
        field_of(fields, "unpivot", _unpivot, None),
        field_of(fields, "apart", _apart, None),
        field_of(fields, "decides", _words, ()),
        field_of(fields, "system", _word, None),
        field_of(fields, "optional", Node.yes, False),
        node.line,
    )


def _files(node: Node) -> tuple[str, ...]:
    patterns = _words(node)
    for pattern in patterns:
        if pattern.startswith("/") or ".." in pattern.split("/"):
            node.note(
                _("%(pattern)r leaves the folder") % {"pattern": pattern},
                _("Name files inside the folder given to the import."),
            )
    return patterns


def _replacements(node: Node) -> dict[str, dict[str, str]]:
    """Column → {as the file writes it: as it should be}; nothing is the empty text."""
    pairs = {column: tried(below, _values, {}) for column, below in node.entries()}
    return {column: {old: new or "" for old, new in values.items()} for column, values in pairs.items()}


def _options(fields: Mapping[str, Node]) -> Options:
    return Options(
        format=field_of(fields, "format", _one_of(*sorted(set(FORMATS.values()))), None),
        sheet=field_of(fields, "sheet", _word, None),
        header=field_of(fields, "header", _header, cast(Any, "auto")),
        skip=field_of(fields, "skip", partial(_upto, most=_MOST_SKIPPED), 0),
        delimiter=field_of(fields, "delimiter", _delimiter, None),
        encoding=field_of(fields, "encoding", _encoding, None),
        trim=field_of(fields, "trim", Node.yes, True),
        empty=field_of(fields, "empty", _words, ()),
        totals=field_of(fields, "totals", _one_of("skip", "keep"), cast(Any, "skip")),
        decimal=field_of(fields, "decimal", _one_of("point", "comma"), cast(Any, "point")),
        fill_down=field_of(fields, "fill_down", _words, ()),
    )


def _header(node: Node) -> Any:  # noqa: ANN401  # Options says which
    """auto, none, a row's number, or the columns' names."""
    if not node.is_list:
        word = _word(node)
        return (
            "auto"
            if word in {"auto", "true"}
            else 0
            if word in {"none", "false"}
            else _upto(node, _MOST_HEADERS)
        )
    names = _words(node)
    for twice in sorted({name for name in names if names.count(name) > 1}):
        node.note(
            _("two columns are called %(twice)r") % {"twice": twice}, _("Give each column its own name.")
        )
    return names


def _delimiter(node: Node) -> str:
    delimiter = str(node.content) if node.is_scalar else _word(node)
    delimiter = _DELIMITERS.get(delimiter, delimiter)
    if delimiter != "spaces" and len(delimiter) != 1:
        raise node.bad(
            _("%(delimiter)r is more than one character") % {"delimiter": delimiter},
            _("Write one, or tab or spaces."),
        )
    if not delimiter.isascii() or delimiter in _NEVER_BETWEEN:
        raise node.bad(
            _("%(delimiter)r cannot stand between cells") % {"delimiter": delimiter},
            _("Write a comma, a semicolon, tab or another sign."),
        )
    return delimiter


def _upto(node: Node, most: int) -> int:
    """A whole number of rows near the top of a sheet."""
    rows = node.whole()
    if rows > most:
        raise node.bad(
            _("%(rows)s rows are too many here") % {"rows": rows}, _("Write 0 to %(most)s.") % {"most": most}
        )
    return rows


def _days(node: Node) -> int:
    days = node.integer()
    if abs(days) > _MOST_DAYS:
        raise node.bad(
            _("%(days)s days are too many here") % {"days": days},
            _("Write at most %(most)s.") % {"most": _MOST_DAYS},
        )
    return days


def _join(node: Node) -> Join:
    fields = _given(node, *_JOIN)
    on, take = (field_of(fields, name, _pairs, {}) for name in ("on", "take"))
    if not on or not take:
        node.note(
            _("a join needs `on` and `take`"), _("Write e.g. on: {agent: agent}, take: {manager: manager}.")
        )
    missing = field_of(fields, "missing", _one_of("report", "ignore"), "report")
    name = field_of(fields, "source", _word, "", needed=node)
    return Join(name, on, take, cast(Any, missing), node.line)


def _unpivot(node: Node) -> Unpivot:
    fields = _given(node, *_UNPIVOT)
    columns = field_of(fields, "columns", _pairs, {})
    if not columns:
        node.note(_("`unpivot` needs `columns`"), _("Write e.g. columns: {1月: 2026-01, 2月: 2026-02}."))
    name, value = (field_of(fields, entry, _word, "", needed=node) for entry in ("name", "value"))
    return Unpivot(columns, name, value, node.line)


def _apart(node: Node) -> Apart:
    fields = _given(node, *_APART)
    column, by = (field_of(fields, entry, _word, "", needed=node) for entry in ("column", "by"))
    return Apart(column, by, field_of(fields, "values", _replacements, {}, needed=node), node.line)


# Tables and their columns.


def _table(node: Node, sources: Mapping[str, Source]) -> TableMap:
    fields = _given(node, *_TABLE)
    columns = field_of(fields, "columns", _columns, {})
    table = TableMap(
        into=field_of(fields, "into", _word, "", needed=node),
        source=field_of(fields, "from", partial(_source_name, sources=sources), "", needed=node),
        columns=columns,
        key=field_of(fields, "key", _key, cast(Any, ())),
        mode=field_of(fields, "mode", _one_of("upsert", "replace"), cast(Any, "upsert")),
        window=field_of(fields, "window", _one_of("month", "day", "file"), cast(Any, "month")),
        where=field_of(fields, "where", _wheres, ()),
        distinct=field_of(fields, "distinct", Node.yes, False),
        line=node.line,
    )
    if table.into in INTO:
        _fit(table, node, fields)
    elif table.into:
        fields["into"].problems.append(_unknown(fields["into"], _("table"), INTO).problem)
    return table


def _columns(node: Node) -> dict[str, Rule]:
    # A column whose rule cannot be read is there all the same: it is not to be missed on top.
    return {name: tried(below, partial(_rule, name), Rule(name)) for name, below in node.entries()}


def _wheres(node: Node) -> tuple[Where, ...]:
    wheres = [tried(below, partial(_where, name), None) for name, below in node.entries()]
    return tuple(where for where in wheres if where is not None)


def _key(node: Node) -> Any:  # noqa: ANN401  # TableMap says which
    return "generated" if node.content == "generated" else _words(node)


def _fit(table: TableMap, node: Node, fields: Mapping[str, Node]) -> None:
    """The columns exist, and the needed ones are there."""
    known = INTO[table.into]
    columns = fields.get("columns", node)
    for name, rule in table.columns.items():
        _column_fits(name, rule, table, columns.members[name])
    if known.keyed and not table.key and "key" not in table.columns:
        node.note(
            _("%(into)s has no key") % {"into": table.into},
            _("Write `key: COLUMN`, `key: [A, B]` or `key: generated`."),
        )
    for name in known.required:
        if name not in table.columns and name != "key":
            columns.note(
                _("%(into)s needs %(name)r") % {"into": table.into, "name": name},
                _("Say which column is %(name)s, or give a constant.") % {"name": name},
            )
    dated = "period" in table.columns, {"starts_on", "ends_on"} <= set(table.columns)
    if table.into == "targets" and dated.count(True) != 1:
        columns.note(
            _("a target is for a period, or from a day to a day"),
            _("Map `period`, or both `starts_on` and `ends_on`."),
        )
    if table.into == "targets" and ("person" in table.columns) == ("unit" in table.columns):
        columns.note(_("a target is for a person or a unit"), _("Map exactly one of `person` and `unit`."))
    if table.mode == "replace" and not known.on:
        fields["mode"].note(
            _("%(into)s has no date to cut a window by") % {"into": table.into}, _("Leave `mode` out.")
        )


def _column_fits(name: str, rule: Rule, table: TableMap, node: Node) -> None:
    known = INTO[table.into]
    if name not in known.columns:
        column = _("column of %(into)s") % {"into": table.into}
        node.problems.append(_unknown(node, column, known.columns, name).problem)
    if rule.next and known.home == "lake":
        node.note(_("`next` works on the organisation and targets"), _("Leave it out."))
    if rule.next and rule.next.column not in table.columns:
        unknown = _unknown(node, _("mapped column"), table.columns, rule.next.column)
        node.problems.append(unknown.problem)


def _rule(name: str, node: Node) -> Rule:
    if node.is_scalar and not node.is_null:
        return Rule(name, columns=(_word(node),), line=node.line)
    fields = _given(node, *_RULE)
    # A constant of nothing is a rule too: the column stays empty.
    kinds = [kind for kind in ("from", "constant", "next", "first") if kind in node.members]
    if len(kinds) != 1:
        node.note(
            _("%(name)s needs one of from, first, constant, next") % {"name": name}, _("Keep exactly one.")
        )
    following = field_of(fields, "next", _word, "")
    per = field_of(fields, "per", _words, ())
    last = field_of(fields, "last", _word, None)
    return Rule(
        column=name,
        columns=field_of(fields, "from" if "from" in fields else "first", _words, ()),
        first="first" in fields,
        constant=field_of(fields, "constant", _word, None),
        values=field_of(fields, "values", _values, None),
        otherwise=field_of(fields, "otherwise", _one_of("error", "keep", "empty"), cast(Any, "error")),
        default=field_of(fields, "default", _word, None),
        formats=field_of(fields, "formats", _formats, ()),
        unit=field_of(fields, "unit", _unit, None),
        plus=field_of(fields, "plus", _words, ()),
        minus=field_of(fields, "minus", _words, ()),
        times=field_of(fields, "times", _words, ()),
        round=field_of(fields, "round", Node.yes, False),
        add_days=field_of(fields, "add_days", _days, 0),
        required=field_of(fields, "required", Node.yes, None),
        next=Next(following, per, last) if following else None,
        line=node.line,
    )


def _where(column: str, node: Node) -> Where:
    if not node.is_mapping:
        return Where(column, () if node.is_null else _words(node), line=node.line)
    fields = _given(node, "not", "filled")
    filled = field_of(fields, "filled", Node.yes, None)
    return Where(column, field_of(fields, "not", _words, ()), "not" in node.members, filled, node.line)


# What a value of the document may be.


def _given(node: Node, *known: str) -> dict[str, Node]:
    """The fields of a mapping that say something."""
    if node.is_null:
        return {}
    return {name: below for name, below in node.fields(*known).items() if not below.is_null}


def _unknown(node: Node, what: str, known: Iterable[str], name: str | None = None) -> Bad:
    name = node.text() if name is None else name
    return node.bad(
        _("%(name)r is no known %(what)s") % {"name": name, "what": what}, known_names(name, known)
    )


def _one_of(*words: str) -> Callable[[Node], Any]:
    return lambda node: node.word(words)


def _word(node: Node) -> str:
    """A text as it is written: blanks in quotes count."""
    if not node.content or not node.is_scalar or node.is_null:
        entry = node.path.rpartition(".")[2]
        raise node.bad(
            _("%(entry)s must be a word") % {"entry": entry},
            _("Write %(entry)s: something.") % {"entry": entry},
        )
    return str(node.content)


def _words(node: Node) -> tuple[str, ...]:
    """One word, or a list of them; an empty text in quotes is one too."""
    items = tuple(node.items())
    if all(item.is_scalar and not item.is_null for item in items):
        return tuple(str(item.content) for item in items)
    entry = node.path.rpartition(".")[2]
    raise node.bad(_("%(entry)s must be a word or a list of words") % {"entry": entry}, _("Write [a, b]."))


def _pairs(node: Node) -> dict[str, str]:
    """{ours: theirs}; names alone are called the same on both sides."""
    if node.is_mapping:
        return {name: _word(below) for name, below in node.members.items()}
    return {name: name for name in _words(node)}


def _values(node: Node) -> dict[str, str | None]:
    for below in node.members.values():
        below.text()
    return {name: None if below.is_null else str(below.content) for name, below in node.entries()}


def _unit(node: Node) -> str:
    if _word(node).lower() not in _UNITS:
        raise _unknown(node, _("unit"), _UNITS)
    return node.text().lower()


def _formats(node: Node) -> tuple[str, ...]:
    """How days are written, each proven to give the day back that it writes."""
    return tuple(word for item in node.items() if (word := tried(item, _format, "")))


def _format(node: Node) -> str:
    if not reads_days(_word(node)):
        raise node.bad(
            _("%(format)r reads no day") % {"format": node.content},
            _("Write %Y, %m and %d where year, month and day stand, e.g. %d/%m/%Y; or `month`."),
        )
    return str(node.content)


def _zone(node: Node) -> str:
    try:
        ZoneInfo(_word(node))
    except (ValueError, OSError, KeyError):
        zone = {"zone": node.content}
        raise node.bad(_("%(zone)r is no time zone") % zone, _("Write one like Asia/Shanghai.")) from None
    return node.text()


def _encoding(node: Node) -> str:
    try:
        "a".encode(_word(node))  # refuses what is known and yet no text: zlib, base64
        return codecs.lookup(_word(node)).name
    except (LookupError, ValueError):
        raise node.bad(
            _("%(name)r is no known encoding") % {"name": node.content},
            _("Write utf-8, gb18030, utf-16 or another Python knows."),
        ) from None
