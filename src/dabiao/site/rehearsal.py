"""The restored copy's side of a drill: `python -m dabiao.site.rehearsal ARCHIVE AGAIN [PASSPHRASE_FILE]`.

DABIAO_HOME and DATABASE_URL say where. It restores, lets the doctor look, backs up again into AGAIN, empties a
database that was given, and prints what the doctor found as JSON.
"""

import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """A refusal is one line on stderr and 1."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dabiao.settings")
    django.setup()
    from dabiao.core.errors import as_refusal

    file, again, *passphrase_file = [Path(argument) for argument in arguments]
    try:
        findings = rehearse(file, again, *passphrase_file)
    except Exception as error:
        refusal = as_refusal(error)
        if refusal is None:
            raise
        print(refusal, file=sys.stderr)
        return 1
    print(json.dumps(findings))
    return 0


def rehearse(file: Path, again: Path, passphrase_file: Path | None = None) -> list[dict[str, str]]:
    """Restore, look, back up again; returns what the doctor found."""
    from django.core.management import call_command
    from django.utils import timezone

    from dabiao.core import config
    from dabiao.site import backup, doctor

    passphrase = backup.passphrase_in(passphrase_file) if passphrase_file else ""
    backup.restore(file, passphrase=passphrase, with_key=bool(passphrase) or not backup.has_closed_key(file))
    try:
        findings = [vars(finding) for finding in doctor.examine(timezone.now())]
        backup.backup(again, at=timezone.now())
    finally:
        if config.get("DATABASE_URL"):
            call_command("flush", interactive=False, verbosity=0)
    return findings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
