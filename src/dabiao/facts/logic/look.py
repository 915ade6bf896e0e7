"""A first look at files that somebody brings: their headers, and a mapping proposed. Done apart, for they are strangers'."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dabiao.core import limited
from dabiao.facts.logic.loading.marks import rejected_from
from dabiao.facts.logic.proposing import (
    Choice,
    Guess,
    Proposal,
    Question,
    Taken,
    There,
    formers,
    headers_of,
    propose,
)


@dataclass(frozen=True)
class Look:
    """again: the import and the source that rejected rows come from, instead of anything else.

    headers: file (and sheet) → its columns.
    """

    again: tuple[str, str] | None = None
    headers: Mapping[str, Sequence[str]] | None = None
    proposal: Proposal | None = None


@dataclass(frozen=True)
class Asked:
    """What is known beforehand of files that a mapping is to be proposed for; see `propose`."""

    system: str = ""
    there: There = field(default_factory=There)
    answers: Mapping[str, str] | None = None
    year: int = 0
    company: str = ""


def look(files: Sequence[Path], *, asked: Asked | None) -> Look:
    """See what files are. Raises Unreadable, Hostile, Malformed.

    asked: a mapping is wanted; None: only their headers.
    """
    seen = limited.run(
        looked, of=called(files), limit=limited.for_files(*files), files=[str(file) for file in files],
        asked=asked and asdict(asked),
    )  # fmt: skip
    proposal = seen["proposal"]
    return Look(
        tuple(seen["again"]) if seen["again"] else None,
        seen["headers"],
        proposal and _proposal(proposal),
    )


def looked(files: list[str], asked: dict[str, Any] | None) -> dict[str, Any]:
    """What `look` asks for, apart."""
    paths = [Path(file) for file in files]
    if len(paths) == 1 and (again := rejected_from(paths[0])):
        return {"again": list(again), "headers": None, "proposal": None}
    if asked is None:
        return {"again": None, "headers": headers_of(paths), "proposal": None}
    there = asked["there"]
    known = There(formers(there["former"]), there["top"], there["sold"])
    proposal = propose(paths, **{**asked, "there": known})
    return {"again": None, "headers": proposal.headers, "proposal": asdict(proposal)}


def called(files: Sequence[Path]) -> str:
    """How a sentence about some files calls them."""
    return ", ".join(file.name for file in files[:3]) + (" …" if len(files) > 3 else "")


def question_of(told: Mapping[str, Any]) -> Question:
    """A question out of JSON."""
    choices = tuple(Choice(**{**choice, "rows": tuple(choice["rows"])}) for choice in told["choices"])
    return Question(**{**told, "choices": choices})


def taken_of(told: Mapping[str, Any]) -> Taken:
    """What a sheet was taken for, out of JSON."""
    lists = {name: tuple(told[name]) for name in ("places", "beside")}
    return Taken(**{**told, **lists, "sums": tuple((header, total) for header, total in told["sums"])})


def _proposal(told: Mapping[str, Any]) -> Proposal:
    return Proposal(
        told["text"],
        tuple(Guess(**guess) for guess in told["guesses"]),
        tuple(told["unplaced"]),
        tuple(told["notes"]),
        told["headers"],
        tuple(map(question_of, told["questions"])),
        tuple(map(taken_of, told["taken"])),
    )
