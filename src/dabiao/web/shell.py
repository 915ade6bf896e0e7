"""What every page's frame needs (placeholder)."""

from typing import Any

from django.http import HttpRequest


def context(request: HttpRequest) -> dict[str, Any]:
    """Nothing yet."""
    return {}
