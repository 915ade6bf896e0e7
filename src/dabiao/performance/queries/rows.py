"""What the pages of performance are given: frozen, already scoped, nothing left to look up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from dabiao.engine.attainment import doubtful
from dabiao.engine.light import Colour
from dabiao.engine.period import Period
from dabiao.metrics.figure import Delta, Number, Where
from dabiao.metrics.promised import Promise
from dabiao.org.queries import Scope


@dataclass(frozen=True)
class Tile:
    """A metric of a scope in a period: how much, of how much, since when."""

    metric: str
    label: str
    note: str
    unit: str
    value: Number | None
    target: Decimal | None = None
    owed: Fraction | None = None
    """What of the target is due by now, where its months say so."""
    before: Decimal = Decimal(0)
    """What of the target was promised for months before the company's first fact."""
    attainment: float | None = None
    due: float | None = None
    """Share of the target that should be reached by now; None where pace does not apply."""
    light: Colour | None = None
    on_previous: Delta = field(default_factory=lambda: Delta(None))
    on_year: Delta = field(default_factory=lambda: Delta(None))
    on_festival: Delta | None = None
    """The same at the same distance from Spring Festival; None where the plain comparison does so."""
    festival: Period | None = None
    """The days that `on_festival` compares with."""
    history: tuple[float | None, ...] = ()
    derived: bool = False
    """The target was derived from another period's or from parts, not set for exactly this."""
    adds_up: bool = False
    """Parts account for it, so that it can be said why it is off."""
    cause: str = ""
    """Why it is off, as far as a job has found out."""

    @property
    def promise(self) -> Promise:
        """The target, and what of it is due."""
        return Promise(self.target, self.derived, self.owed, self.before)

    @property
    def is_doubtful(self) -> bool:
        """So far above its target that this should be looked at."""
        return doubtful(self.attainment)

    @property
    def asks_why(self) -> bool:
        """Off, and explainable."""
        return self.adds_up and self.light in {"red", "amber"}


@dataclass(frozen=True)
class Verdict:
    """The headline: where the scope will end, and what of it explains the distance."""

    label: str
    reach: float | None
    """Forecast ÷ target; of a closed period actual ÷ target."""
    light: Colour | None
    gap: Number | None
    """Forecast (or actual) − target."""
    due: float | None
    attainment: float | None
    value: Number | None
    unit: str
    closed: bool
    by_months: bool = False
    """`due` is what of the target its months say is due by now; else what of the working time has passed."""
    forecast: bool = True
    """`reach` and `gap` say where it will end; else where it is."""
    worst: "Part | None" = None
    """What is furthest behind its pace."""
    ahead: Number | None = None
    """Actual less what the target asks for by now: what `worst` and `others_gap` sum to."""
    others_gap: Number | None = None
    coming: bool = False
    """The period has not begun; `pipeline` is what open opportunities that should close in it are worth."""
    target: Decimal | None = None
    pipeline: Number | None = None
    begins: date | None = None
    """The first day with facts, where much of the period lies before it."""
    before: Decimal = Decimal(0)
    """What of the target was promised for months before that day: part of the target, not of `reach` and `gap`."""

    @property
    def covered(self) -> float | None:
        """The part of the target that the open pipeline covers."""
        return None if self.pipeline is None or not self.target else float(self.pipeline) / float(self.target)


@dataclass(frozen=True)
class Pace:
    """Cumulative figures at the end of each working day (or week, in long periods)."""

    labels: tuple[str, ...]
    actual: tuple[float | None, ...]
    goal: tuple[float | None, ...]
    middle: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    now: int | None
    method: str = ""
    error: float | None = None


@dataclass(frozen=True)
class Signal:
    """A comparison that asks for attention."""

    kind: Literal["off_target", "beyond", "jump", "divergence"]
    light: Colour
    label: str
    unit: str
    value: Number | None
    target: Decimal | None
    deviation: float | None
    """Of attainment from 1, relative to what was due; or the change on the last period."""
    who: str = ""
    other_label: str = ""
    other_change: float | None = None
    other_points: bool = False
    points: bool = False
    metric: str = ""
    """What to look at closer, and of whom; without a scope, where the reader is at home."""
    scope: Scope | None = None
    paced: bool = False
    """Held against what is due by now, not against the whole target."""
    path: tuple[str, ...] = ()
    """The units between the page's scope and this part, from above."""
    carries: tuple[str, ...] = ()
    """Whose gap this one is too, nearest first: they are off because this part is."""
    stake: Decimal | None = None
    """Money at stake by now; `about` where it is derived from what one of something brings."""
    about: bool = False
    age: int | None = None
    """Periods in a row, this one included, that it has been off; `since` says it in words."""
    since: str = ""
    step: str = ""
    """What to do next."""
    explainable: bool = False
    cause: str = ""
    """Where it comes from, as far as a job has found out."""

    @property
    def unit_key(self) -> str:
        return self.scope.key if self.scope and self.scope.kind == "unit" else ""

    @property
    def person_key(self) -> str:
        return self.scope.key if self.scope and self.scope.kind == "person" else ""


@dataclass(frozen=True)
class Part:
    """One line of the scope's parts: a unit or a person below it."""

    key: str
    label: str
    kind: Literal["unit", "person", "customer", "nobody"]
    value: Number | None
    target: Decimal | None
    attainment: float | None
    due: float | None
    light: Colour | None
    ahead: Number | None
    """Actual − what the target asks for by now."""

    @property
    def unit_key(self) -> str:
        return self.key if self.kind == "unit" else ""

    @property
    def person_key(self) -> str:
        return self.key if self.kind == "person" else ""


@dataclass(frozen=True)
class Stage:
    """A stage of the funnel and the share of the one before that got there."""

    label: str
    value: int | None
    share: float | None
    href: str = ""
    note: str = ""
    hot: bool = False
    counts: str = ""
    """What it counts, in words."""


@dataclass(frozen=True)
class Link:
    """How strongly a process metric moves with the result `lag` weeks later, over so many weeks.

    low, high: 95 % interval; found: still sure after counting how much was tried
    """

    label: str
    value: float
    weeks: int
    team: str = ""
    process: str = ""
    lag: int = 0
    low: float = -1.0
    high: float = 1.0
    found: bool = False


@dataclass(frozen=True)
class Trend:
    """A metric period by period, with its target."""

    labels: tuple[str, ...]
    values: tuple[Number | None, ...]
    goal: tuple[Number | None, ...]
    unit: str
    currency: str


@dataclass(frozen=True)
class Cockpit:
    """Everything the cockpit shows."""

    where: Where
    verdict: Verdict | None
    tiles: tuple[Tile, ...]
    pace: Pace | None
    headline: Tile | None
    signals: tuple[Signal, ...]
    """What needs handling; those told first have age and cause."""
    parts: tuple[Part, ...]
    funnel: tuple[Stage, ...]
    links: tuple[Link, ...]
    good: tuple[Signal, ...] = ()
    """What goes better than it was meant to: nobody has to do anything about it."""
    crowd: bool = False
    """So many people that single ones are left to whoever looks one unit deeper."""
    parts_note: str = ""
    """Where the targets of the parts do not sum to that of the whole."""
    early: bool = False
    """The period has only just begun: nothing is told as needing handling yet."""
    before: Period | None = None
    latest: Period | None = None
    """Where there are no facts here: the last period that has some."""

    @property
    def is_judged(self) -> bool:
        """Whether anything is held against a target that is due: else nobody can say that nothing stands out."""
        return any(tile.light for tile in self.tiles)

    @property
    def widens(self) -> bool:
        """Whether a stage of the funnel is larger than the one before: each counts its own period, no cohort is followed."""
        counts = [stage.value for stage in self.funnel if stage.value is not None]
        return any(before < after for before, after in pairwise(counts))

    @property
    def sure_links(self) -> tuple[Link, ...]:
        """Of what was compared with the result only what is not just as likely chance."""
        return tuple(link for link in self.links if link.found)

    @property
    def is_calm(self) -> bool:
        """Whether nothing stands out: also no red light that some rule of signals has let pass, and no gap at the end."""
        lit = any(tile.light == "red" for tile in self.tiles)
        return self.is_judged and not lit and (self.verdict is None or self.verdict.light != "red")


Rows = Sequence[Mapping[str, object]]
