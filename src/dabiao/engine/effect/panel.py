"""Who was measured when, and who was treated from when: units by periods, with gaps where nothing is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dabiao.engine.message import Objection, message, noted

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FEWEST_BEFORE = 6


Why = Literal["later", "nobody", "too short", "too few", "no level", "nobody else"]


class CannotMeasure(Objection):
    """The figures do not allow an effect to be computed; `why`, and in words what is missing.

    about: the start that lies outside the periods, or how many periods come before it
    """

    def __init__(self, why: Why, about: str = "") -> None:
        self.why: Why = why
        super().__init__(message(_WORDS[why], about=about))


_WORDS: Final[dict[Why, str]] = {
    "later": noted("the measure starts in {about}, for which there are no figures"),
    "nobody": noted("nobody whom the measure treats has any figures"),
    "too short": noted("there are {about} periods with figures before the measure: at least six are needed"),
    "too few": noted("nobody whom the measure treats has figures in six periods before it and in one since"),
    "no level": noted("the treated have a usual level of zero or less: there can be no share of it"),
    "nobody else": noted("nobody has figures to compare with since the measure started"),
}


@dataclass(frozen=True, eq=False)
class Panel:
    """values: unit x period, NaN where nothing is known. starts: place of the first treated period, or -1.

    left_out: units with fewer than six figures before the first start, treated ones without any since theirs,
              and, where effects are shares, those whose usual level is not above zero
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

    @property
    def under(self) -> Bools:
        """unit x period: whether the measure is in force."""
        return _under(self.starts, len(self.periods))


def panel_of(table: pa.Table, starts: Mapping[str, object], *, relative: bool) -> Panel:
    """Lay out unit, period, value (one row each; null is unknown) with the first treated period of units.

    Raises CannotMeasure when no treated unit has figures enough, a start lies outside the periods or less than
    six of them come before the first.
    """
    periods: Sequence[object] = sorted(set(table["period"].to_pylist()))
    units = sorted(set(table["unit"].to_pylist()))
    values = _laid_out(table, units, periods)
    column = {period: place for place, period in enumerate(periods)}
    outside = sorted(str(start) for start in starts.values() if start not in column)
    if outside:
        raise CannotMeasure("later", outside[0])
    begun = np.array([column[starts[unit]] if unit in starts else -1 for unit in units], dtype=np.int64)
    if not (begun >= 0).any():
        raise CannotMeasure("nobody")
    first = int(begun[begun >= 0].min())
    if first < FEWEST_BEFORE:
        raise CannotMeasure("too short", str(first))
    enough = _enough(values, begun, first)
    if not (enough & (begun >= 0)).any():
        raise CannotMeasure("too few")
    if relative:
        enough &= np.nan_to_num(values[:, :first]).sum(axis=1) > 0
        if not (enough & (begun >= 0)).any():
            raise CannotMeasure("no level")
    kept, dropped = (tuple(compress(units, which)) for which in (enough, ~enough))
    return Panel(kept, tuple(periods), values[enough], begun[enough], dropped)


def _laid_out(table: pa.Table, units: Sequence[str], periods: Sequence[object]) -> Floats:
    row = {unit: place for place, unit in enumerate(units)}
    column = {period: place for place, period in enumerate(periods)}
    values = np.full((len(units), len(periods)), np.nan)
    for unit, period, value in zip(
        *(table[name].to_pylist() for name in ("unit", "period", "value")), strict=True
    ):
        values[row[unit], column[period]] = np.nan if value is None else float(value)
    return values


def _enough(values: Floats, begun: Ints, first: int) -> Bools:
    """Six figures before the first start, and for the treated one since their own."""
    seen = ~np.isnan(values)
    since = (seen & _under(begun, values.shape[1])).any(axis=1)
    return np.asarray((seen[:, :first].sum(axis=1) >= FEWEST_BEFORE) & (since | (begun < 0)))


def _under(starts: Ints, periods: int) -> Bools:
    return np.asarray((starts[:, None] >= 0) & (np.arange(periods) >= starts[:, None]))
