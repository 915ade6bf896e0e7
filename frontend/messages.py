"""Collect every English text of templates and code into the rooms' catalogues of simplified Chinese.

`python frontend/messages.py` writes each room's .po anew: it adds what is new (untranslated), keeps what is
translated wherever that stood, drops what is gone, and lists what still needs words. A text that several rooms use
stands once, in the lowest of them. `collected()` is what the tests compare the catalogues with.
"""

import ast
import io
import os
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from babel.messages import Catalog, pofile

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src/dabiao"
PLACE = "locale/zh_Hans/LC_MESSAGES/django.po"

_PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "message", "noted"}
_PLURAL = {"ngettext", "ngettext_lazy", "counted_message", "noted_plural"}
_CONTEXT = {"pgettext", "pgettext_lazy"}
_TAGGED = re.compile(r"\b(gettext|ngettext|pgettext|npgettext|_)\(")
_DATED = re.compile(
    rb'^"(Project-Id-Version|Report-Msgid-Bugs-To|P\S+-Date|Last-Translator|Language-Team|Generated-By): .*\n',
    re.MULTILINE,
)
"""Lines of a header that would differ from run to run, or say nothing."""

Key = tuple[str, str]
Words = tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """One text to translate, and where it stands.

    values: what the code gives for its {places}: a language may use what English leaves out.
    """

    id: str
    plural: str
    context: str
    place: str
    values: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        return (self.context, self.id)

    @property
    def room(self) -> str:
        """The package that it stands in."""
        return Path(self.place).relative_to("src/dabiao").parts[0]

    def also(self, other: "Text") -> "Text":
        """The same text in two places: kept where it stands lowest, filled only with what both give."""
        lower = min(self, other, key=lambda text: (ORDER.index(text.room), text.place))
        return replace(lower, plural=self.plural or other.plural, values=self.values & other.values)


def _order() -> list[str]:
    """The rooms from the lowest up, as the contract of imports has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one.get("containers") == ["dabiao"])
    return [name.strip(" ()") for layer in reversed(layers) for name in re.split(r"[|:]", layer)]


ORDER = _order()


def collected() -> list[Text]:
    """Every text of every template and module, each once, in a stable order."""
    texts: dict[Key, Text] = {}
    for text in _everywhere():
        texts[text.key] = texts[text.key].also(text) if text.key in texts else text
    return sorted(texts.values(), key=lambda text: (text.place, text.context, text.id))


def _everywhere() -> Iterator[Text]:
    for file in SOURCE.rglob("*.py"):
        if "migrations" not in file.parts:
            yield from _of_module(file)
    for file in SOURCE.rglob("templates/**/*.*"):
        yield from _of_template(file)


def _of_module(file: Path) -> Iterator[Text]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            words = [text for arg in node.args if (text := _constant(arg))]
            given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            context = _constant(given["context"]) if "context" in given else ""
            for text in _text(name, words, _place(file)):
                yield replace(text, context=context or text.context, values=frozenset(given))


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


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


def catalogues() -> dict[str, Catalog]:
    """Room → what has been translated so far."""
    files = sorted(SOURCE.glob(f"*/{PLACE}"))
    return {file.relative_to(SOURCE).parts[0]: _read(file) for file in files}


def _read(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return pofile.read_po(opened, locale="zh_Hans")


def translated(known: Mapping[str, Catalog]) -> dict[Key, Words]:
    """Key → Chinese words, in whichever room they stand; texts without words are left out."""
    words: dict[Key, Words] = {}
    for message in (message for catalogue in known.values() for message in catalogue if message.id):
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        id_ = message.id if isinstance(message.id, str) else message.id[0]
        if all(said):
            words[message.context or "", id_] = tuple(said)
    return words


def update() -> list[Text]:
    """Write the catalogues anew from what is in the code, with the words there are; returns what has none."""
    texts, known = collected(), catalogues()
    words = translated(known)
    for room in {text.room for text in texts} | set(known):
        _write(SOURCE / room / PLACE, [text for text in texts if text.room == room], words)
    return [text for text in texts if text.key not in words]


def _write(file: Path, texts: list[Text], words: Mapping[Key, Words]) -> None:
    if not texts:
        file.unlink()
        return
    catalogue = Catalog(locale="zh_Hans", project="Dabiao", charset="utf-8", fuzzy=False)
    catalogue.header_comment = "# Dabiao in simplified Chinese."
    for text in texts:
        said = words.get(text.key, ("",))
        catalogue.add(
            (text.id, text.plural) if text.plural else text.id,
            said if text.plural else said[0],
            locations=[(text.place, 0)],
            context=text.context or None,
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    pofile.write_po(written, catalogue, width=110, include_lineno=False, ignore_obsolete=True)
    file.write_bytes(_DATED.sub(b"", written.getvalue()))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dabiao.settings")
    sys.path.insert(0, str(ROOT / "src"))
    import django

    django.setup()
    missing = update()
    for text in missing:
        print(f"{text.place}: {text.id!r}")
    print(f"{len(missing)} texts without Chinese words.")
