"""Process against result on the lake: the team whose visits double while they stop being effective is named."""

import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import typer
from django.utils import translation
from typer.testing import CliRunner

from dabiao.core import publishing
from dabiao.core.calendars import fiscal
from dabiao.improvement import commands
from dabiao.lake import reading
from dabiao.lake.change import Change
from dabiao.lake.tables import TABLES
from dabiao.metrics.frame import Frame, frame_of
from dabiao.org import queries as org
from dabiao.performance.queries.links import links_by_team, partings, partings_said

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)
MONTHS = [date(2024 + (2 + n) // 12, (2 + n) % 12 + 1, 5) for n in range(24)]


def visits(padding: str) -> pa.Table:
    """Two years of visits of two people, a third of them effective; `padding` adds empty ones in the last five months."""
    draw, rows = np.random.default_rng(1), []
    for month in MONTHS:
        for person in ("P04", "P09"):
            wanted = 30 + int(draw.integers(-3, 4))
            empty = 25 if person == padding and month >= MONTHS[-5] else 0
            for n in range(wanted + empty):
                good = n < wanted and draw.random() < 0.35
                rows.append(
                    {"key": f"{person}-{month:%Y%m}-{n}", "source": "crm", "person": person, "kind": "visit",
                     "started_at": month, "minutes": 30, "with_decision_maker": good, "need_stated": good}
                )  # fmt: skip
    schema = TABLES["activities"].schema
    day = pa.array([row.pop("started_at") for row in rows], pa.date32())
    names = [name for name in rows[0]]
    columns = {name: pa.array([row[name] for row in rows], schema.field(name).type) for name in names}
    return pa.table({**columns, "started_at": day.cast(schema.field("started_at").type)})


def frame() -> Frame:
    return frame_of(
        reading.current(),
        viewer=org.operator(),
        scope=None,
        period=fiscal().parse("2026-02"),
        today=TODAY,
        language="en",
    )


@pytest.fixture
def publish(company, at, home, settings):
    settings.LAKE_FOLDER = home / "lake"

    def done(padding: str) -> None:
        publishing.publish([Change("activities", visits(padding))], at=at, note="test")

    return done


def test_who_pads_visits_is_named_and_nobody_else(publish):
    publish("P04")

    (found,) = partings(frame(), "person")

    assert (found.team, found.process, found.result) == ("P04", "visits", "effective_visit_rate")
    assert found.process_moved > 2 and found.result_moved < -2


def test_the_page_of_signals_says_it_in_words(publish, as_):
    publish("P04")
    page = as_("ada").get("/signals/?period=2026-02", headers={"accept-language": "en"}).content.decode()

    (words,) = partings_said(frame())
    assert "up while" in words
    assert words.split(":")[0] in page and "up while" in page


def test_nothing_parts_where_nothing_changed(publish):
    publish("nobody")

    assert partings(frame(), "person") == []


def test_links_of_people_have_intervals_and_samples(publish):
    publish("nobody")
    found = links_by_team(frame(), "effective_visits", "person", back=52)

    assert {one.team for one in found} == {"P04", "P09"}
    for one in found:
        assert -1 <= one.low <= one.value <= one.high <= 1 and one.weeks >= 8
        assert one.process != "effective_visits"


def test_the_command_says_it_in_words_and_in_rows(publish):
    publish("P04")
    app = typer.Typer()
    app.command("links")(commands.links)
    asked = ["effective_visits", "--period", "2026-02", "--by", "person"]
    said = CliRunner().invoke(app, asked, catch_exceptions=False).stdout
    rows = json.loads(CliRunner().invoke(app, [*asked, "--format", "json"], catch_exceptions=False).stdout)

    assert "P04" in said
    assert rows[0]["kind"] == "parting" and rows[0]["person"] == "P04"


def test_the_command_has_chinese_heads_and_names_of_metrics(publish):
    publish("P04")
    app = typer.Typer()
    app.command("links")(commands.links)
    asked = ["effective_visits", "--period", "2026-02", "--by", "person"]
    with translation.override("zh-hans"):
        said = CliRunner().invoke(app, asked, catch_exceptions=False).stdout

    head = next(line for line in said.splitlines() if "┃" in line)
    assert [cell.strip() for cell in head.split("┃")][:4] == ["类别", "人员", "过程指标", "结果指标"]
    assert "背离" in said and "effective_visit" not in said
