"""Processes that `dabiao serve` started end with it, however it ends: no child may keep the port, or work unseen."""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

PARENT: Final = "DABIAO_PARENT"
"""Environment variable: the process whose children this one and its siblings are."""
_LOOK_EVERY: Final = 1.0


def leave_with_parent(leave: Callable[[], None]) -> None:
    """Call `leave` once the process named by PARENT is no longer this one's parent. Nothing without one."""
    parent = os.environ.get(PARENT)
    if parent:
        watch = threading.Thread(target=_watch, args=(int(parent), leave), name="parent", daemon=True)
        watch.start()


def _watch(parent: int, leave: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    leave()
