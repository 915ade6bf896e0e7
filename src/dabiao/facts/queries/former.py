"""What files came from that were loaded before, how they were called and what was read of them."""

import re
from pathlib import PurePath
from typing import Final

from dabiao.facts.logic.mapping import BadMapping, MapFile, read_map
from dabiao.facts.logic.proposing import Former
from dabiao.facts.logic.reading.opening import FORMATS
from dabiao.facts.models import ImportBatch

_SYSTEM: Final = re.compile(r"^system:[ \t]*[\"']?(\S.*?)[\"']?[ \t]*$", re.MULTILINE)
_LATEST: Final = 200
"""Imports looked at: a mapping of each is read."""


def former() -> list[Former]:
    """Every source of the latest imports, the latest first, those of the same system, names and columns once."""
    done = ImportBatch.objects.filter(state=ImportBatch.State.DONE).exclude(mapping="").order_by("-at", "-pk")
    found = [
        one for path, text in done.values_list("path", "mapping")[:_LATEST] for one in _sources(text, path)
    ]
    return list(dict.fromkeys(found))


def _sources(text: str, path: str) -> list[Former]:
    """Those of a mapping as it was kept. One of an earlier version may no longer be one: no more than its system is known."""
    try:
        mapping = read_map(text)
    except BadMapping:
        return [Former(name) for name in _SYSTEM.findall(text)]
    alone = PurePath(path).name if PurePath(path).suffix.lower() in FORMATS else ""
    found = []
    for name, source in mapping.sources.items():
        fed = mapping.fed_by(name)
        if not fed:
            continue
        made = {new for join in source.joins for new in join.take}
        made |= {source.unpivot.name, source.unpivot.value} if source.unpivot else set()
        columns = sorted({column for table in fed for column in table.reads} - made)
        names = (alone,) if alone and len(mapping.sources) == 1 else source.files
        found.append(Former(_system(mapping, name), names, tuple(columns)))
    return found


def _system(mapping: MapFile, source: str) -> str:
    """Of a ledger that has a name of its own within the system, the system."""
    own = mapping.system_of(source)
    return mapping.system if own.startswith(f"{mapping.system}-") else own
