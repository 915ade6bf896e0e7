"""Archives of tables: a ZIP of spreadsheets is unpacked beside itself, in a process apart, for it is a stranger's."""

from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import ZipInfo

from django.utils.translation import gettext as _

from dabiao.core import limited
from dabiao.core.damage import Unreadable
from dabiao.core.errors import Malformed
from dabiao.core.hostile import archive
from dabiao.facts.logic.reading.hostile import TABLES, safe_name

SUFFIX: Final = ".zip"
_UTF8: Final = 0x800
"""The flag of a part whose name is in UTF-8; without it some programs write so all the same, old ones of China GB18030."""


def unpack(file: Path) -> list[Path]:
    """The tables in an archive, beside it; whatever else is in it is left. Raises Hostile, Unreadable, Malformed."""
    made: list[str] = limited.run(unpacked, of=file.name, limit=limited.for_files(file), file=str(file))
    return [Path(name) for name in made]


def unpacked(file: str) -> list[str]:
    """What `unpack` does, apart."""
    packed, made = Path(file), []
    with archive.opened(packed) as parts:
        for entry in parts.entries:
            name = PurePosixPath(_name(entry).replace("\\", "/")).name
            if PurePosixPath(name).suffix.lower() not in TABLES or name.startswith((".", "~$")):
                continue
            into = packed.parent / safe_name(name)
            if into.exists():
                raise Malformed(_("Two files are called %(name)s.") % {"name": into.name})
            with into.open("xb") as out:
                for block in parts.blocks(entry):
                    out.write(block)
            made.append(str(into))
    if not made:
        raise Unreadable(_("There is no table in %(file)s.") % {"file": packed.name})
    return made


def _name(entry: ZipInfo) -> str:
    if entry.flag_bits & _UTF8:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeError):
            return entry.filename.encode("cp437").decode(encoding)
    return entry.filename
