"""Worked out once: kept under a stamp, and not by everybody who waits for it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from dabiao.core import keeping


@pytest.fixture(autouse=True)
def forgotten():
    cache.clear()
    yield
    cache.clear()


def test_is_made_again_under_another_stamp_only():
    made = []
    for stamp in ("a", "a", "b", "a"):
        keeping.once("page", stamp, lambda: made.append(None))
    assert len(made) == 2


def test_of_those_who_ask_together_one_makes_it():
    made, here = [], threading.Barrier(6)

    def make() -> str:
        made.append(None)
        time.sleep(0.2)
        return "page"

    def ask(_number: int) -> str:
        here.wait()
        return keeping.once("page", "stamp", make)

    with ThreadPoolExecutor(6) as readers:
        assert set(readers.map(ask, range(6))) == {"page"}
    assert len(made) == 1


def test_what_failed_is_tried_by_the_next():
    def fail() -> str:
        raise ValueError

    with pytest.raises(ValueError):
        keeping.once("page", "stamp", fail)
    assert keeping.once("page", "stamp", lambda: "page") == "page"


def test_one_thing_may_ask_for_another():
    assert keeping.once("page", "s", lambda: keeping.once("table", "s", lambda: "rows")) == "rows"
