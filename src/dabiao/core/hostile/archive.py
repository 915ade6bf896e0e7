"""ZIP archives: what their parts really unpack to. A directory can say anything, so every part is unpacked and counted."""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Hostile, damaged, locked

LARGEST_RATIO: Final = 200
"""Unpacked ÷ packed. Real workbooks stay below about 40; a bomb needs thousands."""
LARGEST_UNPACKED: Final = 4 * 2**30
"""A full sheet of a million rows and twenty columns is about 1 GB of XML."""
LARGEST_ENTRIES: Final = 5_000
"""A workbook has a dozen parts, and one more for each sheet and picture."""
_SMALL: Final = 2**24
"""Less than this is no bomb whatever its ratio."""
_BLOCK: Final = 2**20
_LOCAL: Final = struct.Struct("<4s22xHH")
_HEADER: Final = 30
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCIPHERED: Final = 0x1


@dataclass(frozen=True)
class Parts:
    """The parts of an archive whose directory is in order; `blocks` unpacks one, `spent` counts what came out."""

    name: str
    entries: Sequence[zipfile.ZipInfo]
    packed: int
    _file: BinaryIO
    _spent: list[int]

    def blocks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Unpacked pieces of at most a megabyte. Raises Hostile where more comes out than may, or than was said."""
        size = 0
        for block in self._unpacked(entry):
            size += len(block)
            self._spent[0] += len(block)
            self._refuse_bomb()
            yield block
        if size != entry.file_size:
            raise Hostile(damaged(self.name))

    def _unpacked(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        self._file.seek(entry.header_offset)
        mark, name, extra = _LOCAL.unpack(self._file.read(_HEADER))
        if mark != b"PK\x03\x04":
            raise Hostile(damaged(self.name))
        self._file.seek(name + extra, 1)
        stored = entry.compress_type == zipfile.ZIP_STORED
        inflate, left = zlib.decompressobj(-15), entry.compress_size
        while left > 0 and (packed := self._file.read(min(_BLOCK, left))):
            left -= len(packed)
            if stored:
                yield packed
            while packed and not stored and not inflate.eof:
                yield inflate.decompress(packed, _BLOCK)
                packed = inflate.unconsumed_tail
        if left or not (stored or inflate.eof):
            raise Hostile(damaged(self.name))

    def _refuse_bomb(self) -> None:
        spent = self._spent[0]
        if spent > LARGEST_UNPACKED or (spent > _SMALL and spent > LARGEST_RATIO * self.packed):
            raise Hostile(
                _(
                    "%(file)s is far larger inside than outside: more than %(times)s times its size. Save it as CSV."
                )
                % {"file": self.name, "times": spent // max(1, self.packed)}
            )


@contextmanager
def opened(file: Path) -> Iterator[Parts]:
    """The parts of an archive. Raises Hostile for a directory that no program writes, BadZipFile for none at all."""
    with zipfile.ZipFile(file) as pack, file.open("rb") as raw:
        entries = pack.infolist()
        _check(file.name, entries, pack.start_dir)
        yield Parts(file.name, entries, max(1, sum(entry.compress_size for entry in entries)), raw, [0])


def _check(name: str, entries: Sequence[zipfile.ZipInfo], end: int) -> None:
    if len(entries) > LARGEST_ENTRIES:
        raise Hostile(
            _("%(file)s has %(count)s parts inside; no workbook has so many. Save it as CSV.")
            % {"file": name, "count": len(entries)}
        )
    if any(entry.flag_bits & _ENCIPHERED for entry in entries):
        raise Hostile(locked(name))
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise Hostile(
            _("%(file)s is packed in a way that no office program uses. Save it again as XLSX or CSV.")
            % {"file": name}
        )
    if any(_outside(entry.filename) for entry in entries):
        raise Hostile(_("%(file)s has parts with paths outside itself.") % {"file": name})
    if len({entry.filename for entry in entries}) < len(entries) or _overlap(entries, end):
        raise Hostile(
            _("%(file)s has parts that lie over one another. Save it again from the program that made it.")
            % {"file": name}
        )


def _outside(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return path.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]


def _overlap(entries: Sequence[zipfile.ZipInfo], end: int) -> bool:
    """Parts that share bytes: a few kilobytes that are unpacked a thousand times."""
    spans = sorted((entry.header_offset, _HEADER + entry.compress_size) for entry in entries)
    starts = [*(start for start, _size in spans), end]
    return any(
        start + size > after for (start, size), (_s, after) in zip(spans, pairwise(starts), strict=True)
    )
