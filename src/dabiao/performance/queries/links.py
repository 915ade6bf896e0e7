"""Process against result: which figures move with the result week by week, and where the two part ways."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core import calendars
from dabiao.engine import correlation
from dabiao.engine.correlation import Divergence
from dabiao.engine.metric import is_flow
from dabiao.engine.period import DAY, Period
from dabiao.metrics.answer import WINDOW, without_facts
from dabiao.metrics.frame import Frame
from dabiao.metrics.standing import Values
from dabiao.org import queries as org
from dabiao.performance.queries.rows import Link

WEEKS: Final = 12
"""What the cockpit looks back on."""
PROCESS: Final = (
    "effective_visits",
    "visits",
    "needs_depth",
    "proposals",
    "calls",
    "leads",
    "high_value_visit_share",
)
PAIRS: Final = (
    ("proposals", "win_rate"),
    ("proposals", "needs_depth"),
    ("visits", "effective_visit_rate"),
    ("visits", "won_deals"),
    ("leads", "qualified_lead_conversion_rate"),
)
"""What is done more of, and what should not suffer from it: more proposals from shallower talks win less."""
MONTHS: Final = 24
RECENT: Final = 5
"""So many months back, of which the last few are held against those before."""


def links(frame: Frame, result: str, known: Sequence[str], values: Values) -> tuple[Link, ...]:
    """How each process metric of the scope goes with the result, the surest first, five at most.

    Whole weeks before the end of what is shown, flows by the working day, up to two weeks ahead of the result:
    each process at the lag that is surest. It says what moves together, not what causes what.
    """
    spans = weeks(frame)
    days = _worked(frame, spans)
    series = {
        ("", key): [_a_day(frame, key, values.get(week, key), days[week]) for week in spans]
        for key in (*known, result)
    }
    return _said(frame, correlation.links(series, [key for key in known if key != result], [result]))[:5]


def links_by_team(frame: Frame, result: str, by: str, *, back: int) -> tuple[Link, ...]:
    """The same for every member of `by` (a kind of unit, or person), over so many weeks, counted together."""
    known = [key for key in frame.known(PROCESS) if key != result]
    spans = weeks(frame, back)
    series = _series(frame, (*known, result), spans, by, _worked(frame, spans))
    return _said(frame, correlation.links(series, known, [result]))


def partings(frame: Frame, by: str) -> list[Divergence]:
    """Where a process went one way and its result the other in the last five whole months, strongest first."""
    spans: dict[str, Period] = {}
    window = frame.fiscal.containing(frame.fiscal.monthly, min(frame.so_far.end, frame.today + DAY) - DAY)
    if window.end > frame.today:
        window = frame.fiscal.previous(window)
    for _place in range(MONTHS):
        spans[window.label] = window
        window = frame.fiscal.previous(window)
    oldest_first = dict(reversed(spans.items()))
    known = set(frame.known(dict.fromkeys(key for pair in PAIRS for key in pair)))
    pairs = [pair for pair in PAIRS if known.issuperset(pair)]
    if not pairs:
        return []
    keys = tuple(dict.fromkeys(key for pair in pairs for key in pair))
    series = _series(frame, keys, oldest_first, by, dict.fromkeys(oldest_first, 1))
    found = correlation.divergences(series, pairs, recent=RECENT)
    return sorted(found, key=lambda one: (-min(abs(one.process_moved), abs(one.result_moved)), one.team))


def partings_said(frame: Frame) -> tuple[str, ...]:
    """What has parted, in words: of the lowest units below the scope, else of its people."""
    below = [
        node
        for node in frame.tree.nodes
        if frame.unit is None or frame.unit.index < node.index < frame.unit.ends
    ]
    lowest = max(below, key=lambda node: node.depth).kind if below else "person"
    return tuple(said(frame, one) for one in partings(frame, lowest))


def said(frame: Frame, one: Divergence) -> str:
    """Who, what went up, what went down."""
    up, down = (one.process, one.result) if one.process_moved > 0 else (one.result, one.process)
    unit = frame.tree.by_key.get(one.team)
    name = unit.label(frame.language) if unit else org.people_names({one.team}).get(one.team, one.team)
    words = {"team": name, "up": frame.label(up), "down": frame.label(down)}
    return _("%(team)s: %(up)s up while %(down)s falls.") % words


def weeks(frame: Frame, back: int = WEEKS) -> dict[str, Period]:
    """The last whole weeks, oldest first."""
    last = frame.fiscal.containing("week", min(frame.so_far.end, frame.today + DAY) - DAY)
    found: list[Period] = []
    for _place in range(back):
        last = frame.fiscal.previous(last)
        found.append(last)
    return {week.label: week for week in reversed(found)}


def _said(frame: Frame, found: Sequence[correlation.Link]) -> tuple[Link, ...]:
    """Each team's process once, at its surest lag, as the pages call it."""
    best = {(one.team, one.process): one for one in reversed(found)}
    return tuple(
        Link(
            frame.label(one.process),
            one.correlation,
            one.pairs,
            team=one.team,
            process=one.process,
            lag=one.lag,
            low=one.low,
            high=one.high,
            found=one.found,
        )
        for one in found
        if best[one.team, one.process] is one
    )


def _series(
    frame: Frame, keys: Sequence[str], spans: Mapping[str, Period], by: str, days: Mapping[str, int]
) -> dict[tuple[str, str], list[float | None]]:
    """(member, metric) -> a figure a window from the first with facts on, flows by its `days`; nobody's are left out."""
    rows = [row for row in frame.ask(keys, spans, (by,)) if row[by] not in {None, ""}]
    cells = {(str(row[by]), str(row[WINDOW])): row for row in rows}
    begun = [label for label in spans if any(window == label for _member, window in cells)]
    labels = list(spans)[list(spans).index(begun[0]) :] if begun else []
    nothing = {
        (label, key): without_facts(frame.lake, key, spans[label].start, spans[label].end)
        for label in labels
        for key in keys
    }
    return {
        (member, key): [
            _a_day(frame, key, cells.get((member, label), {}).get(key, nothing[label, key]), days[label])
            for label in labels
        ]
        for member in sorted({member for member, _label in cells})
        for key in keys
    }


def _worked(frame: Frame, spans: Mapping[str, Period]) -> dict[str, int]:
    """How many working days each window has."""
    if not spans:
        return {}
    first, end = min(one.start for one in spans.values()), max(one.end for one in spans.values())
    worked = calendars.working_days(first, end)
    return {label: sum(day in span for day in worked) for label, span in spans.items()}


def _a_day(frame: Frame, key: str, value: object, days: int) -> float | None:
    """Flows by the working day: a week with a holiday takes visits and deals down together and links nothing."""
    if value is None or not days:
        return None
    return float(str(value)) / (days if is_flow(frame.metrics[key]) else 1)
