"""Sheets of the market: how much of a segment or region is sold by all, period by period."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.facts.logic.proposing import money, periods
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.columns import has_word
from dabiao.facts.logic.proposing.market import parts, sizes, spans
from dabiao.facts.logic.proposing.market.cuts import Cut, cut_of, is_another_cut
from dabiao.facts.logic.proposing.market.sheet import (
    BRACKETS,
    COLUMNS,
    ESTIMATED,
    KIND,
    VERY,
    across,
    bare,
    by_segment,
    columns_of,
    fits,
    has_all,
    is_another,
    whens_of,
)
from dabiao.facts.logic.proposing.periods import PERIOD, Part
from dabiao.facts.logic.proposing.seen import Guess, Seen
from dabiao.facts.logic.words import likeness, words

__all__ = [
    "Cut",
    "choose",
    "classify",
    "columns_of",
    "explain",
    "fed",
    "fits",
    "is_by_segment",
    "settle",
    "wide",
]

SIZE: Final = "市场规模"
"""What the column is called that the figures of a wide sheet are turned into."""
SEGMENT: Final = "细分市场"
"""What the column is called that segments are turned into which each have a column."""
_EACH: Final = "each"
"""The answer that each column of figures is a segment."""


def classify(seen: Seen, asking: Asking) -> bool:
    """Whether the sheet is one of the market; left out, and why, where it does not say until when."""
    settle(seen, asking)
    found = columns_of(seen)
    if not has_all(found) and not across(seen) and not by_segment(seen):
        return False
    if has_all(found) and spans.ends_nowhere(seen, found, asking):
        seen.why = _(
            "its figures begin on days, and nothing says when they end: add a column of the last days, or write 2026-Q1"
        )
    elif sizes.is_foreign(seen, _sized(seen, found), asking):
        seen.why = _("%(header)s is in another currency than the company's") % {
            "header": _sized(seen, found)[0]
        }
    else:
        choose(seen, found)
    return True


def settle(seen: Seen, asking: Asking) -> None:
    """Whether each column of figures is a segment, or one of them the size of all, as somebody says."""
    segments = by_segment(seen)
    if not segments or across(seen):
        return
    told = {"source": seen.name, "names": _(", ").join(segments)}
    choices = [
        Choice(_EACH, _("Each is a segment"), (), _("the market is the sum of them")),
        *(
            Choice(
                header,
                _("%(header)s is the market") % {"header": header},
                (),
                _("the other columns are not read"),
            )
            for header in segments
        ),
    ]
    text = _("%(source)s: what are the columns %(names)s?") % told
    said = asking.ask(f"{seen.name}.size", text, choices)
    if said != _EACH:
        seen.said["size"] = said


def choose(seen: Seen, found: Mapping[str, str]) -> None:
    """Take the sheet for one of the market, by these columns."""
    seen.kind = KIND
    named = {"period": "period", "ends": "ends_on", "segment": "segment"}
    seen.chosen = {
        named.get(name, name): Guess(KIND, named.get(name, name), header, 0.95)
        for name, header in found.items()
        if name in named or name in COLUMNS
    }


def explain(seen: Seen) -> None:
    """Why a sheet that is called after the market, or has a column of its size, is left out: what it lacks, and the mend."""
    known = words()["market"]
    if is_another(seen):
        return
    sized = [h for h in seen.headers if likeness(bare(h), known["columns"]["size"]) >= VERY]
    if not sized and not has_word(seen, [*known["called"], *known["about"]]):
        return
    found = columns_of(seen)
    whens = [h for h in seen.headers if likeness(bare(h), known["columns"]["period"]) >= VERY]
    if "size" not in found and sized:
        seen.why = _("not every cell of %(header)s is a number") % {"header": sized[0]}
    elif "size" not in found:
        seen.why = _(
            "it is called after the market, and no column of figures is its size: call one 市场规模 or market size, or name a "
            "column after each period (2026-Q1)"
        )
    elif whens:
        told = {"header": whens[0], "cell": periods.strange(seen, whens[0])}
        seen.why = _("%(cell)s in %(header)s is no period: write 2026, 2026-Q1 or 2026-03") % told
    else:
        seen.why = _(
            "nothing says of when its figures are: add a column 期间 or period with 2026, 2026-Q1 or 2026-03, or name "
            "the year in the file's name"
        )


def fed(seen: Seen, before: list[Cut], asking: Asking) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """As `table`; nothing where the sheet divides once more what the sheets before it divide. before: these, to which it is added."""
    turned, entry = table(seen, asking)
    cut = cut_of(seen, entry, turned)
    if is_another_cut(cut, before, asking):
        seen.why, seen.chosen = _("left out as you said"), {}
        return None, []
    before.append(cut)
    return turned, [entry]


def is_by_segment(seen: Seen) -> bool:
    """Whether each of its columns of figures is a segment."""
    return not across(seen) and bool(by_segment(seen))


def wide(seen: Seen) -> list[str]:
    """The columns of figures of a sheet that has one for each period, or for each segment."""
    return [*across(seen)] or [
        header for header, name in by_segment(seen).items() if not parts.is_whole(name)
    ]


def table(seen: Seen, asking: Asking) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What the source's `unpivot` is, where there is a column for each period or segment, and the table that it feeds."""
    found = columns_of(seen)
    turned = {} if has_all(found) else across(seen)
    if turned:
        return _wide(seen, found, turned, asking)
    segments = {} if has_all(found) else by_segment(seen)
    formats = spans.formats_of(seen, found, asking)
    whens = whens_of(found)
    begins = spans.begins(seen, found, formats, asking)
    columns: dict[str, Any] = {"period": begins, **spans.ends(seen, found, formats, asking)}
    unpivot: dict[str, Any] | None = None
    where: dict[str, Any] = {}
    if segments:
        figures, source = _without_sum(seen, segments, asking), SIZE
        by = [SEGMENT]
        unpivot = {
            "columns": {header: segments[header] for header in figures},
            "name": SEGMENT,
            "value": SIZE,
        }
    else:
        figures, source = [found["size"]], found["size"]
        by = parts.by_of(seen, found, whens, asking)
        where = parts.without_wholes(seen, by, whens, figures, asking)
    columns |= parts.segment(by)
    columns["size"] = sizes.rule(seen, source, figures, asking)
    for name in ("share", "growth"):
        if name in found and not segments:
            said = money.rate_of(seen, name, found[name], asking)
            if said != money.LEFT_OUT:
                columns[name] = {"from": found[name], "unit": "%"} if said == money.PERCENT else found[name]
    if "figure_source" in found:
        columns["figure_source"] = found["figure_source"]
    key = [*by, *whens]
    if whens and not segments and not seen.is_unique(key) and "figure_source" in found:
        key.append(found["figure_source"])
    return unpivot, {
        "into": KIND,
        "from": seen.name,
        **_keyed(key if whens else []),
        **where,
        "columns": columns,
    }


def _without_sum(seen: Seen, segments: Mapping[str, str], asking: Asking) -> list[str]:
    """The columns of segments; one that is called as their sum would count twice."""
    wholes = [header for header, name in segments.items() if parts.is_whole(name)]
    if not wholes or len(wholes) == len(segments):
        return list(segments)
    told = {"source": seen.name, "names": _(", ").join(wholes)}
    asking.note(_("%(source)s: %(names)s is called as the sum of the other columns and is left out") % told)
    return [header for header in segments if header not in wholes]


def _wide(
    seen: Seen, found: Mapping[str, str], turned: Mapping[str, Part], asking: Asking
) -> tuple[dict[str, Any], dict[str, Any]]:
    year = periods.year_of(seen, turned, asking)
    labels = {header: periods.label(part, year) for header, part in turned.items()}
    if estimated := [header for header in turned if ESTIMATED.search(header)]:
        asking.note(
            _("%(source)s: %(headers)s are estimates and are read as figures")
            % {"source": seen.name, "headers": ", ".join(estimated)}
        )
    by = parts.by_of(seen, found, [], asking)
    size = sizes.rule(seen, SIZE, list(turned), asking)
    columns = {"period": PERIOD, **parts.segment(by), "size": size}
    if "figure_source" in found:
        columns["figure_source"] = found["figure_source"]
    unpivot = {"columns": labels, "name": PERIOD, "value": SIZE}
    where = parts.without_wholes(seen, by, [], list(turned), asking)
    entry = {"into": KIND, "from": seen.name, **_keyed([*by, PERIOD]), **where, "columns": columns}
    return unpivot, entry


def _keyed(key: Sequence[str]) -> dict[str, Any]:
    """Without a column of periods the sheet replaces what was said of its own year before."""
    if not key:
        return {"key": "generated", "mode": "replace"}
    return {"key": key[0] if len(key) == 1 else list(key)}


def _sized(seen: Seen, found: Mapping[str, str]) -> list[str]:
    """Where figures stand and may say in which currency they are: their headers, and the names of the sheet."""
    headers = [found["size"]] if "size" in found else wide(seen)
    return [*headers, *BRACKETS.findall(seen.called)]
