"""Files of imports are kept for a while: uploads to be loaded, rejected rows to be mended; then they go."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import transaction

from dabiao.core import audit, config
from dabiao.facts.actions.load import imports_folder
from dabiao.facts.models import ImportBatch

_LOADED: Final = (ImportBatch.State.LOADING, ImportBatch.State.DONE)


def forget_files(*, at: datetime) -> int:
    """Remove the files of imports that were over, or left lying, DABIAO_IMPORT_DAYS ago; returns how many imports.

    What has been loaded is in the lake and its report in the database, so only the links to rejected rows end.
    An import that was never loaded goes as a whole: without its files it could only fail.
    """
    days = int(config.get("DABIAO_IMPORT_DAYS"))
    if days <= 0 or not imports_folder().is_dir():
        return 0
    before = at - timedelta(days=days)
    old = [folder for folder in imports_folder().iterdir() if folder.is_dir() and _changed(folder) < before]
    return sum(_forget(folder, before=before, at=at) for folder in old)


def _forget(folder: Path, *, before: datetime, at: datetime) -> int:
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().filter(key=folder.name).first()
        if batch is not None:
            if batch.state == ImportBatch.State.LOADING or (batch.finished_at or batch.at) >= before:
                return 0
            if batch.state not in _LOADED:
                audit.record("facts.import.expired", batch, by=None, at=at)
                batch.delete()
    shutil.rmtree(folder, ignore_errors=True)
    return 1


def _changed(folder: Path) -> datetime:
    """When something in it was last written; what another process removes meanwhile does not count."""
    latest = 0.0
    for file in (folder, *folder.iterdir()):
        with suppress(FileNotFoundError):
            latest = max(latest, file.stat().st_mtime)
    return datetime.fromtimestamp(latest, UTC)
