"""One moment of the app database: what is read within it is how things stood at its beginning, whoever writes meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """Reads only, and writers are not held up. Not inside another transaction."""
    if connection.vendor == "sqlite":
        with _deferred():
            yield
    else:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Django begins transactions so that they may write, which would keep others from it."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            cursor.execute("SELECT count(*) FROM sqlite_master")  # the first read fixes the moment
            yield
        finally:
            cursor.execute("ROLLBACK")
