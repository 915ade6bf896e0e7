"""Which names a new room may bear: those that nothing in the checkout, Django or the addresses bears already."""

import keyword
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from dabiao.core.errors import Malformed, Refused


class NameTaken(Refused):
    """There is something of this name already."""


def check(name: str, root: Path) -> None:
    """Raises Malformed for what is no name, NameTaken with what bears it."""
    for path in (f"src/dabiao/{name}", f"src/dabiao/{name}.py", f"tests/{name}", f"tests/{name}.py"):
        if re.fullmatch(r"\w+", name) and (root / path).exists():
            raise NameTaken(f"A room cannot be called `{name}`: {path} exists already.")
    if not re.fullmatch(r"[a-z]{3,30}", name):
        raise Malformed(
            f"{name!r} is no name for a room: write 3 to 30 lower-case letters, like `{_plain(name)}`."
        )
    if keyword.iskeyword(name):
        raise Malformed(f"A room cannot be called `{name}`: it is a keyword of Python.")
    if f"{name}/" in _ignored(root):
        raise NameTaken(f"A room cannot be called `{name}`: .gitignore keeps {name}/ out of the repository.")
    if app := _app(name):
        raise NameTaken(f"A room cannot be called `{name}`: {app} has this label among Django's apps.")
    if owner := dict(_first_parts()).get(name):
        raise NameTaken(f"A room cannot be called `{name}`: {owner} answers at /{name}/ already.")


def _ignored(root: Path) -> list[str]:
    file = root / ".gitignore"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _app(name: str) -> str:
    """The app of this label; those of Django count also while they are not installed."""
    installed = {config.label: config.name for config in apps.get_app_configs()}
    return installed.get(name) or (f"django.contrib.{name}" if find_spec(f"django.contrib.{name}") else "")


def _first_parts() -> Iterator[tuple[str, str]]:
    """(first part, who answers there) of every address."""
    yield settings.STATIC_URL.strip("/"), "whatever is static"
    for path, owner in _addresses(get_resolver(), "", "site"):
        yield path.partition("/")[0], owner


def _addresses(resolver: URLResolver, before: str, owner: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        path = f"{before}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield path, owner
        else:
            yield from _addresses(entry, path, entry.namespace or owner)


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z]", "", name.lower())
    return plain if 3 <= len(plain) <= 30 else "visits"
