"""What one process of an instance has worked out serves the others too: Django's cache of files, never in the way."""

import pickle
import zlib
from contextlib import suppress
from typing import Final

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache

FOLDER: Final = "DABIAO_PAGES"
"""The environment's name of the folder, which `dabiao serve` makes for its processes and nobody else may read."""
_UNREADABLE: Final = (OSError, EOFError, zlib.error, pickle.UnpicklingError)


class SharedCache(FileBasedCache):
    """A disk that is full, or a file that cannot be read, is a page worked out anew and no error."""

    def get(self, key: str, default: object = None, version: int | None = None) -> object:
        """What is kept, or `default`."""
        try:
            return super().get(key, default, version)
        except _UNREADABLE:
            return default

    def set(
        self, key: str, value: object, timeout: float | object = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep it, where there is room."""
        with suppress(OSError):
            super().set(key, value, timeout, version)  # type: ignore[arg-type]  # Django's own default is an object

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether it is kept, and can be read."""
        try:
            return bool(super().has_key(key, version))
        except _UNREADABLE:
            return False
