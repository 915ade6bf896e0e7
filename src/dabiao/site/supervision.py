"""The worker beside the pages: one that dies comes back by itself, after a pause that grows while it keeps dying."""

import logging
import subprocess
import sys
import threading
import time
from typing import Final

log = logging.getLogger(__name__)

_SHORTEST: Final = 1.0
_LONGEST: Final = 30.0
_WELL: Final = 60.0
"""Who has lived for so long has started well: the next pause is the shortest again."""


class Supervisor:
    """Keeps one worker running until it is stopped."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-m", "dabiao", "worker")) -> None:
        self._command = command
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the worker, which finishes the job that it is at."""
        self._stopped.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join()

    def _keep(self) -> None:
        pause = _SHORTEST
        while not self._stopped.is_set():
            begun = time.monotonic()
            # A process of its own, started afresh: Delta's runtime must not be forked.
            self._process = subprocess.Popen(self._command)
            if self._stopped.is_set():
                self._process.terminate()
            code = self._process.wait()
            if self._stopped.is_set():
                return
            pause = _SHORTEST if time.monotonic() - begun > _WELL else min(pause * 2, _LONGEST)
            log.error("the worker ended (%s) and is started again in %.0f s", code, pause)
            self._stopped.wait(pause)
