"""Market headroom: segments by size, growth and share, with increments and dated events (S2, the market dimension)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dabiao.engine.calibration.assumption import Assumption, N, Reading, part_from
from dabiao.engine.period import Period


@dataclass(frozen=True)
class Segment:
    """What a segment buys in a period like this one, how it grows, and our share of it.

    share_gain: points of share from a differentiated offer (0.02 = 2 points).
    """

    key: str
    size: Assumption
    growth: Assumption
    share: Assumption
    share_gain: Assumption | None = None


@dataclass(frozen=True)
class Event:
    """A policy, a competitor's move: from a day on, one segment's size changes by `effect` (0.3 = 30 % more)."""

    name: str
    on: date
    segment: str
    effect: Assumption


def headroom(segments: Sequence[Segment], events: Sequence[Event], period: Period, read: Reading[N]) -> N:
    """What the market offers us in the period: Σ size × (1 + growth) × (1 + events so far) × our share.

    An event counts for the part of the period after its day.
    """
    parts = [_of_segment(segment, events, period, read) for segment in segments]
    return sum(parts[1:], start=parts[0])


def _of_segment(segment: Segment, events: Sequence[Event], period: Period, read: Reading[N]) -> N:
    size = read.of(segment.size) * (1 + read.of(segment.growth))
    for event in events:
        if event.segment == segment.key:
            size = size * (1 + read.of(event.effect) * read.fixed(part_from(period, event.on)))
    share = read.of(segment.share)
    return size * (share if segment.share_gain is None else share + read.of(segment.share_gain))
