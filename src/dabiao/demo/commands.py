"""`dabiao demo`: a whole company, one loop of its last closed month in the terminal, then the pages."""

import os
import sys
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer
from django.core.management import call_command
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from dabiao.core import config
from dabiao.core.calendars import fiscal
from dabiao.demo import accounts, building, terminal
from dabiao.demo.simulation.company import SEED
from dabiao.lake import installation, reading
from dabiao.org.access import User


class Lang(StrEnum):
    """The language of names and pages."""

    ZH = "zh"
    EN = "en"


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the pages afterwards.")] = True,
    lang: Annotated[Lang, typer.Option(help="Language of names and pages.")] = Lang.ZH,
    seed: Annotated[int, typer.Option(help="Another number makes another company.")] = SEED,
) -> None:
    """Build the demo company, print one loop of its last closed month, then serve the pages."""
    console = Console()
    config.home().mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    installation.claim()
    with console.status("") as status:
        built = building.build(
            seed,
            lang.value,
            on=timezone.localdate(),
            at=timezone.now(),
            step=lambda what: status.update(f"{what} …"),
        )
    show(built.on, lang, console)
    if serve:
        console.print(f"http://{config.get('DABIAO_BIND')}", style="bold")
        _serve()


def show(today: date, lang: Lang, console: Console) -> None:
    """The loop of the last month closed on `today`, and who can sign in."""
    _print_loop(today, lang, console)
    _print_accounts(today, console)


def _print_loop(today: date, lang: Lang, console: Console) -> None:
    """As the director sees it."""
    calendar = fiscal()
    period = calendar.previous(calendar.containing(calendar.monthly, today))
    director = User.objects.select_related("person").get(username="director")
    language = "zh-hans" if lang is Lang.ZH else "en"
    terminal.print_loop(reading.current(), director, period, today=today, language=language, console=console)


def _print_accounts(today: date, console: Console) -> None:
    table = Table(
        show_edge=False, header_style="bold", title=f"{config.home()} · {today}", title_justify="left"
    )
    for name in ("user", "role", "password"):
        table.add_column(name)
    secret = accounts.password()
    for account in accounts.ACCOUNTS:
        table.add_row(account.username, account.role, secret)
    console.print()
    console.print(table)


def _serve() -> None:
    """In place of this process: nothing of building stays in memory."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "dabiao", "serve"])
