"""The cockpit: how a scope stands in a period, what needs attention, which part it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from dabiao.core import keeping
from dabiao.engine import light
from dabiao.engine.metric import adds_up, rollable
from dabiao.engine.period import Period
from dabiao.metrics.answer import WINDOW
from dabiao.metrics.available import begins, first_fact, last_fact
from dabiao.metrics.figure import Number, Where
from dabiao.metrics.frame import Frame
from dabiao.metrics.promised import NONE, Promise, Promises, promised
from dabiao.metrics.standing import BEFORE, FESTIVAL, NOW, YEAR, Values, compared, delta, stand
from dabiao.metrics.subtree import Subtree, subtree
from dabiao.org import queries as org
from dabiao.org.access import may
from dabiao.org.can import Can
from dabiao.performance.models import StoredForecast
from dabiao.performance.queries import ages, curve, funnel, links, parts, reasons, signals
from dabiao.performance.queries import headline as headlines
from dabiao.performance.queries.rows import Cockpit, Part, Signal, Tile, Verdict

FILED: Final = (
    "filed_visits", "filed_calls", "filed_demos", "filed_proposals", "filed_leads", "filed_qualified_leads",
)  # fmt: skip
"""What people count by hand; on a person's own cockpit wherever they have filed it."""
TILES: Final = (
    "collection_rate", "new_customers", "visits", "qualified_lead_conversion_rate", "proposals",
    "win_rate", "gross_margin", "leads", "effective_visits", "active_customers", "orders", "gross_profit",
    "average_order_value", "sales_quantity", "won_deals", "sales_cycle_days", "received_amount", *FILED,
)  # fmt: skip
"""What stands beside it, most wanted first: the first five that have facts."""
HISTORY: Final = 7
"""Earlier periods in a tile's line."""
BESIDE: Final = 6
"""Tiles that stand whether they have figures or not."""
TOLD: Final = 5
"""Signals that the cockpit shows."""
CLOSING: Final = "closing_pipeline"
COMPARED: Final = (NOW, BEFORE, YEAR, FESTIVAL)


def cockpit(frame: Frame, *, told: int | None = TOLD) -> Cockpit:
    """Everything the cockpit shows; without facts in the snapshot only where it is.

    told: so many of the signals, the worst, are told with their age and cause; None: all of them
    """
    where = Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number)
    headline = headlines.headline(frame.lake)
    if headline is None:
        return Cockpit(where, None, (), None, None, (), (), (), ())
    shown = _shown(frame, headline)
    stages, process = frame.known(funnel.STAGES), frame.known(links.PROCESS)
    also = {**links.weeks(frame), **curve.stretches(frame, headline)}
    values = measured(frame, (*shown, *stages, *process), also=also)
    below = parts.measured(frame, (headline,))
    promises = parts.promises(frame, shown)
    tiles = _tiles(frame, shown, values, promises)
    if all(each.value is None and not (coming(frame) and each.target is not None) for each in tiles):
        return Cockpit(where, None, (), None, None, (), (), (), (), latest=_latest(frame, headline))
    lines = parts.parts(frame, headline, below, promises)
    drawn = curve.pace(frame, headline, tiles[0].target, values)
    everybody = subtree(frame, [each.metric for each in tiles], {NOW: frame.so_far, **ages.windows(frame)})
    found = _signals(frame, tiles, everybody, told)
    caused = reasons.on_tiles(frame, tiles)
    return Cockpit(
        where=where,
        verdict=verdict(frame, tiles[0], drawn.end, lines),
        tiles=caused,
        pace=drawn.pace,
        headline=caused[0],
        signals=found,
        good=() if frame.early else signals.good(frame, tiles),
        early=frame.early,
        before=frame.fiscal.previous(frame.period),
        crowd=bool(everybody.units) and not everybody.people,
        parts=lines,
        parts_note=parts.uneven(frame, headline, tiles[0].target, (part.target for part in lines)),
        funnel=funnel.funnel(frame, stages, values),
        links=links.links(frame, headline, process, values),
    )


def tiles_of(frame: Frame) -> tuple[Tile, ...]:
    """The cockpit's tiles alone, without causes."""
    headline = headlines.headline(frame.lake)
    if headline is None:
        return ()
    shown = _shown(frame, headline)
    return _tiles(frame, shown, measured(frame, shown), promised(frame, [frame.scope], shown))


def _shown(frame: Frame, headline: str) -> tuple[str, ...]:
    """The headline, what stands beside it, and on a person's page what they file by hand."""
    wanted = (headline, *(key for key in frame.known(TILES) if key != headline))[:BESIDE]
    return tuple(dict.fromkeys((*wanted, *filed(frame))))


def _tiles(frame: Frame, shown: Sequence[str], values: Values, promises: Promises) -> tuple[Tile, ...]:
    """What is only filed by hand needs a figure or a target to be shown."""
    every = [tile(frame, key, values, promises) for key in shown]
    return tuple(each for n, each in enumerate(every) if n < BESIDE or each.value or each.target is not None)


def all_signals(frame: Frame) -> Cockpit:
    """The cockpit with every signal told, without what only its own page draws: that is kept for a while."""
    page = cockpit(frame, told=None)
    return replace(page, pace=None, parts=(), funnel=(), links=())


def _signals(frame: Frame, tiles: Sequence[Tile], everybody: Subtree, told: int | None) -> tuple[Signal, ...]:
    """All that needs handling, worst first; the first with age and cause. Nothing on the first days of a period: whoever
    has sold nothing yet is no exception then."""
    if frame.early:
        return ()
    promises = promised(frame, everybody.parts, [each.metric for each in tiles])
    everybody.learn(promises)
    found = signals.signals(frame, tiles, everybody, promises)
    first = ages.aged(frame, everybody, found[:told])
    return (*reasons.with_causes(frame, first), *(found[told:] if told is not None else ()))


def coming(frame: Frame) -> bool:
    """Whether the period has not begun: nothing is done yet, but something may be promised."""
    return frame.today < frame.period.start


def closing(frame: Frame) -> Number | None:
    """What the open opportunities are worth that should close in the period."""
    if not frame.known((CLOSING,)):
        return None
    spans = {NOW: frame.period}
    return Values(frame, spans, frame.ask((CLOSING,), spans)).get(NOW, CLOSING)


def filed(frame: Frame) -> tuple[str, ...]:
    """The figures filed by hand that a person's cockpit shows."""
    return frame.known(FILED) if frame.scope and frame.scope.kind == "person" else ()


def stamp(frame: Frame) -> str:
    """Changes whenever the cockpit would: what a page kept from before is kept under."""
    return keeping.stamp(figures_stamp(frame), may(frame.viewer, Can.OPERATE))


def figures_stamp(frame: Frame) -> str:
    """The same of the figures alone: everybody who sees as much, of the same scope, finds what one of them has asked."""
    forecasts = StoredForecast.objects.filter(scope=frame.scope.key if frame.scope else "").values_list(
        "pk", "made_on", "version"
    )
    return keeping.stamp(
        frame.lake.number,
        frame.versions,
        org.sight(frame.viewer, frame.today).key,
        frame.scope,
        frame.period,
        frame.today,
        frame.language,
        frame.currency,
        frame.edition,
        list(forecasts),
        reasons.last_kept(),
    )


def windows(frame: Frame) -> dict[str, Period]:
    """The period so far, what it is compared with, and a few whole periods before it."""
    spans = compared(frame)
    earlier = frame.period
    for n in range(1, HISTORY + 1):
        earlier = frame.fiscal.previous(earlier)
        spans[f"h{n}"] = earlier
    return spans


def measured(frame: Frame, metrics: Sequence[str], *, also: Mapping[str, Period] | None = None) -> Values:
    """The metrics in all the windows of a tile, those that roll-ups can answer `also` in other windows.

    What does not add up (distinct counts, medians) is asked apart: it would keep the others from the totals by
    unit. It is asked for the period and what that is compared with, not for the tile's line: counting the
    customers of seven more periods would take longer than the rest of a large company's page.
    """
    keys, spans = dict.fromkeys(metrics), windows(frame)
    quick = tuple(key for key in keys if rollable(frame.metrics[key]))
    slow = tuple(key for key in keys if key not in quick)
    everywhere = {**spans, **(also or {})}
    cells: dict[object, dict[str, object]] = {}
    for cell in [
        *frame.ask(quick, everywhere),
        *frame.ask(slow, {name: spans[name] for name in COMPARED if name in spans}),
    ]:
        cells.setdefault(cell[WINDOW], {}).update(cell)
    return Values(frame, everywhere, cells.values())


def tile(frame: Frame, key: str, values: Values, promises: Promises) -> Tile:
    """One metric of the scope."""
    metric = frame.metrics[key]
    value = values.get(NOW, key)
    promise = promises.get((frame.scope, key), NONE)
    stands = stand(frame, metric, value, promise)
    drawn = rollable(metric)
    earlier = [values.get(f"h{n}", key) for n in range(HISTORY, 0, -1)] if drawn else []
    return Tile(
        metric=key,
        label=frame.label(key),
        note=frame.note(key),
        unit=metric.unit,
        value=value,
        target=promise.value,
        owed=promise.owed,
        before=promise.before,
        attainment=stands.attainment,
        due=stands.due,
        light=stands.light,
        on_previous=delta(metric, value, values.get(BEFORE, key)),
        on_year=delta(metric, value, values.get(YEAR, key)),
        on_festival=delta(metric, value, values.get(FESTIVAL, key)) if frame.festival else None,
        festival=frame.festival,
        history=tuple(None if each is None else float(each) for each in (*earlier, value)) if drawn else (),
        derived=promise.derived,
        adds_up=adds_up(metric),
    )


def verdict(frame: Frame, main: Tile, end: float | None, below: Sequence[Part]) -> Verdict:
    """Where the headline metric will end; and how far it is from its pace by now, by the worst part and all others."""
    reached = main.value if frame.closed or end is None else Decimal(repr(round(end, 2)))
    # What months before the first fact were to bring is neither reached nor missed.
    goal = None if main.target is None else main.target - main.before
    whole = stand(frame, frame.metrics[main.metric], reached, Promise(goal))
    gap = None if goal is None or reached is None else Decimal(str(reached)) - goal
    lagging = sorted(
        (part for part in below if part.ahead is not None), key=lambda part: (part.ahead, part.key)
    )
    ahead = stand(frame, frame.metrics[main.metric], main.value, main.promise).ahead
    worst = lagging[0] if len(lagging) > 1 and lagging[0].ahead is not None and lagging[0].ahead < 0 else None
    return Verdict(
        label=main.label,
        reach=whole.attainment,
        light=light.light(whole.attainment, frame.metrics[main.metric].lights),
        gap=gap,
        due=main.due if main.due is None or main.owed is not None else float(frame.pace.share),
        by_months=main.owed is not None,
        attainment=main.attainment,
        value=main.value,
        unit=main.unit,
        closed=frame.closed,
        forecast=end is not None,
        worst=worst,
        coming=coming(frame),
        target=main.target,
        pipeline=closing(frame) if coming(frame) and main.unit == "money" else None,
        ahead=ahead,
        begins=_begins(frame, main),
        before=main.before,
        others_gap=Decimal(str(ahead)) - Decimal(str(worst.ahead)) if worst and ahead is not None else None,
    )


def _begins(frame: Frame, main: Tile) -> date | None:
    """The first day with facts of the headline metric, where the page should say so."""
    metric = frame.metrics[main.metric]
    return first_fact(frame.lake, metric) if main.before else begins(frame.lake, metric, frame.period)


def _latest(frame: Frame, headline: str) -> Period | None:
    """The last period of this kind that has facts of the headline metric, where this one lies after it."""
    last = last_fact(frame.lake, frame.metrics[headline])
    if last is None or last >= frame.period.start or frame.period.kind == "range":
        return None
    return frame.fiscal.containing(frame.period.kind, last)
