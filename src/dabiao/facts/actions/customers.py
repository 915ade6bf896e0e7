"""An activity as it is typed, and whom it was with: a customer of the person's, or one that somebody says is new."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.facts import queries
from dabiao.lake import reading
from dabiao.org.access import User

_NEAR: Final = 4
_ALIKE: Final = 0.5


@dataclass(frozen=True)
class Activity:
    """What happened. `started_at` is what the clock of the business time zone showed; `customer` a key or a name.

    needs: which of `engine.needs.FLAGS` were found; None where nobody says. new_customer: whoever files it says that nobody has dealt with this
    customer before.
    """

    kind: str
    started_at: datetime
    customer: str = ""
    minutes: int | None = None
    with_decision_maker: bool | None = None
    need_stated: bool | None = None
    needs: frozenset[str] | None = None
    opportunity: str = ""
    note: str = ""
    next_step: str = ""
    new_customer: bool = False


class UnknownCustomer(Malformed):
    """The customer is none of the person's. near: names of theirs that are like it, the nearest first."""

    def __init__(self, typed: str, near: tuple[str, ...]) -> None:
        super().__init__(
            _("%(customer)s is not among the customers here. Choose one, or say that it is a new customer.")
            % {"customer": typed}
        )
        self.near = near


def key_of(activity: Activity, person: str, *, by: User, on: date) -> str | None:
    """The key of the customer that was typed, by key or by name; what is new is its own key. Raises UnknownCustomer.

    Only names of the person's own customers are told: others would say who else there is.
    """
    typed = activity.customer.strip()
    if not typed:
        return None
    known = queries.customers_known(reading.current(), person, viewer=by, on=on)
    called = {name: key for key, name in reversed(known.items())}
    if typed in known or typed in called:
        return typed if typed in known else called[typed]
    anywhere = queries.customers_called(typed, viewer=by, on=on)
    if len(anywhere) == 1:
        return anywhere[0]
    if activity.new_customer:
        return typed
    raise UnknownCustomer(typed, near(typed, known))


def near(typed: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """Names that hold what was typed or are held by it, then those that are spelt alike."""
    word, names = typed.casefold(), list(dict.fromkeys(known.values()))
    holding = [name for name in names if word in name.casefold() or name.casefold() in word]
    alike = get_close_matches(typed, names, _NEAR, _ALIKE)
    return tuple(dict.fromkeys([*holding, *alike]))[:_NEAR]
