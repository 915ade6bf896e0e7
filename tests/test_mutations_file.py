"""The list of changes that must not pass unnoticed still fits the sources and the tests; see tests/mutations.txt."""

import pytest

from tests.mutate import LIST, BadList, missing_tests, read, stale

ENTRIES = read(LIST.read_text(encoding="utf-8"))


def test_is_long_enough_to_mean_something():
    assert len(ENTRIES) >= 45


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_entry_can_be_made_and_names_tests_that_exist(entry):
    assert stale(entry) == ""
    assert entry.tests
    assert missing_tests(entry) == []


@pytest.mark.parametrize(
    ("case", "text", "says"),
    [
        ("no old text", "a\nfile: x.py\n+ b", "old text"),
        ("no file", "a\n- b\n+ c", "a file"),
        ("nothing changes", "a\nfile: x.py\n- b\n+ b", "another new one"),
        ("a line of no kind", "a\nfile: x.py\n- b\n+ c\ncaught tests/x.py", "line 5"),
        ("two of one name", "a\nfile: x.py\n- b\n+ c\n\na\nfile: y.py\n- b\n+ c", "two entries"),
    ],
)
def test_a_list_that_cannot_be_read_says_where(case, text, says):
    with pytest.raises(BadList, match=says):
        read(text)


def test_several_lines_of_old_and_new_text_keep_their_indentation():
    (entry,) = read("# why\na name\nfile: x.py\n- if a:\n-     b()\n+ b()\ncaught by: tests/x.py::test_b\n")

    assert (entry.name, entry.old, entry.new) == ("a name", "if a:\n    b()", "b()")
