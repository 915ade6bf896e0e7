"""A frame is made by a factory that says who looks at what, and checks that they may."""

import ast
from datetime import date
from pathlib import Path

import pytest

from dabiao.core.errors import NotFound
from dabiao.engine.period import Fiscal
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org.queries import Scope
from tests.performance.facts import load

ROOT = Path(__file__).parents[2]
HOME = ROOT / "src" / "dabiao" / "metrics" / "frame.py"
FEBRUARY, JANUARY = Fiscal().parse("2026-02"), Fiscal().parse("2026-01")


def constructions(source: str) -> list[int]:
    """Lines that call the class itself, by whatever name they imported it."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "dabiao.metrics.frame"
        for alias in node.names
        if alias.name == "Frame"
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in calls
        if (isinstance(call.func, ast.Name) and call.func.id in names)
        or (isinstance(call.func, ast.Attribute) and call.func.attr == "Frame")
    ]


@pytest.mark.parametrize(
    ("case", "source", "lines"),
    [
        ("by its name", "from dabiao.metrics.frame import Frame\nFrame(1)", [2]),
        ("by another name", "from dabiao.metrics.frame import Frame as F\nF(1)", [2]),
        ("by its module", "from dabiao.metrics import frame\nframe.Frame(1)", [2]),
        ("by a factory", "from dabiao.metrics.frame import Frame, frame_of\nframe_of(1)", []),
    ],
)
def test_a_frame_made_past_the_factories_is_noticed(case, source, lines):
    assert constructions(source) == lines, case


def test_nobody_makes_a_frame_past_the_factories():
    files = [file for part in ("src", "tests", "bench") for file in (ROOT / part).rglob("*.py")]
    made = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if file != HOME and (lines := constructions(file.read_text(encoding="utf-8")))
    }

    assert HOME in files
    assert made == {}


@pytest.fixture
def frame(company):
    load(order_lines="ordered_on person amount\n2026-02-10 P04 7")

    def made(viewer, scope):
        return frame_of(
            reading.current(), viewer=company.users[viewer], scope=scope, period=FEBRUARY, today=date(2026, 3, 16),
            language="en",
        )  # fmt: skip

    return made


@pytest.mark.django_db
class TestScope:
    @pytest.mark.parametrize(
        "scope", [Scope("unit", "west"), Scope("unit", "nowhere"), Scope("person", "P09")]
    )
    def test_that_is_hidden_is_refused_like_what_does_not_exist(self, frame, scope):
        with pytest.raises(NotFound, match="or it is not yours to see"):
            frame("emma", scope)
        with pytest.raises(NotFound, match="or it is not yours to see"):
            frame("emma", None).of(scope)

    def test_of_a_part_is_the_same_period_and_viewer(self, frame):
        team = frame("emma", None).of(Scope("unit", "shanghai"))

        assert (team.scope, team.period, team.viewer.username) == (
            Scope("unit", "shanghai"),
            FEBRUARY,
            "emma",
        )

    def test_everywhere_is_all_that_the_viewer_may_see(self, frame):
        team = frame("emma", Scope("unit", "shanghai"))
        everywhere = team.everywhere(JANUARY)

        assert (everywhere.scope, everywhere.period) == (None, JANUARY)
        assert everywhere.seats > team.seats
