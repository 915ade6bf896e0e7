"""What the organisation brings to the house."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from dabiao.core.importable import Importable
from dabiao.core.room import Entry, LakeSource, Room
from dabiao.org.can import Can

if TYPE_CHECKING:
    import pyarrow as pa


def _version() -> int:
    from dabiao.org.queries import org_version

    return org_version()


def _tables() -> "Mapping[str, pa.Table]":
    from dabiao.org.logic.seats import lake_tables

    return lake_tables()


def _imports() -> Mapping[str, Importable]:
    from dabiao.org.imports import IMPORTABLES

    return IMPORTABLES


ROOM = Room(
    key="org",
    label=_("People and units"),
    urls="dabiao.org.urls",
    at="org/",
    api="dabiao.org.api",
    rail=(
        Entry(
            "org:people",
            _("People and units"),
            "users-group",
            "data",
            Can.OPERATE,
            under=("org:unit", "org:people", "org:person", "org:import"),
        ),
        Entry("org:users", _("Users"), "user-cog", "administration", Can.ADMINISTER, under=("org:user",)),
    ),
    account=(
        Entry("account_change_password", _("Change password"), "key"),
        Entry("org:tokens", _("API tokens"), "api"),
    ),
    audit={
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
    },
    publishes=(LakeSource("org", _version, _tables),),
    imports=_imports,
)
