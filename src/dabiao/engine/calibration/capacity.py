"""Team capacity: output per head of the last periods × heads × (1 − attrition), joiners, training (S2, the team dimension)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from dabiao.engine.calibration.assumption import Assumption, N, Reading, part_from
from dabiao.engine.period import Period


@dataclass(frozen=True)
class Team:
    """People who sell. per_head: output of one in a period like this one, by `assumption.from_history`."""

    key: str
    headcount: Assumption
    per_head: Assumption
    attrition: Assumption


@dataclass(frozen=True)
class Joiners:
    """New heads in a team from a day on; `ramp[n]` is what one brings in the n-th month, then the full part."""

    team: str
    count: Assumption
    on: date
    ramp: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Uplift:
    """Training or mentoring: from a day on, `heads` of a team bring `effect` more (0.25 = 25 %)."""

    name: str
    team: str
    on: date
    heads: Assumption
    effect: Assumption


def capacity(
    teams: Sequence[Team],
    joiners: Sequence[Joiners],
    uplifts: Sequence[Uplift],
    period: Period,
    read: Reading[N],
) -> N:
    """What the teams can bring in the period.

    Per team: per head × heads × (1 − attrition), plus per head × joiners × the part of the period they are
    there and ramped up, plus per head × heads trained × effect × the part of the period after the day.
    """
    parts = []
    for team in teams:
        one = read.of(team.per_head)
        parts.append(one * read.of(team.headcount) * (1 - read.of(team.attrition)))
        parts += [
            one * read.of(new.count) * read.fixed(presence(new, period))
            for new in joiners
            if new.team == team.key
        ]
        parts += [
            one * read.of(more.heads) * read.of(more.effect) * read.fixed(part_from(period, more.on))
            for more in uplifts
            if more.team == team.key
        ]
    return sum(parts[1:], start=parts[0])


def presence(new: Joiners, period: Period) -> Fraction:
    """The part of a full head that a joiner is over the period, day by day."""
    day, total = max(new.on, period.start), Fraction(0)
    while day < period.end:
        month = (day.year - new.on.year) * 12 + day.month - new.on.month - (day.day < new.on.day)
        total += new.ramp[month] if month < len(new.ramp) else 1
        day += timedelta(days=1)
    return total / period.days
