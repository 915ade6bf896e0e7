"""What the pages that take an activity share: whom it can be with, what is asked back, what was typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dabiao.engine.needs import FLAGS
from dabiao.facts import forms, queries
from dabiao.facts.actions import Activity, UnknownCustomer
from dabiao.lake import reading
from dabiao.org.access import UserRequest
from dabiao.ui.form import Form


@dataclass
class Asked:
    """Who was named and is not known; a form that is refused for it asks whether that is meant."""

    unknown: UnknownCustomer | None = None

    def act(self, do: Callable[[], object]) -> object:
        """Do it, and remember why it was refused."""
        try:
            return do()
        except UnknownCustomer as unknown:
            self.unknown = unknown
            raise

    def drawn(self, form: Form) -> tuple[str, ...]:
        """Names of those who may be meant; the form asks whether it is somebody new."""
        if self.unknown is None or not isinstance(form, forms.ActivityForm):
            return ()
        form.ask_whether_new()
        return self.unknown.near


def customers(request: UserRequest, person: str, on: date) -> dict[str, str]:
    """Key → name of whom a person deals with, for a list to choose from."""
    return queries.customers_of(reading.current(), person, viewer=request.user, on=on)


def opportunities(request: UserRequest, person: str, on: date) -> dict[str, str]:
    """Key → what it is called of a person's open opportunities."""
    return queries.open_opportunities(reading.current(), person, viewer=request.user, on=on)


def typed(said: dict[str, Any], day: date) -> Activity:
    """What was typed into an `ActivityForm`; the customer as it was written."""
    return Activity(
        kind=said["kind"],
        started_at=datetime.combine(day, said["at"]),
        customer=said["customer"].strip(),
        minutes=said["minutes"],
        with_decision_maker=said["with_decision_maker"],
        need_stated=said["need_stated"],
        needs=frozenset(name for name in FLAGS if said[name]),
        opportunity=said.get("opportunity", ""),
        note=said["note"].strip(),
        next_step=said["next_step"].strip(),
        new_customer=said.get("new_customer", False),
    )
