"""A lake of the test's own, an operator, and files made on the spot."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from django.core.cache import cache

from dabiao.facts import actions
from dabiao.facts.logic.loading.report import Report
from dabiao.facts.logic.mapping import read_map
from dabiao.lake import reading
from dabiao.org.models import User


@pytest.fixture(autouse=True)
def lake(home, settings):
    settings.LAKE_FOLDER = home / "lake"
    cache.clear()  # versions of another test's tables are numbered alike
    return settings.LAKE_FOLDER


@pytest.fixture
def otto(db):
    return User.objects.create(username="otto", role=User.Role.OPERATIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    return place


@pytest.fixture
def load(otto, at) -> Callable[..., Report]:
    def run(path: Path, mapping: str, even_so: Collection[str] = (), **options) -> Report:
        order = actions.Order(path, read_map(mapping), even_so=frozenset(even_so))
        return actions.load(order, by=otto, at=at, **options)

    return run


@pytest.fixture
def sql() -> Callable[[str], list[tuple]]:
    def run(query: str) -> list[tuple]:
        return [tuple(row.values()) for row in reading.current().run(query).to_pylist()]

    return run
