"""Databases that facts come from: by name, their URLs encrypted, so that a mapping can be shown to anybody."""

from django.utils.translation import gettext as _

from dabiao.core import secrets
from dabiao.core.errors import NotFound
from dabiao.facts.models import Connector


def url_of(name: str | None) -> str:
    """The SQLAlchemy URL of a connector. Raises NotFound."""
    connector = Connector.objects.filter(name=name).first()
    if connector is None:
        raise NotFound(
            _("There is no connector called %(name)r; an administrator adds it under Data and import.")
            % {"name": name}
        )
    return secrets.decrypt(connector.url)
