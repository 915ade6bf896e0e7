"""What a load will do, from what is staged and what the lake holds, and what of it was loaded before."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from dabiao.engine import number
from dabiao.facts.logic.loading import publishing
from dabiao.facts.logic.loading.prepare import Prepared
from dabiao.facts.logic.loading.report import MonthChange, TableChange, Warning_
from dabiao.facts.logic.loading.rooms import RoomCount
from dabiao.facts.models import ImportBatch
from dabiao.lake import comparing, home
from dabiao.lake.comparing import Comparison
from dabiao.lake.store import Store


def compared(done: Prepared, tables: Mapping[str, int], *, keep: bool = False) -> tuple[Comparison, ...]:
    """What is staged and finished against these versions of the lake's tables; see `lake.comparing` for `keep`."""
    changes = publishing.changes(done)
    return comparing.compared(Store(home.lake()), changes, tables, own=publishing.systems(done), keep=keep)


def told(
    done: Prepared, lake: Iterable[Comparison], rooms: Mapping[int, RoomCount]
) -> tuple[TableChange, ...]:
    """Tables of the lake with their months, and the organisation's and the targets', in the order of the mapping."""
    changes = {each.table: _of_lake(each) for each in lake}
    for index, count in rooms.items():
        into = done.mapping.tables[index].into
        before = changes.get(into, TableChange(into))
        changes[into] = TableChange(
            into,
            before.new + count.added,
            before.changed + count.changed,
            same=before.same + count.unchanged,
        )
    order = list(dict.fromkeys(table.into for table in done.mapping.tables))
    return tuple(sorted(changes.values(), key=lambda change: order.index(change.into)))


def months(comparison: Comparison) -> tuple[MonthChange, ...]:
    """The months of a table before and after, as a report keeps them."""
    return tuple(
        MonthChange(
            f"{month.month:%Y-%m}",
            month.before.rows,
            month.after.rows,
            number.text(month.before.amount),
            number.text(month.after.amount),
        )
        for month in comparison.months
    )


def known(done: Prepared, changes: Sequence[TableChange], file_hash: str) -> tuple[Warning_, ...]:
    """A word where the same file was loaded before, and where everything in it is there already."""
    words = []
    done_before = ImportBatch.objects.filter(file_hash=file_hash, state=ImportBatch.State.DONE)
    before = done_before.exclude(key=done.context.batch).order_by("-at", "-pk")
    asked = any(
        source.query for source in done.mapping.sources.values()
    )  # what a database answers is in no hash
    if not asked and (earlier := before.first()):
        text = _("The same file was loaded on %(day)s (import %(key)s)") % {
            "day": f"{earlier.at:%Y-%m-%d}",
            "key": earlier.key,
        }
        words.append(Warning_("same_file", text))
    if changes and not any(change.new or change.changed or change.gone for change in changes):
        rows = sum(change.same for change in changes)
        if rows:
            words.append(
                Warning_("nothing_new", _("Every row is there already, as it is: nothing changes"), rows)
            )
    return tuple(words)


def _of_lake(one: Comparison) -> TableChange:
    counts = one.counts
    return TableChange(
        one.table, counts.inserted, counts.updated, counts.removed, counts.unchanged, one.amount, months(one)
    )
