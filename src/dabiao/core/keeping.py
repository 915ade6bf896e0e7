"""What a page shows is worked out once for as long as nothing that it depends on changes."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, TypeVar, cast

from django.core.cache import cache

T = TypeVar("T")
_SECONDS: Final = 900
"""As long as fragments of pages are kept; then what nobody asks for any more goes."""


def once(name: str, stamp: str, make: Callable[[], T]) -> T:
    """What `make` makes, from this process's memory where it has been made under this stamp. It must be picklable."""
    return cast(T, cache.get_or_set(f"{name}:{stamp}", make, _SECONDS))


def stamp(*parts: object) -> str:
    """A short text that differs wherever one of the parts does, each told by its `repr`."""
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
