"""What makes a row the same row when the file comes again: a key, or the days that the file covers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import months_named
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import days
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Seen
from dabiao.facts.logic.words import plain, words

NONE: Final = "none"
"""The answer that no column is a key."""
_STEPS: Final = 0.95
"""Share of steps by one that makes a running number."""
_GAPS: Final = 2
"""How far a running number may reach beyond the rows that are left of it."""


@dataclass(frozen=True)
class Key:
    """columns: None is a key made from the whole row, of a table that replaces what it covers (window)."""

    columns: tuple[str, ...] | None
    window: str | None = None


def key_of(seen: Seen, table: str, asking: Asking) -> Key:
    """The columns whose value stays with a row; else the file's own days are replaced by it.

    A running number is none: the next file begins at 1 again, and February would stand in for January.
    """
    proven = _proven(seen, table)
    if len(proven) == 1:
        return Key(proven[0])
    if proven:
        return _asked(seen, proven, asking, _("Each of them is different in every row."))
    doubtful = [[header] for header in _ids(seen, table) if _is_running(seen, header)]
    if doubtful and (said := [each for each in doubtful if not _is_only_a_number(each[0])]):
        evidence = _(
            "It counts the rows of this file from one: only who made the file knows whether a row keeps its number."
        )
        return _asked(seen, [tuple(each) for each in said], asking, evidence, window=_window(seen, table))
    window = _window(seen, table)
    asking.note(
        _("%(source)s: no column tells the rows apart: %(so)s")
        % {"source": seen.name, "so": _comes_again(window)}
    )
    return Key(None, window)


def _proven(seen: Seen, table: str) -> list[tuple[str, ...]]:
    """Sets of columns that are a key by their name and by their values; the first that is any good, or rivals."""
    rules: Sequence[Sequence[str]] = _keys(table)
    lines = _is_line(seen)
    detailed = lines or any(word in plain(seen.called) for word in ("明细", "detail", "lines"))
    singles = [[name] for names in rules for name in names if name not in {"line", "product"}]
    wanted = [*rules, *singles] if detailed else [*singles, *rules]
    for names in wanted:
        headers = tuple(seen.chosen[name].header for name in names if name in seen.chosen)
        counted = [seen.chosen[name].header for name in names if name in seen.chosen and name != "line"]
        if len(headers) < len(names) or any(_is_running(seen, header) for header in counted):
            continue
        if "line" in names and not lines:
            continue
        if seen.is_unique(headers):
            return [headers]
    return [(header,) for header in _ids(seen, table) if not _is_running(seen, header)]


def _is_line(seen: Seen) -> bool:
    """The number of a line in its order begins anew in each; one that runs on counts the rows of the file."""
    if not {"order", "line"} <= set(seen.chosen):
        return False
    order, line = seen.chosen["order"].header, seen.chosen["line"].header
    numbers = pl.col(line).cast(pl.String).str.strip_suffix(".0").cast(pl.Int64, strict=False)
    first = seen.rows.group_by(order).agg(numbers.min().alias("first"))["first"]
    return first.null_count() == 0 and (first.n_unique() == 1 or not _is_running(seen, line))


def _ids(seen: Seen, table: str) -> list[str]:
    """Columns that are different in every row and are called like a number of something."""
    used = {guess.header for name, guess in seen.chosen.items() if name not in _of_rows(table)}
    return [
        header
        for header in seen.headers
        if header not in used and _is_called_id(header) and seen.is_unique([header])
    ]


def _of_rows(table: str) -> set[str]:
    return {name for names in _keys(table) for name in names} - {"product", "customer"}


def _keys(table: str) -> Sequence[Sequence[str]]:
    keys: Sequence[Sequence[str]] = words()["tables"].get(table, {}).get("keys", [])
    return keys


def _is_called_id(header: str) -> bool:
    """订单号, OrderID and order no are; Paid ends in id and is none."""
    bare = plain(header)
    if any(bare.endswith(plain(word)) for word in words()["no_id"]):
        return False
    last = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+", header)[-1:]
    return any(
        bare.endswith(word) if not word.isascii() else [word] == [each.lower() for each in last]
        for word in words()["id"]
    )


def _is_only_a_number(header: str) -> bool:
    """序号 counts rows and nothing else, in every file."""
    return plain(header) in {plain(word) for word in words()["running"]} or not plain(header)


def _is_running(seen: Seen, header: str) -> bool:
    """1, 2, 3 … in the order of rows, or all of 1 to n in another; also where a second file begins again. Of what is
    called nothing but a number some may be missing: rows were deleted, and the next file counts anew."""
    numbers = seen.rows[header].cast(pl.String).str.strip_suffix(".0").cast(pl.Int64, strict=False)
    if numbers.len() < 2 or numbers.null_count():
        return False
    whole = numbers.sort()
    if (
        whole[0] in {0, 1}
        and whole[-1] - whole[0] + 1 == numbers.len()
        and numbers.n_unique() == numbers.len()
    ):
        return True
    if _is_only_a_number(header) and numbers.n_unique() == numbers.len():
        return bool(whole[0] >= 0 and whole[-1] <= _GAPS * numbers.len())
    if not (numbers.is_in([0, 1]).any()) or numbers[0] not in {0, 1}:
        return False
    goes_on = (numbers.diff().drop_nulls() == 1) | numbers[1:].is_in([0, 1])
    return bool(goes_on.sum() >= _STEPS * goes_on.len() and whole[-1] > 1)


def _asked(
    seen: Seen, sets: Sequence[tuple[str, ...]], asking: Asking, evidence: str, window: str | None = None
) -> Key:
    choices = [
        Choice(
            "+".join(headers),
            " + ".join(headers),
            tuple(" · ".join(map(str, row)) for row in seen.rows.select(headers).head(3).iter_rows()),
            _("the same number is the same row, also when it comes again"),
        )
        for headers in sets
    ]
    if window:
        choices.append(Choice(NONE, _("None of them"), (), _comes_again(window)))
    text = _("%(source)s: which column says that a row is the same row when it comes again?") % {
        "source": seen.name
    }
    said = asking.ask(f"{seen.name}.key", text, choices, evidence=evidence)
    return next((Key(headers) for headers in sets if "+".join(headers) == said), Key(None, window))


def _comes_again(window: str | None) -> str:
    """What becomes of rows without a key when their file comes again: what a dry run then counts as gone and new."""
    if window == "month":
        return _(
            "of its month, rows that it said before and no longer says go (a corrected row is one gone and one new), "
            "and none while a row is handed back"
        )
    return _(
        "of the days from its first to its last, rows that it said before and no longer says go (a corrected row is one "
        "gone and one new), and none while a row is handed back"
    )


def _window(seen: Seen, table: str) -> str | None:
    """What the file covers: the month that it is named after, else the days from its first to its last."""
    on = INTO[table].on
    if on is None or on not in seen.chosen:
        return None
    months = {(day.year, day.month) for day in days.read(seen, seen.chosen[on].header)}
    named = months_named(seen.called)
    return "month" if len(months) == 1 and {month for _year, month in months} == named else "file"
