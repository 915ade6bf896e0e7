"""The crediting rules that metrics and plans may name. Data: standard ones here, a company's own beside them."""

from collections.abc import Mapping

from dabiao.engine.attribution import RECORD, Rule

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (RECORD, Rule("signer", "signer"), Rule("owner", "owner"), Rule("holder", "holder"))
}
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
