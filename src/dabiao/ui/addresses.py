"""Keys in addresses: `<key:customer>` carries any text there and back.

Most keys stand there as they are. One that would mean something else in an address, or be lost on the way, is spelt
out: `~` and its base64. That is what `.`, `..` and empty parts are to browsers and proxies, line breaks to patterns, and
the last words of our own addresses: somebody with the number E1/seats has a page beside that of E1's seats.
"""

import base64
import binascii
from typing import Final

from django.urls import register_converter

_MARK: Final = "~"
_OURS: Final = frozenset(
    {"absences", "add", "end", "grants", "password", "positions", "remove", "seats", "units"}
)
"""What addresses put where the end of a key could stand: /org/units/add/, /org/people/E1/seats/."""


class KeyConverter:
    """Django's converter; a key may hold slashes."""

    regex = ".+"

    def to_url(self, value: object) -> str:
        key = str(value)
        if _stands_as_it_is(key):
            return key
        return _MARK + base64.urlsafe_b64encode(key.encode("utf-8", "surrogatepass")).decode().rstrip("=")

    def to_python(self, value: str) -> str:
        """Raises ValueError for what no key is spelt like: there is no such page."""
        if not value.startswith(_MARK):
            return value
        spelt = value.removeprefix(_MARK)
        try:
            raw = base64.b64decode(spelt + "=" * (-len(spelt) % 4), altchars=b"-_", validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None
        return raw.decode("utf-8", "surrogatepass")


def _stands_as_it_is(key: str) -> bool:
    parts = key.split("/")
    return (
        key.isprintable()
        and not key.startswith(_MARK)
        and key == key.strip()
        and not {"", ".", ".."} & set(parts)
        and not _OURS & set(parts)
    )


def register() -> None:
    """Make `key` known to Django; before any address is read."""
    register_converter(KeyConverter, "key")
