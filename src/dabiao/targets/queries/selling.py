"""Which units have nothing to do with targets: a grid leaves finance and personnel to whoever asks for them."""

from collections.abc import Collection

from dabiao.org import queries as org
from dabiao.targets.models import Target


def idle(units: Collection[str], promised: Collection[str]) -> frozenset[str]:
    """Of units side by side those that will have no target: they and all below them are of kinds of which no unit has
    any, while others beside them have. A new sales team is of such a kind already.

    promised: those of the units that are known to have a target
    """
    tree = org.tree()
    held = Target.objects.filter(scope_kind="unit").values_list("unit__key", flat=True).distinct()
    known = {*promised, *held}
    below = {key: tree.subtree(key) for key in units}
    if not any(node.key in known for nodes in below.values() for node in nodes):
        return frozenset()
    kinds = {tree.by_key[key].kind for key in known if key in tree.by_key}
    return frozenset(key for key, nodes in below.items() if not any(node.kind in kinds for node in nodes))
