"""What permissions cost: the same question without a scope, with one that covers everybody, and a manager's own.

The scope that covers every seat is answered from the same facts; nothing about it is recognised as "all".
"""

from collections.abc import Collection

import pyarrow as pa

from bench.harness import Run, Workload
from bench.home import Home
from bench.tiles import MEASURES, WINDOWS

ROLLED = Workload("permissions on tiles", "bench.sight", ("off_rolled", "on_rolled"), ("window",), calls=20)
FACTS = Workload("permissions on facts", "bench.sight", ("off_facts", "on_facts"), ("category", "window"))
MANAGER = Workload(
    "a manager by category", "bench.sight", ("manager_unit", "manager_page"), ("category", "window")
)


def off_rolled(home: Home) -> Run:
    """The tiles of the whole company, nobody asking."""
    return _asked(home, MEASURES, ("window",), viewer=None)


def on_rolled(home: Home) -> Run:
    """The same for somebody who may see all, through the sight of the user."""
    return _asked(home, MEASURES, ("window",), viewer="ada")


def off_facts(home: Home) -> Run:
    """Sales by category from the facts, of everybody who sits somewhere, nobody asking."""
    return _asked(home, ("sales_amount",), ("category", "window"), viewer=None)


def on_facts(home: Home) -> Run:
    """The same with a list of all seats, as a grant to every region makes it."""
    return _asked(home, ("sales_amount",), ("category", "window"), viewer="everybody")


def manager_unit(home: Home) -> Run:
    """A team's sales by category, by a list of its seats."""
    return _asked(home, ("sales_amount",), ("category", "window"), viewer="seats of m000")


def manager_page(home: Home) -> Run:
    """The same asked by its manager, whose sight is worked out each time."""
    return _asked(home, ("sales_amount",), ("category", "window"), viewer="m000")


def _asked(home: Home, metrics: tuple[str, ...], by: tuple[str, ...], *, viewer: str | None) -> Run:
    home.enter()
    from dabiao.lake import reading
    from dabiao.metrics.answer import MetricRequest, Windows, answer
    from dabiao.metrics.scope import seats
    from dabiao.org.models import User

    on = WINDOWS["now"][1]
    windows, question = (
        Windows(tuple((name, *span) for name, span in WINDOWS.items())),
        MetricRequest(metrics, by),
    )
    everybody = range(
        1, reading.current().run("SELECT max(seat) AS last FROM assignments").to_pylist()[0]["last"] + 1
    )

    def seen() -> Collection[int] | None:
        if viewer is None or viewer == "everybody":
            return None if viewer is None else everybody
        user = User.objects.get(username=viewer.removeprefix("seats of "))
        return seats(reading.current(), viewer=user, scope=None, on=on)

    known = seen()

    def run() -> pa.Table:
        mine = seen() if viewer in {"ada", "m000"} else known
        return answer(reading.current(), question, windows=windows, seats=mine)

    return run
