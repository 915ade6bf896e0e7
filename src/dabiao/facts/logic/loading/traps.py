"""What loads and still deserves a word: unmatched lookups, near misses, gaps, contradictions, people without deals."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib.resources import files
from itertools import pairwise
from typing import Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.engine.document import Node, listed, read
from dabiao.facts.logic import labels
from dabiao.facts.logic.loading.prepare import Prepared
from dabiao.facts.logic.loading.report import Warning_
from dabiao.facts.logic.mapping import Agree
from dabiao.facts.logic.mapping.known import INTO
from dabiao.lake.tables import TABLES

_SHOWN: Final = 12
_WATCHED: Final = ("person", "customer", "product", "amount", "closed_on")
_NEAR_DAYS: Final = 3
_LEAP: Final = 2000


def found(done: Prepared, people: frozenset[str], on: date) -> tuple[Warning_, ...]:
    """All warnings of an import. `people`: employee numbers known to the organisation after it; `on`: today."""
    return (
        *_unread(done),
        *_merged(done),
        *_unmatched(done),
        *_replaced(done),
        *_named(done),
        *_empties(done),
        *_ahead(done, on),
        *_misspelt(done),
        *_people(done, people),
        *_disagreements(done),
        *_drift(done),
        *_varied(done),
        *_unused(done),
    )


def _unread(done: Prepared) -> Iterator[Warning_]:
    for name, sheets in done.unread.items():
        text = _("%(file)s: sheets that nothing reads; name each as a source with `sheet`") % {"file": name}
        yield Warning_("unread", text, len(sheets), _some(sheets))


def _merged(done: Prepared) -> Iterator[Warning_]:
    for name, columns in done.merged.items():
        text = _(
            "%(sheet)s: merged cells, of which only the first row has the value; `fill_down` gives it to the others"
        ) % {"sheet": name}
        yield Warning_("merged", text, len(columns), _some(columns))


def _unmatched(done: Prepared) -> Iterator[Warning_]:
    for name, lookups in done.joins.items():
        for lookup in lookups:
            if not lookup.unmatched:
                continue
            known = [" ".join(key) for key in lookup.keys]
            examples = [
                f"{' '.join(key)} ({count:,}){_meant(' '.join(key), known)}"
                for key, count in sorted(lookup.unmatched.items(), key=lambda item: -item[1])
            ]
            text = _("%(source)s: %(columns)s not found in %(other)s") % {
                "source": name, "columns": ", ".join(lookup.join.on), "other": lookup.join.source,
            }  # fmt: skip
            yield Warning_("unmatched", text, sum(lookup.unmatched.values()), _some(examples))


def _meant(value: str, known: Sequence[str]) -> str:
    squeezed = {"".join(name.lower().split()): name for name in known}
    near = squeezed.get("".join(value.lower().split()))
    near = near or next(iter(difflib.get_close_matches(value, known, n=1, cutoff=0.8)), None)
    return _(" — did you mean %(near)s?") % {"near": near} if near else ""


def _replaced(done: Prepared) -> Iterator[Warning_]:
    for (column, old, new), count in done.replaced.items():
        text = _("%(column)s: %(old)s was read as %(new)s") % {"column": column, "old": old, "new": new}
        yield Warning_("replaced", text, count)


def _named(done: Prepared) -> Iterator[Warning_]:
    """Names that were read as the employee number of the one person who has them."""
    read = done.people.read
    if read:
        known = done.people.people
        shown = [
            f"{name} → {number}{'' if known[number] == name else f' {known[number]}'} ({count:,})"
            for (name, number), count in sorted(read.items())
        ]
        yield Warning_(
            "named", _("Names of people were read as employee numbers"), sum(read.values()), _some(shown)
        )


def _empties(done: Prepared) -> Iterator[Warning_]:
    for index, table in enumerate(done.mapping.tables):
        known = INTO[table.into]
        if known.home != "lake" or not known.on:
            continue
        watched = [name for name in (*_WATCHED, known.on) if name in table.columns]
        for name, (empty, total) in done.stage.empties(index, table, watched).items():
            if empty:
                text = _("%(table)s: %(column)s is empty in %(empty)s of %(total)s rows") % {
                    "table": labels.table(table.into), "column": table.named(name), "empty": f"{empty:,}", "total": f"{total:,}",
                }  # fmt: skip
                yield Warning_("empty", text, empty)


def _ahead(done: Prepared, on: date) -> Iterator[Warning_]:
    """What happened is dated after today: a slip of the year, or an entry ahead of time."""
    for index, table in enumerate(done.mapping.tables):
        known = INTO[table.into]
        if known.home != "lake" or not known.on or not TABLES[table.into].happens:
            continue
        count, last = done.stage.after(index, table, known.on, on)
        if count:
            text = _("%(table)s: rows are dated after today, up to %(day)s; they count from their day on") % {
                "table": labels.table(table.into), "day": last,
            }  # fmt: skip
            yield Warning_("ahead", text, count)


def _misspelt(done: Prepared) -> Iterator[Warning_]:
    """Words of a customer's industry that are nearly, but not quite, a usual one."""
    usual = _vocabulary()
    for index, table in enumerate(done.mapping.tables):
        if table.into != "customers" or "industry" not in table.columns:
            continue
        for value in done.stage.distinct(index, "industry"):
            word = str(value).lower()
            near = difflib.get_close_matches(word, usual, n=1, cutoff=0.85)
            if word not in usual and near:
                text = _("industry %(word)s looks misspelt: did you mean %(near)s?") % {
                    "word": value,
                    "near": near[0],
                }
                yield Warning_("misspelt", text)


def _vocabulary() -> list[str]:
    text = (files("dabiao.facts") / "words.yml").read_text(encoding="utf-8")
    root, _problems = read(text)
    return list(listed(Node.text)(root.members["industries"])) if root else []


def _people(done: Prepared, people: frozenset[str]) -> Iterator[Warning_]:
    acting: set[str] = set()
    loaded: set[str] = set()
    sales = False
    for index, table in enumerate(done.mapping.tables):
        names = {str(value) for value in done.stage.distinct(index, "person", good_of=table.source)}
        if INTO[table.into].on:
            acting |= names
            sales = sales or "person" in table.columns
        elif table.into in {"people", "assignments"}:
            loaded |= names
    if strangers := sorted(acting - people - loaded):
        text = _(
            "People in the facts that the organisation does not know; their facts count for nobody's unit"
        )
        yield Warning_("strangers", text, len(strangers), _some(strangers))
    if sales and (idle := sorted(loaded - acting)):
        yield Warning_("idle", _("People without a single fact"), len(idle), _some(idle))


def _disagreements(done: Prepared) -> Iterator[Warning_]:
    for agree in done.mapping.agree:
        one, other = done.lookups.get(agree.source), done.lookups.get(agree.other)
        if one is not None and other is not None:
            yield from _compared(agree, one, other)


def _compared(agree: Agree, one: pl.DataFrame, other: pl.DataFrame) -> Iterator[Warning_]:
    ours, theirs = list(agree.on), list(agree.on.values())
    other = other.sort(agree.latest) if agree.latest else other
    last = other.unique(theirs, keep="last", maintain_order=True).select(
        *theirs, pl.col(agree.its).alias("__its__")
    )
    met = one.select(*ours, pl.col(agree.column).alias("__own__")).join(
        last, left_on=ours, right_on=theirs, how="left"
    )
    key = pl.concat_str(ours, separator=" ")
    plain = [pl.col(name).str.replace(r"\.0+$", "") for name in ("__own__", "__its__")]
    differ = met.filter(plain[0].ne_missing(plain[1]) & pl.col("__its__").is_not_null())
    alone = met.filter(pl.col("__its__").is_null())
    told = {"source": agree.source, "column": agree.column, "other": agree.other, "its": agree.its}
    if differ.height:
        shown = (
            differ.select(pl.format("{}: {} ≠ {}", key, pl.col("__own__").fill_null("—"), "__its__"))
            .to_series()
            .to_list()
        )
        text = _("%(source)s.%(column)s contradicts %(other)s.%(its)s") % told
        yield Warning_("contradiction", text, differ.height, _some(shown))
    if alone.height:
        shown = alone.select(key.alias("k")).to_series().to_list()
        text = _("%(source)s has rows without any in %(other)s") % told
        yield Warning_("alone", text, alone.height, _some(shown))


def _drift(done: Prepared) -> Iterator[Warning_]:
    """Targets that start on nearly, but not quite, the same day of the year."""
    for index, table in enumerate(done.mapping.tables):
        if table.into != "targets":
            continue
        starts = [day for day in done.stage.distinct(index, "starts_on") if isinstance(day, date)]
        days = sorted({day.replace(year=_LEAP) for day in starts})
        near = [(one, two) for one, two in pairwise(days) if (two - one).days <= _NEAR_DAYS]
        if near:
            shown = [f"{one:%m-%d} / {two:%m-%d}" for one, two in near]
            text = _("Targets start on days that drift from year to year: each holds for its own interval")
            yield Warning_("drift", text, len(near), _some(shown))


def _varied(done: Prepared) -> Iterator[Warning_]:
    for index, finished in done.finished.items():
        if finished.varied:
            text = _("%(table)s: described in several ways; the most frequent one was kept") % {
                "table": labels.table(done.mapping.tables[index].into)
            }
            yield Warning_("varied", text, len(finished.varied), _some(finished.varied))


def _unused(done: Prepared) -> Iterator[Warning_]:
    for name, columns in done.unused.items():
        if columns:
            text = _("%(source)s: columns that the mapping does not use") % {"source": name}
            yield Warning_("unused", text, len(columns), _some(columns))


def _some(values: Iterable[str]) -> tuple[str, ...]:
    every = list(values)
    return tuple(every[:_SHOWN]) + ((f"… +{len(every) - _SHOWN}",) if len(every) > _SHOWN else ())
