"""Imports, what the lake holds, names of things."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dabiao.core.errors import NotFound
from dabiao.core.fields import sounds_like
from dabiao.core.models import Job
from dabiao.facts.models import Connector, ImportBatch, Label
from dabiao.lake.reading import Lake
from dabiao.lake.tables import TABLES

_TRACE = "Traceback (most recent call last)"


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
