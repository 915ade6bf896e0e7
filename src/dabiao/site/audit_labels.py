"""What the audit log's codes mean, in the reader's language. The log itself keeps the codes, which never change."""

from collections.abc import Mapping

from dabiao.rooms import ROOMS


def said(code: str) -> str:
    """A code in words; the code itself where it has none."""
    label = next((room.audit[code] for room in ROOMS if code in room.audit), code)
    return str(label)


def holding(text: str) -> Mapping[str, str]:
    """Code → words of the codes whose words hold a text."""
    labels = {code: str(label) for room in ROOMS for code, label in room.audit.items()}
    return {code: label for code, label in labels.items() if text.lower() in label.lower()}
