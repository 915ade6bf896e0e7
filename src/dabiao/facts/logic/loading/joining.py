"""Lookups: columns of another source beside a row, never more rows than before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from dabiao.facts.logic.mapping import Join
from dabiao.facts.logic.reading import PROBLEM

_MET: Final = "__met__"
_SEVERAL: Final = "__several__"


@dataclass
class Lookup:
    """A source reduced to one row per key. `unmatched` collects the keys that rows asked for in vain."""

    join: Join
    rows: pl.DataFrame
    unmatched: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """All keys of the lookup."""
        return self.rows.select(list(self.join.on.values())).rows()


def lookup(join: Join, source: pl.DataFrame) -> Lookup:
    """One row per key; a key with several different answers is marked, and rows that ask for it are refused."""
    theirs, taken = list(join.on.values()), list(join.take.values())
    texts = source.select(pl.col(list(dict.fromkeys([*theirs, *taken]))).cast(pl.String))
    texts = texts.with_columns(_as_key(name).alias(name) for name in theirs).drop_nulls(theirs).unique()
    counted = texts.with_columns((pl.len().over(theirs) > 1).alias(_SEVERAL))
    return Lookup(join, counted.unique(theirs, keep="any", maintain_order=False).sort(theirs))


def joined(frame: pl.DataFrame, lookups: Sequence[Lookup]) -> pl.DataFrame:
    """The frame with the columns that each lookup adds."""
    for found in lookups:
        frame = _beside(frame, found)
    return frame


def _beside(frame: pl.DataFrame, found: Lookup) -> pl.DataFrame:
    ours, theirs = list(found.join.on), list(found.join.on.values())
    asked = [f"__k{i}__" for i in range(len(ours))]
    answers = found.rows.select(
        *[pl.col(name).alias(key) for name, key in zip(theirs, asked, strict=True)],
        *[pl.col(name).alias(own) for own, name in found.join.take.items()],
        pl.lit(True).alias(_MET),
        _SEVERAL,
    )
    left = frame.with_columns(_as_key(name).alias(key) for name, key in zip(ours, asked, strict=True))
    met = left.join(answers, on=asked, how="left", maintain_order="left")
    _count_unmatched(met, found, asked)
    if met[_SEVERAL].fill_null(False).any():
        said = pl.lit(f"{', '.join(ours)}: several answers in {found.join.source}")
        met = met.with_columns(pl.when(pl.col(_SEVERAL)).then(said).otherwise(PROBLEM).alias(PROBLEM))
    return met.drop([*asked, _MET, _SEVERAL])


def _as_key(name: str) -> pl.Expr:
    """Keys as text; one that went through a double (14.0) is the same as 14."""
    return pl.col(name).cast(pl.String).str.replace(r"^(-?[0-9]+)\.0$", "${1}")


def _count_unmatched(met: pl.DataFrame, found: Lookup, asked: Sequence[str]) -> None:
    if found.join.missing == "ignore":
        return
    lost = met.filter(pl.col(_MET).is_null() & pl.all_horizontal(pl.col(list(asked)).is_not_null()))
    for *key, count in lost.group_by(list(asked)).len().iter_rows():
        name = tuple(str(part) for part in key)
        found.unmatched[name] = found.unmatched.get(name, 0) + int(count)


def columns_of(own: Sequence[str], joins: Sequence[Join]) -> Mapping[str, str]:
    """Every column that a row has after the joins → where it comes from ("" = the source itself)."""
    return dict.fromkeys(own, "") | {own: join.source for join in joins for own in join.take}
