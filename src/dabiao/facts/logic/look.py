"""A first look at files that somebody brings: their headers, and a mapping proposed. Done apart, for they are strangers'."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dabiao.core import limited
from dabiao.facts.logic.loading.marks import rejected_from
from dabiao.facts.logic.propose import Guess, Proposal, headers_of, propose


@dataclass(frozen=True)
class Look:
    """again: the import and the source that rejected rows come from, instead of anything else.

    headers: file (and sheet) → its columns.
    """

    again: tuple[str, str] | None = None
    headers: Mapping[str, Sequence[str]] | None = None
    proposal: Proposal | None = None


def look(files: Sequence[Path], *, system: str, proposing: bool) -> Look:
    """See what files are. Raises Unreadable, Hostile.

    proposing: a mapping is wanted, in which the files' system is called `system`.
    """
    seen = limited.run(
        looked, of=called(files), limit=limited.for_files(*files), files=[str(file) for file in files], system=system,
        proposing=proposing,
    )  # fmt: skip
    proposal = seen["proposal"]
    return Look(
        tuple(seen["again"]) if seen["again"] else None,
        seen["headers"],
        proposal and _proposal(proposal),
    )


def looked(files: list[str], system: str, proposing: bool) -> dict[str, Any]:
    """What `look` asks for, apart."""
    paths = [Path(file) for file in files]
    if len(paths) == 1 and (again := rejected_from(paths[0])):
        return {"again": list(again), "headers": None, "proposal": None}
    if not proposing:
        return {"again": None, "headers": headers_of(paths), "proposal": None}
    proposal = propose(paths, system=system)
    return {"again": None, "headers": proposal.headers, "proposal": asdict(proposal)}


def called(files: Sequence[Path]) -> str:
    """How a sentence about some files calls them."""
    return ", ".join(file.name for file in files[:3]) + (" …" if len(files) > 3 else "")


def _proposal(told: Mapping[str, Any]) -> Proposal:
    return Proposal(
        told["text"],
        tuple(Guess(**guess) for guess in told["guesses"]),
        tuple(told["unplaced"]),
        tuple(told["notes"]),
        told["headers"],
    )
