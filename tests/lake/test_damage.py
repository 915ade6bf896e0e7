"""Roll-ups are derived: damaged, they are set aside, pages answer from the facts, and the worker makes them anew."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from dabiao.lake import home as lake_home
from dabiao.lake import maintenance, reading
from dabiao.lake.models import Snapshot
from dabiao.lake.reading import RollUpsDamaged
from tests.lake.test_publish import held, load, one_metric, rolled_up  # noqa: F401  # a fixture

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def file():
    return lake_home.serving() / Snapshot.objects.latest("number").serving


def damaged(how):
    """Other bytes in its header, or in all that follows; a part of it; nothing."""
    content, head = file().read_bytes(), 12_288
    other = bytes(255 - byte for byte in content)
    file().write_bytes(
        {
            "head": other[:head] + content[head:],
            "body": content[:head] + other[head:],
            "cut": content[:head],
            "empty": b"",
        }[how]
    )


@pytest.mark.parametrize("damage", ["head", "body", "cut", "empty"])
class TestRollUps:
    def test_that_are_damaged_are_made_anew(self, damage):
        load("a 1 10\nb 2 20")
        damaged(damage)

        with suppress(RollUpsDamaged):  # or it was seen at once
            assert not reading.current().rolled or rolled_up()
        assert not reading.current().rolled
        assert held() == {"a": (1, 10), "b": (2, 20)}

        assert maintenance.rebuild(at=NOON) is not None
        assert rolled_up() == {1: 10, 2: 20}
        maintenance.clean(keep=1)
        assert [each.name for each in lake_home.serving().iterdir()] == [file().name]

    def test_are_no_base_for_the_next_publication(self, damage):
        load("a 1 10")
        damaged(damage)
        load("b 2 20")

        assert rolled_up() == {1: 10, 2: 20}


def test_folders_may_be_called_anything(settings, home):
    settings.LAKE_FOLDER = home / "it's [1] *" / "lake"

    load("a 1 10\nb 2 20")
    load("b 2 25")
    maintenance.compact(at=NOON, files=0)
    maintenance.clean(keep=1)

    assert held() == {"a": (1, 10), "b": (2, 25)}
    assert rolled_up() == {1: 10, 2: 25}
