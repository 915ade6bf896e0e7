"""Jobs of this room: checking and loading an uploaded import."""

from django.conf import settings
from django.utils import translation

from dabiao.core.jobs import Json, Work
from dabiao.facts import actions, queries
from dabiao.facts.models import ImportBatch


def check(work: Work, *, key: str) -> Json:
    """Read and check everything, change nothing; the report waits on the import's page."""
    batch = queries.batch(key)
    with translation.override(_language(batch)):
        report = actions.load(
            actions.order_of(batch),
            by=work.job.by,
            at=work.at,
            dry_run=True,
            batch=batch,
            progress=work.progress,
        )
    batch.report = {
        **{name: batch.report[name] for name in _KEPT if name in batch.report},
        **report.as_json(),
    }
    batch.state = ImportBatch.State.CHECKED
    batch.save(update_fields=["report", "state"])
    return {"ready": report.total("ready"), "errors": report.error_cells}


def load(work: Work, *, key: str) -> Json:
    """Load a checked import; run again after a crash, it finds its rows unchanged."""
    batch = queries.batch(key)
    with translation.override(_language(batch)):
        report = actions.load(
            actions.order_of(batch), by=work.job.by, at=work.at, batch=batch, progress=work.progress
        )
    return {
        "loaded": report.total("loaded"),
        "rejected": report.total("rejected"),
        "snapshot": report.snapshot,
    }


_KEPT = ("headers", "guesses", "unplaced", "notes_of_proposal", "again")


def _language(batch: ImportBatch) -> str:
    return (batch.by.language if batch.by else "") or settings.LANGUAGE_CODE
