"""Where one can go, grouped by the loop: what the rooms bring, and what belongs to the whole program."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dabiao.core.room import Entry, Step
from dabiao.org.access import User, may
from dabiao.org.can import Can
from dabiao.rooms import ROOMS


@dataclass(frozen=True)
class Group:
    """A step of the loop."""

    label: Promise | str
    entries: tuple[Entry, ...]


_STEPS: Final[dict[Step, Promise | str]] = {
    "": "",
    "plan": pgettext_lazy("loop", "Plan"),
    "do": pgettext_lazy("loop", "Do"),
    "check": pgettext_lazy("loop", "Check"),
    "reward": pgettext_lazy("loop", "Reward"),
    "data": pgettext_lazy("loop", "Data"),
    "administration": _("Administration"),
}
_OWN: Final = (
    Entry("audit", _("Audit log"), "history", "administration", Can.OPERATE),
    Entry("health", _("Health"), "stethoscope", "administration", Can.ADMINISTER),
    Entry("settings", _("Settings"), "settings", "administration", Can.ADMINISTER),
)
"""What belongs to no room."""


def groups() -> Iterator[Group]:
    """The steps of the loop with what stands in the rail under each, in the order of the rooms."""
    entries = sorted(
        (*(entry for room in ROOMS for entry in room.rail), *_OWN), key=lambda entry: entry.order
    )
    return (
        Group(label, tuple(entry for entry in entries if entry.step == step))
        for step, label in _STEPS.items()
    )


def account() -> tuple[Entry, ...]:
    """The pages of one's own account."""
    return tuple(entry for room in ROOMS for entry in room.account)


def open_to(viewer: User, entries: tuple[Entry, ...], view: str = "") -> Iterator[Entry]:
    """Those entries whose page exists and that this viewer may open, lit where `view` is shown."""
    return (
        entry.at(view)
        for entry in entries
        if _exists(entry.view) and (entry.can is None or may(viewer, Can(entry.can)))
    )


def lit(view: str) -> str:
    """The view whose entry is lit while `view` is shown: its own, or the one that its room stands under."""
    space = view.partition(":")[0]
    return next((room.lit_in for room in ROOMS if room.lit_in and room.key == space), view)


def has_period(view: str) -> bool:
    """Whether the figures of a page depend on the period."""
    return any(view.startswith(room.period) for room in ROOMS if room.period)


def has_scope(view: str) -> bool:
    """Whether the figures of a page depend on whose they are."""
    return any(view.startswith(room.scope) for room in ROOMS if room.scope)


@lru_cache(maxsize=256)
def _exists(view: str) -> bool:
    try:
        reverse(view)
    except NoReverseMatch:
        return False
    return True
