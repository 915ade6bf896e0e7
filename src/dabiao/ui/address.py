"""What an address asks for: scope and period, kept in the query string so that every view can be sent."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.sentence import say
from dabiao.engine.period import BadPeriod, Kind, Period

NAMES = ("scope", "person", "period")
"""Query parameters that links keep from page to page."""


@dataclass(frozen=True)
class Address:
    """Scope (unit key; empty: all that the viewer may see), person (employee number; empty: nobody) and period."""

    scope: str
    person: str
    period: Period
    explicit: bool
    today: date

    @property
    def query(self) -> dict[str, str]:
        """The parameters that say the same again."""
        period = self.period.label if self.explicit else ""
        values = {"scope": self.scope, "person": self.person, "period": period}
        return {name: value for name, value in values.items() if value}


def read_address(request: HttpRequest, *, today: date, default: Kind | None = None) -> Address:
    """Read scope and period; without a period, the one of the `default` kind around `today` (month)."""
    calendar = fiscal()
    text = request.GET.get("period", "").strip()
    try:
        window = calendar.parse(text) if text else calendar.containing(default or calendar.monthly, today)
    except BadPeriod as error:
        raise Malformed(say(error.said)) from None
    if not 1990 <= window.start.year <= 2100:
        raise Malformed(_("{period} lies outside the years 1990 to 2100.").format(period=text))
    scope, person = request.GET.get("scope", "").strip(), request.GET.get("person", "").strip()
    return Address(scope, person, window, bool(text), today)
