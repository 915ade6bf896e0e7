"""One column of cells → one column of a table's type."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from dabiao.core.written import Mark
from dabiao.engine.number import MONEY_SCALE, RATE_SCALE
from dabiao.facts.logic.coerce import dates, numbers, words
from dabiao.facts.logic.coerce.result import Coerced

SCALES = {"money": MONEY_SCALE, "qty": MONEY_SCALE, "rate": RATE_SCALE}


@dataclass(frozen=True)
class Cells:
    """How the cells of a column are to be read.

    rounding: numbers are rounded to the scale (a spreadsheet's doubles, or the mapping says so)
    mark: what stands before the decimals of a text
    zone: of timestamps that name none
    """

    type: str
    unit: str | None = None
    formats: Sequence[str] = ()
    rounding: bool = False
    mark: Mark = "point"
    zone: str = "Asia/Shanghai"
    business_zone: str = "Asia/Shanghai"


def coerced(cells: pl.Series, how: Cells) -> Coerced:
    """Values of the type, and why a cell has none. `how.type` is a short name of `lake.tables.TYPES`."""
    match how.type:
        case "money" | "qty" | "rate":
            return numbers.to_decimal(
                cells, SCALES[how.type], unit=how.unit, rounding=how.rounding, mark=how.mark
            )
        case "int":
            return numbers.to_int(cells, unit=how.unit, mark=how.mark)
        case "date":
            return dates.to_date(cells, formats=how.formats, zone=how.zone, business_zone=how.business_zone)
        case "time":
            return dates.to_time(cells, formats=how.formats, zone=how.zone, business_zone=how.business_zone)
        case "flag":
            return words.to_flag(cells)
        case _:
            return words.to_text(cells)
