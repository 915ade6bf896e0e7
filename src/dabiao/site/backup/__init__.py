"""Backup and restore: one archive with the app database, the Delta files that snapshots name, and settings.

The database goes in as JSON lines, so a backup made on SQLite can be restored into PostgreSQL and back.
"""

from dabiao.site.backup.archive import Archive
from dabiao.site.backup.errors import Busy, CannotRead, CannotWrite, Damaged, NotABackup, NotEmpty
from dabiao.site.backup.key import Keeping, WrongPassphrase, has_closed_key, passphrase_in
from dabiao.site.backup.making import Made, backup
from dabiao.site.backup.restoring import Restored, restore

__all__ = [
    "Archive",
    "Busy",
    "CannotRead",
    "CannotWrite",
    "Damaged",
    "Keeping",
    "Made",
    "NotABackup",
    "NotEmpty",
    "Restored",
    "WrongPassphrase",
    "backup",
    "has_closed_key",
    "passphrase_in",
    "restore",
]
