"""The readable file that says which columns of which files mean what: `schema: dabiao/map/1`."""

from dabiao.facts.logic.mapping.model import Agree, Apart, Join, MapFile, Rule, Source, TableMap, Where
from dabiao.facts.logic.mapping.parse import BadMapping, read_map

__all__ = [
    "Agree",
    "Apart",
    "BadMapping",
    "Join",
    "MapFile",
    "Rule",
    "Source",
    "TableMap",
    "Where",
    "read_map",
]
