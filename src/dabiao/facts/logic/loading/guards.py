"""Loads that are more often a mistake than meant: they stop and ask, with figures, and go on once that is said."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, Refused
from dabiao.facts.logic import labels
from dabiao.facts.logic.loading.report import Finding, Report
from dabiao.lake.comparing import Comparison, Month, Total

MOVED: Final = "moved"
SHRINKS: Final = "shrinks"
AGAIN: Final = "again"
CUTS: Final = "cuts"
CODES: Final = (MOVED, SHRINKS, AGAIN, CUTS)
"""In the order in which they are told."""
_LEAST_MOVED: Final = 5
_SHRUNK: Final = (4, 5)
"""A month that keeps less than this part of its rows or its amount shrinks."""
_EXAMPLES: Final = 6


class Stopped(Refused):
    """The load waits for a word; nothing was changed. `report` tells what it would do, `codes` what has to be said."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.codes = codes(findings)
        self.findings = tuple(findings)
        self.report: Report | None = None
        said = " ".join(f"{finding.text}." for finding in findings)
        mend = _("Nothing was loaded. To load it even so, say: %(codes)s") % {"codes": ",".join(self.codes)}
        super().__init__(f"{said} {mend}")


def read_codes(said: Collection[str]) -> frozenset[str]:
    """What somebody says to go on. Raises Malformed for a word that is none."""
    strange = sorted({word.strip() for word in said if word.strip()} - set(CODES))
    if strange:
        raise Malformed(
            _("%(word)s is nothing that a load asks; it asks %(codes)s.")
            % {"word": strange[0], "codes": ", ".join(CODES)}
        )
    return frozenset(word.strip() for word in said if word.strip())


def findings(comparisons: Iterable[Comparison], *, own: Collection[str]) -> tuple[Finding, ...]:
    """What a load that would do this has to ask. `own`: the systems whose rows come."""
    told = [each for one in comparisons for each in _of(one, own)]
    return tuple(sorted(told, key=lambda finding: CODES.index(finding.code)))


def codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Their codes, each once."""
    there = {finding.code for finding in findings}
    return tuple(code for code in CODES if code in there)


def stored(report: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What a report in the database has found."""
    return tuple(Finding(**{**row, "examples": tuple(row["examples"])}) for row in report.get("findings", ()))


def demand(findings: Sequence[Finding], even_so: Collection[str]) -> None:
    """Raises Stopped with what has been found and not been said."""
    if unsaid := [finding for finding in findings if finding.code not in even_so]:
        raise Stopped(unsaid)


def _of(one: Comparison, own: Collection[str]) -> Iterator[Finding]:
    table = labels.table(one.table)
    moved, changed = one.moved, one.counts.updated
    if moved.rows >= _LEAST_MOVED and moved.rows * 2 > changed:
        text = _(
            "%(table)s: %(moved)s of the %(changed)s rows that it changes get another date or person, as where the key is a running number"
        ) % {"table": table, "moved": f"{moved.rows:,}", "changed": f"{changed:,}"}
        yield Finding(MOVED, one.table, text, moved.examples)
    if shrunk := [month for month in one.months if _shrinks(month)]:
        text = _(
            "%(table)s: %(months)s of its months lose more than a fifth of their rows or their amount"
        ) % {
            "table": table,
            "months": f"{len(shrunk):,}",
        }
        yield Finding(SHRINKS, one.table, text, tuple(_shown(month) for month in shrunk[:_EXAMPLES]))
    if one.alike is not None:
        words = {
            "table": table,
            "rows": f"{one.alike.rows:,}",
            "of": f"{one.alike.of:,}",
            "source": one.alike.source,
        }
        text = (
            _("%(table)s: %(rows)s of its %(of)s rows are already there under other keys (%(source)s)")
            if one.alike.source in own
            else _("%(table)s: %(rows)s of its %(of)s rows are already there under another name (%(source)s)")
        ) % words
        yield Finding(AGAIN, one.table, text, one.alike.examples)


def _shrinks(month: Month) -> bool:
    """Of the rows of the system that is loaded: another one's do not make up for them."""
    return _less(Decimal(month.own_before.rows), Decimal(month.own_after.rows)) or _less(
        month.own_before.amount, month.own_after.amount
    )


def _less(before: Decimal | None, after: Decimal | None) -> bool:
    part, whole = _SHRUNK
    return before is not None and before > 0 and (after or Decimal(0)) * whole < before * part


def _shown(month: Month) -> str:
    return f"{month.month:%Y-%m}: {_total(month.own_before)} → {_total(month.own_after)}"


def _total(total: Total) -> str:
    rows = _("%(rows)s rows") % {"rows": f"{total.rows:,}"}
    return rows if total.amount is None else f"{rows}, {total.amount:,.2f}"
