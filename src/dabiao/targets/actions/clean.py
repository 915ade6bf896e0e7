"""Cells that no version of a cascade names: left by a writer that was killed, or by a plan that has been removed."""

from datetime import datetime, timedelta
from typing import Final

from dabiao.lake import installation
from dabiao.targets.logic.cascade import store
from dabiao.targets.models import CascadeVersion

_BEING_WRITTEN: Final = timedelta(days=1)
"""Cells are written before the version that names them; nobody writes for so long."""


def forget_cells(*, at: datetime) -> int:
    """Remove them; returns how many saves went. Cells of every stored version stay, however old. Raises WrongLake."""
    installation.prove()  # a database that does not belong here names none of them
    named = frozenset(CascadeVersion.objects.values_list("save_token", flat=True))
    return store.forget(keep=named, before=at - _BEING_WRITTEN)
