"""Parquet: whether the footer is all there, and whether so many cells can come out of so few bytes."""

import struct
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Hostile, Unreadable, damaged, locked

MOST_COLUMNS: Final = 2_000
LARGEST_FOOTER: Final = 2**26
"""A footer describes each column of each row group in about 100 bytes; 64 MB are 2,000 columns of 300 groups."""
MOST_ROWS: Final = 500_000_000
DENSEST: Final = 2_000
"""Cells ÷ bytes. Columns that say one thing all along pack a page of 20,000 into about ten bytes, whole files less."""
ROOM: Final = 20_000_000
"""Cells that nobody minds."""
_MARK: Final = b"PAR1"
_LOCKED: Final = b"PARE"
_LEAST: Final = 12


def inspect(file: Path) -> None:
    """Raises Unreadable for what is no Parquet file, Hostile for more inside than outside, ArrowInvalid for a bad footer."""
    import pyarrow.parquet as pq

    size = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(4)
        opened.seek(max(0, size - 8))
        foot = opened.read()
    if _LOCKED in (head, foot[4:]):
        raise Unreadable(locked(file.name))
    if size < _LEAST or head != _MARK or foot[4:] != _MARK:
        raise Unreadable(damaged(file.name))
    (length,) = struct.unpack("<I", foot[:4])
    if length > min(LARGEST_FOOTER, size - _LEAST):
        raise Unreadable(damaged(file.name))
    meta = pq.read_metadata(file)
    rows, columns = meta.num_rows, meta.num_columns
    if (
        rows < 0
        or columns > MOST_COLUMNS
        or sum(meta.row_group(i).num_rows for i in range(meta.num_row_groups)) != rows
    ):
        raise Hostile(damaged(file.name) if columns <= MOST_COLUMNS else too_wide(file.name, columns))
    if rows > MOST_ROWS or rows * columns > max(ROOM, DENSEST * size):
        raise Hostile(
            _("%(file)s is far larger inside than outside: %(rows)s rows of %(columns)s columns. Split it.")
            % {"file": file.name, "rows": rows, "columns": columns}
        )


def too_wide(name: str, columns: int) -> str:
    """No table of facts has so many."""
    return _("%(file)s has %(columns)s columns; at most %(most)s are read. Leave out what is not needed.") % {
        "file": name, "columns": columns, "most": MOST_COLUMNS,
    }  # fmt: skip
