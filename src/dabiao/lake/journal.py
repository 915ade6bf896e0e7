"""What the lake itself knows of its publications: a small file each, beside the tables, written after the pointer.

The app database holds the pointer; these files let the lake tell when it meets another database than the one that
filled it, and let a lost one be made again (`dabiao recover`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from dabiao.lake import durable, home
from dabiao.lake.models import Snapshot

FOLDER: Final = ".dabiao"
_OWNER: Final = "installation.json"


@dataclass(frozen=True)
class Entry:
    """A publication as the lake remembers it: all of the snapshot's row, and the token of who made it."""

    number: int
    token: str
    tables: Mapping[str, int]
    serving: str
    versions: Mapping[str, int]
    published_at: datetime
    note: str

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Entry":
        return cls(**{name: getattr(snapshot, name) for name in cls.__dataclass_fields__})


def owner() -> str | None:
    """The id of the installation that the lake says it belongs to; None where it says nothing."""
    try:
        return str(json.loads((_folder() / _OWNER).read_bytes())["id"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return ""  # damaged: it belongs to somebody, and nobody can say to whom


def own(installation: str) -> None:
    """Write down whose lake this is."""
    durable.write(_folder() / _OWNER, json.dumps({"id": installation}).encode())


def keep(snapshot: Snapshot) -> None:
    """Remember a publication that has become visible."""
    told = asdict(Entry.of(snapshot))
    told["published_at"] = snapshot.published_at.isoformat()
    durable.write(_file(snapshot.number), json.dumps(told).encode())


def newest() -> Entry | None:
    """The last publication that the lake remembers."""
    return next(entries(newest_first=True), None)


def entries(*, newest_first: bool = False) -> Iterator[Entry]:
    """Every publication that is remembered; what cannot be read is left out."""
    for file in sorted(_folder().glob("v*.json"), reverse=newest_first):
        if entry := _read(file):
            yield entry


def entry(number: int) -> Entry | None:
    """The publication of that number."""
    return _read(_file(number))


def forget(*, keep: Iterable[int]) -> None:
    """Drop the memory of publications that have been cleaned away."""
    kept = {_file(number).name for number in keep}
    for file in _folder().glob("v*.json"):
        if file.name not in kept:
            file.unlink(missing_ok=True)


def has_tables() -> bool:
    """Whether facts or anything else lie in the lake's folder."""
    return any(home.lake().glob("*/_delta_log"))


def _read(file: Path) -> Entry | None:
    try:
        told = json.loads(file.read_bytes())
        return Entry(**{**told, "published_at": datetime.fromisoformat(told["published_at"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(number: int) -> Path:
    return _folder() / f"v{number:012}.json"


def _folder() -> Path:
    return home.lake() / FOLDER
