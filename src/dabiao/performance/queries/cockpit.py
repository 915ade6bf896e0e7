"""The cockpit: how a scope stands in a period, what needs attention, which part it comes from."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from dabiao.engine import light
from dabiao.engine.period import Period
from dabiao.performance import headline as headlines
from dabiao.performance.queries import drawing, funnel, links, parts, signals
from dabiao.performance.queries.frame import Frame
from dabiao.performance.queries.promised import NONE, Promises, promised
from dabiao.performance.queries.rows import Cockpit, Part, Tile, Verdict, Where
from dabiao.performance.queries.standing import BEFORE, NOW, YEAR, Values, delta, stand

TILES: Final = (
    "collection_rate", "new_customers", "visits", "qualified_lead_conversion_rate", "proposals",
    "win_rate", "gross_margin", "leads", "effective_visits", "active_customers", "orders", "gross_profit",
    "average_order_value", "sales_quantity", "won_deals", "sales_cycle_days", "received_amount",
)  # fmt: skip
"""What stands beside it, most wanted first: the first five that have facts."""
HISTORY: Final = 7
"""Earlier periods in a tile's line."""


def cockpit(frame: Frame) -> Cockpit:
    """Everything the cockpit shows; without facts in the snapshot only where it is."""
    where = Where(frame.name, frame.period, frame.today, frame.currency, frame.lake.number)
    headline = headlines.headline(frame.lake)
    if headline is None:
        return Cockpit(where, None, (), None, None, (), (), (), ())
    shown = (headline, *(key for key in frame.known(TILES) if key != headline))[:6]
    values = measured(frame, shown)
    promises = promised(frame, [frame.scope, *parts.scopes(frame)], shown)
    tiles = tuple(tile(frame, key, values, promises) for key in shown)
    below = parts.parts(frame, headline, promises)
    curve = drawing.pace(frame, headline, tiles[0].target)
    return Cockpit(
        where=where,
        verdict=verdict(frame, tiles[0], curve.end, below),
        tiles=tiles,
        pace=curve.pace,
        headline=tiles[0],
        signals=signals.signals(frame, tiles, promises),
        parts=below,
        funnel=funnel.funnel(frame),
        links=links.links(frame, headline),
    )


def windows(frame: Frame) -> dict[str, Period]:
    """The period so far, what it is compared with, and a few whole periods before it."""
    found = {
        NOW: frame.so_far,
        BEFORE: frame.compared("previous").before,
        YEAR: frame.compared("year_before").before,
    }
    earlier = frame.period
    for n in range(1, HISTORY + 1):
        earlier = frame.fiscal.previous(earlier)
        found[f"h{n}"] = earlier
    return found


def measured(frame: Frame, metrics: Sequence[str]) -> Values:
    """The metrics in all the windows of a tile."""
    spans = windows(frame)
    return Values(frame, spans, frame.ask(metrics, spans))


def tile(frame: Frame, key: str, values: Values, promises: Promises) -> Tile:
    """One metric of the scope."""
    metric = frame.metrics[key]
    value = values.get(NOW, key)
    promise = promises.get((frame.scope, key), NONE)
    stands = stand(frame, metric, value, promise.value)
    earlier = [values.get(f"h{n}", key) for n in range(HISTORY, 0, -1)]
    return Tile(
        metric=key,
        label=frame.label(key),
        note=frame.note(key),
        unit=metric.unit,
        value=value,
        target=promise.value,
        attainment=stands.attainment,
        due=stands.due,
        light=stands.light,
        on_previous=delta(metric, value, values.get(BEFORE, key)),
        on_year=delta(metric, value, values.get(YEAR, key)),
        history=tuple(None if each is None else float(each) for each in (*earlier, value)),
        derived=promise.derived,
    )


def verdict(frame: Frame, main: Tile, end: float | None, below: Sequence[Part]) -> Verdict:
    """Where the headline metric will end, and which part the distance comes from."""
    reached = main.value if frame.closed or end is None else Decimal(repr(round(end, 2)))
    whole = stand(frame, frame.metrics[main.metric], reached, main.target)
    gap = None if main.target is None or reached is None else Decimal(str(reached)) - main.target
    lagging = sorted(
        (part for part in below if part.ahead is not None), key=lambda part: (part.ahead, part.key)
    )
    worst = lagging[0] if len(lagging) > 1 and lagging[0].ahead is not None and lagging[0].ahead < 0 else None
    return Verdict(
        label=main.label,
        reach=whole.attainment,
        light=light.light(whole.attainment, frame.metrics[main.metric].lights),
        gap=gap,
        due=main.due,
        attainment=main.attainment,
        value=main.value,
        unit=main.unit,
        closed=frame.closed,
        forecast=end is not None,
        worst=worst.label if worst else "",
        worst_href=worst.href if worst else "",
        worst_gap=worst.ahead if worst else None,
        others_gap=sum((Decimal(str(part.ahead)) for part in lagging[1:]), Decimal(0)) if worst else None,
    )
