"""Backup and restore: one archive with the app database, the Delta files that snapshots name, and settings.

The database goes in as JSON lines, so a backup made on SQLite can be restored into PostgreSQL and back.
"""

import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from django.db import connection, models, transaction

from dabiao.core import config
from dabiao.core.errors import Malformed, Refused
from dabiao.lake import home, installation, lease
from dabiao.lake.models import Lease, Snapshot
from dabiao.lake.snapshot import latest
from dabiao.lake.store import Store

MANIFEST = "manifest.json"
DATABASE = "database.jsonl"
_FORMAT = 1
_KEPT = ("metrics", "calendars", "secret.key", "imports")
_NOT_KEPT = (
    "sessions.session",
    "contenttypes.contenttype",
    "auth.permission",
    "axes.accessattempt",
    "lake.lease",
    "lake.installation",
)


class NotEmpty(Refused):
    """A restore would overwrite what is there."""


class NotABackup(Malformed):
    """The file is no backup, or one of a later program."""


def backup(file: Path) -> int:
    """Write the archive; returns how many files are in it. Publication waits meanwhile, readers don't."""
    with lease.held("publish"), tarfile.open(file, "w:gz", compresslevel=1) as archive:
        snapshots = list(Snapshot.objects.order_by("number"))
        newest = latest()
        _put(
            archive,
            MANIFEST,
            json.dumps({"format": _FORMAT, "version": newest.number if newest else 0}).encode(),
        )
        with tempfile.NamedTemporaryFile("wb", suffix=".jsonl") as dump:
            dump.writelines(_dump())
            dump.flush()
            archive.add(dump.name, DATABASE)
        for path in sorted({*_lake_files(snapshots), *_others(newest)}):
            archive.add(path, str(path.relative_to(config.home())))
        return len(archive.getmembers())


def restore(file: Path) -> int:
    """Bring a backup back into an empty data folder and an empty database; returns the newest snapshot's number."""
    if home.lake().exists() and any(home.lake().iterdir()):
        raise NotEmpty(f"{home.lake()} is not empty. Restore into a data folder of its own (DABIAO_HOME).")
    try:
        with tarfile.open(file, "r:gz") as archive:
            return _restore(archive)
    except tarfile.TarError as error:
        raise NotABackup(f"{file} can't be read as a backup: {error}") from error


def _restore(archive: tarfile.TarFile) -> int:
    manifest = json.loads(_read(archive, MANIFEST))
    if manifest.get("format", 0) > _FORMAT:
        raise NotABackup("The backup was made by a later version of the program; upgrade first.")
    call_command("migrate", verbosity=0, interactive=False)
    if apps.get_model("org.User").objects.exists():
        raise NotEmpty("The database already has users. Restore into an empty one (DATABASE_URL).")
    members = [member for member in archive.getmembers() if member.name not in {MANIFEST, DATABASE}]
    archive.extractall(config.home(), members=members, filter="data")
    secret = config.home() / "secret.key"
    if secret.exists():
        os.chmod(secret, 0o600)  # noqa: PTH101  # as it was made: readable by its owner alone
    _load(_read(archive, DATABASE))
    installation.begin_anew()
    return int(manifest["version"])


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise NotABackup(f"The archive holds no {name}.")
    return member.read()


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(content), int(time.time()), 0o600
    archive.addfile(info, io.BytesIO(content))


def _models() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in _NOT_KEPT:
            yield model


@transaction.atomic
def _dump() -> Iterator[bytes]:
    for model in _models():
        if model._meta.auto_created:
            continue  # many-to-many rows travel with the model that owns the field
        rows = model._default_manager.order_by("pk").iterator(2000)
        for row in rows:
            yield serializers.serialize("jsonl", [row]).encode() + b"\n"


def _load(dump: bytes) -> None:
    with transaction.atomic(), _constraints_later():
        for one in serializers.deserialize("jsonl", dump.decode()):
            one.save()
    Lease.objects.all().delete()
    _reset_sequences()


@contextmanager
def _constraints_later() -> Iterator[None]:
    """Rows may come before what they point to; the check follows at the end."""
    with connection.constraint_checks_disabled():
        yield
    connection.check_constraints()


def _reset_sequences() -> None:
    from django.core.management.color import no_style

    statements = connection.ops.sequence_reset_sql(no_style(), list(_models()))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _lake_files(snapshots: Iterable[Snapshot]) -> Iterator[Path]:
    store = Store(home.lake())
    named = {(table, version) for snapshot in snapshots for table, version in snapshot.tables.items()}
    for table, version in named:
        yield from (Path(file) for file in store.files(table, version))
    for table in {table for table, _ in named}:
        yield from (file for file in (store.folder(table) / "_delta_log").rglob("*") if file.is_file())
    for beside in (".templates", "target_cells"):  # cells of cascades are named by the app database alone
        yield from (file for file in (home.lake() / beside).rglob("*") if file.is_file())


def _others(newest: Snapshot | None) -> Iterator[Path]:
    if newest and newest.serving:
        yield home.serving() / newest.serving
    for name in _KEPT:
        path = config.home() / name
        yield from ([path] if path.is_file() else (file for file in path.rglob("*") if file.is_file()))
