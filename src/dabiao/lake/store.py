"""Delta tables in a folder: open a version, list its files, commit a set of files in place of another.

A version of one table means nothing by itself: only a snapshot says which versions belong together.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from dabiao.lake import durable
from dabiao.lake.tables import TABLES

HASH = pa.field("row_hash", pa.int64())
_QUIET = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


_SUMS: Final = "sums"
"""In a commit's own words: relative path of each file that it adds → BLAKE2b of its content."""


class StoreMoved(Exception):
    """Another writer committed in between: what was computed no longer fits."""


@dataclass(frozen=True)
class Store:
    """The lake's folder."""

    root: Path

    def folder(self, table: str) -> Path:
        return self.root / table

    def files(self, table: str, version: int) -> list[str]:
        """Absolute paths of the Parquet files of a version."""
        return [unquote(uri.removeprefix("file://")) for uri in self._open(table, version).file_uris()]

    def newest(self, table: str) -> int:
        """The last version that was committed, named by a snapshot or not."""
        return int(DeltaTable(str(self.folder(table))).version())

    def template(self, table: str) -> str:
        """A file without rows that has every column of today: older files' missing columns read as null."""
        schema = pa.schema([*TABLES[table].schema, HASH])
        print_of = hashlib.sha256(str(schema).encode()).hexdigest()[:12]
        file = self.root / ".templates" / f"{table}-{print_of}.parquet"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(f".{uuid.uuid4().hex[:8]}")
            pq.write_table(schema.empty_table(), partial)
            partial.replace(file)
        return str(file)

    def create(self, table: str) -> int:
        """The empty table, version 0. An existing one is left as it is."""
        DeltaTable.create(str(self.folder(table)), pa.schema([*TABLES[table].schema, HASH]), mode="ignore")
        self._sync_log(table, 0)
        return 0

    def settle(self, table: str, version: int) -> int:
        """Undo what a dead writer left behind `version`; returns the version to build on."""
        latest = DeltaTable(str(self.folder(table)))
        if latest.version() != version:
            latest.restore(version)
        self._add_columns(table)
        settled = int(DeltaTable(str(self.folder(table))).version())
        self._sync_log(table, *range(version + 1, settled + 1))
        return settled

    def commit(self, table: str, *, on: int, drop: Sequence[str], add: Sequence[Path], token: str) -> int:
        """Replace files `drop` by `add` as the version right after `on`. Raises StoreMoved when it is not."""
        delta = self._open(table, on)
        durable.sync(add)
        folder, now = self.folder(table), int(time.time() * 1000)
        sums = {_relative(str(path), folder): _sum(path) for path in add}
        told = {"token": token, _SUMS: json.dumps(sums)}
        actions: list[AddAction | RemoveAction] = [
            RemoveAction(path=_relative(path, folder), data_change=True, deletion_timestamp=now)
            for path in drop
        ]
        actions += [_added(path, folder, now) for path in add]
        try:
            delta.create_write_transaction(
                actions,
                mode="append",
                schema=delta.schema(),
                commit_properties=CommitProperties(custom_metadata=told, max_commit_retries=0),
                post_commithook_properties=_QUIET,
            )
        except CommitFailedError as error:
            raise StoreMoved(f"{table}: version {on + 1} is another writer's") from error
        self._sync_log(table, on + 1)
        return on + 1

    def changed(self, table: str, versions: Iterable[int]) -> list[Path]:
        """Files of these versions that are not what they were when they were committed, and parts of the table's history
        that cannot be read: a disk, or somebody, has changed them. What is missing, and what was committed before sums
        were kept, is left out."""
        named = {Path(file) for version in versions for file in self.files(table, version)}
        sums: dict[Path, str] = {}
        damaged: list[Path] = []
        for log in sorted((self.folder(table) / "_delta_log").glob("*.json")):
            try:
                sums |= {self.folder(table) / name: then for name, then in _told(log).items()}
            except ValueError:
                damaged.append(log)
        known = [(file, sums[file]) for file in sorted(named & sums.keys()) if file.exists()]
        return [*damaged, *(file for file, then in known if _sum(file) != then)]

    def new_folder(self, table: str) -> Path:
        """A folder for the files of one commit, not yet made."""
        return self.folder(table) / uuid.uuid4().hex[:12]

    def vacuum(self, table: str, *, keep: Sequence[int]) -> int:
        """Delete files that no version of `keep` names, nor any at all: a killed writer's. Returns how many."""
        delta = DeltaTable(str(self.folder(table)))
        gone = delta.vacuum(
            retention_hours=0,
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            keep_versions=list(keep),
        )
        return len(gone)

    def _sync_log(self, table: str, *versions: int) -> None:
        """Bring the log of these versions to the disk, and the checkpoint where one was due."""
        log = self.folder(table) / "_delta_log"
        files = [file for version in versions for file in log.glob(f"{version:020}.*")]
        durable.sync([*files, *log.glob("_last_checkpoint")] if files else [])

    def _add_columns(self, table: str) -> None:
        """Tell the Delta table of columns that this version of the program has added."""
        delta = DeltaTable(str(self.folder(table)))
        known = {field.name for field in delta.schema().fields}
        wanted = Schema.from_arrow(pa.schema([*TABLES[table].schema, HASH]))
        if added := [field for field in wanted.fields if field.name not in known]:
            delta.alter.add_columns(added)

    def _open(self, table: str, version: int) -> DeltaTable:
        return DeltaTable(str(self.folder(table)), version=version)


def _added(path: Path, folder: Path, now: int) -> AddAction:
    stats = json.dumps({"numRecords": pq.read_metadata(path).num_rows})
    return AddAction(
        path=_relative(str(path), folder),
        size=path.stat().st_size,
        partition_values={},
        modification_time=now,
        data_change=True,
        stats=stats,
    )


def _relative(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix()


def _told(log: Path) -> dict[str, str]:
    """What a commit has noted of its files' contents. Raises ValueError where its text is damaged."""
    found: dict[str, str] = {}
    for line in log.read_bytes().splitlines():
        if _SUMS.encode() in line:
            found |= json.loads(json.loads(line).get("commitInfo", {}).get(_SUMS, "{}"))
    return found


def _sum(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
