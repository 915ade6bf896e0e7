"""Today's organisation tree as one frozen value: units depth first, every subtree a slice."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar, cast

from dabiao.org.models import OrgVersion, Unit

T = TypeVar("T")


@dataclass(frozen=True)
class Node:
    """A unit in the tree. `ends` is the index after its subtree in `Tree.nodes`."""

    pk: int
    key: str
    name: str
    name_en: str
    kind: str
    parent: str | None
    depth: int
    index: int
    ends: int

    def label(self, language: str = "") -> str:
        """The unit's name in a language; English falls back to the one name everybody uses."""
        return self.name_en if self.name_en and language.startswith("en") else self.name


@dataclass(frozen=True)
class Tree:
    """Every unit, depth first, siblings by `order` then key. `stamp` is new whenever the organisation changes."""

    stamp: str
    nodes: tuple[Node, ...]
    by_key: Mapping[str, Node] = field(repr=False)

    def subtree(self, key: str) -> tuple[Node, ...]:
        """The unit and everything below it; empty when there is no such unit."""
        node = self.by_key.get(key)
        return self.nodes[node.index : node.ends] if node else ()

    def children(self, key: str | None) -> tuple[Node, ...]:
        """Units directly below; of None: the roots."""
        return tuple(node for node in (self.subtree(key) if key else self.nodes) if node.parent == key)

    def path(self, key: str) -> tuple[Node, ...]:
        """From the root to the unit itself."""
        return tuple(reversed(list(self._upwards(key))))

    def roots(self) -> tuple[Node, ...]:
        return self.children(None)

    def _upwards(self, key: str | None) -> Iterator[Node]:
        while key is not None:
            node = self.by_key[key]
            yield node
            key = node.parent


_read: ContextVar[dict[Hashable, object] | None] = ContextVar("read", default=None)


def tree() -> Tree:
    """Today's tree, kept until an action changes the organisation."""
    return read_once("tree", _today)


@contextmanager
def one_tree() -> Iterator[None]:
    """Within it the organisation is read once, and is one and the same. For pages that only read."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def read_once(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` says of the organisation; within `one_tree` what it said there first under this key."""
    known = _read.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    return cast(T, known[key])


def org_version() -> int:
    """How often the organisation has been changed. Publishing compares it with what it has published."""
    return OrgVersion.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def _today() -> Tree:
    stamp = OrgVersion.objects.filter(pk=1).values_list("stamp", flat=True).first()
    return _kept(stamp) if stamp else _built("")


@lru_cache(maxsize=4)
def _kept(stamp: str) -> Tree:
    return _built(stamp)


def _built(stamp: str) -> Tree:
    fields = ("pk", "key", "name", "name_en", "kind", "parent_id")
    rows = list(Unit.objects.order_by("order", "key").values_list(*fields))
    keys = {row[0]: row[1] for row in rows}
    below: dict[int | None, list[tuple[int, str, str, str, str, int | None]]] = {}
    for row in rows:
        below.setdefault(row[5], []).append(row)
    nodes: list[Node] = []

    def visit(row: tuple[int, str, str, str, str, int | None], depth: int) -> None:
        pk, key, name, name_en, kind, parent = row
        index = len(nodes)
        nodes.append(
            Node(pk, key, name, name_en, kind, keys[parent] if parent else None, depth, index, index + 1)
        )
        for child in below.get(pk, []):
            visit(child, depth + 1)
        nodes[index] = replace(nodes[index], ends=len(nodes))

    for root in below.get(None, []):
        visit(root, 0)
    return Tree(stamp, tuple(nodes), {node.key: node for node in nodes})
