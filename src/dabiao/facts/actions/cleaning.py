"""Files of imports are kept for a while: uploads to be loaded, rejected rows to be mended; then they go."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from dabiao.core import config
from dabiao.core.action import action, tell
from dabiao.facts.actions.load import imports_folder
from dabiao.facts.models import ImportBatch
from dabiao.lake import installation
from dabiao.org.access import User

_LOADED: Final = (ImportBatch.State.LOADING, ImportBatch.State.DONE, ImportBatch.State.UNDONE)


def forget_files(*, at: datetime) -> int:
    """Remove the files of imports that were over, or left lying, DABIAO_IMPORT_DAYS ago; returns how many imports.

    What has been loaded is in the lake and its report in the database, so only the links to rejected rows end.
    An import that was never loaded goes as a whole: without its files it could only fail. Raises WrongLake.
    """
    days = int(config.get("DABIAO_IMPORT_DAYS"))
    if days <= 0 or not imports_folder().is_dir():
        return 0
    installation.prove()  # folders of imports that another database knows are no business of this one
    before = at - timedelta(days=days)
    old = [folder for folder in imports_folder().iterdir() if folder.is_dir() and _changed(folder) < before]
    over = [folder for folder in old if _expire(folder.name, before=before, by=None, at=at)]
    for folder in over:
        shutil.rmtree(folder, ignore_errors=True)
    return len(over)


@action("facts.import.expired")
def _expire(key: str, *, before: datetime, by: User | None, at: datetime) -> bool:
    """Whether the files of an import may go; if it was never loaded, it goes first."""
    batch = ImportBatch.objects.select_for_update().filter(key=key).first()
    if batch is None:
        return True
    if batch.state == ImportBatch.State.LOADING or (batch.finished_at or batch.at) >= before:
        return False
    if batch.state not in _LOADED:
        tell(batch)
        batch.delete()
    return True


def _changed(folder: Path) -> datetime:
    """When something in it was last written; what another process removes meanwhile does not count."""
    latest = 0.0
    for file in (folder, *folder.iterdir()):
        with suppress(FileNotFoundError):
            latest = max(latest, file.stat().st_mtime)
    return datetime.fromtimestamp(latest, UTC)
