"""What tests of backups share: another data folder, archives made by hand, the whole database as rows."""

import io
import json
import threading
from datetime import UTC, datetime

from django.core.management import call_command
from django.db import connection

from dabiao.site import backup
from dabiao.site.backup import tables
from dabiao.site.backup.archive import Archive
from dabiao.site.backup.writer import Writer

NOON = datetime(2026, 3, 16, 4, tzinfo=UTC)


def move_to(folder, settings, monkeypatch):
    """A data folder that is used for the first time."""
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("DABIAO_HOME", str(folder))
    settings.LAKE_FOLDER = folder / "lake"
    settings.METRICS_FOLDER = folder / "metrics"
    return folder


def empty_database():
    call_command("flush", interactive=False, verbosity=0)


def every_row():
    """Every table that a backup holds, read as this connection sees it: label → rows as text."""
    return {label: list(tables.lines(table)) for label, table in tables.kept().items()}


def rows_in(file):
    """The same of an archive."""
    with Archive.open(file) as archive:
        return {
            label: [line + b"\n" for line in archive.lines(tables.member(label))] for label in tables.kept()
        }


def tree(folder):
    """Every file below a folder with its content, and every folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def by_somebody_else(act):
    """Do it on another connection, as another process would."""
    raised = []

    def run():
        try:
            act()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def rewritten(file, target, *, about=lambda told: told, contents=lambda members: members, writer=Writer):
    """An archive like another one, but for what its manifest tells or its members say; every hash is right."""
    with Archive.open(file) as archive:
        members = {name: archive.read(name) for name in archive.members}
        told = {
            name: value for name, value in archive.about.items() if name not in {"format", "members", "end"}
        }
    with target.open("wb") as out:
        made = writer(out, 0)
        for name, content in contents(members).items():
            made.add(name, io.BytesIO(content), len(content))
        made.finish(about(told))
    return target


def with_row(content, label, **values):
    """A table's member, with some values of its first row replaced."""
    names, first, *others = content.splitlines()
    row = dict(zip(json.loads(names), json.loads(first), strict=True))
    assert not values.keys() - row.keys(), label
    return b"\n".join([names, json.dumps(list({**row, **values}.values())).encode(), *others]) + b"\n"


def restored_into(folder, file, settings, monkeypatch, **options):
    """Everything is lost; the archive is restored into a data folder of its own."""
    empty_database()
    move_to(folder, settings, monkeypatch)
    return backup.restore(file, **options)


def flipped(content, place, bit=0):
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    return bytes(changed)


def mode_of(path):
    return oct(path.stat().st_mode & 0o777)
