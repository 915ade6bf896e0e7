"""Names as people read them: what two spellings have in common."""

import unicodedata


def fold(name: str) -> str:
    """Upper and lower case, full and half width are one: Ada, ＡＤＡ and ada are the same name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
