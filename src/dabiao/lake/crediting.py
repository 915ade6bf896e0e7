"""The crediting rules that metrics and plans may name, and the tables that they read."""

from collections.abc import Mapping

from dabiao.engine.credit import RECORD, RULES, Rule

__all__ = ["RULES", "UnknownRule", "rule", "tables"]
_READS: Mapping[str, tuple[str, ...]] = {"signer": ("contracts",), "owner": ("ownership",)}


class UnknownRule(ValueError):
    """No crediting rule has this name."""


def rule(name: str | None) -> Rule:
    """The named rule; the person on the record where none is named."""
    if name is None:
        return RECORD
    if name not in RULES:
        raise UnknownRule(f"No crediting rule is called {name!r}; there are {', '.join(sorted(RULES))}")
    return RULES[name]


def tables(name: str | None) -> tuple[str, ...]:
    """The tables that a rule reads beside the facts and the assignments."""
    return _READS.get(rule(name).who, ())
