"""Files name people as people do: a name becomes the employee number of the one person who has it."""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.called import Called
from dabiao.facts.logic.loading.shape import no_errors, refused
from dabiao.facts.logic.mapping import TableMap
from dabiao.facts.logic.reading import ROW
from dabiao.org import queries as org

_BRINGS: Final = "people"
"""The table that says who is called what."""


class Names(Called):
    """Those who are known and those whom this import brings.

    read: (name, number) → rows in which the one was read as the other
    """

    def __init__(self) -> None:
        super().__init__(org.names_of_people())
        self.read: dict[tuple[str, str], int] = {}

    def meet(self, staged: Iterable[pl.DataFrame]) -> None:
        """Get to know people whom the import itself brings."""
        for frame in staged:
            for number, name in frame.select("person", "name").drop_nulls().unique().iter_rows():
                self.add(number, name)


def numbered(rows: pl.DataFrame, table: TableMap, names: Names) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with numbers for names, and errors of those in which a name is that of two people.

    A text that is a number already stays, and so does one that nobody is called.
    """
    if "person" not in rows.columns or table.into == _BRINGS or not names.people:
        return rows, no_errors()
    said = {text for text in rows["person"].drop_nulls().unique().to_list() if text not in names.people}
    meant = {text: names.meant(text) for text in said}
    one = {text: numbers[0] for text, numbers in meant.items() if len(numbers) == 1}
    several = {text: _several(numbers) for text, numbers in meant.items() if len(numbers) > 1}
    for text, count in rows.filter(pl.col("person").is_in(list(one)))["person"].value_counts().iter_rows():
        names.read[text, one[text]] = names.read.get((text, one[text]), 0) + count
    doubtful = rows.filter(pl.col("person").is_in(list(several)))
    reason = doubtful["person"].replace(several)
    header = ", ".join(table.columns["person"].columns) or "person"
    errors = refused(doubtful[ROW], doubtful["person"], reason, column=header, into="person")
    return rows.with_columns(pl.col("person").replace(one)), errors


def _several(numbers: Sequence[str]) -> str:
    return _("is the name of %(numbers)s: write the employee number") % {"numbers": ", ".join(numbers)}
