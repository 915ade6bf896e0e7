"""What every action of this room shares: checks before saving, the version counter, what has changed."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, NotFound
from dabiao.org.models import OrgVersion

M = TypeVar("M", bound=models.Model)


def bump(at: datetime) -> None:
    """Count a change of the organisation; part of the caller's transaction."""
    row, _created = OrgVersion.objects.select_for_update().get_or_create(pk=1)
    row.number += 1
    row.stamp = secrets.token_hex(16)
    row.changed_at = at
    row.save()


def saved(row: M) -> M:
    """Save after the model's own checks. Raises Malformed with every problem, field by field."""
    try:
        row.full_clean()
    except ValidationError as error:
        raise Malformed(" ".join(_problems(error))) from None
    row.save()
    return row


def found(rows: "models.QuerySet[M]", key: str | int, *, by: str = "key") -> M:
    """The row with this key. Raises NotFound."""
    row = rows.filter(**{by: key}).first()
    if row is None:
        raise NotFound(_("There is no %(key)s.") % {"key": key})
    return row


def only(values: Mapping[str, object], *known: str) -> dict[str, object]:
    """The values by name. Raises Malformed for a name that is not among the known ones: it would change nothing."""
    unknown = [name for name in values if name not in known]
    if unknown:
        raise Malformed(
            _("%(names)s cannot be changed here, only %(known)s.")
            % {"names": ", ".join(unknown), "known": ", ".join(known)}
        )
    return dict(values)


def changes(row: models.Model, values: dict[str, object]) -> dict[str, list[str | None]]:
    """Set attributes and tell what changed: field → [before, after] as text."""
    told: dict[str, list[str | None]] = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            told[name] = [_shown(before), _shown(value)]
            setattr(row, name, value)
    return told


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _problems(error: ValidationError) -> Iterable[str]:
    for name, messages in error.message_dict.items():
        label = "" if name == "__all__" else f"{name.replace('_', ' ')}: "
        yield f"{label}{' '.join(messages)}"
