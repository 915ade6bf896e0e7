"""Whatever a library throws while it reads a file becomes a sentence about the file, in one place.

Readers are written in C and Rust; what they throw names our folders and their types, and some of it (a panic) is not
even an Exception. Nobody who brings a file can do anything with that: the log has it, the reader gets the mend.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, Refused

log = logging.getLogger(__name__)

_OURS: Final = (Refused, KeyboardInterrupt, SystemExit, GeneratorExit)
_LOCKED: Final = ("password", "encrypt")


class Unreadable(Malformed):
    """The file cannot be read as a table. The message names the file and the mend."""


class Hostile(Malformed):
    """The file is not what an export of a system or a person's table looks like."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turns what reading the file called `name` throws into Unreadable; refusals pass as they are."""
    try:
        yield
    except _OURS:
        raise
    except BaseException as error:
        log.debug("%s cannot be read", name, exc_info=True)  # whoever brought it is told in words
        raise Unreadable(sentence(error, name)) from None


def sentence(error: BaseException, name: str) -> str:
    """What happened to the file and how to mend it, without a word of the library's."""
    if isinstance(error, MemoryError):
        return _("%(file)s takes more memory than reading a file may. Save it as CSV, or split it.") % {
            "file": name
        }
    if isinstance(error, UnicodeError | LookupError):
        return _("%(file)s is no text in a known encoding. Save it as UTF-8.") % {"file": name}
    if any(word in str(error).lower() for word in _LOCKED):
        return locked(name)
    return damaged(name)


def damaged(name: str) -> str:
    """Nothing more is known than that it cannot be read."""
    return _(
        "%(file)s is damaged and cannot be read. Save it again from the program that made it, or as CSV."
    ) % {"file": name}


def locked(name: str) -> str:
    """It is enciphered."""
    return _("%(file)s is protected by a password. Take the protection off and save it again.") % {
        "file": name
    }
