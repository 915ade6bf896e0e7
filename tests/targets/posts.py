"""Valid requests and calls to every action of targets; see tests/posts.py."""

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from dabiao.engine.period import CALENDAR_YEAR
from dabiao.targets.actions import cascade
from dabiao.targets.logic.cascade import options
from dabiao.targets.logic.cascade.request import CascadeRequest, prepare
from tests.posts import Caller, Post

TARGET = {
    "scope_kind": "unit", "scope": "shanghai", "metric": "sales_amount", "starts_on": "2026-03-01",
    "ends_on": "2026-04-01", "target": "1",
}  # fmt: skip
CELL = {"kind": "unit", "key": "shanghai", "start": "2026-03-01", "end": "2026-04-01", "value": "1"}


def _file(caller: Caller) -> Post:
    """Of a unit that whoever asks may set targets of, if they set any."""
    unit = "chengdu" if caller.user == caller.company.wes else "shanghai"
    text = f"unit,metric,period,target\n{unit},sales_amount,2026-03,1\n"
    return Post({"file": SimpleUploadedFile("targets.csv", text.encode())})


POSTS = {
    "targets:grid-save": lambda _: Post(json={"cells": [CELL]}),
    "targets:import": _file,
    "api:set_targets": lambda _: Post(json=[TARGET]),
}


def _hands_down_and_edits(caller: Caller) -> None:
    said = {"by": caller.user, "at": caller.at, "reason": "the year's plan"}
    asked = CascadeRequest("sales_amount", CALENDAR_YEAR.parse("2027"), Decimal(8000), ("org", "quarter"))
    ready = prepare(asked, CALENDAR_YEAR)
    cascade.keep(ready, cascade.solve(ready), plan="year", **said)
    cascade.edit("year", options.place(ready, "P04:2027-Q1"), Decimal(400), **said)


ACTS = {"a plan is handed down and edited": _hands_down_and_edits}
