"""Whether a data folder may hold the demo company, and which one it holds."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from dabiao.core import config
from dabiao.core.errors import Refused
from dabiao.demo.load import Step, load
from dabiao.demo.names import Language
from dabiao.demo.simulation.company import simulate
from dabiao.lake.snapshot import latest
from dabiao.org import queries as org
from dabiao.org.access import User


class NotADemoFolder(Refused):
    """The data folder holds something else."""


@dataclass(frozen=True)
class Built:
    """The company that a folder holds: its seed, and the day up to which it was simulated."""

    seed: int
    on: date


def build(seed: int, language: Language, *, on: date, at: datetime, step: Step = lambda what: None) -> Built:
    """Build the company, or bring it up to `on`. Raises NotADemoFolder.

    A company begins 24 months before the month in which it was built; in a later month it stays as it was,
    because its whole past would move.
    """
    found = held()
    if found is None and (org.employee_numbers() or User.objects.exists() or latest() is not None):
        raise NotADemoFolder(
            f"{config.home()} holds a company of its own. Set DABIAO_HOME to an empty folder for the demo."
        )
    if found is not None and found.seed != seed:
        raise NotADemoFolder(
            f"{config.home()} holds the demo company of seed {found.seed}. Use another DABIAO_HOME for seed {seed}."
        )
    if found is not None and (found.on.year, found.on.month) != (on.year, on.month):
        on = found.on
    step("simulation")
    company = simulate(seed, on)
    _note(Built(seed, on))
    load(company, language, at=at, step=step)
    return Built(seed, on)


def held() -> Built | None:
    """The demo company that the data folder holds."""
    file = _file()
    if not file.is_file():
        return None
    told = json.loads(file.read_text(encoding="utf-8"))
    return Built(int(told["seed"]), date.fromisoformat(told["on"]))


def _note(built: Built) -> None:
    """Written before anything is loaded: a run that was killed can be taken up again."""
    _file().write_text(json.dumps({"seed": built.seed, "on": str(built.on)}), encoding="utf-8")


def _file() -> Path:
    return config.home() / "demo.json"
