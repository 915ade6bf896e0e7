"""The secret key in an archive: left out, as it is, or encrypted with a passphrase."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.utils.translation import gettext as _

from dabiao.core import config
from dabiao.core.errors import Malformed
from dabiao.site.backup.archive import Archive, changed
from dabiao.site.backup.errors import CannotRead

PLAIN: Final = "secret.key"
CLOSED: Final = "secret.key.encrypted"
_COST: Final = {"n": 2**15, "r": 8, "p": 1}
_SHORTEST: Final = 8


class WrongPassphrase(Malformed):
    """There is none, or it is not the one that the key was encrypted with."""


@dataclass(frozen=True)
class Keeping:
    """What becomes of the key: with neither it is left out."""

    plain: bool = False
    passphrase: str = ""


LEFT_OUT: Final = Keeping()


def passphrase_in(file: Path) -> str:
    """The first line of a file. Raises CannotRead, WrongPassphrase when it is too short to protect anything."""
    try:
        line = file.read_text(encoding="utf-8").split("\n")[0].strip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRead(_("%(file)s can't be read as a passphrase.") % {"file": file}) from error
    if len(line) < _SHORTEST:
        raise WrongPassphrase(
            _("The passphrase in %(file)s is shorter than %(least)s characters.")
            % {"file": file, "least": _SHORTEST}
        )
    return line


def has_closed_key(file: Path) -> bool:
    """Whether the key in an archive asks for a passphrase."""
    with Archive.open(file) as archive:
        return CLOSED in archive.members


def packed(keeping: Keeping) -> tuple[str, bytes] | None:
    """Name and content of the member; None where nothing is kept, also when the key comes from the environment."""
    file = config.home() / PLAIN
    if config.get("DABIAO_SECRET_KEY") or not file.is_file():
        return None
    if keeping.passphrase:
        return CLOSED, _close(file.read_bytes(), keeping.passphrase)
    return (PLAIN, file.read_bytes()) if keeping.plain else None


def unpacked(archive: Archive, passphrase: str, *, wanted: bool) -> bytes | None:
    """The key that the archive holds; None where it holds none or none is wanted. Raises WrongPassphrase."""
    if not wanted:
        return None
    if PLAIN in archive.members:
        return archive.read(PLAIN)
    return _open(archive.read(CLOSED), passphrase) if CLOSED in archive.members else None


def _close(key: bytes, passphrase: str) -> bytes:
    salt = os.urandom(16)
    text = {
        "scrypt": {"salt": salt.hex(), **_COST},
        "fernet": _fernet(passphrase, salt).encrypt(key).decode(),
    }
    return json.dumps(text).encode()


def _open(content: bytes, passphrase: str) -> bytes:
    if not passphrase:
        raise WrongPassphrase(
            _(
                "The key in the backup is encrypted. Give --passphrase-file, or --no-key to restore without it."
            )
        )
    try:
        text = json.loads(content)
        return _fernet(passphrase, bytes.fromhex(text["scrypt"]["salt"])).decrypt(text["fernet"])
    except InvalidToken:
        raise WrongPassphrase(_("The key in the backup was encrypted with another passphrase.")) from None
    except (KeyError, TypeError, ValueError) as error:
        raise changed(CLOSED) from error


def _fernet(passphrase: str, salt: bytes) -> Fernet:
    made = Scrypt(salt=salt, length=32, **_COST).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(made))
