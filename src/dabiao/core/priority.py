"""Work in the background gives way to pages that somebody waits for."""

import os
from contextlib import suppress
from typing import Final

_LATER: Final = 10
"""Of 19: on an idle machine nothing is slower, beside busy pages it gets about a tenth of a core's time."""


def give_way() -> None:
    """Let every other process of this machine go first from now on."""
    with suppress(OSError, AttributeError):  # no such thing on every system
        os.nice(_LATER)
