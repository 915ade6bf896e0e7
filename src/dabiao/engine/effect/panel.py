"""Who was measured when, and who was treated from when: a complete rectangle of units and periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class CannotMeasure(ValueError):
    """The figures do not allow an effect to be computed; the message says what is missing."""


@dataclass(frozen=True, eq=False)
class Panel:
    """values: unit x period. starts: the position of a unit's first treated period, or -1 if it has none.

    left_out: units without a figure in every period (joined later, left earlier)
    """

    units: tuple[str, ...]
    periods: tuple[object, ...]
    values: Floats
    starts: Ints
    left_out: tuple[str, ...]

    @property
    def treated(self) -> Ints:
        return np.flatnonzero(self.starts >= 0)

    @property
    def untreated(self) -> Ints:
        return np.flatnonzero(self.starts < 0)

    @property
    def first_start(self) -> int:
        return int(self.starts[self.treated].min())


def panel_of(table: pa.Table, starts: Mapping[str, object]) -> Panel:
    """Lay out unit, period, value (one row each; null is unknown) with the first treated period of units.

    Raises CannotMeasure when no treated unit has figures throughout, or a start lies outside the periods.
    """
    periods: Sequence[object] = sorted(set(table["period"].to_pylist()))
    units = sorted(set(table["unit"].to_pylist()))
    row = {unit: place for place, unit in enumerate(units)}
    column = {period: place for place, period in enumerate(periods)}
    values = np.full((len(units), len(periods)), np.nan)
    for unit, period, value in zip(
        *(table[name].to_pylist() for name in ("unit", "period", "value")), strict=True
    ):
        values[row[unit], column[period]] = np.nan if value is None else float(value)
    outside = sorted(str(start) for start in starts.values() if start not in column)
    if outside:
        raise CannotMeasure(f"the measure starts in {outside[0]}, for which there are no figures yet")
    complete = ~np.isnan(values).any(axis=1)
    kept = tuple(unit for unit, whole in zip(units, complete, strict=True) if whole)
    begun = np.array([column[starts[unit]] if unit in starts else -1 for unit in kept], dtype=np.int64)
    if not (begun >= 0).any():
        raise CannotMeasure("nobody whom the measure treats has figures in every period")
    dropped = tuple(unit for unit, whole in zip(units, complete, strict=True) if not whole)
    return Panel(kept, tuple(periods), values[complete], begun, dropped)
