"""What a sheet is: orders, receipts, targets, people …, or nothing that can be loaded."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from dabiao.facts.logic import labels
from dabiao.facts.logic.mapping.known import INTO
from dabiao.facts.logic.proposing import columns
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import likeness, plain, words

NOTHING: Final = "nothing"
"""The answer that a sheet is not to be loaded."""
KINDS: Final = (*labels.KINDS, NOTHING)
"""What anybody may say that a sheet is."""
_NAMED: Final = 2
"""A sheet that is called 订单 has said what it is as clearly as two columns that only orders have."""
_SAID: Final = 0.8
"""How like one of its words a header is that says so."""
_LIKE: Final = 2
"""Columns of a table that a sheet must have to be said to be like it."""
_SHOWN: Final = 6
"""Columns of a row that a question shows."""


def classify(seen: Seen, asking: Asking) -> None:
    """Choose what the sheet feeds. Two kinds that fit as well, or one that nothing speaks for, are a question."""
    fitting = {table: guesses for table in words()["tables"] if (guesses := _fitting(seen, table))}
    if not fitting or columns.has_word(seen, words()["nothing"]):
        seen.why = _unlike(seen) if not fitting else _named_otherwise(seen)
        return
    marks = {table: _marks(seen, table) for table in fitting}
    most = max(marks.values())
    best = [table for table in fitting if marks[table] == most]
    # What happened on a day also says something of customers and products: they come beside it.
    best = [table for table in best if INTO[table].on or table == "targets"] or best
    perhaps = columns.has_word(seen, words()["perhaps"])
    sure = most > 0 and len(best) == 1 and not perhaps
    kind = best[0] if sure else _asked(seen, best if most else list(fitting), asking)
    if kind in fitting:
        seen.kind, seen.chosen = kind, fitting[kind]
    elif kind == NOTHING:
        seen.why = _("left out as you said")


def _unlike(seen: Seen) -> str:
    """What the table that it is most like would need besides."""
    found = {table: columns.guesses(seen, table) for table in words()["tables"]}
    best = max(found, key=lambda table: len(found[table]))
    if len(found[best]) < _LIKE:
        return _("its columns are not known: %(headers)s") % {"headers": ", ".join(seen.headers[:_SHOWN])}
    rules = words()["tables"][best]
    lacks = [name for name in rules["needs"] if name not in found[best]]
    lacks += rules["one_of"][:1] if not any(name in found[best] for name in rules["one_of"]) else []
    if not lacks:
        return _("it may be %(table)s, but has what that never has") % {"table": labels.table(best)}
    names = ", ".join(labels.column(best, name) or name for name in lacks)
    return _("closest to %(table)s, but nothing in it is %(columns)s") % {
        "table": labels.table(best), "columns": names,
    }  # fmt: skip


def _named_otherwise(seen: Seen) -> str:
    name = plain(seen.called)
    word = next(word for word in words()["nothing"] if plain(word) in name)
    return _("it is called %(word)s, which is none of what is loaded") % {"word": word}


def may_be_facts(seen: Seen) -> bool:
    """Whether it has all that some table of facts needs."""
    return any(_fitting(seen, table) for table in words()["tables"] if INTO[table].on)


def _fitting(seen: Seen, table: str) -> dict[str, Guess]:
    """Its columns, if all that the table needs is among them."""
    rules = words()["tables"][table]
    if any(likeness(header, rules.get("never", [])) >= _SAID for header in seen.headers):
        return {}
    found = columns.guesses(seen, table)
    there = all(name in found for name in rules["needs"]) and any(name in found for name in rules["one_of"])
    return found if there else {}


def _marks(seen: Seen, table: str) -> int:
    """How many things say that it is this table: words that no other table has, and its name."""
    rules: Mapping[str, list[str]] = words()["tables"][table]
    said = {word for header in seen.headers for word in rules["marks"] if _ends(header, word)}
    name = plain(seen.called)
    named = any(plain(word) in name for word in rules["called"])
    return len(said) + _NAMED * named


def _ends(header: str, word: str) -> bool:
    return plain(header).endswith(plain(word))


def _asked(seen: Seen, tables: list[str], asking: Asking) -> str:
    choices = [Choice(table, labels.table(table), (), _because(seen, table)) for table in tables]
    choices.append(Choice(NOTHING, _("Nothing of these"), (), _("the sheet is left out")))
    cells = [" · ".join(str(cell) for cell in row[:_SHOWN]) for row in seen.rows.head(3).iter_rows()]
    leads = any(question.key == f"{seen.leader}.kind" for question in asking.questions)
    name = seen.leader if leads else seen.name
    text = _("%(source)s: what are these rows?") % {"source": ", ".join([name, *seen.led])}
    evidence = _("Columns: %(headers)s. First rows: %(rows)s") % {
        "headers": ", ".join(seen.headers), "rows": " ⏎ ".join(cells),
    }  # fmt: skip
    return asking.ask(f"{name}.kind", text, choices, evidence=evidence, also=KINDS)


def _because(seen: Seen, table: str) -> str:
    found = columns.guesses(seen, table)
    on = INTO[table].on
    told = [found[name].header for name in (on, "amount", "amount_with_tax", "target") if name in found]
    return " · ".join(told)
