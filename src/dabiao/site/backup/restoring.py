"""Restoring a backup into an empty data folder and an empty database: all of it, or nothing.

First every byte of the archive is checked, then the files are laid ready beside their places, then the rows are
loaded and the files moved in within one transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.graph import MigrationGraph
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.lake import installation, journal
from dabiao.site.backup import key, staging, tables
from dabiao.site.backup.archive import Archive
from dabiao.site.backup.errors import CannotWrite, Damaged, NotABackup
from dabiao.site.backup.staging import Stage

Migration = tuple[str, str]


@dataclass(frozen=True)
class Restored:
    """The newest snapshot's number, and whether the key came along."""

    version: int
    has_key: bool


def restore(file: Path, *, passphrase: str = "", with_key: bool = True) -> Restored:
    """Bring a backup back. Raises NotABackup, Damaged, NotEmpty, WrongPassphrase, Busy, CannotRead, CannotWrite.

    A refusal leaves the data folder and the database as they were; so does a kill, once the next restore has begun.
    with_key: whether the key is wanted that the archive may hold.
    """
    home = config.home()
    with staging.alone(home), _undone_unless_it_ends(home), Archive.open(file) as archive:
        staging.refuse_files(home)
        tables.refuse_rows()
        archive.verify()
        secret = key.unpacked(archive, passphrase, wanted=with_key)
        then = _database_as_of(archive)
        stage = Stage(home)
        _lay_ready(archive, stage, secret)
        with transaction.atomic():
            _load(archive, then)
            stage.move_in()
        stage.clear()
    call_command("migrate", verbosity=0, interactive=False)
    installation.begin_anew()
    return Restored(int(archive.about["version"]), secret is not None)


@contextmanager
def _undone_unless_it_ends(home: Path) -> Iterator[None]:
    """Takes back what this restore has done when it fails, and first of all what one that was killed has left."""
    stage, unused = Stage(home), _is_unused()
    try:
        _settle(stage)
        yield
    except BaseException as error:
        if not _settle(stage) and unused:
            _forget_database()
            config.forget_new_key()
        if isinstance(error, OSError):
            raise CannotWrite(
                _("The backup can't be restored here: %(why)s (%(file)s). Nothing was left behind.")
                % {"why": error.strerror, "file": error.filename or home}
            ) from error
        raise


def _settle(stage: Stage) -> bool:
    """Whether the restore has committed: the database has rows, or the lake an owner since. Else files are taken back."""
    try:
        committed = tables.any_rows() or journal.owner() is not None
    except DatabaseError:  # without room not even an empty one can be asked
        committed = journal.owner() is not None
    if committed:
        stage.clear()
    else:
        stage.take_back()
    return committed


def _is_unused() -> bool:
    """Whether the database is a file that does not exist yet, or holds nothing. Asked of the file first: without room
    to open it, it could not be asked, and would stay."""
    if connection.vendor != "sqlite":
        return False
    file = Path(str(connection.settings_dict["NAME"]))
    return not file.exists() or file.stat().st_size == 0 or not connection.introspection.table_names()


def _forget_database() -> None:
    """The file did not exist, or held nothing, before this restore."""
    connection.close()
    name = str(connection.settings_dict["NAME"])
    for suffix in ("", "-wal", "-shm"):
        Path(name + suffix).unlink(missing_ok=True)


def _database_as_of(archive: Archive) -> Apps:
    """Bring the empty database to the state that the archive's program had; returns its tables.

    What has changed since then is done to the rows afterwards, as in an upgrade.
    """
    executor = MigrationExecutor(connection)
    recorded = {(str(app), str(name)) for app, name in archive.about["migrations"]}
    graph = executor.loader.graph
    if unknown := recorded - set(graph.nodes):
        raise NotABackup(
            _("The backup was made by a later version of the program (%(names)s); upgrade first.")
            % {"names": ", ".join(".".join(each) for each in sorted(unknown))}
        )
    newest = sorted(node for node in recorded if not _followers(graph, node) & recorded)
    executor.migrate(newest)
    return apps if recorded >= set(graph.nodes) else executor.loader.project_state(newest).apps


def _followers(graph: MigrationGraph, node: Migration) -> set[Migration]:
    """The migrations that come right after it in its own app."""
    return {child.key for child in graph.node_map[node].children if child.key[0] == node[0]}


def _lay_ready(archive: Archive, stage: Stage, secret: bytes | None) -> None:
    for name in archive.members:
        if not name.startswith(f"{tables.FOLDER}/") and name not in {key.PLAIN, key.CLOSED}:
            stage.put(name, archive.content(name))
    if secret is not None:
        stage.put(key.PLAIN, [secret])


def _load(archive: Archive, then: Apps) -> None:
    """Every row, checked and counted, within the transaction that is open."""
    told, here = dict(archive.about["tables"]), tables.kept(then)
    tables.refuse_rows(then)
    inside = {name for name in archive.members if name.startswith(f"{tables.FOLDER}/")}
    if odd := inside ^ {tables.member(label) for label in told} or set(told) - set(here):
        raise Damaged(
            _("The backup and its manifest do not agree on the tables: %(names)s. Nothing was restored.")
            % {"names": ", ".join(sorted(odd))}
        )
    for label, rows in told.items():
        tables.fill(here[label], archive.lines(tables.member(label)))
        if (counted := tables.counted(here[label])) != rows:
            raise Damaged(
                _(
                    "%(table)s: %(counted)s rows were loaded, %(rows)s are in the backup. Nothing was restored."
                )
                % {"table": label, "counted": counted, "rows": rows}
            )
    tables.settle(here[label] for label in told)
