"""Who has promised what for February, and the page on which it is looked at."""

from datetime import date

from dabiao.core.calendars import fiscal
from dabiao.lake import reading
from dabiao.metrics.frame import frame_of
from dabiao.org import queries
from dabiao.org.queries import Scope

TARGETS = {
    "P04": 3000, "P05": 1500, "P07": 2500, "P09": 2000, "P06": 1800,
    "shanghai": 4500, "east": 7000, "west": 3800, "company": 10800,
}  # fmt: skip
"""Nanjing's is the sum of its people's, and so is Chengdu's."""
OF = {**TARGETS, "nanjing": 2500, "chengdu": 3800}
COMPANY, EAST, SHANGHAI, RITA = (
    Scope("unit", "company"), Scope("unit", "east"), Scope("unit", "shanghai"), Scope("person", "P04"),
)  # fmt: skip
ABOVE = {"east": (COMPANY, "region"), "shanghai": (EAST, "team"), "P04": (SHANGHAI, "person")}


def frame(scope, today=date(2026, 3, 16), who=None, company=None):
    return frame_of(
        reading.current(), viewer=company.users[who] if who else queries.operator(), scope=scope,
        period=fiscal().parse("2026-02"), today=today, language="en",
    )  # fmt: skip
