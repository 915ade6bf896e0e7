"""A proposal is right, or it asks: questions with their evidence, and the answers given to them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed

_NAME: Final = re.compile(r"[\w-]{1,40}")


@dataclass(frozen=True)
class Choice:
    """One reading. rows: what three real rows of the file are by it; says: why it could be so."""

    value: str
    label: str
    rows: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True)
class Question:
    """Something that changes a number or a key, and that the files alone do not tell.

    key: `SOURCE.what`, the same whenever these files are looked at
    named: a name that is none of the choices is an answer too
    """

    key: str
    text: str
    evidence: str
    choices: tuple[Choice, ...]
    answer: str = ""
    named: bool = False

    @property
    def new_name(self) -> str:
        """The answer, where it is none of the choices."""
        return self.answer if self.answer not in {choice.value for choice in self.choices} else ""


@dataclass
class Asking:
    """Answers so far, and the questions met: each is asked once. year: this one, for months that name none."""

    answers: Mapping[str, str] = field(default_factory=dict)
    year: int = 0
    questions: list[Question] = field(default_factory=list)
    met: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def open(self) -> list[Question]:
        """Questions without an answer: until there are none, nothing may be loaded by what is proposed."""
        return [question for question in self.questions if not question.answer]

    def said(self, key: str, values: Sequence[str]) -> str:
        """What somebody says of what need not be asked, to correct it; nothing where nobody does. Raises Malformed."""
        self.met.add(key)
        return self._given(key, values)

    def ask(
        self,
        key: str,
        text: str,
        choices: Sequence[Choice],
        *,
        evidence: str = "",
        also: Sequence[str] = (),
        named: bool = False,
    ) -> str:
        """The answer; while there is none, the first reading, so that the rest can be looked at.

        Two columns of a sheet that ask the same are one question: its answer holds for both.
        also: answers that are taken though they are not among the likely ones that are shown. named: a new name is taken.

        Raises Malformed for an answer that is none of the choices.
        """
        values = [choice.value for choice in choices]
        said = self.answers.get(key, "")
        if named and said not in values:
            given = _name(key, said)
        else:
            given = self._given(key, [*values, *(name for name in also if name not in values)])
        if all(question.key != key for question in self.questions):
            self.questions.append(Question(key, text, evidence, tuple(choices), given, named))
        return given or values[0]

    def _given(self, key: str, values: Sequence[str]) -> str:
        given = self.answers.get(key, "")
        if given and given not in values:
            raise Malformed(
                _("%(given)r is no answer to %(key)s; it is one of %(values)s.")
                % {"given": given, "key": key, "values": ", ".join(values)}
            )
        return given

    def note(self, said: str) -> None:
        """Say what was concluded, and from what."""
        if said not in self.notes:
            self.notes.append(said)


def _name(key: str, said: str) -> str:
    """A new name. Raises Malformed for what cannot be one."""
    if said and not _NAME.fullmatch(said):
        raise Malformed(
            _("%(given)r is no name for %(key)s: letters, digits, '-' and '_', at most 40.")
            % {"given": said, "key": key}
        )
    return said
