"""Text tables of facts, published into the lake of a test."""

from datetime import UTC, datetime

import pyarrow as pa

from dabiao.core.publishing import publish
from dabiao.lake.change import Change
from dabiao.lake.outbox import arrow
from dabiao.lake.tables import TABLES

NOON = datetime(2026, 3, 16, 4, tzinfo=UTC)


def rows(text):
    """A text table as rows; `-` is missing."""
    lines = [line.split() for line in text.strip().splitlines()]
    return [{k: v for k, v in zip(lines[0], line, strict=True) if v != "-"} for line in lines[1:]]


def table(name, some):
    """Rows (texts) as the lake's table."""
    keyed = [
        {"source": "test", "key": str(n), **row} if TABLES[name].kind == "fact" else row
        for n, row in enumerate(some)
    ]
    return arrow(TABLES[name], keyed)


def load(**tables):
    """Publish text tables by name; returns what was published."""
    changes = [
        Change(name, given if isinstance(given, pa.Table) else table(name, rows(given)))
        for name, given in tables.items()
    ]
    return publish(changes, at=NOON, note="test")
