"""The command line: names what the rooms offer and loads a room only when its command runs."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import typer

from dabiao.core.room import Command
from dabiao.rooms import ROOMS

_FIRST: Mapping[str, Command] = {
    "init": Command(
        "dabiao.site.commands:init", "Make the data folder, the database and the first administrator."
    ),
    "demo": Command(
        "dabiao.demo.commands:demo", "A whole company to look at, with one full loop printed, then served."
    ),
    "serve": Command("dabiao.site.commands:serve", "Serve the pages, with a worker beside them."),
    "worker": Command("dabiao.site.commands:worker", "Run one more job worker."),
}
_LAST: Mapping[str, Command] = {
    "doctor": Command("dabiao.site.commands:doctor", "Check the database, the lake and the roll-ups."),
    "backup": Command(
        "dabiao.site.backup.commands:backup",
        "The app database and the files a snapshot names, in one archive.",
    ),
    "restore": Command(
        "dabiao.site.backup.commands:restore", "Bring a backup back into an empty data folder."
    ),
    "drill": Command(
        "dabiao.site.backup.commands:drill", "Restore a backup for show, and compare every row and file."
    ),
    "recover": Command(
        "dabiao.site.commands:recover", "Make a lost database anew, as far as the lake knows."
    ),
    "upgrade": Command("dabiao.site.commands:upgrade", "Bring both stores to this version of the program."),
    "dev": Command("dabiao.site.dev:app", "For whoever works on the program itself: lay down a room."),
}
_FOR_A_LOST_DATABASE = frozenset({"doctor", "recover"})
"""They run on an empty database over a full lake: to say so, or to mend it."""
COMMANDS: Mapping[str, Command] = {
    **_FIRST,
    **{name: command for room in ROOMS for name, command in room.commands.items()},
    **_LAST,
}

_MAKE_THEIR_OWN_DATABASE = frozenset({"restore", "drill"})
"""What they leave when they fail is what was there before: nothing, in a data folder that is new."""


def build(arguments: Sequence[str]) -> typer.Typer:
    """The program for these arguments: the room of the command called for is imported, the others only named."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    app.callback()(dabiao)
    for name, entry in COMMANDS.items():
        if name in arguments[:1]:
            _add(app, name, entry)
        else:
            app.command(name, help=entry.help)(_elsewhere)
    return app


def dabiao() -> None:
    """Dabiao (达标): sales targets, facts, attainment, causes, effects and pay. Data lie under $DABIAO_HOME."""


def main() -> None:
    """Run the command line; a refusal is one line on stderr and exit code 1."""
    from dabiao.core.errors import as_refusal

    try:
        build(sys.argv[1:])()
    except Exception as error:
        refusal = as_refusal(error)
        if refusal is None:
            raise
        print(f"dabiao: {refusal}", file=sys.stderr)
        sys.exit(1)


def _add(app: typer.Typer, name: str, entry: Command) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dabiao.settings")
    django.setup()
    if name not in _MAKE_THEIR_OWN_DATABASE:
        _make_database_once(name)
    module, attribute = entry.place.split(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name, help=entry.help)
    else:
        app.command(name, help=entry.help)(found)


def _make_database_once(name: str) -> None:
    """A data folder that is used for the first time gets its tables, whatever the first command is."""
    from django.core.management import call_command
    from django.db import connection

    from dabiao.lake import installation

    if not connection.introspection.table_names():
        if name not in _FOR_A_LOST_DATABASE:
            installation.refuse_new_database()
        call_command("migrate", verbosity=0, interactive=False)


def _elsewhere() -> None:
    """Never runs: it stands for a command in the help of the program."""
