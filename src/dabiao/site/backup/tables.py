"""The app database as lines of JSON, table by table: a backup made on SQLite can be restored into PostgreSQL and back.

A table is a member of its own. Its first line names the columns, each other one is a row, in the order of its key.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.apps import apps
from django.apps.registry import Apps
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import Error, connection, models
from django.utils.translation import gettext as _

from dabiao.site.backup.errors import Damaged, NotEmpty

FOLDER: Final = "database"
_AT_ONCE: Final = 2000
_NOT_KEPT: Final = frozenset(
    {
        "sessions.session",  # everybody signs in again
        "contenttypes.contenttype",  # made by the migrations, with the permissions that nothing here asks for
        "auth.permission",
        "auth.group_permissions",
        "org.user_user_permissions",
        "axes.accessattempt",  # who is locked out at the moment
        "axes.accessattemptexpiration",
        "lake.lease",
        "lake.installation",  # a restored copy is an installation of its own
    }
)

Table = type[models.Model]


def member(label: str) -> str:
    """The name in the archive of a table such as org.user."""
    return f"{FOLDER}/{label}.jsonl"


def kept(state: Apps = apps) -> dict[str, Table]:
    """The tables that a backup holds, by label: those of this program, or of an earlier state of it."""
    every = state.get_models(include_auto_created=True)
    return {
        model._meta.label_lower: model
        for model in every
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in _NOT_KEPT
    }


def lines(table: Table) -> Iterator[bytes]:
    """The table as it is written, a line at a time."""
    columns = [column.attname for column in table._meta.concrete_fields]
    yield _line(columns)
    for row in table._base_manager.order_by("pk").values_list(*columns).iterator(_AT_ONCE):
        yield _line(row)


def _line(row: Iterable[object]) -> bytes:
    return json.dumps(list(row), default=_plain, ensure_ascii=False).encode() + b"\n"


def _plain(value: object) -> str:
    """Moments keep their microseconds and amounts their digits."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"A backup can't hold a {type(value).__name__}.")


def any_rows() -> bool:
    """Whether the database has rows of a table that a backup holds."""
    return _first_with_rows(apps) is not None


def refuse_rows(state: Apps = apps) -> None:
    """Raises NotEmpty when it has."""
    table = _first_with_rows(state)
    if table is not None:
        raise NotEmpty(
            _("The database already has rows in %(table)s. Restore into an empty one (DATABASE_URL).")
            % {"table": table._meta.label_lower}
        )


def _first_with_rows(state: Apps) -> Table | None:
    there = set(connection.introspection.table_names())
    every = (table for table in kept(state).values() if table._meta.db_table in there)
    return next((table for table in every if table._base_manager.exists()), None)


def fill(table: Table, given: Iterator[bytes]) -> None:
    """Insert the rows as they were. Raises Damaged for rows that the table has no place for."""
    label = table._meta.label_lower
    by_name = {column.attname: column for column in table._meta.concrete_fields}
    try:
        columns = [by_name[name] for name in json.loads(next(given))]
        quoted = ", ".join(connection.ops.quote_name(str(column.column)) for column in columns)
        places = ", ".join(["%s"] * len(columns))
        insert = f"INSERT INTO {connection.ops.quote_name(table._meta.db_table)} ({quoted}) VALUES ({places})"
        with connection.cursor() as cursor:
            for some in _batches(_stored(columns, json.loads(line)) for line in given):
                cursor.executemany(insert, some)
    except (KeyError, TypeError, ValueError, StopIteration, ValidationError, Error) as error:
        raise Damaged(
            _("%(table)s can't be loaded into this database: %(why)s")
            % {"table": member(label), "why": str(error).strip().partition("\n")[0]}
        ) from error


def _stored(columns: "list[models.Field[Any, Any]]", row: list[Any]) -> list[Any]:
    return [
        column.get_db_prep_save(column.to_python(value), connection)
        for column, value in zip(columns, row, strict=True)
    ]


def _batches(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    some: list[list[Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def counted(table: Table) -> int:
    return table._base_manager.count()


def settle(tables: Iterable[Table]) -> None:
    """Rows may have come before what they point to: check that now, and count on from the highest key."""
    try:
        connection.check_constraints()
    except Error as error:
        raise Damaged(
            _("The rows of the backup do not fit together: %(why)s")
            % {"why": str(error).strip().partition("\n")[0]}
        ) from error
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(tables)):
            cursor.execute(statement)
