"""What every page's frame shows: where one can go, whose figures, of when, how fresh."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dabiao.core.calendars import fiscal
from dabiao.core.room import Entry, Notice
from dabiao.engine.period import Kind, Period, between
from dabiao.org.access import may
from dabiao.org.can import Can
from dabiao.rooms import ROOMS
from dabiao.site import freshness, navigation, scopes
from dabiao.site.navigation import Group
from dabiao.ui import http
from dabiao.ui.address import Address, read_address


@dataclass(frozen=True)
class Choice:
    """One of a few buttons; `on` is the one in force."""

    name: str | Promise
    value: str
    on: bool


KINDS: Final[Mapping[Kind, Promise]] = {
    "week": pgettext_lazy("period", "Week"),
    "month": pgettext_lazy("period", "Month"),
    "period": pgettext_lazy("period", "Month"),
    "quarter": pgettext_lazy("period", "Quarter"),
    "year": pgettext_lazy("period", "Year"),
}
THEMES: Final[Mapping[str, Promise]] = {"auto": _("Automatic"), "light": _("Light"), "dark": _("Dark")}


class Shell:
    """The frame of one answer. Everything is worked out when the template asks for it, and once."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def theme(self) -> str:
        """auto, light or dark: the browser's own choice, else the account's."""
        user = getattr(self.request, "user", None)
        chosen = self.request.COOKIES.get("theme") or str(getattr(user, "theme", ""))
        return chosen if chosen in THEMES else "auto"

    @property
    def themes(self) -> list[Choice]:
        return [Choice(name, value, on=value == self.theme) for value, name in THEMES.items()]

    @cached_property
    def address(self) -> Address:
        return read_address(self.request, today=http.today())

    @property
    def view(self) -> str:
        match = self.request.resolver_match
        return match.view_name if match else ""

    @property
    def has_period(self) -> bool:
        return navigation.has_period(self.view)

    @property
    def has_scope(self) -> bool:
        return navigation.has_scope(self.view)

    @cached_property
    def navigation(self) -> list[Group]:
        """The groups of the loop with those of their entries that exist and that this user may open."""
        groups = (Group(group.label, tuple(self._open(group.entries))) for group in navigation.groups())
        return [group for group in groups if group.entries]

    @cached_property
    def account(self) -> list[Entry]:
        return list(self._open(navigation.account()))

    @property
    def kinds(self) -> list[Choice]:
        """Week, month, quarter, year around what is shown; around today where that lies inside."""
        calendar, window = fiscal(), self.address.period
        around = self.address.today if self.address.today in window else window.start
        kinds: tuple[Kind, ...] = ("week", calendar.monthly, "quarter", "year")
        return [
            Choice(KINDS[kind], calendar.containing(kind, around).label, on=kind == window.kind)
            for kind in kinds
        ]

    @property
    def earlier(self) -> Period:
        return fiscal().previous(self.address.period)

    @property
    def later(self) -> Period:
        window = self.address.period
        if window.kind == "range":
            return between(window.end, window.end + (window.end - window.start))
        return fiscal().containing(window.kind, window.end)

    @cached_property
    def progress(self) -> str:
        """Day 16 of 21 working days."""
        return freshness.progress(self.address.period, self.address.today)

    @cached_property
    def fresh(self) -> freshness.Freshness | None:
        user: Any = self.request.user
        operates = user.is_authenticated and may(user, Can.OPERATE)
        return (freshness.stuck() if operates else None) or freshness.latest()

    @cached_property
    def scope_path(self) -> list[str]:
        return scopes.path(self.request, self.address)

    @cached_property
    def notices(self) -> Sequence[Notice]:
        viewer, now = self.request.user, timezone.now()
        told = (room.notices(viewer, now) for room in ROOMS if room.notices)
        return sorted(chain.from_iterable(told), key=lambda notice: notice.at, reverse=True)

    @cached_property
    def initial(self) -> str:
        user: Any = self.request.user
        return str(user.called)[:1].upper()

    def _open(self, entries: tuple[Entry, ...]) -> Iterator[Entry]:
        user: Any = self.request.user
        return (
            navigation.open_to(user, entries, navigation.lit(self.view))
            if user.is_authenticated
            else iter(())
        )


def context(request: HttpRequest) -> dict[str, Any]:
    """Django's context processor."""
    return {"shell": Shell(request)}
