"""Commands of backups: backup, restore, drill."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dabiao.core import config
from dabiao.core.errors import Malformed
from dabiao.core.output import Format, show
from dabiao.site.backup import Keeping, passphrase_in
from dabiao.site.backup import backup as make
from dabiao.site.backup import restore as bring_back
from dabiao.site.backup.drill import drill as rehearse

Passphrase = Annotated[
    Path | None, typer.Option(help="A file whose first line encrypts the secret key in the archive.")
]


class Contradiction(Malformed):
    """Two options that exclude each other."""


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, e.g. dabiao.tar.gz")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Put the secret key in as it is: whoever has the file has it.")
    ] = False,
    passphrase_file: Passphrase = None,
) -> None:
    """The app database and the files that snapshots name, in one archive; the secret key only when asked for."""
    if with_key and passphrase_file:
        raise Contradiction(_("Give --with-key or --passphrase-file, not both."))
    keeping = Keeping(with_key, passphrase_in(passphrase_file) if passphrase_file else "")
    made = make(file, at=timezone.now(), keeping=keeping)
    files = ngettext("%(count)s file in %(file)s", "%(count)s files in %(file)s", made.files)
    print(files % {"count": made.files, "file": file})
    print(_of_the_key(made.key), file=sys.stderr)


def _of_the_key(name: str) -> str:
    if name.endswith(".encrypted"):
        return _("The secret key is in it, encrypted. Keep the passphrase somewhere else.")
    if name:
        return _("Warning: the secret key is in it as it is. Keep the file as you would keep a password.")
    if config.get("DABIAO_SECRET_KEY"):
        return _("The secret key comes from DABIAO_SECRET_KEY and is not in it: keep it somewhere else.")
    return _(
        "The secret key is not in it: after a restore, passwords of connectors are entered again, unless you keep "
        "%(file)s yourself or back up with --passphrase-file."
    ) % {"file": config.home() / "secret.key"}


def restore(
    file: Annotated[Path, typer.Argument(help="An archive made by `dabiao backup`")],
    passphrase_file: Passphrase = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Leave the secret key in the archive, if there is one.")
    ] = False,
) -> None:
    """Bring a backup back into an empty data folder and an empty database: all of it, or nothing."""
    passphrase = passphrase_in(passphrase_file) if passphrase_file else ""
    done = bring_back(file, passphrase=passphrase, with_key=not no_key)
    print(_("Restored; the newest snapshot is v%(version)s.") % {"version": done.version})
    print(_after(has_key=done.has_key))


def _after(*, has_key: bool) -> str:
    if config.get("DABIAO_SECRET_KEY"):
        return _(
            "Everybody signs in again. Connectors work if DABIAO_SECRET_KEY is the one that the backup was made with."
        )
    if has_key:
        return _("Everybody signs in again. The secret key came along: connectors work as before.")
    return _(
        "Everybody signs in again. The secret key is a new one: enter the passwords of connectors again, or put "
        "secret.key of the original into %(folder)s."
    ) % {"folder": config.home()}


def drill(
    file: Annotated[Path, typer.Argument(help="An archive made by `dabiao backup`")],
    database: Annotated[
        str,
        typer.Option(
            envvar="DABIAO_DRILL_DATABASE",
            help="DATABASE_URL of an empty database to restore into; default: SQLite.",
        ),
    ] = "",
    passphrase_file: Passphrase = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Restore an archive for show, compare every row and file, let the doctor look; exit code 1 if anything is wrong."""
    lines = [vars(line) for line in rehearse(file, database=database, passphrase_file=passphrase_file)]
    show(lines, ["part", "backup", "restored", "state", "detail"], form)
    if any(line["state"] == "fail" for line in lines):
        raise typer.Exit(1)
