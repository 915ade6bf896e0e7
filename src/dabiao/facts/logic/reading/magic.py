"""What a file is by its first bytes, where its name says that it is text: a workbook that was renamed is no CSV."""

from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dabiao.facts.logic.reading.sheet import Unreadable

_LOOKS: Final = (
    (b"PK\x03\x04", gettext_lazy("an Excel workbook"), ".xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", gettext_lazy("an old Excel workbook"), ".xls"),
    (b"PAR1", gettext_lazy("a Parquet file"), ".parquet"),
)


def refuse(file: Path) -> None:
    """Raises Unreadable for what only calls itself text, with what to call it instead."""
    with file.open("rb") as opened:
        start = opened.read(8)
    for mark, what, suffix in _LOOKS:
        if start.startswith(mark):
            raise Unreadable(
                _("%(file)s is no text file: it looks like %(what)s. Rename it to %(name)s.")
                % {"file": file.name, "what": what, "name": f"{file.stem}{suffix}"}
            )
