"""Whose figures, of when, from where: what every question of a page shares, worked out once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

import pyarrow as pa
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core import calendars, config, room
from dabiao.core.calendars import fiscal
from dabiao.core.sentence import say
from dabiao.engine import comparison, festival
from dabiao.engine.message import Words
from dabiao.engine.metric import Measure, Metric
from dabiao.engine.pace import Pace, pace
from dabiao.engine.period import DAY, Fiscal, Period, between
from dabiao.lake import dictionary, reading
from dabiao.lake.reading import Lake
from dabiao.metrics import answer, available
from dabiao.metrics.answer import WINDOW, MetricRequest, Windows
from dabiao.metrics.scope import seats
from dabiao.org import queries as org
from dabiao.org.access import User
from dabiao.org.queries import Node, Scope, Tree, tree
from dabiao.ui.address import Address

Cell = Mapping[str, object]
TELLS: Final = 3
"""From this working day of a period on figures tell something of it; from the last one in a shorter period."""


@dataclass(frozen=True)
class Frame:
    """A viewer, a scope, a period and a snapshot. Made by the functions below, which check the scope; by nobody else."""

    lake: Lake
    viewer: User
    scope: Scope | None
    period: Period
    today: date
    language: str

    @cached_property
    def fiscal(self) -> Fiscal:
        return fiscal()

    @cached_property
    def currency(self) -> str:
        return config.get("DABIAO_CURRENCY")

    @cached_property
    def seats(self) -> frozenset[int] | None:
        return seats(self.lake, viewer=self.viewer, scope=self.scope, on=self.today)

    @cached_property
    def units(self) -> frozenset[str] | None:
        """The units whose seats count; None: all there are, and what is nobody's."""
        if self.seats is None:
            return None
        if self.scope is not None and self.scope.kind == "unit":
            return frozenset(node.key for node in self.tree.subtree(self.scope.key))
        seen = org.sight(self.viewer, self.today)
        own = self.scope is not None and self.scope.key == seen.person
        return None if seen.everything or own else seen.units

    @cached_property
    def edition(self) -> dictionary.Edition:
        """Which state of the metrics' files counts: what is kept in memory is kept under it."""
        return dictionary.edition()

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        return dictionary.of(self.edition)

    @cached_property
    def working_days(self) -> frozenset[date]:
        """Those of the period, of the ones it is compared with, and a while back."""
        first = min(self.fiscal.year_before(self.period).start, self.fiscal.previous(self.period).start)
        return calendars.working_days(first, self.period.end)

    @cached_property
    def pace(self) -> Pace:
        return pace(self.period, self.today, self.working_days)

    @property
    def closed(self) -> bool:
        """Whether the whole period lies behind."""
        return self.today >= self.period.end

    @property
    def early(self) -> bool:
        """Whether the period has only just begun: on its first days nearly everything is nothing yet, which is no cause
        for a reader and nothing to handle."""
        gone = self.pace
        return not self.closed and gone.day < min(TELLS, gone.of)

    @property
    def so_far(self) -> Period:
        """The part of the period up to today."""
        if self.today >= self.period.last_day:
            return self.period
        return between(self.period.start, max(self.period.start, self.today + DAY))

    @cached_property
    def tree(self) -> Tree:
        """Today's organisation."""
        return tree()

    @cached_property
    def unit(self) -> Node | None:
        """The unit in scope; None where the scope is a person or nothing."""
        return self.tree.by_key.get(self.scope.key) if self.scope and self.scope.kind == "unit" else None

    @cached_property
    def name(self) -> str:
        """What the scope is called."""
        if self.unit:
            return self.unit.label(self.language)
        if self.scope:
            return org.people_names({self.scope.key}).get(self.scope.key, self.scope.key)
        return _("Whole company")

    @cached_property
    def children(self) -> Sequence[Node]:
        """Units directly below the scope; without one, the topmost that the viewer sees."""
        if self.unit:
            return self.tree.children(self.unit.key)
        return () if self.scope else org.tops_visible(self.viewer, self.today)

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """Key → name of what the scope is split into today, in tree order: units below it, else its people."""
        if self.children:
            return {node.key: node.label(self.language) for node in self.children}
        if self.unit is None:
            return {}
        return org.people_on(self.unit.key, min(self.today, self.period.last_day))

    def at(self, window: Period) -> "Frame":
        """The same frame in another period."""
        return replace(self, period=window)

    def of(self, scope: Scope) -> "Frame":
        """The same period of another scope. Raises NotFound for one that the viewer may not see."""
        return replace(self, scope=org.check_scope(self.viewer, scope, self.today))

    def everywhere(self, window: Period) -> "Frame":
        """All that the viewer may see, in another period."""
        return replace(self, scope=None, period=window)

    @cached_property
    def versions(self) -> tuple[str, int]:
        """New whenever the organisation or a target changes: what is kept in memory is kept under it."""
        known = room.promises()
        return (tree().stamp, known.version() if known else 0)

    def compared(self, step: comparison.Step) -> comparison.Windows:
        """The days of the earlier period that match what has gone of this one."""
        return comparison.windows(
            self.fiscal, self.period, step, on=self.today, working_days=self.working_days
        )

    @cached_property
    def festival(self) -> Period | None:
        """The days of the earlier year that lie as far from its Spring Festival as those of the period so far.

        None where that is what the plain comparison takes anyway, and where nobody keeps the festival.
        """
        if calendars.company().country != "CN":
            return None
        aligned = festival.aligned(self.so_far, self.compared("year_before").before)
        return aligned.window if aligned.moved_by else None

    @property
    def query(self) -> dict[str, str]:
        """The address parameters that keep scope and period."""
        scope = (
            {} if self.scope is None else {"scope" if self.scope.kind == "unit" else "person": self.scope.key}
        )
        return {**scope, "period": self.period.label}

    def label(self, key: str) -> str:
        return self.said(self.metrics[key].label)

    def note(self, key: str) -> str:
        note = self.metrics[key].note
        return self.said(note) if note else ""

    def said(self, words: Words) -> str:
        """A metric's words in the reader's language."""
        return say(words, self.language)

    def known(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Those of the metrics that are defined and have facts in this snapshot."""
        return available.known(self.lake, keys)

    def ask(
        self,
        metrics: Sequence[str],
        windows: Mapping[str, Period],
        by: Sequence[str] = (),
        *,
        where: Mapping[str, Sequence[str]] | None = None,
        within: frozenset[int] | None = None,
    ) -> list[Cell]:
        """Rows of `window`, the dimensions and the metrics. `within`: these seats instead of the scope's."""
        if not metrics or not windows:
            return []
        return answer.rows(self.table(metrics, windows, by, where=where, within=within))

    def table(
        self,
        metrics: Sequence[str],
        windows: Mapping[str, Period],
        by: Sequence[str] = (),
        *,
        where: Mapping[str, Sequence[str]] | None = None,
        within: frozenset[int] | None = None,
    ) -> pa.Table:
        """What `ask` answers as a table, for what is computed further."""
        filters = tuple(sorted((name, tuple(values)) for name, values in (where or {}).items()))
        question = MetricRequest(tuple(metrics), (WINDOW, *by), filters)
        ranges = Windows(tuple((name, window.start, window.end) for name, window in windows.items()))
        return answer.answer(
            self.lake, question, windows=ranges, seats=self.seats if within is None else within
        )

    def parts_of_distinct(self, each: Measure, windows: Mapping[str, Period], by: Sequence[str]) -> pa.Table:
        """A distinct count as `table` has sums: what is counted stands in one part of each window alone."""
        question = MetricRequest((each.key,), (WINDOW, *by), ())
        ranges = Windows(tuple((name, window.start, window.end) for name, window in windows.items()))
        return answer.parts_of_distinct(self.lake, question, each, windows=ranges, seats=self.seats)


def frame_of(
    lake: Lake, *, viewer: User, scope: Scope | None, period: Period, today: date, language: str
) -> Frame:
    """What commands and programs ask for. Raises NotFound for a scope that the viewer may not see.

    scope: None is all that the viewer may see.
    """
    if scope is not None:
        org.check_scope(viewer, scope, today)
    return Frame(lake, viewer, scope, period, today, language)


def framed(lake: Lake, asked: Address, *, viewer: User, language: str) -> Frame:
    """The frame that an address asks for. Raises NotFound for a scope that the viewer may not see."""
    return Frame(lake, viewer, scope_of(asked, viewer), asked.period, asked.today, language)


def scope_of(asked: Address, viewer: User) -> Scope | None:
    """The person or unit asked for; else where the viewer is at home; else everything they may see."""
    if asked.person:
        return org.check_scope(viewer, Scope("person", asked.person), asked.today)
    if asked.scope:
        return org.check_scope(viewer, Scope("unit", asked.scope), asked.today)
    return org.home_scope(viewer, asked.today)


def month_of(viewer: User, on: date, *, language: str = "") -> Frame:
    """Everything that a viewer may see, in the month of a day: for what asks about no scope of its own."""
    return Frame(reading.current(), viewer, None, _month(on), on, language or get_language() or "en")


def home_frame(viewer: User, on: date, *, language: str = "en") -> Frame:
    """Where a viewer starts, in the month of a day."""
    return Frame(reading.current(), viewer, org.home_scope(viewer, on), _month(on), on, language)


def _month(on: date) -> Period:
    calendar = fiscal()
    return calendar.containing(calendar.monthly, on)
