"""What the cells of the organisation's tables say: keys, last days, shares, words of a list."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from dabiao.core.uploads import Cell, amount, day, shown, text
from dabiao.org.models import FOREVER, Absence, User, is_plain_key


def key_of(cell: Cell) -> str:
    """A unit or position key: no blanks. Raises ValueError."""
    key = text(cell)
    try:
        is_plain_key(key)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from None
    return key


def last_day(cell: Cell) -> date:
    """The last day that counts, as the half-open end."""
    last = day(cell)
    return last if last == FOREVER else last + timedelta(days=1)


def share(cell: Cell) -> Decimal:
    """A share above 0 and up to 1."""
    part = amount(cell)
    if not 0 < part <= 1:
        raise ValueError(_("%(value)s must lie above 0 and at most be 1.") % {"value": shown(cell)})
    return part


def choice(choices: type[models.TextChoices]) -> Callable[[Cell], str]:
    words = {str(label).lower(): str(value) for value, label in choices.choices}

    def read(cell: Cell) -> str:
        plain = text(cell).lower()
        if plain in choices.values:
            return plain
        if plain in words:
            return words[plain]
        raise ValueError(
            _("%(value)s is not one of %(all)s.") % {"value": shown(cell), "all": ", ".join(choices.values)}
        )

    return read


def role(cell: Cell) -> str:
    words = {"管理员": "admin", "销售运营": "operations", "经理": "manager", "销售": "rep"}
    return choice(User.Role)(words.get(text(cell), cell))


def absence_kind(cell: Cell) -> str:
    words = {"请假": "leave", "病假": "illness", "培训": "training"}
    return choice(Absence.Kind)(words.get(text(cell), cell))
