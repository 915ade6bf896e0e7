"""Killed at any moment, out of room at any step: old or new, never half, and it recovers by itself.

`make test-faults`; DABIAO_FAULT_KILLS says how many kills in all (500), DABIAO_FAULT_SEED which ones (the day's).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.conftest import skip_or_fail
from tests.faults import full, kills, pages
from tests.faults.kills import Seen

COUNT = int(os.environ.get("DABIAO_FAULT_KILLS", "500"))
SEED = int(os.environ.get("DABIAO_FAULT_SEED") or f"{datetime.now(UTC):%Y%m%d}")
BY_PAGE = 0.08
"""The share of kills of a served instance, each of which takes twenty seconds."""
VENDORS = pytest.mark.parametrize("vendor", ["sqlite", "postgres"])
pytestmark = pytest.mark.faults


@contextmanager
def reasons() -> Iterator[None]:
    """What keeps a test from running is told: no PostgreSQL, no right to mount."""
    try:
        yield
    except (LookupError, full.CannotMount) as error:
        skip_or_fail(str(error))


def nothing_wrong(seen: Seen) -> None:
    print(seen)
    assert not seen.wrong, seen


@VENDORS
def test_commands_and_workers(vendor):
    with reasons():
        nothing_wrong(kills.kills(round(COUNT * (1 - BY_PAGE) / 2), SEED, vendor))


@VENDORS
def test_imports_by_page(vendor):
    with reasons():
        nothing_wrong(pages.kills_by_page(round(COUNT * BY_PAGE / 2), SEED, vendor))


@VENDORS
def test_no_room_and_no_right_to_write(vendor):
    with reasons():
        nothing_wrong(full.try_everything(SEED, vendor))
