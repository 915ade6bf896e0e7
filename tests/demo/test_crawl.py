"""Every account of the demo company follows every link and export of its pages and meets nothing that is not its own."""

import csv
import io
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from dabiao.demo import accounts, building
from dabiao.demo.simulation.company import SEED
from dabiao.org.models import User
from tests.demo.conftest import ON
from tests.demo.crawl import Seen, crawled, hidden

AT = datetime(2026, 11, 18, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def demo(db, monkeypatch):
    building.build(SEED, "zh", on=ON, at=AT)
    monkeypatch.setattr("dabiao.ui.http.today", lambda: ON)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("username", [account.username for account in accounts.ACCOUNTS])
def test_every_account_meets_only_what_is_its_own(demo, username):
    """Each walks alone, so that two can walk at once."""
    viewer = User.objects.get(username=username)
    shut, walked = hidden(viewer, ON), list(crawled(viewer, most=2))

    assert len(walked) > 40
    assert shut.words or viewer.role in {"admin", "operations", "reader"} or username == "director"
    assert [(page.path, page.status) for page in walked if not opens(page)] == []
    assert [(page.path, met) for page in walked if (met := shut.found(page.text))] == []
    assert apart(walked) == []


def opens(page: Seen) -> bool:
    """Whether a link led somewhere; an explanation may say that there is nothing to compare yet."""
    return page.status in {200, 204, 301, 302} or (page.status == 422 and page.path.startswith("/why/"))


def apart(walked: list[Seen]) -> list[str]:
    """Breakdowns of sums whose rows do not add up to their last line."""
    wrong = []
    for page in walked:
        parts = urlsplit(page.path)
        if not (parts.path.endswith("/sales_amount/") and parts.path.startswith("/breakdown/")):
            continue
        if dict(parse_qsl(parts.query)).get("export") != "csv":
            continue
        _head, *rows = csv.reader(io.StringIO(page.text.lstrip("\ufeff")))
        *each, whole = rows
        if sum(Decimal(row[1] or 0) for row in each) != Decimal(whole[1] or 0):
            wrong.append(page.path)
    return wrong
