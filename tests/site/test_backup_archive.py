"""An archive is restored as it was written, or refused by the name of what is wrong with it; nothing is written then."""

import gzip
import io
import json
import random
import tarfile

import pytest

from dabiao.org.access import User
from dabiao.site import backup
from dabiao.site.backup import writer as writers
from dabiao.site.backup.archive import Archive
from dabiao.site.backup.writer import SEAL_LENGTH, Writer
from tests.site.backups import (
    NOON,
    by_somebody_else,
    empty_database,
    flipped,
    move_to,
    rewritten,
    tree,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(home, tmp_path):
    """A backup of a small installation, and its file."""
    User.objects.create_user(username="ada", role=User.Role.ADMIN)
    User.objects.create_user(username="rita", role=User.Role.REP)
    (home / "metrics").mkdir()
    (home / "metrics" / "own.yml").write_text("# 自己的指标\n" * 300)
    (home / "imports" / ("long-" * 30)).mkdir(parents=True)
    (home / "imports" / ("long-" * 30) / "订单.csv").write_bytes(random.Random(1).randbytes(3000))
    (home / "calendars").mkdir()
    (home / "calendars" / "empty.yml").write_text("")
    file = tmp_path / "b.tar.gz"
    backup.backup(file, at=NOON)
    empty_database()
    return file


@pytest.fixture
def elsewhere(tmp_path, settings, monkeypatch):
    return move_to(tmp_path / "elsewhere", settings, monkeypatch)


def refused(file, content, elsewhere):
    """What the restore of an archive with this content says; it must leave nothing."""
    file.write_bytes(content)
    with pytest.raises((backup.Damaged, backup.NotABackup)) as refusal:
        backup.restore(file)
    assert tree(elsewhere) == {}
    return str(refusal.value)


def stretches(content):
    """What each byte of an archive belongs to: (name, first byte, byte after the last)."""
    with Archive.open(content) as archive:
        members = [(each.name, each.at, each.at + each.packed) for each in archive.members.values()]
    length = content.stat().st_size
    return [
        *members,
        ("manifest.json", members[-1][2], length - SEAL_LENGTH),
        ("seal", length - SEAL_LENGTH, length),
    ]


def test_a_flipped_bit_is_refused_by_the_name_of_its_member(made, elsewhere):
    content, places, dice = made.read_bytes(), stretches(made), random.Random(20261130)
    tried = [(dice.randrange(len(content)), dice.randrange(8)) for _ in range(100)]
    for name, start, end in places:
        if name.startswith("database/") and name != "database/org.user.jsonl":
            continue
        tried += [(start + at, 0) for at in (0, 4, 9, (end - start) // 2, end - start - 1)]

    for place, bit in tried:
        said = refused(made, flipped(content, place, bit), elsewhere)
        name = next(name for name, start, end in places if start <= place < end)
        assert name in said or name == "seal", (place, bit, said)
    assert not User.objects.exists()
    made.write_bytes(content)
    backup.restore(made)
    assert {user.username for user in User.objects.all()} == {"ada", "rita"}


def test_an_archive_that_was_cut_off_or_goes_on_is_refused(made, elsewhere):
    content = made.read_bytes()

    for length in (0, 1, 2, 100, len(content) // 2, len(content) - SEAL_LENGTH, len(content) - 1):
        refused(made, content[:length], elsewhere)
    assert "cut off" in refused(made, content[: len(content) // 2], elsewhere)
    refused(made, content + b"\0", elsewhere)
    refused(made, content + content, elsewhere)


def test_tar_reads_it_like_any_other(made):
    with Archive.open(made) as archive, tarfile.open(made) as entries:
        members = {name: archive.read(name) for name in archive.members}
        assert list(members) == entries.getnames()[:-1]
        assert members == {name: entries.extractfile(name).read() for name in members}
    assert any(len(name) > 150 for name in members)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/x",
        "../x",
        "lake/../../x",
        "lake/./x",
        "lake//x",
        "lake\\..\\x",
        "",
        ".",
        "etc/x",
        "dabiao.sqlite3",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(made, elsewhere, tmp_path, name):
    odd = rewritten(made, tmp_path / "odd", contents=lambda members: {**members, name: b"x"})

    assert repr(name) in refused(odd, odd.read_bytes(), elsewhere)
    assert not User.objects.exists()


class Links(Writer):
    """Puts a link, a device or another name where the manifest tells of a file."""

    kind = tarfile.SYMTYPE

    def _header(self, name, size):
        info = tarfile.TarInfo(name)
        info.size = size
        if name.startswith("metrics/"):
            info.type, info.linkname = self.kind, "/etc/passwd"
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_what_is_no_plain_file_is_refused(made, elsewhere, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Links, "kind", kind)
    odd = rewritten(made, tmp_path / "odd", writer=Links)

    assert "metrics/own.yml" in refused(odd, odd.read_bytes(), elsewhere)


def test_what_the_manifest_does_not_name_is_refused(made, elsewhere, tmp_path):
    class Hides(Writer):
        def finish(self, about):
            self.members = [each for each in self.members if each.name != "metrics/own.yml"]
            super().finish(about)

    class HidesTheLast(Writer):
        def finish(self, about):
            self.members = self.members[:-1]
            super().finish(about)

    for writer in (Hides, HidesTheLast):
        odd = rewritten(made, tmp_path / "odd", writer=writer)
        refused(odd, odd.read_bytes(), elsewhere)


@pytest.mark.parametrize(
    ("case", "about", "contents"),
    [
        (
            "a table is missing",
            lambda told: told,
            lambda members: without(members, "database/org.user.jsonl"),
        ),
        (
            "a table too many",
            lambda told: told,
            lambda members: {**members, "database/org.spy.jsonl": b"[]\n"},
        ),
        (
            "a table that the program does not have",
            lambda told: {**told, "tables": {**told["tables"], "org.spy": 0}},
            lambda members: {**members, "database/org.spy.jsonl": b"[]\n"},
        ),
        (
            "fewer rows than told",
            lambda told: {**told, "tables": {**told["tables"], "org.user": 3}},
            lambda members: members,
        ),
        (
            "a row that is none",
            lambda told: told,
            lambda members: {**members, "database/org.user.jsonl": b'["id"]\n[1, 2]\n'},
        ),
        (
            "a column that the table does not have",
            lambda told: told,
            lambda members: {**members, "database/org.user.jsonl": b'["id", "shoe"]\n[1, 2]\n'},
        ),
        (
            "no columns",
            lambda told: told,
            lambda members: {**members, "database/org.user.jsonl": b""},
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused(made, elsewhere, tmp_path, case, about, contents):
    odd = rewritten(made, tmp_path / "odd", about=about, contents=contents)

    assert "org.user" in (said := refused(odd, odd.read_bytes(), elsewhere)) or "org.spy" in said, case
    assert not User.objects.exists(), case


@pytest.mark.parametrize(
    ("case", "about"),
    [
        ("no tables", lambda told: {**told, "tables": None}),
        ("no version", lambda told: without(told, "version")),
        ("a count in words", lambda told: {**told, "tables": {"org.user": "two"}}),
        ("migrations without names", lambda told: {**told, "migrations": ["org"]}),
        ("migrations with too many", lambda told: {**told, "migrations": [["org", "0001", "x"]]}),
    ],
)
def test_a_manifest_that_does_not_say_what_it_must_is_refused(made, elsewhere, tmp_path, case, about):
    odd = rewritten(made, tmp_path / "odd", about=about)

    assert "manifest.json" in refused(odd, odd.read_bytes(), elsewhere), case


def without(members, name):
    return {each: content for each, content in members.items() if each != name}


def early(manifest):
    """An archive as the first format was: no hashes, one stream."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as entries:
        for name, content in (("manifest.json", json.dumps(manifest).encode()), ("database.jsonl", b"")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            entries.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("case", "content", "says"),
    [
        ("text", b"hello", "can't be read as a backup"),
        ("nothing", b"", "can't be read as a backup"),
        ("another gzip file", gzip.compress(b"hello" * 500, mtime=0), "can't be read as a backup"),
        ("the first format", early({"format": 1, "version": 3}), "early version"),
        ("another archive", early({"name": "left-pad"}), "no backup"),
        ("another archive with a list", early([1]), "can't be read as a backup"),
    ],
)
def test_another_file_is_refused_in_words(elsewhere, tmp_path, case, content, says):
    assert says in refused(tmp_path / "b.tar.gz", content, elsewhere), case


def test_a_later_format_and_later_tables_ask_for_an_upgrade(made, elsewhere, tmp_path, monkeypatch):
    later = rewritten(
        made,
        tmp_path / "later",
        about=lambda told: {**told, "migrations": [*told["migrations"], ["org", "0999"]]},
    )
    assert "org.0999" in refused(later, later.read_bytes(), elsewhere)
    monkeypatch.setattr(writers, "FORMAT", 3)
    later = rewritten_as_it_is(made, tmp_path / "format3")
    monkeypatch.undo()
    move = later.read_bytes()
    with pytest.raises(backup.NotABackup, match="later version"):
        Archive.open(later)
    assert b"dabiao backup 3" in move


def rewritten_as_it_is(file, target):
    with target.open("wb") as out:
        Writer(out, 0).finish({})
    return target


def test_a_file_that_is_not_there_or_a_folder_is_refused_in_words(elsewhere, tmp_path):
    for odd in (tmp_path / "nothing.tar.gz", tmp_path):
        with pytest.raises(backup.CannotRead, match="can't be read"):
            backup.restore(odd)


def test_rows_that_somebody_adds_while_the_archive_is_checked_are_not_mixed_with(
    made, elsewhere, monkeypatch
):
    verify = Archive.verify

    def and_somebody_signs_up(archive):
        verify(archive)
        by_somebody_else(lambda: User.objects.create_user(username="zoe"))

    monkeypatch.setattr(Archive, "verify", and_somebody_signs_up)
    with pytest.raises(backup.NotEmpty, match=r"org\.user"):
        backup.restore(made)
    assert [user.username for user in User.objects.all()] == ["zoe"] and tree(elsewhere) == {}
