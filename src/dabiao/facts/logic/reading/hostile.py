"""What is looked at while a file comes in: its size and its kind. What is inside is looked at where it is read."""

from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Hostile
from dabiao.core.hostile.names import safe_name

__all__ = ["KINDS", "TABLES", "Hostile", "check", "safe_name"]

TABLES: Final = frozenset({".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".parquet"})
KINDS: Final = TABLES | {".zip"}
"""What may be uploaded: tables, and an archive of them."""


def check(file: Path, *, largest: int) -> None:
    """Refuse what is too large, empty, or no kind of table. `largest` in bytes. Raises Hostile."""
    size = file.stat().st_size
    if size > largest:
        raise Hostile(
            _(
                "%(file)s has %(size).0f MB; the limit is %(limit).0f MB (DABIAO_UPLOAD_MB). Split it, or load it on the server with `dabiao import`."
            )
            % {"file": file.name, "size": size / 2**20, "limit": largest / 2**20}
        )
    if file.suffix.lower() not in KINDS:
        raise Hostile(
            _("%(file)s: %(what)s is not a kind of table; save it as CSV or XLSX.")
            % {"file": file.name, "what": file.suffix or _("no suffix")}
        )
