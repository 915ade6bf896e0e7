"""Actions as tests watch them: what each one wrote, and the lines that it left in the audit trail."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

from dabiao.core import action
from dabiao.core.models import AuditLine

WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"')


@dataclass
class Written:
    """How many statements changed rows of the program's own tables, and added lines to the audit trail, and were kept."""

    rows: int = 0
    lines: int = 0
    savepoints: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __call__(self, execute, sql, params, many, context):
        """A wrapper of statements, as `connection.execute_wrapper` takes it."""
        if sql.startswith("SAVEPOINT "):
            self.savepoints[sql.split()[-1]] = (self.rows, self.lines)
        elif sql.startswith("ROLLBACK TO SAVEPOINT "):
            self.rows, self.lines = self.savepoints.get(sql.split()[-1], (0, 0))
        elif (written := WRITES.match(sql)) and written[1] in _own_tables():
            if written[1] == AuditLine._meta.db_table:
                self.lines += 1
            else:
                self.rows += 1
        return execute(sql, params, many, context)


@cache
def _own_tables() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in models if model.__module__.startswith("dabiao.")}


@dataclass
class Act:
    """An action that was carried out, not inside another one. ended: nothing was raised."""

    name: str
    written: Written = field(default_factory=Written)
    ended: bool = False

    @property
    def fault(self) -> str:
        """What is wrong with it; what was raised has been taken back, line and all."""
        if self.ended and self.written.lines > 1:
            return f"{self.name} left {self.written.lines} audit lines"
        if self.ended and self.written.rows and not self.written.lines:
            return f"{self.name} changed rows and left no audit line"
        return ""


def watched(acts: list[Act]) -> Callable[..., Any]:
    """`core.action.carry_out`, with everything that it carries out entered into `acts` and looked at."""
    carry_out = action.carry_out

    def carry_out_and_watch(run: action.Run, act: Callable[[], Any]) -> Any:
        if run.outer is not None:
            return carry_out(run, act)
        seen = Act(run.name)
        acts.append(seen)
        with connection.execute_wrapper(seen.written):
            result = carry_out(run, act)
        seen.ended = True
        assert not seen.fault, seen.fault
        return result

    return carry_out_and_watch
