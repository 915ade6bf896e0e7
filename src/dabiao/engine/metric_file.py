"""Metrics as people write them: YAML entries, checked as a whole, every mistake named with its mend.

The format is shown in `docs/metrics.md`. The shipped metrics and a company's own are the same kind of entry;
a later file replaces an entry of an earlier one, and ratios are tied up after all files have been read.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, get_args

from dabiao.engine.document import Node, Problem, field_of, known_names, listed, read, tried
from dabiao.engine.light import DEFAULT, Lights
from dabiao.engine.measure_file import Catalogue, read_measure
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
Drafts = Mapping[str, "_Draft | None"]


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
    problems: list[list[Problem]] = []
    entries: dict[str, Node] = {}
    for file, text in texts.items():
        root, noted = read(text, file)
        problems.append(noted)
        entries.update(_entries(root) if root else ())
    drafts = {key: _draft(key, node, catalogue, credits) for key, node in entries.items()}
    metrics = {key: _tied(key, draft, drafts) for key, draft in drafts.items()}
    if any(problems):
        raise MetricErrors(sorted(problem for noted in problems for problem in noted))
    return {key: metric for key, metric in metrics.items() if metric is not None}


@dataclass(frozen=True)
class _Draft:
    """An entry that has been read; what it is made of is still a name."""

    described: Described
    measure: Measure | None = None
    parts: Mapping[str, Node] | None = None
    within: tuple[str, ...] | None = None


def _entries(root: Node) -> Iterable[tuple[str, Node]]:
    if root.is_null:
        return
    if not root.is_mapping:
        root.note("this is no list of metrics", "Write one entry a metric: its name, a colon, its fields.")
    for key, node in root.members.items():
        if node.is_mapping:
            yield key, node
        else:
            node.note("a metric has fields", "Write label, kind, unit and a measure below it.")


def _draft(key: str, node: Node, catalogue: Catalogue, credits: Collection[str] | None) -> _Draft | None:
    """The entry as read, or None where a mistake keeps it from being used."""
    before = len(node.problems)
    if not KEY.fullmatch(key):
        node.note(f"{key!r} is no key of a metric", "Write it in a-z, 0-9 and single underscores.")
    fields = node.fields(*_FIELDS)
    described = _described(key, node, fields)
    shapes = [name for name in _SHAPES if name in fields]
    if len(shapes) != 1:
        node.note("it is not exactly one of measure, ratio and share", "Write one of them.")
        return None
    draft = _shaped(shapes[0], fields[shapes[0]], described, catalogue, credits)
    return draft if len(node.problems) == before else None


def _described(key: str, node: Node, fields: Mapping[str, Node]) -> Described | None:
    label = field_of(fields, "label", _words, None, needed=node)
    kind = _one_of(node, fields, "kind", _KINDS)
    unit = _one_of(node, fields, "unit", _UNITS)
    direction = _one_of(node, fields, "direction", _DIRECTIONS, "up")
    note = field_of(fields, "note", _words, None)
    lights = field_of(fields, "lights", _lights, DEFAULT)
    decimals = field_of(fields, "decimals", _decimals, default_decimals(unit) if unit else 0)
    aliases = field_of(fields, "aliases", listed(Node.text), ())
    if label is None or kind is None or unit is None or direction is None:
        return None
    return Described(
        key=key,
        label=label,
        kind=kind,
        unit=unit,
        direction=direction,
        note=note,
        lights=lights,
        aliases=aliases,
        decimals=decimals,
    )


def _shaped(
    shape: str,
    node: Node,
    described: Described | None,
    catalogue: Catalogue,
    credits: Collection[str] | None,
) -> _Draft | None:
    if shape == "measure":
        parts = tried(node, lambda measure: read_measure(measure, catalogue, credits), None)
        if parts is None or described is None:
            return None
        return _Draft(described, Measure(**vars(described), **parts._asdict()))
    wanted = ("part", "whole") if shape == "ratio" else ("of",)
    fields = tried(node, lambda each: each.fields(*wanted, *(("within",) if shape == "share" else ())), {})
    if missing := [name for name in wanted if name not in fields]:
        node.note(f"the {shape} has no {' and '.join(missing)}", "Write the name of a measure.")
        return None
    within = field_of(fields, "within", listed(Node.text), None)
    parts_named = {name: fields[name] for name in wanted}
    return _Draft(described, parts=parts_named, within=within) if described else None


def _tied(key: str, draft: _Draft | None, drafts: Drafts) -> Metric | None:
    """A metric whose parts are measures instead of names."""
    if draft is None or draft.parts is None:
        return draft.measure if draft else None
    parts = {name: _part(key, node, drafts) for name, node in draft.parts.items()}
    known = {name: part for name, part in parts.items() if part is not None}
    if len(known) < len(parts):
        return None
    described = vars(draft.described)
    if "of" not in known:
        return Ratio(**described, part=known["part"], whole=known["whole"])
    if known["of"].additive:
        return Share(**described, of=known["of"], within=draft.within)
    draft.parts["of"].note(f"{known['of'].key} does not add up", "A share needs a sum or a count.")
    return None


def _part(key: str, node: Node, drafts: Drafts) -> Measure | None:
    name = tried(node, Node.text, "")
    if name not in drafts:
        node.note(f"there is no metric {name!r}", known_names(name, drafts))
        return None
    draft = drafts[name]
    if draft is None or draft.measure is not None:
        return draft.measure if draft else None
    if circle := _circle(key, name, drafts):
        node.note(f"it is made of itself ({' → '.join(circle)})", "Make its parts measures.")
    else:
        node.note(f"{name} is no measure but is divided itself", "Divide two measures.")
    return None


def _circle(start: str, name: str, drafts: Drafts, path: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The way from a metric through its parts back to it; empty where there is none."""
    path = path or (start,)
    if name == start:
        return (*path, name)
    draft = drafts.get(name)
    if name in path or draft is None or draft.parts is None:
        return ()
    ways = (_circle(start, str(node.content), drafts, (*path, name)) for node in draft.parts.values())
    return next((way for way in ways if way), ())


def _one_of(
    entry: Node, fields: Mapping[str, Node], name: str, words: tuple[Word, ...], default: Word | None = None
) -> Word | None:
    """One of the words; None where it is another, or is missing without a default: both are noted."""

    def word(node: Node) -> Word:
        for each in words:
            if node.text() == each:
                return each
        raise node.bad(f"there is no {name} {node.text()!r}", known_names(node.text(), words))

    if name not in fields and default is None:
        entry.note(f"{name!r} is missing", f"Add `{name}:`, one of {', '.join(words)}.")
    return field_of(fields, name, word, default)


def _words(node: Node) -> Words:
    if node.is_scalar:
        return Words(node.text(), node.text())
    if set(node.members) != {"en", "zh-hans"} or any(text.is_null for text in node.members.values()):
        raise node.bad("the text is not in both languages", "Write {en: …, zh-hans: …}.")
    return Words(node.members["en"].text(), node.members["zh-hans"].text())


def _lights(node: Node) -> Lights:
    if set(node.members) != {"green", "amber"}:
        raise node.bad("this does not say where the lights start", "Write e.g. {green: 1, amber: 0.8}.")
    green, amber = (node.members[name].number() for name in ("green", "amber"))
    try:
        return Lights(green, amber)
    except ValueError as error:
        raise node.bad(str(error).removesuffix(".")) from None


def _decimals(node: Node) -> int:
    if node.text() not in {"0", "1", "2", "3", "4"}:
        raise node.bad("these are no decimals", "Write a whole number from 0 to 4.")
    return int(node.text())
