"""YAML with line numbers: what an error message needs to say where.

Scalars follow YAML 1.2: only `true` and `false` are booleans, so that `on`, `yes` and `no` stay words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import yaml

Scalar = None | bool | int | Decimal | date | str

_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?[0-9]+\.[0-9]+", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WORDS: Final[dict[str, Scalar]] = {"": None, "~": None, "null": None, "true": True, "false": False}


class BadYaml(ValueError):
    """The text is no YAML that we read; `line` says where."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True)
class Node:
    """A value and the line on which it stands. Numbers with a point are Decimal, never float."""

    line: int
    value: "Scalar | list[Node] | dict[str, Node]"

    @property
    def fields(self) -> "dict[str, Node]":
        """The entries of a mapping; of anything else, none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Node]":
        """The members of a list; anything else is a list of one."""
        return self.value if isinstance(self.value, list) else [self]


def read(text: str) -> Node:
    """The document as nodes. BadYaml for broken syntax, a name given twice, or a date that does not exist."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1, f"this is not YAML: {error.problem}.") from None
    return _node(root) if root is not None else Node(1, {})


def _node(found: yaml.Node) -> Node:
    line = found.start_mark.line + 1
    if isinstance(found, yaml.MappingNode):
        return Node(line, dict(_members(found)))
    if isinstance(found, yaml.SequenceNode):
        return Node(line, [_node(each) for each in found.value])
    quoted = isinstance(found, yaml.ScalarNode) and found.style
    return Node(line, found.value if quoted else _plain(found.value, line))


def _members(found: yaml.MappingNode) -> Iterator[tuple[str, Node]]:
    seen: set[str] = set()
    for key, value in found.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadYaml(line, "a name must be a single word.")
        if key.value in seen:
            raise BadYaml(line, f"{key.value} is there twice; keep one.")
        seen.add(key.value)
        # The line of the name, not of a value that starts below it.
        yield key.value, Node(line, _node(value).value)


def _plain(text: str, line: int) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise BadYaml(line, f"{text} is no day of the calendar.") from None
    return text
