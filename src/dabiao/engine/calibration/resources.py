"""What the resources pay for: budget → qualified leads → deals → revenue, by channel (S2, the resource dimension)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic

from dabiao.engine.calibration.assumption import Assumption, N, Reading, part_from
from dabiao.engine.period import Period


@dataclass(frozen=True)
class Channel:
    """One way to win customers. conversion: qualified lead → deal, so 1,000 leads × 15 % = 150 deals."""

    key: str
    budget: Assumption
    cost_per_lead: Assumption
    conversion: Assumption
    deal_value: Assumption


@dataclass(frozen=True)
class Tool:
    """A system that from a day on lets the same people turn more leads into deals (0.2 = 20 % more)."""

    name: str
    on: date
    effect: Assumption


@dataclass(frozen=True)
class Bought(Generic[N]):
    """What one channel brings."""

    leads: N
    deals: N
    revenue: N


def bought(channel: Channel, tools: Sequence[Tool], period: Period, read: Reading[N]) -> Bought[N]:
    """One channel's chain. Several tools multiply; each counts for the part of the period after its day."""
    leads = read.of(channel.budget) / read.of(channel.cost_per_lead)
    deals = leads * read.of(channel.conversion)
    for tool in tools:
        deals = deals * (1 + read.of(tool.effect) * read.fixed(part_from(period, tool.on)))
    return Bought(leads, deals, deals * read.of(channel.deal_value))


def affordable(
    channels: Sequence[Channel],
    kept: Assumption | None,
    tools: Sequence[Tool],
    period: Period,
    read: Reading[N],
) -> N:
    """Revenue from all channels, plus what existing customers bring again without a lead (`kept`)."""
    parts = [bought(channel, tools, period, read).revenue for channel in channels]
    parts += [] if kept is None else [read.of(kept)]
    return sum(parts[1:], start=parts[0])
