"""Jobs of this room: checking and loading an uploaded import."""

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.utils import translation

from dabiao.core.jobs import Json, Work
from dabiao.facts import actions, queries
from dabiao.facts.logic.loading.report import Report
from dabiao.facts.models import ImportBatch


def check(work: Work, *, key: str, language: str = "") -> Json:
    """Read and check everything, change nothing; the report waits on the import's page.

    language: of the page on which it was asked for, which need not be that of the account
    """
    batch = queries.batch(key)
    with translation.override(language or _language(batch)):
        report = actions.load(
            actions.order_of(batch),
            by=work.job.by,
            at=work.at,
            dry_run=True,
            batch=batch,
            progress=work.progress,
        )
    _checked(batch, report)
    return {"ready": report.total("ready"), "errors": report.error_cells}


def load(work: Work, *, key: str, even_so: Sequence[str] = (), language: str = "") -> Json:
    """Load a checked import; run again after a crash, it finds its rows unchanged.

    Where it has to ask what the check did not find yet, it is a checked import again that says so.
    """
    batch = queries.batch(key)
    order = replace(actions.order_of(batch), even_so=frozenset(even_so))
    with translation.override(language or _language(batch)):
        try:
            report = actions.load(order, by=work.job.by, at=work.at, batch=batch, progress=work.progress)
        except actions.Stopped as stop:
            if stop.report is None:
                raise
            _checked(batch, stop.report)
            return {"stopped": list(stop.codes)}
    return {
        "loaded": report.total("loaded"),
        "rejected": report.total("rejected"),
        "snapshot": report.snapshot,
    }


_KEPT = (
    "headers", "guesses", "unplaced", "questions", "answers", "system", "concluded", "again", "taken", "company", "guided",
)  # fmt: skip
"""What the wizard keeps beside the report."""


def _checked(batch: ImportBatch, report: Report) -> None:
    kept = {name: batch.report[name] for name in _KEPT if name in batch.report}
    batch.report, batch.state, batch.error = {**kept, **report.as_json()}, ImportBatch.State.CHECKED, ""
    batch.save(update_fields=["report", "state", "error"])


def _language(batch: ImportBatch) -> str:
    """Of jobs that were asked for before jobs named a language."""
    return (batch.by.language if batch.by else "") or settings.LANGUAGE_CODE
