"""Imports whose process died: their row says so, and what they had staged goes. Nothing of them was loaded."""

import shutil
from contextlib import suppress
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.facts import queries
from dabiao.facts.actions.load import alive, imports_folder
from dabiao.facts.models import ImportBatch
from dabiao.lake import installation
from dabiao.org.access import User

_STAGES: Final = "stage-*"


def close_interrupted(*, at: datetime) -> int:
    """Close what nobody is at any more; returns how many imports. Raises WrongLake."""
    installation.prove()
    loading = ImportBatch.objects.filter(state=ImportBatch.State.LOADING).values_list("key", flat=True)
    closed = sum(_close(key, by=None, at=at) for key in loading)
    for stage in imports_folder().glob(f"*/{_STAGES}"):
        if not alive(stage.parent.name):
            shutil.rmtree(stage, ignore_errors=True)
            with suppress(OSError):  # what was handed back, or uploaded, lies beside it
                stage.parent.rmdir()
    return closed


@action("facts.import.interrupted")
def _close(key: str, *, by: User | None, at: datetime) -> bool:
    """One of them, unless it is waiting for a worker, or somebody is at it after all."""
    batch = ImportBatch.objects.select_for_update().filter(key=key, state=ImportBatch.State.LOADING).first()
    job = queries.job_of(batch) if batch is not None else None
    if batch is None or (job is not None and not job.is_over) or alive(key):
        return False
    batch.state, batch.finished_at = ImportBatch.State.FAILED, at
    batch.error = _("The import was interrupted; nothing of it was loaded. Load it again.")
    batch.save(update_fields=["state", "finished_at", "error"])
    tell(batch)
    return True
