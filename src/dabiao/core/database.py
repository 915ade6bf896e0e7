"""DATABASE_URL → Django's database settings: SQLite by default, PostgreSQL when it grows."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def from_url(url: str, home: Path) -> dict[str, Any]:
    """Settings for one database. Empty: SQLite in WAL mode under `home`. Raises ValueError for other schemes."""
    if not url:
        return sqlite(home / "dabiao.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(Path(parts.path))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(
            f"DATABASE_URL: {parts.scheme}:// is not supported; use postgres:// or leave it empty"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_MAX_AGE": 60,
    }


def sqlite(file: Path) -> dict[str, Any]:
    """One writer at a time, readers never wait: WAL, immediate transactions, a patient lock."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if (
        not file.exists()
    ):  # made here, it is its owner's alone; files that SQLite puts beside it follow its mode
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
        "CONN_MAX_AGE": 60,
    }
