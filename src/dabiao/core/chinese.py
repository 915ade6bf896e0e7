"""Traditional characters for texts that are data: metrics' labels and notes have simplified Chinese and English."""

import json
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings


def traditional(text: str) -> str:
    """Character by character; words that differ as well (软件, 軟體) stay as they are."""
    return text.translate(_table())


@lru_cache(maxsize=1)
def _table() -> Mapping[int, str]:
    file = settings.ROOT / "core/locale/zh_Hant/characters.json"
    pairs: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {ord(simple): other for simple, other in pairs.items()}
