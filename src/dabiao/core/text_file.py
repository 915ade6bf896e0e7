"""A text that somebody has written into a file: a mapping, a plan, a case, a metric."""

from pathlib import Path

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, NotFound


def text_of(file: Path) -> str:
    """What stands in the file. Raises NotFound where there is none, Malformed where it is no UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(_("%(file)s is not UTF-8: save it as UTF-8.") % {"file": file}) from None
    except OSError as error:
        raise NotFound(
            _("%(file)s cannot be read: %(error)s") % {"file": file, "error": error.strerror or error}
        ) from None
