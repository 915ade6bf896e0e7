"""Every text has its Chinese; what is generated and compiled says the same."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def messages():
    spec = importlib.util.spec_from_file_location("messages", ROOT / "frontend/messages.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts(messages):
    return messages.collected()


def test_no_text_is_untranslated(messages, texts):
    words = messages.translated(messages.catalogues())
    missing = [text for text in texts if text.key not in words]

    assert not missing, "run `python frontend/messages.py` and write the Chinese of:\n" + "\n".join(
        f"{text.place}: {text.id!r}" for text in missing
    )


def test_each_text_stands_once_in_the_lowest_room_that_uses_it_and_no_other_stands_there(messages, texts):
    written = {
        room: sorted((message.context or "", _ids(message)[0]) for message in catalogue if message.id)
        for room, catalogue in messages.catalogues().items()
    }
    rooms = {text.room for text in texts}

    assert written == {room: sorted(text.key for text in texts if text.room == room) for room in rooms}, (
        "run `python frontend/messages.py`"
    )


def test_texts_of_templates_code_and_engine_are_found(texts):
    found = {text.key: text for text in texts}

    assert found["", "Metric dictionary"]
    assert found["on the period before", "prev"]
    assert found["", "%(n)s row"].plural == "%(n)s rows"
    assert found["segment", "{head} and {last}"].room == "engine"
    assert found["", "{count} week"].plural == "{count} weeks"


def test_a_text_of_two_rooms_stands_in_the_lower_one(messages):
    high = messages.Text("Save", "", "", "src/dabiao/improvement/pages.py", frozenset({"a", "b"}))
    low = messages.Text("Save", "", "", "src/dabiao/core/forms.py", frozenset({"b", "c"}))

    assert high.also(low) == low.also(high)
    assert (high.also(low).room, high.also(low).values) == ("core", {"b"})


def test_translations_fill_only_what_the_code_gives(messages, texts):
    def holes(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)s|\{(\w+)\}", text))

    given = {text.key: text for text in texts}
    for message in (message for catalogue in messages.catalogues().values() for message in catalogue):
        if message.id:
            text = given[message.context or "", _ids(message)[0]]
            allowed = holes(text.id) | holes(text.plural) | {("", value) for value in text.values}
            said = message.string if isinstance(message.string, tuple | list) else [message.string]
            assert {hole for words in said for hole in holes(words)} <= allowed, message.id


def _ids(message):
    return message.id if isinstance(message.id, tuple | list) else (message.id,)


def test_translating_functions_keep_the_names_by_which_texts_are_found(messages):
    """Under another name their texts would be collected by nobody, and said in English to everybody."""
    known = {*messages._PLAIN, *messages._PLURAL, *messages._CONTEXT}
    named = re.compile(
        r"^\s*from django\.utils\.translation import .*?\b\w*gettext\w* as (\w+)", re.MULTILINE
    )
    strange = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sorted((ROOT / "src").rglob("*.py"))
        for name in named.findall(file.read_text("utf-8"))
        if name not in known
    ]
    assert strange == []
