"""Who can sign in to the demo company: one account for each way of looking at it."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from dabiao.core import uploads
from dabiao.demo.names import Language
from dabiao.demo.simulation.company import Company
from dabiao.org import actions, imports
from dabiao.org.access import User

GRANTED = ("team", "nanjing")
"""The manager of Shanghai 1 may look at the team whose pitch works."""


@dataclass(frozen=True)
class Account:
    """A user name, a role, and the seat whose holder it is."""

    username: str
    role: str
    seat: str | None


ACCOUNTS = (
    Account("admin", "admin", None),
    Account("director", "manager", "company-director"),
    Account("manager", "manager", "east-manager"),
    Account("team", "manager", "shanghai-1-manager"),
    Account("rep", "rep", "shanghai-1-rep-1"),
    Account("operations", "operations", "sales-operations-1"),
    Account("finance", "reader", "finance-1"),
)


def password() -> str:
    """The password of all demo accounts: the same at every run of this installation, guessable in no other."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), b"demo accounts", hashlib.sha256)
    return "demo-" + base64.b32encode(digest[:5]).decode().lower()


def make(company: Company, language: Language, *, at: datetime) -> None:
    """Make the accounts, or leave them as they are."""
    holders = {each.seat: each.person for each in company.assignments if each.ends_on.year == 9999}
    rows = [
        {
            "username": account.username,
            "role": account.role,
            "person": holders[account.seat] if account.seat else "",
            "language": "zh-hans" if language == "zh" else "en",
        }
        for account in ACCOUNTS
    ]
    imported("users", rows, at=at)
    secret = password()
    for user in User.objects.filter(username__in=[account.username for account in ACCOUNTS]):
        if not user.check_password(secret):
            actions.set_password(user.username, secret, by=user, at=at)
    username, unit = GRANTED
    imported("grants", [{"username": username, "unit": unit, "starts_on": str(company.first)}], at=at)


def imported(table: str, rows: list[dict[str, str]], *, at: datetime) -> None:
    """Import rows of the organisation as a file would be."""
    done = imports.import_rows(table, uploads.numbered(rows), by=None, at=at)
    if done.errors:
        raise ValueError(f"{table} of the demo company: {done.errors[0]}")
