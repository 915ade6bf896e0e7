"""YAML with line numbers. Every scalar is text (`no` is a word, `007` keeps its zeros); null is null."""

from collections.abc import Iterator
from typing import Final

import yaml
from django.utils.translation import gettext as _

Path = tuple[str | int, ...]
_MOST_NODES: Final = 100_000
"""A mapping is written by people; aliases that unfold into more are an attack."""


class BadYaml(ValueError):
    """The text is no YAML."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Lines:
    """Where each entry of the document stands, counted from 1."""

    def __init__(self) -> None:
        self._of: dict[Path, int] = {}

    def put(self, path: Path, line: int) -> None:
        self._of[path] = line

    def of(self, *path: str | int) -> int:
        """The line of an entry, else of the nearest one around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self._of:
                return self._of[path[:end]]
        return 1


def load(text: str) -> tuple[object, Lines]:
    """The document as dict, list, str, None, and its lines. Raises BadYaml."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise BadYaml(str(error.problem), mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise BadYaml(str(error), 1) from None
    lines = Lines()
    budget = iter(range(_MOST_NODES))
    return (None if node is None else _plain(node, (), lines, budget)), lines


def _plain(node: yaml.Node, path: Path, lines: Lines, budget: Iterator[int]) -> object:
    if next(budget, None) is None:
        raise BadYaml(_("too many entries"), node.start_mark.line + 1)
    lines.put(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        out: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadYaml(_("a key must be a word"), key.start_mark.line + 1)
            if key.value in out:
                raise BadYaml(
                    _("%(value)r stands there twice") % {"value": key.value}, key.start_mark.line + 1
                )
            out[key.value] = _plain(value, (*path, key.value), lines, budget)
            lines.put((*path, key.value), key.start_mark.line + 1)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), lines, budget) for index, item in enumerate(node.value)]
    if (
        isinstance(node, yaml.ScalarNode)
        and node.style is None
        and node.value in {"", "~", "null", "Null", "NULL"}
    ):
        return None
    return str(node.value)
