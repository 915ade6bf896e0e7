"""The table of contents of the program: its rooms, lowest first."""

from dabiao.core.room import Room
from dabiao.facts.room import ROOM as FACTS
from dabiao.improvement.room import ROOM as IMPROVEMENT
from dabiao.incentives.room import ROOM as INCENTIVES
from dabiao.metrics.room import ROOM as METRICS
from dabiao.org.room import ROOM as ORG
from dabiao.performance.room import ROOM as PERFORMANCE
from dabiao.targets.room import ROOM as TARGETS

ROOMS: tuple[Room, ...] = (ORG, METRICS, FACTS, TARGETS, PERFORMANCE, INCENTIVES, IMPROVEMENT)
