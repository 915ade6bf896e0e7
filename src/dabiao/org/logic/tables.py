"""The tables of the organisation that come in from files: their columns, and who makes rows of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models

from dabiao.core.uploads import Field, Parsed, amount, day, flag, text
from dabiao.engine.message import message
from dabiao.org.logic import cells, rows
from dabiao.org.models import Absence, Assignment, Grant, Person, Position, Unit, User


@dataclass(frozen=True)
class Table:
    """An importable table: its columns, and the function that turns its rows into model rows."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    model: type[models.Model]
    build: Callable[[Sequence[Parsed]], rows.Built]


_PERSON = message("person", context="column")
_NUMBER = ("工号", "员工工号", "employee", "employee number")
_STARTS = Field(
    "starts_on",
    message("starts_on", context="column"),
    ("开始日期", "生效日期", "from", "start"),
    day,
    required=True,
)
_ENDS = Field(
    "ends_on", message("last_day", context="column"), ("结束日期", "截止日期", "to", "end"), cells.last_day
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "units",
            (
                Field(
                    "key",
                    message("key", context="column of units"),
                    ("部门编码", "组织编码", "编码", "code", "unit"),
                    cells.key_of,
                    required=True,
                ),
                Field(
                    "name",
                    message("name", context="column of units"),
                    ("部门名称", "部门", "组织名称", "名称"),
                    text,
                    required=True,
                ),
                Field("name_en", message("name_en", context="column"), ("英文名称", "english name"), text),
                Field("kind", message("kind", context="column"), ("类型", "层级", "level"), text),
                Field(
                    "parent",
                    message("parent", context="column"),
                    ("上级编码", "上级部门编码", "上级部门", "上级"),
                    cells.key_of,
                ),
                Field(
                    "order",
                    message("order", context="column"),
                    ("顺序", "排序"),
                    lambda value: int(amount(value)),
                ),
            ),
            ("key",),
            Unit,
            rows.units,
        ),
        Table(
            "people",
            (
                Field(
                    "key",
                    message("key", context="column of people"),
                    ("person", *_NUMBER),
                    text,
                    required=True,
                ),
                Field("name", message("name", context="column of people"), ("姓名",), text, required=True),
                Field("email", message("email", context="column"), ("邮箱", "e-mail"), text),
                Field("hired_on", message("hired_on", context="column"), ("入职日期",), day),
                Field("left_on", message("left_on", context="column"), ("离职日期",), day),
            ),
            ("key",),
            Person,
            rows.people,
        ),
        Table(
            "positions",
            (
                Field(
                    "key",
                    message("key", context="column of positions"),
                    ("岗位编码", "编码", "code", "position"),
                    cells.key_of,
                    required=True,
                ),
                Field(
                    "title",
                    message("title", context="column"),
                    ("岗位名称", "岗位", "名称"),
                    text,
                    required=True,
                ),
                Field(
                    "unit",
                    message("unit", context="column"),
                    ("部门编码", "部门", "组织编码"),
                    text,
                    required=True,
                ),
            ),
            ("key",),
            Position,
            rows.positions,
        ),
        Table(
            "assignments",
            (
                Field("person", _PERSON, _NUMBER, text, required=True),
                Field(
                    "position",
                    message("position", context="column"),
                    ("岗位编码", "岗位"),
                    text,
                    required=True,
                ),
                _STARTS,
                _ENDS,
                Field("primary", message("primary", context="column"), ("主岗", "是否主岗"), flag),
                Field(
                    "probation_until",
                    message("probation_last_day", context="column"),
                    ("试用期至", "试用期结束日期"),
                    cells.last_day,
                ),
                Field("fte", message("fte", context="column"), ("工时占比",), cells.share),
                Field(
                    "exit_reason", message("exit_reason", context="column"), ("离任原因", "离职原因"), text
                ),
            ),
            ("person", "position", "starts_on"),
            Assignment,
            rows.assignments,
        ),
        Table(
            "absences",
            (
                Field("person", _PERSON, _NUMBER, text, required=True),
                _STARTS,
                Field("ends_on", _ENDS.shown, _ENDS.synonyms, cells.last_day, required=True),
                Field("kind", message("kind", context="column"), ("类型", "缺勤类型"), cells.absence_kind),
            ),
            ("person", "starts_on"),
            Absence,
            rows.absences,
        ),
        Table(
            "users",
            (
                Field(
                    "username", message("username", context="column"), ("用户名", "账号"), text, required=True
                ),
                Field("role", message("role", context="column"), ("角色",), cells.role, required=True),
                Field("person", _PERSON, _NUMBER, text),
                Field("email", message("email", context="column"), ("邮箱",), text),
                Field("language", message("language", context="column"), ("语言",), text),
            ),
            ("username",),
            User,
            rows.users,
        ),
        Table(
            "grants",
            (
                Field("user", message("username", context="column"), ("用户名", "账号"), text, required=True),
                Field("unit", message("unit", context="column"), ("部门编码", "部门"), text, required=True),
                _STARTS,
                _ENDS,
            ),
            ("user", "unit", "starts_on"),
            Grant,
            rows.grants,
        ),
    )
}
