"""Whose pay a viewer may see: by the places that people had in a pay period, and on the day of a fact."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dabiao.engine.payout.entry import Payable
from dabiao.engine.payout.roster import Roster, Seat
from dabiao.engine.payout.spans import Span, span_of
from dabiao.incentives.logic.run import Run
from dabiao.org import queries as org
from dabiao.org.access import User
from dabiao.org.queries import Sight


@dataclass(frozen=True)
class PaySight:
    """What a viewer may see of a run; the run itself counts everybody."""

    sight: Sight
    roster: Roster

    def sees(self, person: str, start: date, end: date) -> bool:
        """Whether the person had a place in [start, end) that the viewer looks after, or is the viewer.

        Pay after the last seat belongs to that seat's unit.
        """
        if self.sight.everything or person == self.sight.person:
            return True
        return any(seat.unit in self.sight.units for seat in self._places(person, start, end))

    def _places(self, person: str, start: date, end: date) -> Iterable[Seat]:
        seats = self.roster.seats_of.get(person, ())
        held = [seat for seat in seats if seat.start < end and start < seat.end]
        return held or [seat for seat in seats if seat.end <= start][-1:]


def sight_of(run: Run, viewer: User, on: date) -> PaySight:
    """What a viewer may see of a run on a day."""
    return PaySight(org.sight(viewer, on), run.results.roster)


def visible(run: Run, seen: PaySight) -> list[Payable]:
    """The payables that may be shown."""

    def span(payable: Payable) -> Span:
        return span_of(run.plan, run.plan.period, payable.period)

    return [
        payable
        for payable in run.statement.payables
        if seen.sees(payable.person, span(payable).start, span(payable).end)
    ]
