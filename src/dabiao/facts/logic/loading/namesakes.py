"""Names that several share, read as what tells those who have them apart."""

import polars as pl

from dabiao.facts.logic.mapping import Apart


def told_apart(frame: pl.DataFrame, apart: Apart) -> pl.DataFrame:
    """The frame in which names that several share are read as what another column of the row makes of them."""
    name = pl.col(apart.column).cast(pl.String)
    for shared, values in apart.values.items():
        other = (
            pl.col(apart.by)
            .cast(pl.String)
            .replace_strict(dict(values), default=shared, return_dtype=pl.String)
        )
        name = pl.when(name == shared).then(other).otherwise(name)
    return frame.with_columns(name.alias(apart.column))
