"""Names and keys: what may stand in them, at every door alike, and what two spellings have in common.

A key is what files, programs and addresses know somebody or something by: employee number, unit, customer, order. A
name is what people read. Both may hold anything that can be seen, blanks and slashes too: addresses carry any key
(`ui.addresses`). What cannot be seen or stands at the edge is refused, for nobody could find the mistake.
"""

import re
import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HIDDEN: Final = "[\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""As a pattern: control characters and line breaks."""
LONGEST: Final = 200
"""Characters of a key."""
_HIDDEN: Final = re.compile(f"{HIDDEN}|[\ud800-\udfff]")
_LINES: Final = _("It holds a line break or another character that cannot be seen. Type it again without.")


def wrong_with_name(text: str) -> Promise | None:
    """Why no name can be written so, with the mend; None where it can."""
    return _LINES if _HIDDEN.search(text) else None


def wrong_with_key(text: str) -> Promise | None:
    """Why no key can be written so, with the mend; None where it can."""
    if text != text.strip():
        return wrong_with_name(text) or _("It begins or ends with a blank. Take the blank away.")
    if len(text) > LONGEST:
        return _("It is longer than 200 characters. Shorten it.")
    return wrong_with_name(text)


def is_name(text: str) -> None:
    """Django's validator of names. Raises ValidationError."""
    if wrong := wrong_with_name(text):
        raise ValidationError(str(wrong))


def is_key(text: str) -> None:
    """Django's validator of keys. Raises ValidationError."""
    if wrong := wrong_with_key(text):
        raise ValidationError(str(wrong))


def fold(name: str) -> str:
    """Upper and lower case, full and half width are one: Ada, ＡＤＡ and ada are the same name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
