"""A room that was laid down has the shape of all others, and passes what they pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dabiao.core.errors import Malformed
from dabiao.site.dev import RoomExists, laid

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    """As much of a checkout as a room is entered in."""
    (tmp_path / "src/dabiao").mkdir(parents=True)
    for name in ("pyproject.toml", "src/dabiao/rooms.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


class TestRoom:
    def test_is_python_and_entered_in_the_register_and_the_contracts(self, checkout):
        paths = laid("visits", checkout)

        for path in paths:
            if path.suffix == ".py":
                compile(path.read_text("utf-8"), str(path), "exec")
        register = (checkout / "src/dabiao/rooms.py").read_text("utf-8")
        contracts = (checkout / "pyproject.toml").read_text("utf-8")
        assert "from dabiao.visits.room import ROOM as VISITS" in register and ", VISITS)" in register
        assert contracts.count('"dabiao.visits"') == 2 and '"visits | ' in contracts

    @pytest.mark.parametrize("name", ["Visits", "my room", "a", "2nd"])
    def test_has_a_name_that_python_and_addresses_can_bear(self, checkout, name):
        with pytest.raises(Malformed, match="lower-case letters"):
            laid(name, checkout)

    def test_is_not_laid_over_another(self, checkout):
        laid("visits", checkout)
        with pytest.raises(RoomExists):
            laid("visits", checkout)

    def test_needs_a_checkout(self, tmp_path):
        with pytest.raises(Malformed, match="no checkout"):
            laid("visits", tmp_path)


@pytest.mark.slow
def test_a_new_room_passes_the_contract(tmp_path):
    """In a copy of the tree: formatting, contracts, its own tests, the register's and the access matrix."""
    for name in ("src", "tests", "pyproject.toml", "examples", "frontend"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    laid("visits", tmp_path)
    bin_, env = Path(sys.executable).parent, {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    for command in (
        [bin_ / "ruff", "check", "src", "tests"],
        [bin_ / "ruff", "format", "--check", "src", "tests"],
        [bin_ / "lint-imports", "--no-cache"],
        [sys.executable, "-m", "pytest", "-q", "tests/visits", "tests/site/test_rooms.py"],
        [sys.executable, "-m", "pytest", "-q", "tests/site/test_access.py", "-k", "visits or Table"],
        [sys.executable, "-m", "pytest", "-q", "tests/site/test_acts.py", "-k", "visits"],
    ):
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
