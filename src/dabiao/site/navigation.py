"""Where one can go, grouped by the loop. An entry appears once its page exists and for those who may open it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from dabiao.org.models import User

Label = Promise | str


def everybody(user: "User") -> bool:
    return True


def writers(user: "User") -> bool:
    """Everybody but those who only read."""
    return user.may_write


def operations(user: "User") -> bool:
    """Who feeds facts, the organisation and targets."""
    return user.runs_operations


def administrators(user: "User") -> bool:
    return user.is_admin


@dataclass(frozen=True)
class Entry:
    """A page in the rail. `view` is its URL name; pages below it keep it lit when their names start with `under`."""

    view: str
    label: Label
    icon: str
    may: Callable[["User"], bool] = everybody
    under: tuple[str, ...] = ()
    active: bool = False
    count: int = 0
    hot: bool = False

    def at(self, view: str) -> "Entry":
        """Lit when `view` is shown."""
        return replace(
            self, active=view == self.view or view.startswith(self.under) if self.under else view == self.view
        )


@dataclass(frozen=True)
class Group:
    """A step of the loop."""

    label: Label
    entries: tuple[Entry, ...]


GROUPS: Final[tuple[Group, ...]] = (
    Group(
        "",
        (
            Entry(
                "performance:cockpit",
                _("Cockpit"),
                "gauge",
                under=(
                    "performance:cockpit",
                    "performance:breakdown",
                    "performance:facts",
                    "performance:customer",
                    "improvement:",
                ),
            ),
        ),
    ),
    Group(
        pgettext_lazy("loop", "Plan"),
        (Entry("targets:grid", _("Targets"), "target-arrow", under=("targets:",)),),
    ),
    Group(
        pgettext_lazy("loop", "Do"),
        (Entry("facts:today", _("File the day"), "pencil-check", writers),),
    ),
    Group(
        pgettext_lazy("loop", "Check"),
        (
            Entry("performance:signals", _("Signals"), "alert-triangle"),
            Entry(
                "performance:dictionary",
                _("Metric dictionary"),
                "ruler-measure",
                under=("performance:metric",),
            ),
        ),
    ),
    Group(
        pgettext_lazy("loop", "Reward"),
        (Entry("incentives:mine", _("Commission and bonus"), "coin-yuan", under=("incentives:",)),),
    ),
    Group(
        pgettext_lazy("loop", "Data"),
        (
            Entry(
                "facts:imports",
                _("Data and import"),
                "database-import",
                operations,
                under=("facts:import", "facts:upload"),
            ),
            Entry(
                "org:people",
                _("People and units"),
                "users-group",
                operations,
                under=("org:unit", "org:people", "org:person", "org:import"),
            ),
        ),
    ),
    Group(
        _("Administration"),
        (
            Entry("org:users", _("Users"), "user-cog", administrators, under=("org:user",)),
            Entry("org:audit", _("Audit log"), "history", operations),
            Entry("settings", _("Settings"), "settings", administrators),
        ),
    ),
)
ACCOUNT: Final[tuple[Entry, ...]] = (
    Entry("account_change_password", _("Change password"), "key"),
    Entry("org:tokens", _("API tokens"), "api"),
)

WITH_PERIOD: Final = ("performance:", "improvement:", "targets:grid", "targets:list")
"""URL names (or their beginnings) of pages whose figures depend on the period."""
WITH_SCOPE: Final = ("performance:", "improvement:", "targets:grid")


@lru_cache(maxsize=256)
def exists(view: str) -> bool:
    """Whether a page of this name is there."""
    try:
        reverse(view)
    except NoReverseMatch:
        return False
    return True
