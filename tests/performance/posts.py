"""Calls of every action of performance, which jobs carry out; see tests/posts.py."""

from dabiao.core import publishing
from dabiao.engine.period import CALENDAR_YEAR
from dabiao.facts.actions import upserts
from dabiao.lake import reading
from dabiao.org.queries import Scope
from dabiao.performance import actions
from tests.posts import Caller, Post

POSTS: dict[str, Post] = {}


def _looks_ahead(caller: Caller) -> None:
    fact = {"key": "1", "ordered_on": "2026-03-02", "amount": "1", "person": "P05"}
    upserts.upsert("order_lines", [fact], by=caller.company.ada, at=caller.at)
    publishing.publish_waiting(caller.at)
    scopes = [Scope("unit", "company"), Scope("person", "P05")]
    assert actions.make_forecasts(
        reading.current(), scopes, "sales_amount", by=None, at=caller.at, on=caller.on
    )


def _finds_out(caller: Caller) -> None:
    month = CALENDAR_YEAR.containing("month", caller.on)
    words = {"en": ("It comes from East.", "Sales: ¥1, ¥2 below the target of ¥3. It comes from East.")}
    found = actions.Found(Scope("unit", "east"), False, "sales_amount", month, words, "holds")
    actions.keep_reasons([found], 1, by=None, at=caller.at)


ACTS = {"jobs look ahead": _looks_ahead, "jobs find out why a light is on": _finds_out}
