"""What coercing a column yields, and the reasons that a cell can be refused for."""

from dataclasses import dataclass
from typing import Final

import polars as pl
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Reason = str
"""A short code; `said` and `mend` put it into words."""

_WORDS: Final[dict[Reason, tuple[str | Promise, str | Promise]]] = {
    "not_a_number": (_("is not a number"), _("Write digits, e.g. 1234.50 or 12.5万.")),
    "too_precise": (
        _("has more decimals than are kept"),
        _("Round it in the file, or write `round: true` for the column."),
    ),
    "too_large": (_("is larger than can be kept"), _("Check the unit of the column.")),
    "not_whole": (_("is not a whole number"), _("Write a number without decimals.")),
    "not_a_date": (
        _("is not a date"),
        _("Write it like 2026-01-31, or name the column's `formats` in the mapping."),
    ),
    "no_such_day": (_("is no day of the calendar"), _("Check day and month.")),
    "not_a_flag": (_("is neither yes nor no"), _("Write 是 or 否, yes or no, 1 or 0.")),
    "excel_error": (_("is an error of the spreadsheet"), _("Mend the formula in the file.")),
    "hidden": (
        _("holds a line break or another character that cannot be seen"),
        _("Type it again without, in one line."),
    ),
    "empty": (_("is empty, and the row cannot do without it"), _("Fill it in.")),
    "not_in_values": (
        _("is not among the values of the mapping"),
        _("Add it under `values`, or say `otherwise: keep` or `otherwise: empty`."),
    ),
    "several_answers": (
        _("has several different answers in the lookup"),
        _("Make the lookup's key unique."),
    ),
    "ragged": (_("the row has another number of cells than the header"), _("Check quotes and delimiters.")),
    "same_key": (
        _("stands for two rows that differ"),
        _("Keep one of them, or name more columns as the key."),
    ),
    "lost_digits": (
        _("has lost its last digits: it was kept as a number"),
        _("Export it as text; a spreadsheet keeps no more than 15 digits of a number."),
    ),
    "no_result": (
        _("is a formula that nobody has worked out"),
        _("Open the file in a spreadsheet, save it and load it again."),
    ),
    "open_quote": (
        _("opens a quote that nothing closes"),
        _("Close it, double it, or take it out; the rows below were read without it."),
    ),
    "merged": (
        _("is empty, because it is merged with the cell above"),
        _("Name this column under `fill_down` of the source, or undo the merging in the file."),
    ),
    "which_mark": (
        _("can be read in two ways, for other cells of the column have a decimal comma"),
        _("Write `decimal: comma` for the source, or a point before the decimals everywhere."),
    ),
    "foreign_sign": (
        _("names another currency than its row is in"),
        _("Map the column of the currency, or write `currency` in the mapping; or take the sign off."),
    ),
    "not_positive": (_("is not above zero"), _("Write how much one unit of the currency is worth.")),
    "overlaps": (
        _("holds on days on which another row holds"),
        _("Let one row end where the next begins, or load one of them only."),
    ),
    "backwards": (_("ends before it begins"), _("The end is the day after the last; check both days.")),
    "no_end": (
        _("is a day, and nothing says until when the figure holds"),
        _("Map `ends_on`, the day after its last, or write the period instead: 2026, 2026-Q1 or 2026-03."),
    ),
    "other_end": (
        _("names a period that ends on another day than the row says"),
        _("Leave one of them out, or make them agree; `ends_on` is the day after the last."),
    ),
    "other_depth": (
        _("is not how many needs the row says were found"),
        _("Leave the number out, or make it the count of pain, decision weights and budget cycle."),
    ),
    "too_much": (
        _("has owners with more than 100 % on one day"),
        _("Their shares must add up to 1 at most; `ends_on` says until when each holds."),
    ),
    "no_rate": (
        _("has no exchange rate on or shortly before that day"),
        _("Load the exchange rates first: a sheet with currency, day and rate."),
    ),
}


@dataclass(frozen=True)
class Coerced:
    """values: null where the cell is empty or refused. reason: the code where it is refused, else null."""

    values: pl.Series
    reason: pl.Series

    @property
    def failed(self) -> bool:
        return self.reason.null_count() < len(self.reason)


def fine(values: pl.Series) -> Coerced:
    """Every cell is as it should be."""
    return Coerced(values, nothing(len(values)))


def nothing(length: int) -> pl.Series:
    """No reasons."""
    return pl.repeat(None, length, dtype=pl.String, eager=True)


def said(reason: Reason) -> str:
    """The reason in the reader's language. What another room said about a row stands as it was said."""
    return str(_WORDS[reason][0]) if reason in _WORDS else reason


def mend(reason: Reason) -> str:
    """What to do about it, in the reader's language."""
    return str(_WORDS[reason][1]) if reason in _WORDS else ""
