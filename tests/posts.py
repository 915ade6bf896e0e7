"""Valid requests and calls that reach every action of every room.

The `posts.py` beside a room's tests holds

POSTS  address that changes something → a valid request to it, made for whoever calls
ACTS   calls of those actions that no address reaches
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import ModuleType

from dabiao.core.room import Room
from dabiao.org.access import Can, User, may
from tests.company import Company


@dataclass(frozen=True)
class Caller:
    """Who asks (None: nobody has signed in) in which company, with the arguments of the line in `access.txt`."""

    user: User | None
    company: Company
    at: datetime
    on: date
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def person(self) -> str:
        """The employee number of whoever asks; of somebody who is no employee: Rob's."""
        return self.user.person.key if self.user is not None and self.user.person is not None else "P05"

    @property
    def writer(self) -> User:
        """Whoever asks, where they may enter anything; else somebody of sales operations."""
        return self.user if self.user is not None and may(self.user, Can.WRITE) else self.company.otto


@dataclass(frozen=True)
class Post:
    """A valid request: a form or JSON, and arguments of the address that only the moment knows."""

    form: Mapping[str, object] = field(default_factory=dict)
    json: object = None
    arguments: Mapping[str, object] = field(default_factory=dict)


def tables() -> dict[str, ModuleType]:
    """Room → its `posts.py`."""
    files = sorted(Path(__file__).parent.glob("*/posts.py"))
    return {file.parent.name: importlib.import_module(f"tests.{file.parent.name}.posts") for file in files}


def actions_of(room: Room) -> dict[str, str]:
    """Every action of a room: its full name → its audit code."""
    known: dict[str, str] = {}
    package = importlib.import_module(f"dabiao.{room.key}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for each in vars(module).values():
            if getattr(each, "__module__", "") == module.__name__ and hasattr(each, "code"):
                known[f"{module.__name__}.{each.__qualname__}"] = each.code
    return known
