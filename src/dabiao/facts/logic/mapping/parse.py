"""Mapping text → MapFile, or all that is wrong with it: file, line, what, and the mend."""

import codecs
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.facts.logic.mapping import yamled
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.mapping.model import Agree, Join, MapFile, Next, Rule, Source, TableMap, Where
from dabiao.facts.logic.reading import Options
from dabiao.facts.logic.reading.opening import FORMATS

SCHEMA: Final = "dabiao/map/1"
_TOP = {"schema", "system", "currency", "time_zone", "sources", "tables", "ignore", "agree"}
_AGREE = {"source", "column", "with", "its", "on", "latest"}
_SOURCE = {
    "file", "query", "connector", "format", "sheet", "header", "skip", "delimiter", "encoding", "trim", "empty",
    "totals", "replace", "join", "optional",
}  # fmt: skip
_JOIN = {"source", "on", "take", "missing"}
_TABLE = {"into", "from", "key", "mode", "window", "where", "distinct", "columns"}
_RULE = {
    "from", "first", "constant", "values", "otherwise", "default", "formats", "unit", "plus", "minus", "times",
    "round", "add_days", "required", "next", "per", "last",
}  # fmt: skip
UNITS: Final = {
    "十": 1,
    "百": 2,
    "千": 3,
    "k": 3,
    "万": 4,
    "十万": 5,
    "百万": 6,
    "m": 6,
    "千万": 7,
    "亿": 8,
    "%": -2,
    "‰": -3,
}
"""Number units → power of ten."""
_DELIMITERS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|", "spaces": "spaces"}


@dataclass(frozen=True)
class Problem:
    """One thing to mend in a mapping."""

    file: str
    line: int
    message: str
    mend: str

    def __str__(self) -> str:
        return _("%(file)s:%(line)s: %(message)s. %(mend)s") % vars(self)


class BadMapping(Malformed):
    """A mapping cannot be used as it is. `problems` holds all of what is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def read_map(text: str, *, file: str = "map.yml") -> MapFile:
    """Parse and check a mapping. Raises BadMapping with every problem, in the order of lines."""
    try:
        document, lines = yamled.load(text)
    except yamled.BadYaml as error:
        raise BadMapping([Problem(file, error.line, str(error), _("Mend the YAML."))]) from None
    reader = _Reader(file, lines)
    mapping = reader.map_file(document, text)
    if reader.problems:
        raise BadMapping(sorted(reader.problems, key=lambda problem: problem.line))
    return mapping


class _Reader:
    """Walks the document and collects problems instead of stopping at the first."""

    def __init__(self, file: str, lines: yamled.Lines) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []

    def map_file(self, document: object, text: str) -> MapFile:
        top = self.entries(document, (), _TOP)
        if top.get("schema") != SCHEMA:
            self.say(
                ("schema",),
                _("schema is %(what)r") % {"what": top.get("schema")},
                _("Write `schema: %(SCHEMA)s` at the top.") % {"SCHEMA": SCHEMA},
            )
        system = self.word(top.get("system"), ("system",), needed=True)
        sources = {
            name: self.source(name, value)
            for name, value in self.entries(top.get("sources"), ("sources",)).items()
        }
        if not sources:
            self.say(("sources",), _("no sources"), _("Name at least one file under `sources`."))
        tables = [
            self.table(item, index, sources)
            for index, item in enumerate(self.items(top.get("tables"), ("tables",)))
        ]
        if not tables:
            self.say(("tables",), _("no tables"), _("Say under `tables` what the sources feed."))
        self.joins_exist(sources)
        zone = self.word(top.get("time_zone"), ("time_zone",))
        if zone and not _is_zone(zone):
            self.say(
                ("time_zone",),
                _("%(zone)r is no time zone") % {"zone": zone},
                _("Write one like Asia/Shanghai."),
            )
        return MapFile(
            system=system or "",
            sources=sources,
            tables=tuple(tables),
            currency=self.word(top.get("currency"), ("currency",)),
            time_zone=zone,
            ignore=self.words(top.get("ignore"), ("ignore",)),
            agree=tuple(
                self.agree(item, ("agree", i), sources)
                for i, item in enumerate(self.items(top.get("agree"), ("agree",)))
            ),
            text=text,
        )

    def agree(self, item: object, path: yamled.Path, sources: Mapping[str, Source]) -> Agree:
        entry = self.entries(item, path, _AGREE)
        words = {
            name: self.word(entry.get(name), (*path, name), needed=True) or ""
            for name in ("source", "column", "with", "its")
        }
        for name in ("source", "with"):
            if words[name] not in sources:
                self.unknown((*path, name), _("source"), words[name], sources)
        on = self.pairs(entry.get("on"), (*path, "on"))
        latest = self.word(entry.get("latest"), (*path, "latest"))
        return Agree(
            words["source"], words["column"], words["with"], words["its"], on, latest, self.lines.of(*path)
        )

    def source(self, name: str, value: object) -> Source:
        path = ("sources", name)
        entry = self.entries({"file": value} if isinstance(value, str) else value, path, _SOURCE)
        files, query = (
            self.words(entry.get("file"), (*path, "file")),
            self.word(entry.get("query"), (*path, "query")),
        )
        if bool(files) == bool(query):
            self.say(
                path,
                _("source %(name)s needs either `file` or `query`") % {"name": name},
                _("Name one of them."),
            )
        for pattern in files:
            if pattern.startswith("/") or ".." in pattern.split("/"):
                self.say(
                    (*path, "file"),
                    _("%(pattern)r leaves the folder") % {"pattern": pattern},
                    _("Name files inside the folder given to the import."),
                )
        joins = [
            self.join(item, (*path, "join", i))
            for i, item in enumerate(self.items(entry.get("join"), (*path, "join")))
        ]
        return Source(
            name,
            files,
            query,
            self.word(entry.get("connector"), (*path, "connector")),
            self.options(entry, path),
            {
                column: self.pairs(pairs, (*path, "replace", column))
                for column, pairs in self.entries(entry.get("replace"), (*path, "replace")).items()
            },
            tuple(joins),
            self.flag(entry.get("optional"), (*path, "optional")),
            self.lines.of(*path),
        )

    def options(self, entry: Mapping[str, object], path: yamled.Path) -> Options:
        header = entry.get("header", "auto")
        if isinstance(header, list):
            found: Any = self.words(header, (*path, "header"))
            for twice in sorted({name for name in found if found.count(name) > 1}):
                self.say(
                    (*path, "header"),
                    _("two columns are called %(twice)r") % {"twice": twice},
                    _("Give each column its own name."),
                )
        elif header in {"auto", "true", None}:
            found = "auto"
        elif header in {"none", "false"}:
            found = 0
        else:
            found = self.number(header, (*path, "header"))
        delimiter = self.word(entry.get("delimiter"), (*path, "delimiter"))
        delimiter = _DELIMITERS.get(delimiter or "", delimiter)
        if delimiter and delimiter != "spaces" and len(delimiter) != 1:
            self.say(
                (*path, "delimiter"),
                _("%(delimiter)r is more than one character") % {"delimiter": delimiter},
                _("Write one, or tab or spaces."),
            )
        return Options(
            format=self.choice(entry.get("format"), (*path, "format"), sorted(set(FORMATS.values()))),
            sheet=self.word(entry.get("sheet"), (*path, "sheet")),
            header=found,
            skip=self.number(entry.get("skip", "0"), (*path, "skip")),
            delimiter=delimiter,
            encoding=self.encoding(entry.get("encoding"), (*path, "encoding")),
            trim=self.flag(entry.get("trim", "true"), (*path, "trim")),
            empty=self.words(entry.get("empty"), (*path, "empty")),
            totals=self.choice(entry.get("totals", "skip"), (*path, "totals"), ["skip", "keep"]) or "skip",  # type: ignore[arg-type]  # choice() has checked it
        )

    def join(self, item: object, path: yamled.Path) -> Join:
        entry = self.entries(item, path, _JOIN)
        on = self.pairs(entry.get("on"), (*path, "on"))
        take = self.pairs(entry.get("take"), (*path, "take"))
        if not on or not take:
            self.say(
                path,
                _("a join needs `on` and `take`"),
                _("Write e.g. on: {agent: agent}, take: {manager: manager}."),
            )
        missing = self.choice(entry.get("missing", "report"), (*path, "missing"), ["report", "ignore"])
        name = self.word(entry.get("source"), (*path, "source"), needed=True) or ""
        return Join(name, on, take, missing or "report", self.lines.of(*path))  # type: ignore[arg-type]  # choice() has checked it

    def joins_exist(self, sources: Mapping[str, Source]) -> None:
        for name, source in sources.items():
            for index, join in enumerate(source.joins):
                if join.source not in sources:
                    self.unknown(("sources", name, "join", index), _("source"), join.source, sources)
                elif sources[join.source].joins:
                    self.say(
                        ("sources", name, "join", index),
                        _("%(source)s has joins of its own") % {"source": join.source},
                        _("Look up in a plain source."),
                    )

    def table(self, item: object, index: int, sources: Mapping[str, Source]) -> TableMap:
        path: yamled.Path = ("tables", index)
        entry = self.entries(item, path, _TABLE)
        into = self.word(entry.get("into"), (*path, "into"), needed=True) or ""
        source = self.word(entry.get("from"), (*path, "from"), needed=True) or ""
        if source and source not in sources:
            self.unknown((*path, "from"), _("source"), source, sources)
        columns = {
            name: self.rule(name, value, (*path, "columns", name))
            for name, value in self.entries(entry.get("columns"), (*path, "columns")).items()
        }
        key = entry.get("key")
        table = TableMap(
            into=into,
            source=source,
            columns=columns,
            key="generated" if key == "generated" else self.words(key, (*path, "key")),
            mode=self.choice(entry.get("mode", "upsert"), (*path, "mode"), ["upsert", "replace"]) or "upsert",  # type: ignore[arg-type]  # choice() has checked it
            window=self.choice(entry.get("window", "month"), (*path, "window"), ["month", "day", "file"]) or "month",  # type: ignore[arg-type]  # choice() has checked it
            where=tuple(self.where(name, value, (*path, "where", name)) for name, value in self.entries(entry.get("where"), (*path, "where")).items()),
            distinct=self.flag(entry.get("distinct"), (*path, "distinct")),
            line=self.lines.of(*path),
        )  # fmt: skip
        if into not in INTO:
            self.unknown((*path, "into"), _("table"), into, INTO)
        else:
            self.fits(table, path)
        return table

    def fits(self, table: TableMap, path: yamled.Path) -> None:
        """The columns exist, and the needed ones are there."""
        known = INTO[table.into]
        for name, rule in table.columns.items():
            if name not in known.columns:
                self.unknown(
                    (*path, "columns", name),
                    _("column of %(into)s") % {"into": table.into},
                    name,
                    known.columns,
                )
            if rule.next and known.home == "lake" and known.on:
                self.say(
                    (*path, "columns", name),
                    _("`next` works on dimensions, organisation and targets"),
                    _("Leave it out."),
                )
            if rule.next and rule.next.column not in table.columns:
                self.unknown((*path, "columns", name), _("mapped column"), rule.next.column, table.columns)
        if known.keyed and not table.key and "key" not in table.columns:
            self.say(
                path,
                _("%(into)s has no key") % {"into": table.into},
                _("Write `key: COLUMN`, `key: [A, B]` or `key: generated`."),
            )
        for name in known.required:
            if name not in table.columns and name != "key":
                self.say(
                    (*path, "columns"),
                    _("%(into)s needs %(name)r") % {"into": table.into, "name": name},
                    _("Say which column is %(name)s, or give a constant.") % {"name": name},
                )
        if table.into == "targets" and ("person" in table.columns) == ("unit" in table.columns):
            self.say(
                (*path, "columns"),
                _("a target is for a person or a unit"),
                _("Map exactly one of `person` and `unit`."),
            )
        if table.mode == "replace" and not known.on:
            self.say(
                (*path, "mode"),
                _("%(into)s has no date to cut a window by") % {"into": table.into},
                _("Leave `mode` out."),
            )

    def rule(self, name: str, value: object, path: yamled.Path) -> Rule:
        if isinstance(value, str):
            return Rule(name, columns=(value,), line=self.lines.of(*path))
        entry = self.entries(value, path, _RULE)
        given = [word for word in ("from", "constant", "next", "first") if word in entry]
        if len(given) != 1:
            self.say(
                path,
                _("%(name)s needs one of from, first, constant, next") % {"name": name},
                _("Keep exactly one."),
            )
        unit = self.word(entry.get("unit"), (*path, "unit"))
        if unit is not None and unit.lower() not in UNITS:
            self.unknown((*path, "unit"), _("unit"), unit, UNITS)
        values = entry.get("values")
        if values is not None and not isinstance(values, dict):
            self.say(
                (*path, "values"),
                _("values must be pairs"),
                _("Write values: {in the file: in the product}."),
            )
        following = self.word(entry.get("next"), (*path, "next"))
        return Rule(
            column=name,
            columns=self.words(entry.get("from") or entry.get("first"), (*path, "from")),
            first="first" in entry,
            constant=self.word(entry.get("constant"), (*path, "constant")),
            values={key: None if v is None else str(v) for key, v in values.items()} if isinstance(values, dict) else None,
            otherwise=self.choice(entry.get("otherwise", "error"), (*path, "otherwise"), ["error", "keep", "empty"]) or "error",  # type: ignore[arg-type]  # choice() has checked it
            default=self.word(entry.get("default"), (*path, "default")),
            formats=self.words(entry.get("formats"), (*path, "formats")),
            unit=unit.lower() if unit else None,
            plus=self.words(entry.get("plus"), (*path, "plus")),
            minus=self.words(entry.get("minus"), (*path, "minus")),
            times=self.words(entry.get("times"), (*path, "times")),
            round=self.flag(entry.get("round"), (*path, "round")),
            add_days=self.number(entry.get("add_days", "0"), (*path, "add_days")),
            required=self.flag(entry.get("required"), (*path, "required")) if "required" in entry else None,
            next=Next(following, self.words(entry.get("per"), (*path, "per")), self.word(entry.get("last"), (*path, "last"))) if following else None,
            line=self.lines.of(*path),
        )  # fmt: skip

    def where(self, column: str, value: object, path: yamled.Path) -> Where:
        line = self.lines.of(*path)
        if isinstance(value, dict):
            entry = self.entries(value, path, {"not", "filled"})
            filled = self.flag(entry["filled"], (*path, "filled")) if "filled" in entry else None
            return Where(column, self.words(entry.get("not"), (*path, "not")), "not" in entry, filled, line)
        return Where(column, self.words(value, path), line=line)

    # What a value of the document may be.

    def say(self, path: yamled.Path, message: str, mend: str) -> None:
        self.problems.append(Problem(self.file, self.lines.of(*path), message, mend))

    def unknown(self, path: yamled.Path, what: str, name: str, known: Iterable[str]) -> None:
        near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
        mend = (
            _("Did you mean %(what)r?") % {"what": near[0]}
            if near
            else _("Known: %(names)s.") % {"names": ", ".join(sorted(known)[:30])}
        )
        self.say(path, _("%(name)r is no known %(what)s") % {"name": name, "what": what}, mend)

    def entries(self, value: object, path: yamled.Path, known: set[str] | None = None) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.say(
                path,
                _("%(entry)s must be pairs of name: value")
                % {"entry": path[-1] if path else _("the document")},
                _("Indent names below it."),
            )
            return {}
        for name in value if known is not None else ():
            if name not in (known or set()):
                self.unknown((*path, name), _("entry"), name, known or set())
        return value

    def items(self, value: object, path: yamled.Path) -> list[object]:
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.say(path, _("%(entry)s must be a list") % {"entry": path[-1]}, _("Start each entry with `- `."))
        return []

    def word(self, value: object, path: yamled.Path, *, needed: bool = False) -> str | None:
        if isinstance(value, str) and value:
            return value
        if value is not None or needed:
            self.say(
                path,
                _("%(entry)s must be a word") % {"entry": path[-1]},
                _("Write %(entry)s: something.") % {"entry": path[-1]},
            )
        return None

    def words(self, value: object, path: yamled.Path) -> tuple[str, ...]:
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.say(
            path, _("%(entry)s must be a word or a list of words") % {"entry": path[-1]}, _("Write [a, b].")
        )
        return ()

    def pairs(self, value: object, path: yamled.Path) -> dict[str, str]:
        if isinstance(value, str):
            return {value: value}
        if isinstance(value, list):
            return {name: name for name in self.words(value, path)}
        return {key: str(v) for key, v in self.entries(value, path).items()}

    def number(self, value: object, path: yamled.Path) -> int:
        if isinstance(value, str) and value.lstrip("-").isdecimal():
            return int(value)
        self.say(path, _("%(entry)s must be a whole number") % {"entry": path[-1]}, _("Write digits."))
        return 0

    def flag(self, value: object, path: yamled.Path) -> bool:
        if value in {None, "false", "no"}:
            return False
        if value not in {"true", "yes"}:
            self.say(
                path, _("%(entry)s must be true or false") % {"entry": path[-1]}, _("Write one of them.")
            )
        return value in {"true", "yes"}

    def choice(self, value: object, path: yamled.Path, known: list[str]) -> str | None:
        if value is None or (isinstance(value, str) and value in known):
            return value
        self.unknown(path, str(path[-1]), str(value), known)
        return None

    def encoding(self, value: object, path: yamled.Path) -> str | None:
        name = self.word(value, path)
        try:
            return codecs.lookup(name).name if name else None
        except LookupError:
            self.say(
                path,
                _("%(name)r is no known encoding") % {"name": name},
                _("Write utf-8, gb18030, utf-16 or another Python knows."),
            )
            return None


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
