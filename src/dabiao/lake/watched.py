"""Whether something has stood still, by this process's own clock: what another machine's clock wrote proves nothing."""

import time
from collections.abc import Hashable
from datetime import timedelta


class Watched:
    """Remembers since when each thing has looked as it does now."""

    def __init__(self) -> None:
        self._since: dict[Hashable, tuple[object, float]] = {}

    def stands_still(self, thing: Hashable, look: object, *, lasts: timedelta) -> bool:
        """Whether `thing` has looked the same for as long as `lasts`, each time that it was looked at here."""
        now = time.monotonic()
        before, since = self._since.get(thing, (None, now))
        if before != look:
            self._since[thing] = (look, now)
            return False
        return now - since > lasts.total_seconds()
