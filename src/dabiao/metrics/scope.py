"""Which seats' facts count for a viewer and a scope, in the numbering of the snapshot that is read."""

from datetime import date
from functools import lru_cache

from dabiao.lake.reading import Lake
from dabiao.org import queries
from dabiao.org.access import User
from dabiao.org.queries import Numbering, Scope, numbering, tree


def seats(lake: Lake, *, viewer: User, scope: Scope | None, on: date) -> frozenset[int] | None:
    """Seats whose facts are counted; None: all facts, those of nobody included.

    scope:  a unit (its subtree today) or a person; None: all that the viewer may see.
    Raises NotFound for a scope that the viewer may not see.
    """
    sight = queries.sight(viewer, on)
    if scope is None:
        return None if sight.everything else _of_units(lake, sight.units) | _of_person(lake, sight.person)
    queries.check_scope(viewer, scope, on)
    asked = _of_scope(lake, scope, everything=sight.everything)
    if sight.everything or asked is None or scope.key == sight.person:
        return asked
    # A person's facts of the time in another unit stay with that unit's manager.
    return asked & (_of_units(lake, sight.units) | _of_person(lake, sight.person))


def _of_scope(lake: Lake, scope: Scope, *, everything: bool) -> frozenset[int] | None:
    if scope.kind == "person":
        return _of_person(lake, scope.key)
    roots = tree().roots()
    if everything and len(roots) == 1 and roots[0].key == scope.key:
        return None  # the company's figures include what nobody has sold
    return _of_units(lake, frozenset(node.key for node in tree().subtree(scope.key)))


def _of_units(lake: Lake, units: frozenset[str]) -> frozenset[int]:
    own = _numbers(lake).own
    return frozenset(seat for unit in units if unit in own for seat in range(*own[unit]))


def _of_person(lake: Lake, person: str | None) -> frozenset[int]:
    return frozenset(_numbers(lake).people.get(person or "", ()))


@lru_cache(maxsize=8)
def _numbers(lake: Lake) -> Numbering:
    units = lake.run("SELECT unit, parent, seat_from, seat_to FROM units")
    return numbering(units, lake.run("SELECT seat, person FROM assignments"))
