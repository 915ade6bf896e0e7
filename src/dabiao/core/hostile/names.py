"""Names of uploaded files, which are kept under them."""

import re
import unicodedata


def safe_name(name: str) -> str:
    """The last part of an uploaded name, without anything that could leave its folder or hide its kind."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = re.sub(r"[^\w.\-() ]", "_", last).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[:60]}{dot}{suffix[:10]}" if stem else f"upload{dot}{suffix[:10]}"
