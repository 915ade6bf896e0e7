"""Second half of an import: the organisation and targets in one transaction, then the facts as one snapshot."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from dabiao.core.publishing import publish
from dabiao.facts.logic.loading.prepare import Prepared, window_of
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.models import Label
from dabiao.lake.change import Change
from dabiao.lake.publish import Published


def changes(done: Prepared) -> Iterator[Change]:
    """What the import wants the lake to hold of its facts; the publisher adds what changed in the rooms."""
    for index, table in enumerate(done.mapping.tables):
        finished = done.finished.get(index)
        if finished is None or INTO[table.into].home != "lake":
            continue
        window = window_of(done, index)
        if finished.ready or window:
            yield Change(table.into, finished.file, window=window)


def systems(done: Prepared) -> frozenset[str]:
    """What the facts say they come from."""
    return frozenset(done.mapping.system_of(table.source) for table in done.mapping.tables)


def write(
    done: Prepared,
    *,
    at: datetime,
    deliver: Callable[[], None] | None,
    look: Callable[[], Iterable[Change]],
    within: Callable[[int], None],
    trace: Callable[[str], None],
) -> Published:
    """Publish everything; names of customers and products, and what `deliver` brings, become visible with it.

    look: the changes, asked for when nobody else publishes any more and before a row of the import is written.
    """
    names = done.stage.names()

    def visible(number: int) -> None:
        keep_names(names)
        within(number)

    def looked_at() -> Iterator[Change]:
        yield from look()

    return publish(
        looked_at(),
        at=at,
        note=f"import {done.context.batch}",
        deliver=deliver,
        within=visible,
        trace=trace,
    )


def keep_names(names: Sequence[tuple[str, str, str]]) -> None:
    """Add or change names of things."""
    known = dict[tuple[str, str], str]()
    for kind in sorted({kind for kind, _key, _name in names}):
        known |= {
            (kind, key): name for key, name in Label.objects.filter(kind=kind).values_list("key", "name")
        }
    new = [
        Label(kind=kind, key=key, name=name[:300])
        for kind, key, name in names
        if known.get((kind, key)) != name[:300]
    ]
    Label.objects.bulk_create(
        new,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["name", "sounds"],
    )
