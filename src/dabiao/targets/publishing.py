"""Targets as a table of the lake, so that they can be measured like any fact."""

from datetime import datetime

from dabiao.lake import publish
from dabiao.lake.change import Change
from dabiao.lake.snapshot import latest
from dabiao.targets.queries import lake_table, target_version

TARGETS = "targets"


def publish_changed(*, at: datetime) -> None:
    """Publish the targets where they have changed since they were last published."""
    base, version = latest(), target_version()
    if base is None or base.versions.get(TARGETS, 0) == version:
        return
    publish.publish(
        [Change(TARGETS, lake_table(), whole=True)], at=at, note="targets", versions={TARGETS: version}
    )
