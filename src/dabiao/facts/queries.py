"""Reads of this room: imports, what the lake holds, names of things, what has been entered today."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dabiao.core import keeping
from dabiao.core.errors import NotFound
from dabiao.core.fields import sounds_like
from dabiao.core.models import Job
from dabiao.facts.models import Connector, ImportBatch, Label
from dabiao.lake import outbox
from dabiao.lake.reading import Lake
from dabiao.lake.tables import TABLES
from dabiao.org import queries as org
from dabiao.org.access import User

_TRACE = "Traceback (most recent call last)"
_SYSTEM = re.compile(r"^system:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)


def batch(key: str) -> ImportBatch:
    """An import by its key. Raises NotFound."""
    batch = ImportBatch.objects.select_related("by").filter(key=key).first()
    if batch is None:
        raise NotFound(_("There is no import %(key)s.") % {"key": key})
    return batch


def batches(limit: int = 500) -> QuerySet[ImportBatch]:
    """Imports, newest first."""
    return ImportBatch.objects.select_related("by").defer("report", "mapping").order_by("-at", "-pk")[:limit]


def mappings(limit: int = 20) -> list[tuple[str, str]]:
    """Key and name of recent imports whose mapping can be used again, one per mapping."""
    seen: set[str] = set()
    choices: list[tuple[str, str]] = []
    done = ImportBatch.objects.filter(state=ImportBatch.State.DONE).order_by("-at", "-pk").defer("report")
    for each in done[:200]:
        if each.mapping and each.mapping not in seen and len(choices) < limit:
            seen.add(each.mapping)
            choices.append((each.key, f"{each} · {each.at:%Y-%m-%d}"))
    return choices


def systems() -> list[str]:
    """What imported files are said to come from, the latest first."""
    done = ImportBatch.objects.filter(state=ImportBatch.State.DONE).order_by("-at", "-pk")
    texts = done.exclude(mapping="").values_list("mapping", flat=True)[:200]
    named = (found.group(1).strip("\"'") for text in texts if (found := _SYSTEM.search(text)))
    return list(dict.fromkeys(named))


def job_of(batch: ImportBatch) -> Job | None:
    """The job that checks or loads an import."""
    return Job.objects.filter(key=batch.job).first() if batch.job else None


def failure(job: Job) -> str:
    """Why a job of an import failed, for whoever brought the file. A bug's trace is for the log."""
    if _TRACE not in job.error:
        return job.error
    return _(
        "The program could not finish this import. Nothing was loaded; an administrator finds the reason in the log."
    )


def connectors() -> list[Connector]:
    """Databases that mappings may name."""
    return list(Connector.objects.select_related("changed_by").order_by("name"))


@dataclass(frozen=True)
class Held:
    """A table of the lake that holds rows. first and last: the days they lie between."""

    table: str
    rows: int
    first: date | None
    last: date | None
    sources: int


def held(lake: Lake) -> list[Held]:
    """What the lake holds, in the order of the data dictionary."""
    parts = []
    for name, table in TABLES.items():
        if name not in lake.tables:
            continue
        day = f'min("{table.on}")::DATE, max("{table.on}")::DATE' if table.on else "NULL::DATE, NULL::DATE"
        many = "count(DISTINCT source)" if "source" in table.names else "NULL::BIGINT"
        parts.append(f"SELECT '{name}' AS name, count(*) AS n, {day}, {many} FROM \"{name}\"")
    if not parts:
        return []
    answer = lake.run(" UNION ALL ".join(parts))
    rows = [Held(*[column[i].as_py() for column in answer.columns]) for i in range(answer.num_rows)]
    order = list(TABLES)
    return sorted((row for row in rows if row.rows), key=lambda row: order.index(row.table))


def has_facts(lake: Lake) -> bool:
    """Whether anything that happened has ever been loaded: before that, a page of figures has nothing to show."""
    return any(TABLES[name].kind == "fact" for name in lake.tables if name in TABLES)


def labels(kind: str, keys: Iterable[str]) -> dict[str, str]:
    """Key → name, for rows already scoped."""
    return dict(Label.objects.filter(kind=kind, key__in=set(keys)).values_list("key", "name"))


def labels_holding(kind: str, text: str, most: int, among: Collection[str] | None = None) -> dict[str, str]:
    """Key → name of things whose name holds a text or sounds so, or whose key begins so, by name. The caller leaves out
    what may not be seen. among: of these keys alone."""
    said = Q(name__icontains=text) | Q(key__istartswith=text) | sounds_like(text)
    named = Label.objects.filter(said, kind=kind).order_by("name", "key")
    if among is not None:
        named = named.filter(key__in=among)
    return dict(named.values_list("key", "name")[:most])


def customers_of(lake: Lake, person: str, *, viewer: User, on: date, limit: int = 300) -> dict[str, str]:
    """Key → name of the customers that a person has dealt with, on days of theirs that the viewer may see.

    The most dealt with first: whom they will most likely visit.
    """
    days = org.days_visible(viewer, person, on)
    stamp = keeping.stamp(lake.tables, person, days, limit)
    keys = keeping.once("customers", stamp, lambda: _dealt_with(lake, person, days, limit))
    names = labels("customer", keys)
    return {key: names.get(key, key) for key in keys}


def _dealt_with(lake: Lake, person: str, days: Sequence[tuple[date, date]], limit: int) -> list[str]:
    parts = [
        f"""SELECT customer FROM "{table}" WHERE person = '{_quoted(person)}' AND customer IS NOT NULL
            AND ({" OR ".join(_between(table, start, end) for start, end in days)})"""
        for table in ("order_lines", "opportunities", "activities", "ownership")
        if table in lake.tables and days
    ]
    if not parts:
        return []
    rows = lake.run(
        f"SELECT customer, count(*) FROM ({' UNION ALL '.join(parts)}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}"
    )
    return [str(key) for key in rows.column(0).to_pylist()]


def _between(table: str, start: date, end: date) -> str:
    """Whether a row lies, or what it tells lasts, within [start, end); what has no day counts for whoever sees all."""
    on = TABLES[table].on
    first, last = (f'"{on}"::DATE', f'"{on}"::DATE') if on else ("starts_on", "ends_on - 1")
    inside = f"{first} < DATE '{end.isoformat()}' AND {last} >= DATE '{start.isoformat()}'"
    return f"({inside} OR {first} IS NULL)" if start == date.min else f"({inside})"


@dataclass(frozen=True)
class HandEntry:
    """An entry by hand of one day. `waiting`: not published yet, so it can still be taken back."""

    table: str
    key: str
    person: str
    at: str
    what: str
    detail: Mapping[str, object]
    entered_by: str | None
    waiting: bool


def entered(lake: Lake, *, viewer: User, people: Iterable[str], day: date) -> list[HandEntry]:
    """What was entered by hand for these people on a day, and all that waits from the viewer; newest first."""
    waiting = [
        _entry(table, row, waiting=True)
        for table in ("activities", "daily_figures")
        for row in outbox.pending(table, by=viewer.username)
    ]
    known = {(entry.table, entry.key) for entry in waiting}
    published = [
        entry for entry in _published(lake, sorted(set(people)), day) if (entry.table, entry.key) not in known
    ]
    return [*waiting, *published]


def _published(lake: Lake, people: list[str], day: date) -> list[HandEntry]:
    entries = []
    for table in ("activities", "daily_figures"):
        if table not in lake.tables or not people:
            continue
        on = TABLES[table].on
        listed = ", ".join(f"'{_quoted(key)}'" for key in people)
        rows = lake.run(
            f"""SELECT * FROM "{table}" WHERE source = 'hand' AND "{on}"::DATE = DATE '{day.isoformat()}'
                AND person IN ({listed}) ORDER BY "{on}" DESC, key"""
        )
        entries += [_entry(table, row, waiting=False) for row in rows.to_pylist()]
    return entries


def _entry(table: str, row: Mapping[str, object], *, waiting: bool) -> HandEntry:
    at = row.get("started_at") if table == "activities" else row.get("on")
    by = row.get("entered_by")
    return HandEntry(
        table=table,
        key=str(row["key"]),
        person=str(row["person"]),
        at=at.strftime("%Y-%m-%d %H:%M") if isinstance(at, datetime) else str(at)[:16],
        what=str(row.get("kind") or row.get("metric")),
        detail={name: value for name, value in row.items() if value is not None},
        entered_by=str(by) if by else None,
        waiting=waiting,
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
