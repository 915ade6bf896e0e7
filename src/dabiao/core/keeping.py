"""What a page shows is worked out once for as long as nothing that it depends on changes."""

import threading
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, TypeVar, cast
from weakref import WeakValueDictionary

from django.core.cache import cache

T = TypeVar("T")
_SECONDS: Final = 900
"""As long as fragments of pages are kept; then what nobody asks for any more goes."""


_NOTHING: Final = object()
_turns: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
"""Whoever holds one works something out; the others wait for what that one finds."""
_turns_lock = threading.Lock()


def once(name: str, stamp: str, make: Callable[[], T]) -> T:
    """What `make` makes, from what is kept where one of the instance's processes has made it under this stamp. It must
    be picklable.

    Threads that ask for the same at the same time wait for the first of them. `make` may ask for other things `once`,
    not for its own.
    """
    key = f"{name}:{stamp}"
    found = cache.get(key, _NOTHING)
    if found is _NOTHING:
        with _turns_lock:
            turn = _turns.setdefault(key, threading.Lock())
        with turn:
            found = cache.get_or_set(key, make, _SECONDS)
    return cast(T, found)


def kept(name: str, stamp: str) -> bool:
    """Whether `once` would answer without working anything out."""
    return cache.get(f"{name}:{stamp}", _NOTHING) is not _NOTHING


def stamp(*parts: object) -> str:
    """A short text that differs wherever one of the parts does, each told by its `repr`."""
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
