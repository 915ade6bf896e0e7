"""A room that was laid down has the shape of all others, and passes what they pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dabiao.core.errors import Malformed
from dabiao.site import room_name
from dabiao.site.dev import laid
from dabiao.site.room_name import NameTaken

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
        paths = laid("visits", "拜访", checkout)

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
            laid(name, "拜访", checkout)

    @pytest.mark.parametrize(
        ("name", "holder"),
        [
            ("rooms", "src/dabiao/rooms.py exists"),
            ("settings", "src/dabiao/settings.py exists"),
            ("docs", "src/dabiao/docs.py exists"),
            ("ui", "src/dabiao/ui exists"),
            ("facts", "src/dabiao/facts exists"),
            ("company", "tests/company.py exists"),
            ("posts", "tests/posts.py exists"),
            ("acts", "tests/acts.py exists"),
            ("mutate", "tests/mutate.py exists"),
            ("postgres", "tests/postgres.py exists"),
            ("class", "a keyword of Python"),
            ("async", "a keyword of Python"),
            ("sessions", "django.contrib.sessions has this label"),
            ("messages", "django.contrib.messages has this label"),
            ("auth", "django.contrib.auth has this label"),
            ("admin", "django.contrib.admin has this label"),
            ("account", "allauth.account has this label"),
            ("axes", "axes has this label"),
            ("customers", "performance answers at /customers/"),
            ("accounts", "site answers at /accounts/"),
            ("api", "api answers at /api/"),
            ("static", "whatever is static answers at /static/"),
            ("data", ".gitignore keeps data/ out"),
        ],
    )
    def test_is_not_called_like_anything_else(self, name, holder):
        with pytest.raises((Malformed, NameTaken), match=f"cannot be called `{name}`: .*{re.escape(holder)}"):
            room_name.check(name, ROOT)

    @pytest.mark.parametrize("chinese", ["", "Visits", '拜"访', "拜访\n"])
    def test_is_called_something_in_chinese(self, checkout, chinese):
        with pytest.raises(Malformed, match="Chinese characters"):
            laid("visits", chinese, checkout)
        assert not (checkout / "src/dabiao/visits").exists()

    def test_is_not_laid_over_another(self, checkout):
        laid("visits", "拜访", checkout)
        with pytest.raises(NameTaken):
            laid("visits", "拜访", checkout)

    def test_needs_a_checkout(self, tmp_path):
        with pytest.raises(Malformed, match="no checkout"):
            laid("visits", "拜访", tmp_path)


@pytest.mark.slow
def test_a_new_room_passes_the_contract(tmp_path):
    """In a copy of the tree: formatting, contracts, its own tests, the register's and the access matrix."""
    for name in ("src", "tests", "pyproject.toml", "examples", "frontend"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    laid("visits", "拜访", tmp_path)
    bin_, env = Path(sys.executable).parent, {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    for command in (
        [bin_ / "ruff", "check", "src", "tests"],
        [bin_ / "ruff", "format", "--check", "src", "tests"],
        [bin_ / "lint-imports", "--no-cache"],
        [sys.executable, "-m", "pytest", "-q", "tests/visits", "tests/site/test_rooms.py"],
        [sys.executable, "-m", "pytest", "-q", "tests/site/test_messages.py", "tests/site/test_walls.py"],
        [sys.executable, "-m", "pytest", "-q", "tests/site/test_access.py", "-k", "visits or Table"],
        [sys.executable, "-m", "pytest", "-q", "tests/site/test_acts.py", "-k", "visits"],
    ):
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
