"""Every place where a file, or a document of somebody's, comes in: read off the addresses, so that none is forgotten."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.urls import URLPattern, get_resolver, reverse

from dabiao.core import room
from tests.faults.malformed import Malformed

FORMS: Mapping[str, Mapping[str, str]] = {
    "facts:start": {"upload": "file"},
    "facts:upload": {"upload": "file", "mapping": "document"},
    "org:import": {"file": "file"},
    "targets:import": {"file": "file"},
}
"""Page → its fields that take files, and what they take."""
DOCUMENTS = {"yml"}
BODIES = {"json", "jsonl"}


@dataclass(frozen=True)
class Door:
    """input: what the form calls the file, or empty where it is the whole body. more: what goes with it."""

    name: str
    path: str
    input: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    takes: Callable[[Malformed], bool] = lambda _file: True
    method: str = "POST"


def doors() -> list[Door]:
    """A table of every page that takes several is a door of its own."""
    return [*_pages(), *_interface()]


def _pages() -> Iterator[Door]:
    def table(file: Malformed) -> bool:
        return file.kind not in DOCUMENTS | BODIES

    yield Door("facts", reverse("facts:upload"), "upload", {"system": "erp"}, table)
    yield Door("start", reverse("facts:start"), "upload", {"company": "Northwind"}, table)
    yield Door(
        "mapping", reverse("facts:upload"), "mapping", {"system": "erp"}, lambda file: file.kind in DOCUMENTS
    )
    for key in ("org", "targets"):
        tables = room.importables(key)
        for name in tables:
            more = {"table": name, "dry_run": "on"} if len(tables) > 1 else {"dry_run": "on"}
            yield Door(f"{key} {name}", reverse(f"{key}:import"), "file", more, table)


def _interface() -> Iterator[Door]:
    def body(file: Malformed) -> bool:
        return file.kind in BODIES

    yield Door("interface: facts", "/api/v1/facts/order_lines", takes=body)
    yield Door("interface: people", "/api/v1/org/people", takes=body)
    yield Door("interface: users", "/api/v1/org/users", takes=body)
    yield Door("interface: targets", "/api/v1/targets", takes=body, method="PUT")


def pages_with_files(get: Callable[[str], str]) -> dict[str, set[str]]:
    """Address → the fields in which its page takes files. get: path → page, as somebody who may everything."""
    found = {}
    for name, path in _plain_pages():
        fields = {
            match.group(1)
            for tag in re.findall(r"<input[^>]*>", get(path))
            if 'type="file"' in tag and (match := re.search(r'name="([^"]+)"', tag))
        }
        if fields:
            found[name] = fields
    return found


def _plain_pages() -> Iterator[tuple[str, str]]:
    """Pages without arguments that take what is posted."""
    for space, resolver in get_resolver().namespace_dict.items():
        for pattern in resolver[1].url_patterns:
            takes = isinstance(pattern, URLPattern) and "POST" in getattr(pattern.callback, "methods", ())
            if takes and not pattern.pattern.converters:
                yield f"{space}:{pattern.name}", reverse(f"{space}:{pattern.name}")
