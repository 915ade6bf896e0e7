"""Databases to be killed over: SQLite in the data folder, or PostgreSQL in a cluster of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg

from tests.postgres import cluster


class Databases(Protocol):
    """Where databases come from."""

    def empty(self, name: str, home: Path) -> str:
        """The DATABASE_URL of an empty database, and an empty data folder; what was there is gone."""


class _InTheFolder:
    def empty(self, name: str, home: Path) -> str:
        clear(home)
        return ""


class _InACluster:
    def __init__(self, url: str) -> None:
        self._url = url

    def empty(self, name: str, home: Path) -> str:
        clear(home)
        host = self._url.partition("host=")[2]
        with psycopg.connect(f"host={host} user=dabiao dbname=postgres", autocommit=True) as wire:
            wire.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            wire.execute(f'CREATE DATABASE "{name}"'.encode())
        return self._url.replace("/postgres?", f"/{name}?")


def clear(home: Path) -> None:
    """Nothing is left in it."""
    for path in home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def databases(vendor: str) -> Iterator[Databases]:
    """vendor: sqlite or postgres. Raises LookupError where PostgreSQL is not installed."""
    if vendor == "sqlite":
        yield _InTheFolder()
        return
    with cluster() as url:
        if url is None:
            raise LookupError("initdb was not found (apt install postgresql)")
        yield _InACluster(url)
