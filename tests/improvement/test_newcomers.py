"""The planted newcomers: three people who talk shallowly about one product line, asked as a manager of East would."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from dabiao.core.calendars import fiscal
from dabiao.demo.load import load
from dabiao.demo.simulation.company import SEED, simulate
from dabiao.improvement.queries.explaining import Explained, explained
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org import queries as org
from dabiao.org.queries import Scope

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 18)
AT = datetime(2026, 11, 18, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


def asked(period: str) -> Explained:
    frame = frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=Scope("unit", "east"),
        period=fiscal().parse(period),
        today=ON,
        language="en",
    )
    with translation.override("en"):
        return explained(frame, "needs_depth", "baseline")


def test_their_team_and_line_stand_out_in_their_first_quarter(db):
    load(simulate(SEED, ON), "en", at=AT, step=lambda what: None)

    found = asked("2026-Q3")

    (cause,) = found.explanation.causes
    assert dict(cause.where) == {"team": "shanghai-1", "product_line": "new_energy"}
    line, rest = found.explanation.apart
    assert line.total < 0
    assert line.total + rest.total == found.explanation.gap
    assert "Team Shanghai 1 and Product line" in found.sentence


def test_nobody_stands_out_where_nothing_happened(db):
    load(simulate(SEED, ON, events=()), "en", at=AT, step=lambda what: None)

    assert not asked("2026-Q3").explanation.causes
    assert not asked("2026-10").explanation.causes
