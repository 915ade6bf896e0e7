"""Whether a web process is still making ready what the first pages need: traffic had better wait for it."""

import threading
from typing import Final

_under_way: Final = threading.Event()


def begin() -> None:
    """The warm-up runs from now on."""
    _under_way.set()


def end() -> None:
    """It is over, with or without success: a cold start is only slow."""
    _under_way.clear()


def runs() -> bool:
    """Whether it runs in this process; where nobody warms up, it does not."""
    return _under_way.is_set()
