"""Work in the background gives way, and says nothing where a system knows no such thing."""

from dabiao.core import priority


def test_gives_way_once(monkeypatch):
    given = []
    monkeypatch.setattr("dabiao.core.priority.os.nice", given.append)

    priority.give_way()

    assert given == [10]


def test_says_nothing_where_it_may_not(monkeypatch):
    def refuse(increment):
        raise PermissionError

    monkeypatch.setattr("dabiao.core.priority.os.nice", refuse)

    priority.give_way()
