"""Every action of every room is carried out here at least once, and leaves exactly one line in the audit trail."""

import pytest
from django.db import transaction

from dabiao.core.publishing import publish_waiting
from dabiao.rooms import ROOMS
from tests.posts import Caller, actions_of, tables
from tests.site.test_access import LINES, Site

TABLES = tables()
ACTING = [room for room in ROOMS if actions_of(room)]


@pytest.mark.parametrize("room", ACTING, ids=lambda room: room.key)
def test_every_action_leaves_one_line(room, company, at, on, acts):
    """Those of the room's own addresses as an administrator, then the calls beside them in its `posts.py`."""
    assert room.key in TABLES, f"write tests/{room.key}/posts.py"
    site, table = Site(company), TABLES[room.key]
    caller = Caller(company.ada, company, at, on)
    publish_waiting(at)  # what is rolled back below leaves files: the lake must know whose they are
    acts.clear()

    for line in LINES:
        if line.method != "GET" and line.address in table.POSTS:
            site.asked(line, "ada")
    for call in table.ACTS.values():
        with transaction.atomic():
            call(caller)
            transaction.set_rollback(True)

    own = actions_of(room)
    lines = {(act.name, act.written.lines) for act in acts if act.name in own and act.written.rows}
    assert lines == {(name, 1) for name in own}
