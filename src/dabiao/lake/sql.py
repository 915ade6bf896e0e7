"""Names as SQL writes them."""

from collections.abc import Iterable


def named(name: str) -> str:
    """A column, whatever it is called."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str], prefix: str = "") -> str:
    """Columns one after the other, each of the table that `prefix` says (`e.`)."""
    return ", ".join(prefix + named(name) for name in names)
