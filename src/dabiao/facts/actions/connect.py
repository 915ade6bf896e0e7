"""Connectors: an administrator says once how a database is reached; nobody sees the password again."""

from datetime import datetime

from django.utils.translation import gettext as _

from dabiao.core import secrets
from dabiao.core.action import action, tell
from dabiao.core.errors import Malformed, NotFound
from dabiao.facts.models import Connector
from dabiao.org.access import User, require
from dabiao.org.can import Can

_FILES = frozenset({"sqlite", "duckdb"})
"""Databases that are files on this machine: a URL would be a way to read any of them."""


@action("facts.connector.saved")
def save_connector(name: str, url: str, *, by: User | None, at: datetime) -> Connector:
    """Add a connector or change its URL. Administrators only. Raises Malformed for what is no database URL."""
    require(by, Can.ADMINISTER)
    _check(url)
    connector, _added = Connector.objects.update_or_create(
        name=name, defaults={"url": secrets.encrypt(url), "changed_by": by, "changed_at": at}
    )
    tell(connector)
    return connector


@action("facts.connector.removed")
def remove_connector(name: str, *, by: User | None, at: datetime) -> None:
    """Forget a connector; mappings that name it then say so."""
    require(by, Can.ADMINISTER)
    connector = Connector.objects.filter(name=name).first()
    if connector is None:
        raise NotFound(_("There is no connector %(name)s.") % {"name": name})
    tell(connector)
    connector.delete()


def _check(url: str) -> None:
    import sqlalchemy as sa

    try:
        parsed = sa.make_url(url)
        parsed.get_dialect()
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError, ValueError):  # ValueError: [::1/x
        raise Malformed(
            _("Write a database URL like postgresql+psycopg://user:password@host/name.")
        ) from None
    if parsed.get_backend_name() in _FILES:
        raise Malformed(
            _("A database that is a file on this machine cannot be a connector; export it instead.")
        )
