"""Databases that facts come from: by name, their URLs encrypted, so that a mapping can be shown to anybody."""

from dabiao.core import secrets
from dabiao.core.errors import NotFound
from dabiao.facts.models import Connector


def url_of(name: str | None) -> str:
    """The SQLAlchemy URL of a connector. Raises NotFound."""
    connector = Connector.objects.filter(name=name).first()
    if connector is None:
        raise NotFound(
            f"There is no connector called {name!r}; an administrator adds it under Data and import."
        )
    return secrets.decrypt(connector.url)
