"""Secrets at rest: connector passwords are encrypted with a key derived from the program's own."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from dabiao.core import config
from dabiao.core.errors import Refused


class SecretIsUnreadable(Refused):
    """The secret was encrypted with another key."""


def encrypt(plain: str) -> str:
    """Text that only this installation can read back (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _fernet().encrypt(plain.encode()).decode()


def decrypt(hidden: str) -> str:
    """The plain text. Raises SecretIsUnreadable after the program's secret key has changed."""
    try:
        return _fernet().decrypt(hidden.encode()).decode()
    except InvalidToken:
        raise SecretIsUnreadable(
            "This secret was saved with another DABIAO_SECRET_KEY. Enter it again."
        ) from None


def _fernet() -> Fernet:
    digest = hashlib.sha256(b"dabiao connector secrets:" + config.secret_key().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
