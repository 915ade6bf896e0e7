"""The serving file: roll-ups of one snapshot in a native DuckDB file, made anew and swapped in whole."""

from collections.abc import Mapping
from datetime import date

from dabiao.lake.models import Snapshot
from dabiao.lake.store import Store


def refresh(
    store: Store,
    number: int,
    tables: Mapping[str, int],
    *,
    base: Snapshot | None,
    days: Mapping[str, Mapping[str, frozenset[date]]],
) -> str:
    """Make the serving file of a snapshot that is about to be published; returns its name."""
    return ""


def forget(*, keep: set[str]) -> None:
    """Delete the serving files that no snapshot names."""
