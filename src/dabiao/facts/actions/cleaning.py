"""Files of imports are kept for a while: uploads to be loaded, rejected rows to be mended; then they go."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import transaction

from dabiao.core import audit, config
from dabiao.facts.actions.load import imports_folder
from dabiao.facts.models import ImportBatch

_WAITING: Final = (ImportBatch.State.UPLOADED, ImportBatch.State.CHECKED)


def forget_files(*, at: datetime) -> int:
    """Remove the files of imports that were over, or left lying, DABIAO_IMPORT_DAYS ago; returns how many imports.

    What has been loaded is in the lake and its report in the database, so only the links to rejected rows end.
    An import that was never loaded goes as a whole: without its files it could only fail.
    """
    days = int(config.get("DABIAO_IMPORT_DAYS"))
    if not days or not imports_folder().is_dir():
        return 0
    before = at - timedelta(days=days)
    old = [folder for folder in imports_folder().iterdir() if folder.is_dir() and _changed(folder) < before]
    batches = {batch.key: batch for batch in ImportBatch.objects.filter(key__in=[each.name for each in old])}
    return sum(_forget(folder, batches.get(folder.name), before=before, at=at) for folder in old)


def _forget(folder: Path, batch: ImportBatch | None, *, before: datetime, at: datetime) -> int:
    if batch is not None:
        if batch.state == ImportBatch.State.LOADING or (batch.finished_at or batch.at) >= before:
            return 0
        if batch.state in _WAITING:
            with transaction.atomic():
                audit.record("facts.import.expired", batch, by=None, at=at)
                batch.delete()
    shutil.rmtree(folder, ignore_errors=True)
    return 1


def _changed(folder: Path) -> datetime:
    """When something in it was last written."""
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in (folder, *folder.iterdir())), UTC)
