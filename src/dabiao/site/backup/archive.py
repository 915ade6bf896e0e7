"""How an archive is read: nothing of it is believed that its seal, its manifest and their hashes do not vouch for."""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Self, TypeGuard

from django.utils.translation import gettext as _

from dabiao.site.backup.errors import CannotRead, Damaged, NotABackup
from dabiao.site.backup.writer import FORMAT, MANIFEST, PIECE, SEAL_LENGTH, Member, seal

_SEAL_READ: Final = re.compile(rb"dabiao backup (\d+) manifest (\d{15})\+(\d{15}) sha256 ([0-9a-f]{64})")
_LARGEST_MANIFEST: Final = 2**30


@dataclass
class Archive:
    """An archive that was opened: its seal and manifest hold. Of the members nothing is known before `verify`."""

    file: IO[bytes]
    about: Mapping[str, Any]
    members: Mapping[str, Member]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises NotABackup, Damaged, CannotRead."""
        try:
            file = path.open("rb")
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            about = _manifest(file, path)
            return cls(file, about, _members(about))
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self.file.close()

    def verify(self) -> None:
        """Read everything. Raises Damaged, naming the first member that is not as it was written."""
        for member in self.members.values():
            for _piece in self.content(member.name):
                pass

    def content(self, name: str) -> Iterator[bytes]:
        """A member's content in pieces; all of it was right once the last one has come. Raises Damaged."""
        member = self.members[name]
        try:
            digest = _digest(self.file, member.at, member.packed)
        except OSError as error:
            raise _unreadable(name, error) from error
        if digest != member.packed_sha256:
            raise changed(name)
        return _unpacked(self.file, member)

    def read(self, name: str) -> bytes:
        """A small member at once."""
        return b"".join(self.content(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """A member's lines, without their ends."""
        rest = b""
        for piece in self.content(name):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
        if rest:
            yield rest


def _unreadable(name: str | Path, error: OSError) -> CannotRead:
    return CannotRead(_("%(file)s can't be read: %(why)s.") % {"file": name, "why": error.strerror})


def changed(name: str) -> Damaged:
    """What to say of a member that is not as it was written."""
    return Damaged(
        _(
            "%(name)s has changed since the backup was made: nothing was restored. Use another copy of the backup."
        )
        % {"name": name}
    )


def _digest(file: IO[bytes], at: int, length: int) -> str:
    file.seek(at)
    digest = hashlib.sha256()
    while length and (piece := file.read(min(length, PIECE))):
        digest.update(piece)
        length -= len(piece)
    return digest.hexdigest()


class _Stretch(io.RawIOBase):
    """A part of a file as a file of its own; others may read elsewhere in between."""

    def __init__(self, file: IO[bytes], at: int, length: int) -> None:
        self._file, self._at, self._end = file, at, at + length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # any writable buffer
        self._file.seek(self._at)
        piece = self._file.read(min(len(buffer), self._end - self._at))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _unpacked(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """The content of the one entry of a stream, which must be a plain file of the name and size that are told."""
    digest, left = hashlib.sha256(), member.size
    try:
        stretch = io.BufferedReader(_Stretch(file, member.at, member.packed))
        with gzip.GzipFile(fileobj=stretch) as stream, tarfile.open(fileobj=stream, mode="r|") as entries:
            entry = entries.next()
            inside = entries.extractfile(entry) if entry is not None and entry.isreg() else None
            if entry is None or inside is None or (entry.name, entry.size) != (member.name, member.size):
                raise changed(member.name)
            while piece := inside.read(PIECE):
                digest.update(piece)
                left -= len(piece)
                yield piece
            if left or digest.hexdigest() != member.sha256 or entries.next() is not None:
                raise changed(member.name)
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        raise changed(member.name) from error


def _manifest(file: IO[bytes], path: Path) -> Mapping[str, Any]:
    length = file.seek(0, io.SEEK_END)
    file.seek(max(0, length - SEAL_LENGTH))
    end = file.read()
    told = _SEAL_READ.search(end)
    if told is None:
        raise _without_seal(file, path)
    if int(told[1]) > FORMAT:
        raise _later()
    at, packed, digest = int(told[2]), int(told[3]), told[4].decode()
    if end != seal(at=at, packed=packed, digest=digest) or at + packed + SEAL_LENGTH != length:
        raise changed(_("The seal at the end"))
    if packed > _LARGEST_MANIFEST or _digest(file, at, packed) != digest:
        raise changed(MANIFEST)
    file.seek(at)
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(file.read(packed)))) as entries:
            inside = entries.extractfile(MANIFEST)
            about = json.loads(inside.read()) if inside else None
    except (OSError, EOFError, zlib.error, tarfile.TarError, KeyError, ValueError) as error:
        raise changed(MANIFEST) from error
    if not _is_complete(about):
        raise changed(MANIFEST)
    return {**about, "end": at}


def _is_complete(about: Any) -> TypeGuard[Mapping[str, Any]]:  # noqa: ANN401  # whatever JSON can hold
    """Whether the manifest says all that a restore asks of it, in the types that it asks for."""
    try:
        counts = [about["version"], *about["tables"].values()]
        names = [*about["tables"], *(part for app, name in about["migrations"] for part in (app, name))]
        plain = [each[name] for each in about["members"] for name in ("size", "at", "packed")]
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    whole = all(type(number) is int for number in (*counts, *plain))
    return about.get("format") == FORMAT and whole and all(isinstance(name, str) for name in names)


def _later() -> NotABackup:
    return NotABackup(_("The backup was made by a later version of the program; upgrade first."))


def _without_seal(file: IO[bytes], path: Path) -> NotABackup | Damaged:
    """Why the end is not that of a backup: another file, one of an early version, or one that was cut off."""
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:gz") as entries:
            first = entries.next()
            inside = entries.extractfile(first) if first and first.name == MANIFEST else None
            early = inside is not None and json.loads(inside.read(PIECE)).get("format") == 1
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, AttributeError):
        return NotABackup(
            _("%(file)s can't be read as a backup. Name a file that `dabiao backup` has written.")
            % {"file": path}
        )
    if early:
        return NotABackup(
            _(
                "%(file)s was made by an early version of the program (format 1). It holds no hashes, so nobody "
                "can tell whether it is whole. Back up anew with this version."
            )
            % {"file": path}
        )
    return Damaged(
        _(
            "%(file)s has no seal at its end: it was cut off or has changed there, or is no backup. Nothing was "
            "restored. Use another copy of the backup."
        )
        % {"file": path}
    )


def _members(about: Mapping[str, Any]) -> Mapping[str, Member]:
    """The members by name. Together they must fill the file from its first byte up to the manifest."""
    try:
        members = [Member(**each) for each in about["members"]]
        _refuse_odd_names(member.name for member in members)
        follows = 0
        for member in members:
            if member.at != follows or member.packed <= 0 or member.size < 0:
                raise changed(member.name)
            follows += member.packed
    except (KeyError, TypeError) as error:
        raise changed(MANIFEST) from error
    if follows != about["end"]:
        raise Damaged(_("The archive holds something that its manifest does not name: nothing was restored."))
    return {member.name: member for member in members}


def _refuse_odd_names(names: Iterable[str]) -> None:
    """A name leads to a place below the data folder and to no other, and only once."""
    seen: set[str] = set()
    for name in names:
        path = PurePosixPath(name)
        odd = path.is_absolute() or str(path) != name or ".." in path.parts or "\\" in name or "\0" in name
        if odd or not path.parts or name in seen:
            raise Damaged(
                _("The archive holds a file called %(name)s, which no backup has: nothing was restored.")
                % {"name": repr(name)}
            )
        seen.add(name)
