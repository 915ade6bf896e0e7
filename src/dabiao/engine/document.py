"""Documents that people write in YAML: read so that every mistake is told at once, with its place and its mend.

The one place that knows YAML. Metrics, plans of pay, mappings of imports, cases of calibration and calendars of a
company are read from the same nodes; each format adds only its own words. Nothing here raises for a mistake of the
writer except `Bad`, which `tried`, `field_of` and `listed` turn into a line of the list that all nodes share.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, TypeVar, get_args

import yaml

from dabiao.engine.message import Message, Series, message, noted

T = TypeVar("T")
D = TypeVar("D")
Said: TypeAlias = str | Message
Scalar: TypeAlias = bool | int | Decimal | date | str | None
Plain: TypeAlias = str | list[Any] | dict[str, Any] | None

_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?[0-9]+\.[0-9]+", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS: Final = {"true": True, "false": False}
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}
_MOST_NODES: Final = 100_000
"""A document is written by people; aliases that unfold into more are an attack."""
_DEEPEST: Final = 100
_LONGEST: Final = 1_000_000
"""Characters; the longest mapping that we have seen has 20,000, and a million takes the reader ten seconds."""
_LARGEST: Final = 60
"""Digits before the point: no number that means something has more, and 1e999999999 would take a gigabyte."""
_NAMED: Final = 30
"""Known names that a mend lists at most."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and what to write instead. path: `tables[1].columns.amount`, empty for the whole."""

    line: int
    path: str
    says: Said
    mend: Said
    file: str = ""
    column: int = 1

    @property
    def said(self) -> Series:
        """Where, what and what to write instead, for any language."""
        where = message("{file}, line {line}", file=self.file, line=self.line)
        sentence = message("{says}. {mend}", says=self.says, mend=self.mend)
        parts = (
            where if self.file else message("line {line}", line=self.line),
            *((self.path,) if self.path else ()),
            sentence if self.mend else message("{says}.", says=self.says),
        )
        return Series(parts, message("{head}: {last}", context="a place, and what is wrong there"))

    def __str__(self) -> str:
        return str(self.said)

    def __lt__(self, other: "Problem") -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, int, str, str]:
        return self.file, self.line, self.path, str(self.says)


class Bad(ValueError):
    """One value that cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Node:
    """A value of a document and where it stands. Of a named value the line is that of its name.

    quoted:   a text in quotes is never a number, a day or nothing
    problems: what was found wrong so far, one list for the whole document
    """

    content: "str | tuple[Node, ...] | Mapping[str, Node]"
    line: int
    column: int = 1
    path: str = ""
    file: str = ""
    quoted: bool = False
    problems: list[Problem] = field(default_factory=list, repr=False)

    def bad(self, says: Said, mend: Said = "") -> Bad:
        return Bad(Problem(self.line, self.path, says, mend, self.file, self.column))

    def note(self, says: Said, mend: Said = "") -> None:
        self.problems.append(self.bad(says, mend).problem)

    def called(self, path: str) -> "Node":
        """The same value under a path that its readers know better than its place: `teams.north`."""
        return replace(self, path=path)

    # -- what it is -------------------------------------------------------------------------------
    @property
    def is_mapping(self) -> bool:
        return isinstance(self.content, Mapping)

    @property
    def is_list(self) -> bool:
        return isinstance(self.content, tuple)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.content, str)

    @property
    def is_null(self) -> bool:
        """Whether nothing is written, or one of YAML's words for it."""
        return isinstance(self.content, str) and not self.quoted and self.content in _NULL

    @property
    def lines(self) -> dict[str, int]:
        """The line of this node and of every one below it, by path."""
        return {node.path: node.line for node in self._all()}

    def _all(self) -> "Iterator[Node]":
        yield self
        for below in self._below:
            yield from below._all()

    @property
    def _below(self) -> "Iterable[Node]":
        if isinstance(self.content, Mapping):
            return self.content.values()
        return self.content if isinstance(self.content, tuple) else ()

    # -- containers -------------------------------------------------------------------------------
    @property
    def members(self) -> "Mapping[str, Node]":
        """The entries of a mapping; of anything else, none."""
        return self.content if isinstance(self.content, Mapping) else {}

    def entries(self) -> "Iterator[tuple[str, Node]]":
        """Name and value of each entry of what has to be a mapping."""
        if not isinstance(self.content, Mapping):
            raise self.bad(message("a mapping is expected"), message("Write `name: …` lines below it."))
        return iter(self.content.items())

    def fields(self, *known: str) -> "dict[str, Node]":
        """The entries of a mapping with a fixed vocabulary; others are noted with the nearest word."""
        named = dict(self.entries())
        for name in named.keys() - {*known}:
            named[name].note(message("unknown word '{name}'", name=name), known_names(name, known))
        return {name: node for name, node in named.items() if name in known}

    def items(self) -> "Iterator[Node]":
        """Each item of a list; a single value counts as a list of one."""
        return iter(self.content if isinstance(self.content, tuple) else (self,))

    # -- values -----------------------------------------------------------------------------------
    @property
    def value(self) -> Scalar:
        """A value without quotes as YAML 1.2 reads it: `on`, `yes` and `no` are words, no number is a float."""
        text = self.text()
        if self.quoted or text in _FLAGS:
            return text if self.quoted else _FLAGS[text]
        if self.is_null:
            return None
        if _WHOLE.fullmatch(text) and len(text) <= _LARGEST:
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        return self.day() if _DATE.fullmatch(text) else text

    def text(self) -> str:
        """A single value as it is written."""
        if not isinstance(self.content, str):
            raise self.bad(message("a single value is expected"), message("Write one word or number here."))
        return self.content.strip()

    def number(self) -> Decimal:
        """`0.05`, `5%`, `1_000.50`; never through a float."""
        written = self.text().replace("_", "")
        percent = written.endswith("%")
        try:
            value = Decimal(written.removesuffix("%"))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value.adjusted() > _LARGEST:
            raise self._no(noted("'{text}' is not a number"), message("Write it like 0.05, 5% or 1200.50."))
        return value.scaleb(-2) if percent else value

    def share(self) -> Decimal:
        """A number from 0 to 1 (0 % to 100 %)."""
        value = self.number()
        if not 0 <= value <= 1:
            raise self._no(noted("{text} is no share"), message("Write a share between 0% and 100%."))
        return value

    def positive(self) -> Decimal:
        value = self.number()
        if value < 0:
            raise self._no(noted("{text} is below zero"), message("Write an amount of zero or more."))
        return value

    def whole(self) -> int:
        value = self.number()
        if value != value.to_integral_value() or value < 0:
            raise self._no(noted("{text} is not a whole number"), message("Write 0, 1, 2, …"))
        return int(value)

    def integer(self) -> int:
        """A whole number that may lie below zero."""
        value = self.number()
        if value != value.to_integral_value():
            raise self._no(noted("{text} is not a whole number"), message("Write 0, 1, 2, …"))
        return int(value)

    def day(self) -> date:
        text = self.text()
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise self._no(
                    noted("'{text}' is not a day of the calendar"), message("Write it like 2026-01-31.")
                ) from None
        raise self._no(noted("'{text}' is not a day"), message("Write it like 2026-01-31."))

    def yes(self) -> bool:
        word = self.text().lower()
        if word not in _YES:
            raise self._no(noted("'{text}' is neither yes nor no"), message("Write yes or no."))
        return _YES[word]

    def word(self, kind: object) -> str:
        """One of a fixed set of words: the arguments of a Literal, or a collection of texts."""
        options = [str(option) for option in (kind if isinstance(kind, Collection) else get_args(kind))]
        if self.text() not in options:
            names = ", ".join(options)
            raise self._no(
                noted("'{text}' is not known here"), message("Write one of: {names}.", names=names)
            )
        return self.text()

    def plain(self) -> Plain:
        """The value as dict, list, text and None, for a program that changes a document and writes it again."""
        if isinstance(self.content, Mapping):
            return {name: node.plain() for name, node in self.content.items()}
        if isinstance(self.content, tuple):
            return [node.plain() for node in self.content]
        return None if self.is_null else self.content

    def _no(self, says: str, mend: Message) -> Bad:
        return self.bad(Message(says, {"text": self.text()}), mend)


def tried(node: Node, read: Callable[[Node], T], default: D) -> T | D:
    """What is read; the default where it cannot be, which is noted then."""
    try:
        return read(node)
    except Bad as bad:
        node.problems.append(bad.problem)
        return default


def field_of(
    fields: Mapping[str, Node],
    name: str,
    read: Callable[[Node], T],
    default: D,
    *,
    needed: Node | None = None,
) -> T | D:
    """One field read on its own, so that one mistake hides no other; `needed` is where to miss it."""
    if name in fields:
        return tried(fields[name], read, default)
    if needed is not None:
        needed.note(message("'{name}' is missing", name=name), message("Add `{name}:`.", name=name))
    return default


def listed(read: Callable[[Node], T]) -> Callable[[Node], tuple[T, ...]]:
    """A list of what `read` reads, each item on its own."""

    def every(node: Node) -> tuple[T, ...]:
        values: list[T] = []
        for item in node.items():
            tried(item, lambda each: values.append(read(each)), None)
        return tuple(values)

    return every


def known_names(name: str, names: Iterable[str]) -> Message:
    """The mend of a name that there is not: the nearest one, else those that there are."""
    known = sorted(names)
    close = get_close_matches(name, known, n=1)
    if close:
        return message("Did you mean '{near}'?", near=close[0])
    return message("Known here: {names}.", names=", ".join(known[:_NAMED]) or "–")


def read(text: str, file: str = "") -> tuple[Node | None, list[Problem]]:
    """The document's root, and the list that its mistakes go to; no root where the text is no YAML at all.

    A name that is written twice is noted, and holds what was written first. An empty text is a null.
    """
    problems: list[Problem] = []
    if len(text) > _LONGEST:
        says = message("it is longer than {most} characters", most=_LONGEST)
        return None, [Problem(1, "", says, message("Write several documents."), file)]
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        root = (
            Node("", 1, file=file, problems=problems) if tree is None else _Nodes(file, problems).root(tree)
        )
    except yaml.YAMLError as error:
        problems.append(_no_yaml(error, file))
    except RecursionError:
        problems.append(
            Problem(1, "", message("it is nested too deeply"), message("Write it flatter."), file)
        )
    except Bad as bad:
        problems.append(bad.problem)
    else:
        return root, problems
    return None, problems


def write(document: Mapping[str, Any]) -> str:
    """A document as text, its entries in their order."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)


def _no_yaml(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    says = message("this is not YAML: {problem}", problem=what)
    return Problem(line, "", says, message("Check indentation and colons."), file, column)


class _Nodes:
    """Makes nodes of what PyYAML has composed; counts them, for an alias may stand for itself or for millions."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.left = _MOST_NODES

    def root(self, tree: yaml.Node) -> Node:
        return self._node(tree, tree.start_mark, "", 0)

    def _node(self, tree: yaml.Node, mark: yaml.Mark, path: str, depth: int) -> Node:
        """A node at a mark of its document: where its name stands if it has one."""
        self.left -= 1
        node = Node("", mark.line + 1, mark.column + 1, path, self.file, problems=self.problems)
        if self.left < 0:
            raise node.bad(message("too many entries"), message("Write fewer of them, without aliases."))
        if depth > _DEEPEST:
            raise node.bad(message("it is nested too deeply"), message("Write it flatter."))
        if isinstance(tree, yaml.MappingNode):
            return replace(node, content=self._members(tree, path, depth + 1))
        if isinstance(tree, yaml.SequenceNode):
            return replace(node, content=self._items(tree, path, depth + 1))
        return replace(node, content=str(tree.value), quoted=bool(getattr(tree, "style", None)))

    def _items(self, tree: yaml.SequenceNode, path: str, depth: int) -> tuple[Node, ...]:
        return tuple(
            self._node(item, item.start_mark, f"{path}[{place}]", depth)
            for place, item in enumerate(tree.value, 1)
        )

    def _members(self, tree: yaml.MappingNode, path: str, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        for key, value in tree.value:
            if not isinstance(key, yaml.ScalarNode):
                at = Node(
                    "",
                    key.start_mark.line + 1,
                    key.start_mark.column + 1,
                    path,
                    self.file,
                    problems=self.problems,
                )
                at.note(message("a name must be a single word"), message("Write `name: …`."))
                continue
            name = str(key.value)
            node = self._node(value, key.start_mark, f"{path}.{name}" if path else name, depth)
            if name in members:
                node.note(message("'{name}' is written twice", name=name), message("Keep one of them."))
            members.setdefault(name, node)
        return members
