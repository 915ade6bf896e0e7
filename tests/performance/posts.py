"""Calls of every action of performance, which jobs carry out; see tests/posts.py."""

from dabiao.core import publishing
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


ACTS = {"jobs look ahead": _looks_ahead}
