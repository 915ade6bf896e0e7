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


def test_no_text_is_untranslated(messages):
    missing = messages.untranslated(messages.collected(), messages.catalogue())

    assert not missing, "run `python frontend/messages.py` and write the Chinese of:\n" + "\n".join(
        f"{text.place}: {text.id!r}" for text in missing
    )


def test_texts_of_templates_and_code_are_found(messages):
    found = {text.key for text in messages.collected()}

    assert ("", "Metric dictionary") in found
    assert ("on the period before", "prev") in found
    assert ("", "%(n)s row") in found


def test_placeholders_survive_translation(messages):
    def holes(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))

    for message in messages.catalogue():
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            for text in filter(None, said):
                assert holes(text) <= {hole for each in ids for hole in holes(each)}, message.id
