"""Reads YAML so that every mistake is found at once, each with its line, its place and its mend.

Scalars are read as they are written: `on` is a word, `0.05` never becomes a float, `5%` is 0.05.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Final, TypeVar, get_args

import yaml

T = TypeVar("T")
D = TypeVar("D")
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong, where, and what to write instead."""

    line: int
    path: str
    says: str
    mend: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path or 'plan'}: {self.says}. {self.mend}"


class Bad(ValueError):
    """One value that cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass
class Spot:
    """A place in the document: its node, its path, and the problems found so far."""

    node: yaml.Node
    path: str
    problems: list[Problem]
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def bad(self, says: str, mend: str) -> Bad:
        return Bad(Problem(self.line, self.path, says, mend))

    def note(self, says: str, mend: str) -> None:
        self.problems.append(Problem(self.line, self.path, says, mend))

    # -- containers -------------------------------------------------------------------------------
    def entries(self, mend: str = "Write `name: …` lines below it.") -> Iterator[tuple[str, "Spot"]]:
        """Name and place of each entry of a mapping; a name written twice is reported."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.bad("a mapping is expected", mend)
        met: set[str] = set()
        for key, value in self.node.value:
            name = str(key.value)
            spot = self._below(value, name)
            if name in met:
                spot.note(f"{name!r} is written twice", "Keep one of them.")
                continue
            met.add(name)
            yield name, spot

    def items(self) -> Iterator["Spot"]:
        """Each item of a list; a single value counts as a list of one."""
        if isinstance(self.node, yaml.SequenceNode):
            for number, value in enumerate(self.node.value, start=1):
                path = f"{self.path}[{number}]"
                self.seen[path] = int(value.start_mark.line) + 1
                yield Spot(value, path, self.problems, self.seen)
        else:
            yield self

    def fields(self, *known: str) -> dict[str, "Spot"]:
        """The entries of a mapping with a fixed vocabulary; others are reported with the nearest name."""
        found = dict(self.entries())
        for name, spot in found.items():
            if name not in known:
                close = get_close_matches(name, known, n=1)
                mend = f"Did you mean {close[0]!r}?" if close else f"Known here: {', '.join(known)}."
                spot.note(f"unknown word {name!r}", mend)
        return {name: spot for name, spot in found.items() if name in known}

    def _below(self, node: yaml.Node, name: str) -> "Spot":
        path = f"{self.path}.{name}" if self.path else name
        spot = Spot(node, path, self.problems, self.seen)
        self.seen[path] = spot.line
        return spot

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    # -- values -----------------------------------------------------------------------------------
    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.bad("a single value is expected", "Write one word or number here.")
        return str(self.node.value).strip()

    def number(self) -> Decimal:
        """`0.05`, `5%`, `1_000.50`; never through a float."""
        written = self.text().replace("_", "")
        percent = written.endswith("%")
        try:
            value = Decimal(written.removesuffix("%"))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise self.bad(f"{self.text()!r} is not a number", "Write it like 0.05, 5% or 1200.50.")
        return value.scaleb(-2) if percent else value

    def share(self) -> Decimal:
        """A number from 0 to 1 (0 % to 100 %)."""
        value = self.number()
        if not 0 <= value <= 1:
            raise self.bad(f"{self.text()} is no share", "Write a share between 0% and 100%.")
        return value

    def positive(self) -> Decimal:
        value = self.number()
        if value < 0:
            raise self.bad(f"{self.text()} is below zero", "Write an amount of zero or more.")
        return value

    def whole(self) -> int:
        value = self.number()
        if value != value.to_integral_value() or value < 0:
            raise self.bad(f"{self.text()} is not a whole number", "Write 0, 1, 2, …")
        return int(value)

    def day(self) -> date:
        try:
            return date.fromisoformat(self.text())
        except ValueError:
            raise self.bad(f"{self.text()!r} is not a day", "Write it like 2026-01-31.") from None

    def yes(self) -> bool:
        word = self.text().lower()
        if word not in _YES:
            raise self.bad(f"{self.text()!r} is neither yes nor no", "Write yes or no.")
        return _YES[word]

    def word(self, kind: object) -> str:
        """One of a fixed set of words: the arguments of a Literal."""
        options = [str(option) for option in get_args(kind)]
        word = self.text()
        if word not in options:
            raise self.bad(f"{word!r} is not known here", f"Write one of: {', '.join(options)}.")
        return word


def field_of(
    fields: dict[str, Spot], name: str, read: Callable[[Spot], T], default: D, *, needed: Spot | None = None
) -> T | D:
    """One field read on its own, so that one mistake hides no other; `needed` is where to miss it."""
    if name not in fields:
        if needed is not None:
            needed.note(f"{name!r} is missing", f"Add `{name}:`.")
        return default
    try:
        return read(fields[name])
    except Bad as bad:
        fields[name].problems.append(bad.problem)
        return default


def listed(read: Callable[[Spot], T]) -> Callable[[Spot], tuple[T, ...]]:
    """A list of what `read` reads, each item on its own."""

    def every(spot: Spot) -> tuple[T, ...]:
        found = []
        for item in spot.items():
            try:
                found.append(read(item))
            except Bad as bad:
                item.problems.append(bad.problem)
        return tuple(found)

    return every


def document(text: str) -> tuple[Spot | None, list[Problem]]:
    """The document's root, or the problem that keeps it from being YAML at all."""
    problems: list[Problem] = []
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [Problem(line, "", f"not YAML: {error.problem}", "Check indentation and colons.")]
    if not isinstance(node, yaml.MappingNode):
        return None, [Problem(1, "", "the plan is empty", "Start with `schema: dabiao/plan/1`.")]
    return Spot(node, "", problems), problems
