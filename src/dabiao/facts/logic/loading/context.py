"""What the rows of one import have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from dabiao.core.written import Mark


@dataclass(frozen=True)
class Context:
    """system: `source` of every fact. rates: currency, on, rate (reporting units for `per` units), per, sorted by day.

    own: the source's own columns, without those that joins add; a generated key is made from them.
    mark: what stands before the decimals of the source's texts.
    merged: column of the source → rows whose cell there is merged with the one above.
    dated: dated dimension → its rows in the lake; the new ones must not overlap them.
    """

    system: str
    batch: str
    reporting: str
    business_zone: str
    zone: str
    currency: str | None = None
    rates: pl.DataFrame | None = None
    doubles: bool = False
    own: tuple[str, ...] = ()
    mark: Mark = "point"
    merged: Mapping[str, frozenset[int]] = field(default_factory=dict)
    dated: Mapping[str, pl.DataFrame] = field(default_factory=dict)
