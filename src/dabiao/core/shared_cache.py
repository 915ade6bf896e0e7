"""What one process of an instance has worked out serves the others too: Django's cache of files, never in the way.

What is kept is pickled, so it is read only from a folder that is this user's alone: where a temporary folder was tidied
away, somebody else could put another in its place.
"""

import os
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

    def __init__(self, folder: str, params: dict[str, object]) -> None:
        super().__init__(folder, params)
        self._folder = folder

    def get(self, key: str, default: object = None, version: int | None = None) -> object:
        """What is kept, or `default`."""
        try:
            return super().get(key, default, version) if self._is_private() else default
        except _UNREADABLE:
            return default

    def set(
        self, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep it, where there is room."""
        with suppress(OSError):
            if self._is_private():
                super().set(key, value, timeout, version)

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether it is kept, and can be read."""
        try:
            return self._is_private() and bool(super().has_key(key, version))
        except _UNREADABLE:
            return False

    def _is_private(self) -> bool:
        """Whether the folder is this user's and nobody else's. Raises OSError where it is gone."""
        there = os.lstat(self._folder)
        return there.st_uid == os.getuid() and not there.st_mode & 0o077
