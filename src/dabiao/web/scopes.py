"""Whose figures: the path of units above the chosen one, and the tree to choose from."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dabiao.core.asked import Asked


def path(request: HttpRequest, asked: Asked) -> list[str]:
    """Names from the top to the chosen unit."""
    return [_("Whole company")]
