"""What the audit log's codes mean, in the reader's language. The log itself keeps the codes, which never change."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DEEDS: Final[Mapping[str, Promise]] = {
    "facts.activity.filed": _("Activity filed"),
    "facts.connector.removed": _("Connector removed"),
    "facts.connector.saved": _("Connector saved"),
    "facts.entry.taken_back": _("Entry taken back"),
    "facts.figures.filed": _("Daily figures filed"),
    "facts.import.discarded": _("Import discarded"),
    "facts.import.expired": _("Import forgotten after its time"),
    "facts.import.started": _("Import started"),
    "facts.import.uploaded": _("Files uploaded"),
    "facts.imported": _("Facts imported"),
    "facts.removed": _("Facts removed through the API"),
    "facts.upserted": _("Facts written through the API"),
    "org.absence.recorded": _("Absence recorded"),
    "org.absence.removed": _("Absence removed"),
    "org.assignment.added": _("Seat given"),
    "org.assignment.changed": _("Seat changed"),
    "org.assignment.removed": _("Seat removed"),
    "org.grant.ended": _("Grant ended"),
    "org.grant.given": _("Grant given"),
    "org.imported": _("Organisation imported"),
    "org.person.added": _("Person added"),
    "org.person.changed": _("Person changed"),
    "org.position.added": _("Position added"),
    "org.position.changed": _("Position changed"),
    "org.token.created": _("API token made"),
    "org.token.revoked": _("API token revoked"),
    "org.unit.added": _("Unit added"),
    "org.unit.changed": _("Unit changed"),
    "org.unit.removed": _("Unit removed"),
    "org.user.added": _("User added"),
    "org.user.admin_created": _("First administrator made"),
    "org.user.changed": _("User changed"),
    "org.user.password_set": _("Password set"),
    "targets.cascade.edited": _("Cascade edited"),
    "targets.cascade.kept": _("Cascade kept"),
    "targets.set": _("Targets set"),
}


def said(code: str) -> str:
    """A code in words; the code itself where it has none."""
    return str(DEEDS.get(code, code))
