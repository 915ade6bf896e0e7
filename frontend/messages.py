"""Collect every English text of templates and code into the catalogue of simplified Chinese.

`python frontend/messages.py` adds what is new (untranslated), keeps what is translated, drops what is gone, and
lists what still needs words. `collected()` is what the test compares the catalogue with.
"""

import ast
import io
import os
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages import Catalog, pofile

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src/dabiao"
CATALOGUE = SOURCE / "locale/zh_Hans/LC_MESSAGES/django.po"

_PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_PLURAL = {"ngettext", "ngettext_lazy"}
_CONTEXT = {"pgettext", "pgettext_lazy"}
_TAGGED = re.compile(r"\b(gettext|ngettext|pgettext|npgettext|_)\(")


@dataclass(frozen=True)
class Text:
    """One text to translate, and where it stands."""

    id: str
    plural: str
    context: str
    place: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.context, self.id)


def collected() -> list[Text]:
    """Every text of every template and module, each once, in a stable order."""
    found: dict[tuple[str, str], Text] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in file.parts:
            for text in _of_module(file):
                found.setdefault(text.key, text)
    for file in sorted(SOURCE.rglob("templates/**/*.*")):
        for text in _of_template(file):
            found.setdefault(text.key, text)
    return list(found.values())


def _of_module(file: Path) -> Iterator[Text]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            words = [
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            yield from _text(name, words, _place(file))


def _of_template(file: Path) -> Iterator[Text]:
    """Django writes a template as code that calls gettext; the calls are read out of that."""
    from django.utils.translation.template import templatize

    code = templatize(file.read_text(encoding="utf-8"), origin=str(file))
    for found in _TAGGED.finditer(code):
        words = list(_strings(code[found.end() :]))
        yield from _text(found[1], words, _place(file))


def _strings(code: str) -> Iterator[str]:
    """The string arguments at the start of `code`, up to the closing bracket."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.STRING:
                yield ast.literal_eval(token.string)
            elif token.string == ")":
                return
    except (tokenize.TokenError, IndentationError):
        return


def _text(name: str, words: list[str], place: str) -> Iterator[Text]:
    if name in _PLAIN and len(words) == 1:
        yield Text(words[0], "", "", place)
    elif name in _PLURAL and len(words) >= 2:
        yield Text(words[0], words[1], "", place)
    elif name in _CONTEXT and len(words) == 2:
        yield Text(words[1], "", words[0], place)


def _place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def catalogue() -> Catalog:
    """What has been translated so far."""
    if not CATALOGUE.exists():
        return Catalog(locale="zh_Hans", project="Dabiao", charset="utf-8")
    with CATALOGUE.open("rb") as file:
        return pofile.read_po(file, locale="zh_Hans")


def untranslated(texts: list[Text], known: Catalog) -> list[Text]:
    """Texts without Chinese words."""
    return [text for text in texts if not _words(known, text)]


def _words(known: Catalog, text: Text) -> str | tuple[str, ...] | None:
    message = known.get(text.id, text.context or None)
    if message is None:
        return None
    words = message.string
    return words if words and (isinstance(words, str) or all(words)) else None


def update() -> list[Text]:
    """Write the catalogue anew from what is in the code, with the words there are; returns what has none."""
    texts, known = collected(), catalogue()
    new = Catalog(
        locale="zh_Hans",
        project="Dabiao",
        charset="utf-8",
        fuzzy=False,
        header_comment="# Dabiao in simplified Chinese.",
    )
    for text in sorted(texts, key=lambda text: (text.place, text.context, text.id)):
        words = _words(known, text)
        ids = (text.id, text.plural) if text.plural else text.id
        new.add(
            ids,
            words or (("",) if text.plural else ""),
            locations=[(text.place, 0)],
            context=text.context or None,
        )
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        pofile.write_po(file, new, width=110, omit_header=False, include_lineno=False, ignore_obsolete=True)
    return untranslated(texts, new)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dabiao.settings")
    sys.path.insert(0, str(ROOT / "src"))
    import django

    django.setup()
    missing = update()
    for text in missing:
        print(f"{text.place}: {text.id!r}")
    print(f"{len(missing)} texts without Chinese words.")
