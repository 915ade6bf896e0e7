"""The commands: what they say of the key, and a restore as the first command in a new data folder."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dabiao.core import config
from dabiao.org.access import User
from dabiao.site import backup, cli
from tests.site.backups import NOON, restored_into, rewritten, with_row

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    return CliRunner().invoke(cli.build(arguments), arguments)


class TestCommands:
    def test_say_what_becomes_of_the_key(self, home, tmp_path, monkeypatch):
        User.objects.create_user(username="ada", role=User.Role.ADMIN)
        (tmp_path / "phrase").write_text("correct horse")
        file, phrase = str(tmp_path / "b"), ("--passphrase-file", str(tmp_path / "phrase"))

        assert "comes from DABIAO_SECRET_KEY" in run("backup", file).stderr
        monkeypatch.delenv("DABIAO_SECRET_KEY")
        config.secret_key()
        assert f"keep {home / 'secret.key'} yourself" in run("backup", file).stderr
        assert "encrypted" in run("backup", file, *phrase).stderr
        assert "Warning" in run("backup", file, "--with-key").stderr
        assert "not both" in str(run("backup", file, "--with-key", *phrase).exception)

    @pytest.mark.parametrize(
        ("options", "more", "says"),
        [
            ((), (), "passwords of connectors again"),
            (("--with-key",), (), "came along"),
            (("--with-key",), ("--no-key",), "passwords of connectors again"),
        ],
    )
    def test_say_after_a_restore_who_signs_in_and_what_connects(
        self, home, tmp_path, settings, monkeypatch, options, more, says
    ):
        User.objects.create_user(username="ada", role=User.Role.ADMIN)
        monkeypatch.delenv("DABIAO_SECRET_KEY")
        config.secret_key()
        assert run("backup", str(tmp_path / "b"), *options).exit_code == 0
        monkeypatch.setattr(
            "dabiao.site.backup.commands.bring_back",
            lambda file, **told: restored_into(tmp_path / "new", file, settings, monkeypatch, **told),
        )

        done = run("restore", str(tmp_path / "b"), *more)
        assert done.exit_code == 0 and says in done.stdout and "signs in again" in done.stdout


def test_a_restore_by_command_that_fails_leaves_no_database_either(home, tmp_path):
    """The first command in a new data folder: what it has made by then is what every command makes, a key."""
    User.objects.create_user(username="ada", role=User.Role.ADMIN)
    backup.backup(tmp_path / "b", at=NOON)
    odd = rewritten(
        tmp_path / "b",
        tmp_path / "odd",
        contents=lambda members: {
            **members,
            "database/org.user.jsonl": with_row(members["database/org.user.jsonl"], "org.user", role="king"),
        },
    )
    new = tmp_path / "new"
    there = {
        "DABIAO_HOME": str(new),
        "DATABASE_URL": "",
        "DABIAO_SECRET_KEY": "",
        "DJANGO_SETTINGS_MODULE": "dabiao.settings",
    }

    done = subprocess.run(
        [sys.executable, "-m", "dabiao", "restore", str(odd)],
        env={**os.environ, **there},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert (
        done.stderr.startswith("dabiao: database/org.user.jsonl can't be loaded")
        and done.stderr.count("\n") == 1
    )
    assert list(new.iterdir()) == []  # not even the key that starting the program made
