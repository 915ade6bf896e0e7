"""How an archive is written: a .tar.gz of which every byte is vouched for.

Each file is an entry of the tar in a gzip stream of its own, so damage stays where it is and has a name. The manifest
comes last: it holds the size and SHA-256 of every member, and place and SHA-256 of its stream, header and padding
included. A seal after it does the same for the manifest: an empty gzip stream of fixed length, whose comment is the
text. tar and gzip read such an archive like any other.
"""

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import IO, Final

from django.utils.translation import gettext as _

from dabiao.site.backup.errors import CannotRead

FORMAT: Final = 2
MANIFEST: Final = "manifest.json"
PIECE: Final = 2**20

_SEAL_TEXT: Final = "dabiao backup {format} manifest {at:015d}+{packed:015d} sha256 {digest}"
_GZIP_WITH_COMMENT: Final = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xff"
_NOTHING_DEFLATED: Final = b"\x03\x00" + bytes(8)


def seal(*, at: int, packed: int, digest: str) -> bytes:
    """The end of an archive whose manifest's stream begins at byte `at` and is `packed` bytes long."""
    text = _SEAL_TEXT.format(format=FORMAT, at=at, packed=packed, digest=digest)
    return _GZIP_WITH_COMMENT + text.encode() + b"\0" + _NOTHING_DEFLATED


SEAL_LENGTH: Final = len(seal(at=0, packed=0, digest="0" * 64))


@dataclass(frozen=True)
class Member:
    """A file in the archive. `sha256` is of its content, `packed_sha256` of the stream that lies at `at`."""

    name: str
    size: int
    sha256: str
    at: int
    packed: int
    packed_sha256: str


@dataclass
class Writer:
    """Writes the members one by one into an open file; `finish` makes it an archive.

    seconds: the time that every entry bears (since 1970).
    """

    out: IO[bytes]
    seconds: int
    members: list[Member] = field(default_factory=list)
    _at: int = 0

    def add(self, name: str, source: IO[bytes], size: int) -> Member:
        """Read `size` bytes. Raises CannotRead when there are fewer: somebody has cut the file meanwhile."""
        member = self._packed(name, source, size, end=b"")
        self.members.append(member)
        return member

    def finish(self, about: Mapping[str, object]) -> None:
        """Close with the manifest and its seal."""
        manifest = {"format": FORMAT, **about, "members": [asdict(member) for member in self.members]}
        content = json.dumps(manifest, indent=1).encode()
        end = bytes(2 * tarfile.BLOCKSIZE)
        last = self._packed(MANIFEST, io.BytesIO(content), len(content), end=end)
        self.out.write(seal(at=last.at, packed=last.packed, digest=last.packed_sha256))

    def _packed(self, name: str, source: IO[bytes], size: int, *, end: bytes) -> Member:
        content, stream = hashlib.sha256(), hashlib.sha256()
        deflate, start = zlib.compressobj(1, zlib.DEFLATED, 31), self._at

        def write(packed: bytes) -> None:
            stream.update(packed)
            self.out.write(packed)
            self._at += len(packed)

        write(deflate.compress(self._header(name, size)))
        for piece in exactly(source, size, name):
            content.update(piece)
            write(deflate.compress(piece))
        write(deflate.compress(bytes(-size % tarfile.BLOCKSIZE) + end) + deflate.flush())
        return Member(name, size, content.hexdigest(), start, self._at - start, stream.hexdigest())

    def _header(self, name: str, size: int) -> bytes:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self.seconds, 0o600
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def exactly(source: IO[bytes], size: int, name: str) -> Iterator[bytes]:
    """The next `size` bytes in pieces. Raises CannotRead where the file ends before."""
    left = size
    while left:
        piece = source.read(min(left, PIECE))
        if not piece:
            raise CannotRead(_("%(name)s became shorter while it was read. Back up again.") % {"name": name})
        left -= len(piece)
        yield piece
