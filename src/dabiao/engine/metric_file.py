"""Metrics as people write them: YAML entries, checked as a whole, every mistake named with its mend.

The format is shown in `docs/metrics.md`. The shipped metrics and a company's own are the same kind of entry;
a later file replaces an entry of an earlier one, and ratios are tied up after all files have been read.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar, get_args

from dabiao.engine.light import DEFAULT, Lights
from dabiao.engine.measure_file import Catalogue, Wrong, collected, nearest, read_measure
from dabiao.engine.message import Words
from dabiao.engine.metric import (
    Described,
    Direction,
    Kind,
    Measure,
    Metric,
    Ratio,
    Share,
    Unit,
    default_decimals,
)
from dabiao.engine.yaml_node import BadYaml, Node, read

KEY: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

_SHAPES: Final = ("measure", "ratio", "share")
_FIELDS: Final = (
    *("label", "kind", "unit", "direction", "note", "lights", "aliases", "decimals"),
    *_SHAPES,
)
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
_DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)

Word = TypeVar("Word", bound=str)
Read = TypeVar("Read")


@dataclass(frozen=True)
class Problem:
    """One mistake in a metric file."""

    file: str
    line: int
    entry: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, {self.entry}: {self.what}"


class MetricErrors(ValueError):
    """Everything that is wrong with a set of metric files, at once."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def load(
    text: str, *, file: str, catalogue: Catalogue, credits: Collection[str] | None = None
) -> dict[str, Metric]:
    """The metrics of one file; MetricErrors lists all that is wrong with it.

    catalogue: the tables that may be measured. credits: the attribution rules that exist, if to be checked.
    """
    return load_files({file: text}, catalogue=catalogue, credits=credits)


def load_files(
    texts: Mapping[str, str], *, catalogue: Catalogue, credits: Collection[str] | None = None
) -> dict[str, Metric]:
    """The metrics of several files; an entry replaces the one of the same name in an earlier file."""
    problems: list[Problem] = []
    entries: dict[str, _Entry] = {}
    for file, text in texts.items():
        for entry in _entries(file, text, problems):
            entries[entry.key] = entry
    drafts = {key: entry.draft(catalogue, credits) for key, entry in entries.items()}
    metrics = {key: _tied(entries[key], draft, drafts) for key, draft in drafts.items()}
    if problems:
        raise MetricErrors(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    return {key: metric for key, metric in metrics.items() if metric is not None}


@dataclass(frozen=True)
class _Draft:
    """An entry that has been read; what it is made of is still a name."""

    described: Described
    measure: Measure | None = None
    parts: Mapping[str, Node] | None = None
    within: tuple[str, ...] | None = None


@dataclass(frozen=True)
class _Entry:
    """One entry of a file, and where its mistakes are written down."""

    file: str
    key: str
    node: Node
    problems: list[Problem]

    def wrong(self, line: int, what: str) -> None:
        self.problems.append(Problem(self.file, line, self.key, what))

    def tried(self, read: Callable[[], Read]) -> Read | None:
        """What `read` returns; None where it found a mistake, which is then on the list."""
        return collected(self.wrong, read)

    def draft(self, catalogue: Catalogue, credits: Collection[str] | None) -> "_Draft | None":
        """The entry as read, or None where a mistake keeps it from being used."""
        before = len(self.problems)
        if not KEY.fullmatch(self.key):
            self.wrong(self.node.line, "write a metric's name in a-z, 0-9 and single underscores.")
        for name, node in self.node.fields.items():
            if name not in _FIELDS:
                self.wrong(node.line, f"there is no field {name}; {nearest(name, _FIELDS)}")
        described = self._described()
        shapes = [name for name in _SHAPES if name in self.node.fields]
        draft = None
        if len(shapes) != 1:
            self.wrong(self.node.line, "give exactly one of measure, ratio and share.")
        else:
            draft = self._shaped(shapes[0], described, catalogue, credits)
        return draft if len(self.problems) == before else None

    def _described(self) -> Described | None:
        fields = self.node.fields
        label = self.tried(lambda: _words(self._needed("label")))
        kind = self.tried(lambda: _one_of(self.node, "kind", _KINDS))
        unit = self.tried(lambda: _one_of(self.node, "unit", _UNITS))
        direction = self.tried(lambda: _one_of(self.node, "direction", _DIRECTIONS, "up"))
        note = self.tried(lambda: _words(fields["note"]) if "note" in fields else None)
        lights = self.tried(lambda: _lights(fields.get("lights")))
        decimals = self.tried(lambda: _decimals(fields.get("decimals"), unit))
        if label is None or kind is None or unit is None or direction is None or lights is None:
            return None
        return Described(
            key=self.key,
            label=label,
            kind=kind,
            unit=unit,
            direction=direction,
            note=note,
            lights=lights,
            aliases=_texts(fields.get("aliases")),
            decimals=decimals or 0,
        )

    def _shaped(
        self, shape: str, described: Described | None, catalogue: Catalogue, credits: Collection[str] | None
    ) -> "_Draft | None":
        node = self.node.fields[shape]
        if shape == "measure":
            parts = read_measure(node, catalogue, credits, self.wrong)
            if parts is None or described is None:
                return None
            return _Draft(described, Measure(**vars(described), **parts._asdict()))
        wanted = ("part", "whole") if shape == "ratio" else ("of",)
        for name, extra in node.fields.items():
            if name not in (*wanted, *(("within",) if shape == "share" else ())):
                self.wrong(extra.line, f"a {shape} has no {name}; it has {' and '.join(wanted)}.")
        missing = [name for name in wanted if name not in node.fields]
        if missing:
            self.wrong(node.line, f"say {' and '.join(missing)} of the {shape}: the name of a measure.")
            return None
        within = _texts(node.fields["within"]) if "within" in node.fields else None
        parts_named = {name: node.fields[name] for name in wanted}
        return _Draft(described, parts=parts_named, within=within) if described else None

    def _needed(self, name: str) -> Node:
        if name not in self.node.fields:
            raise Wrong(self.node.line, f"{name} is missing.")
        return self.node.fields[name]


def _entries(file: str, text: str, problems: list[Problem]) -> Iterable[_Entry]:
    try:
        root = read(text)
    except BadYaml as error:
        problems.append(Problem(file, error.line, "the file", str(error)))
        return
    if not isinstance(root.value, dict):
        problems.append(
            Problem(file, root.line, "the file", "write one entry a metric: its name, a colon, its fields.")
        )
        return
    for key, node in root.fields.items():
        if isinstance(node.value, dict):
            yield _Entry(file, key, node, problems)
        else:
            problems.append(
                Problem(file, node.line, key, "a metric has fields: label, kind, unit and a measure.")
            )


def _tied(entry: _Entry, draft: _Draft | None, drafts: Mapping[str, _Draft | None]) -> Metric | None:
    """A metric whose parts are measures instead of names."""
    if draft is None or draft.parts is None:
        return draft.measure if draft else None
    parts = {name: _part(entry, node, drafts) for name, node in draft.parts.items()}
    found = {name: part for name, part in parts.items() if part is not None}
    if len(found) < len(parts):
        return None
    described = vars(draft.described)
    if "of" not in found:
        return Ratio(**described, part=found["part"], whole=found["whole"])
    if found["of"].additive:
        return Share(**described, of=found["of"], within=draft.within)
    entry.wrong(draft.parts["of"].line, f"{found['of'].key} does not add up; a share needs a sum or a count.")
    return None


def _part(entry: _Entry, node: Node, drafts: Mapping[str, _Draft | None]) -> Measure | None:
    name = str(node.value)
    if name not in drafts:
        entry.wrong(node.line, f"there is no metric {name}; {nearest(name, drafts)}")
        return None
    draft = drafts[name]
    if draft is None or draft.measure is not None:
        return draft.measure if draft else None
    if circle := _circle(entry.key, name, drafts):
        entry.wrong(node.line, f"it is made of itself ({' → '.join(circle)}); make its parts measures.")
    else:
        entry.wrong(node.line, f"{name} is no measure but is divided itself; divide two measures.")
    return None


def _circle(
    start: str, name: str, drafts: Mapping[str, _Draft | None], path: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The way from a metric through its parts back to it; empty where there is none."""
    path = path or (start,)
    if name == start:
        return (*path, name)
    draft = drafts.get(name)
    if name in path or draft is None or draft.parts is None:
        return ()
    ways = (_circle(start, str(node.value), drafts, (*path, name)) for node in draft.parts.values())
    return next((way for way in ways if way), ())


def _one_of(node: Node, name: str, words: tuple[Word, ...], default: Word | None = None) -> Word:
    found = node.fields.get(name)
    if found is None and default is not None:
        return default
    if found is None:
        raise Wrong(node.line, f"{name} is missing; it is one of {', '.join(words)}.")
    for word in words:
        if found.value == word:
            return word
    raise Wrong(found.line, f"there is no {name} {found.value}; {nearest(str(found.value), words)}")


def _words(node: Node) -> Words:
    if isinstance(node.value, str):
        return Words(node.value, node.value)
    en, zh_hans = (node.fields.get(language) for language in ("en", "zh-hans"))
    if en is None or zh_hans is None or len(node.fields) != 2:
        raise Wrong(node.line, "write the text in two languages: {en: …, zh-hans: …}.")
    return Words(str(en.value), str(zh_hans.value))


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(str(each.value) for each in node.items) if node else ()


def _lights(node: Node | None) -> Lights:
    if node is None:
        return DEFAULT
    limits = {name: each.value for name, each in node.fields.items() if isinstance(each.value, int | Decimal)}
    if set(limits) != {"green", "amber"}:
        raise Wrong(node.line, "lights are {green: 1, amber: 0.8}: where each of them starts.")
    try:
        return Lights(Decimal(limits["green"]), Decimal(limits["amber"]))
    except ValueError as error:
        raise Wrong(node.line, str(error)) from None


def _decimals(node: Node | None, unit: Unit | None) -> int:
    if node is None:
        return default_decimals(unit) if unit else 0
    if not isinstance(node.value, int) or not 0 <= node.value <= 4:
        raise Wrong(node.line, "decimals is a whole number from 0 to 4.")
    return node.value
