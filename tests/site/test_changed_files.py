"""A file of the lake that the disk, or somebody, has changed: named by the doctor, and never sealed by a backup."""

import json
from pathlib import Path

import pytest
from django.utils import timezone

from dabiao.core.publishing import publish
from dabiao.lake import home as lake_home
from dabiao.lake.change import Change
from dabiao.lake.models import Snapshot
from dabiao.lake.store import Store
from dabiao.site import doctor
from dabiao.site.backup import backup
from dabiao.site.backup.errors import CannotRead
from tests.lake.test_publish import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def files(home, at):
    """What the lake holds of two loads."""
    publish([Change("order_lines", rows("a 1 10\nb 2 20"))], at=at, note="one")
    publish([Change("order_lines", rows("c 3 30"))], at=at, note="two")
    return [
        Path(file) for file in Store(lake_home.lake()).files("order_lines", newest().tables["order_lines"])
    ]


def newest():
    return Snapshot.objects.latest("number")


def flipped(file, at):
    content = bytearray(file.read_bytes())
    content[at] ^= 0xFF
    file.write_bytes(content)


def of_the_lake():
    return [finding for finding in doctor.examine(timezone.now()) if finding.check in {"lake", "roll-ups"}]


def test_what_nobody_touched_is_as_it_was(files, tmp_path):
    assert [finding.state for finding in of_the_lake()] == ["ok", "ok"]
    assert backup(tmp_path / "b", at=timezone.now()).files


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_one_byte_anywhere_is_found(files, share, tmp_path):
    flipped(files[0], int(files[0].stat().st_size * share))
    lake, *_others = of_the_lake()

    assert lake.state == "fail" and files[0].name in lake.detail and "Restore a backup" in lake.detail
    assert "upgrade" not in " ".join(finding.detail for finding in of_the_lake())
    with pytest.raises(CannotRead, match="not as it was published"):
        backup(tmp_path / "b", at=timezone.now())
    assert not (tmp_path / "b").exists()


def test_what_was_committed_before_sums_were_kept_is_not_complained_of(files):
    for log in (lake_home.lake() / "order_lines" / "_delta_log").glob("*.json"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            line.get("commitInfo", {}).pop("sums", None)
        log.write_text("\n".join(json.dumps(line) for line in lines))
    flipped(files[0], 4)

    assert Store(lake_home.lake()).changed("order_lines", [newest().tables["order_lines"]]) == []


def test_a_part_of_the_history_that_cannot_be_read_is_named(files):
    log = lake_home.lake() / "order_lines" / "_delta_log" / f"{1:020}.json"
    version = newest().tables["order_lines"]
    log.write_bytes(log.read_bytes().replace(b'"commitInfo":{', b'"commitInfo":{{'))
    reader = type("Whole", (Store,), {"files": lambda *_args: []})  # as where a checkpoint spares reading it

    assert reader(lake_home.lake()).changed("order_lines", [version]) == [log]
