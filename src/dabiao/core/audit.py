"""The audit trail: one line per action, in the action's own transaction. `core.action` writes them, nothing else."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

from dabiao.core.models import AuditLine

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

type_label = "{0.app_label}.{0.model_name}"


def line(
    what: str,
    subject: models.Model,
    *,
    by: "AbstractBaseUser | None",
    at: datetime,
    detail: Mapping[str, object],
) -> AuditLine:
    """A line to be saved. `by` is None for what the program does by itself; `detail` must be plain JSON."""
    return AuditLine(
        what=what,
        subject_type=type_label.format(subject._meta),
        subject_key=str(getattr(subject, "key", None) or subject.pk)[:200],
        subject_label=str(subject)[:300],
        by_id=by.pk if by is not None else None,
        at=at,
        detail=dict(detail),
    )
