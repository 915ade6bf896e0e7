"""Whom a text means: an employee number, a name, or a name as it is written in Latin letters."""

from collections.abc import Mapping
from functools import cached_property

from dabiao.core.pinyin import is_chinese, spelled, spellings


class Called:
    """Employee numbers and who has which name."""

    def __init__(self, people: Mapping[str, str]) -> None:
        """people: employee number → name."""
        self.people = dict(people)
        self._names: dict[str, set[str]] = {}
        for number, name in people.items():
            self._names.setdefault(name, set()).add(number)

    def add(self, number: str, name: str) -> None:
        """Get to know somebody, or somebody by another name."""
        self.people[number] = name
        self._names.setdefault(name, set()).add(number)
        self.__dict__.pop("_aloud", None)

    def meant(self, text: str) -> list[str]:
        """The employee numbers that a text can mean: of several it is nobody's to choose. Nobody: none.

        A name as it stands comes before names that only sound so.
        """
        if text in self.people:
            return [text]
        if found := self._names.get(text):
            return sorted(found)
        return [] if is_chinese(text) else sorted(self._aloud.get(spelled(text), ()))

    @cached_property
    def _aloud(self) -> Mapping[str, set[str]]:
        """A name as `spelled` → numbers."""
        found: dict[str, set[str]] = {}
        for name, numbers in self._names.items():
            for way in spellings(name):
                found.setdefault(way, set()).update(numbers)
        return found
