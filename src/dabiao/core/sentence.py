"""What the engine has to say, in somebody's language: gettext is the only catalogue there is."""

from contextlib import nullcontext
from typing import Final

from django.utils import translation

from dabiao.core.chinese import traditional
from dabiao.engine.message import Catalogue, Message, Value, Words, said


def say(text: Value, language: str = "") -> str:
    """The text in a language; without one, in the reader's."""
    with translation.override(language) if language else nullcontext():
        return said(text, _GETTEXT)


def _sentence(message: Message) -> str:
    """The message's sentence in the active language, its places still open."""
    if message.plural:
        return translation.ngettext(message.text, message.plural, message.count)
    if message.context:
        return translation.pgettext(message.context, message.text)
    return translation.gettext(message.text)


def _wording(words: Words) -> str:
    language = translation.get_language() or "en"
    if not language.startswith("zh"):
        return words.en
    return traditional(words.zh_hans) if language.startswith("zh-hant") else words.zh_hans


_GETTEXT: Final = Catalogue(_sentence, _wording)
