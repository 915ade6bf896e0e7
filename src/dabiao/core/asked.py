"""What an address asks for: scope and period, kept in the query string so that every view can be sent."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.errors import Malformed
from dabiao.engine.period import BadPeriod, Fiscal, Kind, Pattern, Period

NAMES = ("scope", "person", "period")
"""Query parameters that links keep from page to page."""


@dataclass(frozen=True)
class Asked:
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


def asked(request: HttpRequest, *, today: date, default: Kind | None = None) -> Asked:
    """Read scope and period; without a period, the one of the `default` kind around `today` (month)."""
    calendar = fiscal()
    text = request.GET.get("period", "").strip()
    try:
        window = calendar.parse(text) if text else calendar.containing(default or calendar.monthly, today)
    except BadPeriod as error:
        raise Malformed(str(error)) from None
    if not 1990 <= window.start.year <= 2100:
        raise Malformed(_("{period} lies outside the years 1990 to 2100.").format(period=text))
    scope, person = request.GET.get("scope", "").strip(), request.GET.get("person", "").strip()
    return Asked(scope, person, window, bool(text), today)


def fiscal() -> Fiscal:
    """The company's calendar, as DABIAO_FISCAL says."""
    return _fiscal(config.get("DABIAO_FISCAL"))


_FISCAL = re.compile(r"fiscal:(\d{1,2})(?:-(\d{1,2}))?(?::(start|end))?|(445|454|544|13):(\d{1,2})")


@lru_cache(maxsize=16)
def _fiscal(text: str) -> Fiscal:
    if text == "calendar":
        return Fiscal()
    found = _FISCAL.fullmatch(text)
    if found is None:
        raise ValueError(
            f"DABIAO_FISCAL={text!r}: write calendar, fiscal:MM[-DD][:start|end], 445:MM, 454:MM, 544:MM or 13:MM"
        )
    month, day, named, weeks, weeks_month = found.groups()
    if weeks:
        pattern = "13" if weeks == "13" else "-".join(weeks)
        return Fiscal(first_month=int(weeks_month), pattern=cast(Pattern, pattern))
    return Fiscal(
        first_month=int(month),
        first_day=int(day or 1),
        named_by=cast(Literal["start", "end"], named or "end"),
    )
