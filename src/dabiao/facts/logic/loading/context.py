"""What the rows of one import have in common."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Context:
    """system: `source` of every fact. rates: currency, on, rate (reporting units for one), sorted by day.

    own: the source's own columns, without those that joins add; a generated key is made from them.
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
