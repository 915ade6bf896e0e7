"""Target sheets: long (a row a period) and wide (a column a month), of people, units or product lines."""

import re
from calendar import monthrange
from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import polars as pl
from django.utils.translation import gettext as _

from dabiao.core.months import month_in_words, part_in_words
from dabiao.facts.logic import labels
from dabiao.facts.logic.proposing import periods
from dabiao.facts.logic.proposing.asking import Asking, Choice
from dabiao.facts.logic.proposing.columns import guesses, has_word, readable
from dabiao.facts.logic.proposing.days import read
from dabiao.facts.logic.proposing.kinds import KINDS, NOTHING, may_be_facts
from dabiao.facts.logic.proposing.money import unit_above
from dabiao.facts.logic.proposing.periods import PERIOD, Part
from dabiao.facts.logic.proposing.seen import Guess, Rule, Seen
from dabiao.facts.logic.words import likeness, plain, words
from dabiao.metrics.splits import NARROWING

LEVEL: Final = "目标值"
"""What the column is called that the figures of a wide sheet are turned into."""
_MANY: Final = 3
"""With so many it is no sheet of orders, which may have two, whatever else its columns are called."""
_VERY: Final = 0.8
_SHOWN: Final = 6
_MONTH: Final = 30.44
"""Days."""


def periods_of(seen: Seen) -> dict[str, Part]:
    """Header → period, of a sheet that has a column for each month or quarter.

    One is enough where the sheet is said to be targets and no other column is the target.
    """
    fewest = 1 if seen.kind == "targets" and "target" not in seen.chosen else periods.FEWEST
    return periods.across(seen, _bare, ("month", "quarter"), fewest)


def classify_wide(seen: Seen, asking: Asking) -> bool:
    """Whether the sheet is a wide one; its kind is targets then, or nothing where it tells what was reached."""
    months = periods_of(seen)
    if not months or not (scope_of(seen) or dimensions_of(seen, "")):
        return False
    aims, facts = _says_aims(seen), has_word(seen, words()["wide"]["facts"])
    if not aims and (has_word(seen, words()["nothing"]) or (len(months) < _MANY and may_be_facts(seen))):
        return False
    kind = NOTHING if facts and not aims else "targets" if aims and not facts else _what(seen, asking)
    seen.kind = kind if kind == "targets" else None
    if kind == NOTHING:
        seen.why = _("a column for each month of what was reached: facts are loaded one by one")
    return True


def ask_if_aims(seen: Seen, asking: Asking) -> None:
    """What is left out though its name says that it holds targets, and it has figures, is asked for."""
    if has_word(seen, words()["nothing"]) or not has_word(seen, words()["wide"]["aims"]):
        return
    if not any(seen.values(h).len() and readable(seen, h, "money") == 1 for h in seen.headers):
        return
    choices = [
        Choice(
            "targets",
            labels.table("targets"),
            (),
            _("what its columns do not tell is asked then"),
        ),
        Choice(NOTHING, _("Nothing of these"), (), _("the sheet is left out")),
    ]
    told = {"source": seen.name, "headers": ", ".join(seen.headers[:_SHOWN])}
    text = _("%(source)s: what are these rows?") % told
    evidence = _("It is called after targets, and its columns do not tell: %(headers)s") % told
    asking.ask(f"{seen.name}.kind", text, choices, evidence=evidence, also=KINDS)


def settle_place(seen: Seen, units: Collection[str], asking: Asking) -> None:
    """Whether a column of regions names units, or narrows what is the company's. units: those that sheets beside name."""
    scope = scope_of(seen)
    if (
        not scope
        or scope[0] != "unit"
        or likeness(scope[1], words()["places"]) < _VERY
        or "unit" in seen.said
    ):
        return
    named = set(seen.values(scope[1]).cast(pl.String))
    if named <= set(units):
        return
    shown = ", ".join(sorted(named)[:_MANY])
    choices = [
        Choice("unit", _("Units of the organisation"), (), _("each has targets of its own")),
        Choice(
            "territory",
            _("Regions of customers and orders"),
            (),
            _("the company's targets, narrowed to each"),
        ),
    ]
    text = _("%(source)s: what are %(names)s in %(header)s?") % {
        "source": seen.name, "names": shown, "header": scope[1],
    }  # fmt: skip
    if asking.ask(f"{seen.name}.place", text, choices) == "territory":
        seen.said["territory"] = scope[1]
        seen.chosen.pop("unit", None)


def wide(seen: Seen, asking: Asking) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the source's `unpivot` is, and the table that it feeds."""
    months = periods_of(seen)
    year = periods.year_of(seen, months, asking)
    labels = {header: periods.label(part, year) for header, part in months.items()}
    scope = scope_of(seen)
    seen.chosen = {scope[0]: Guess("targets", *scope, 0.95)} if scope else {}
    columns: dict[str, Any] = {**dict([scope] if scope else []), "metric": _metric(seen, asking)}
    columns |= _narrowed(seen, scope[1] if scope else "")
    columns |= {"period": PERIOD, "target": _in_unit(seen, {"from": LEVEL})}
    unpivot = {"columns": labels, "name": PERIOD, "value": LEVEL}
    return unpivot, {"into": "targets", "from": seen.name, "columns": columns}


def long(seen: Seen, columns: dict[str, Any], asking: Asking) -> dict[str, Any]:
    """The table that a long sheet feeds, from what its columns seem to be."""
    if "metric" not in columns:
        columns["metric"] = _metric(seen, asking)
    scope = scope_of(seen)
    for name in ("person", "unit", "product", *NARROWING):
        columns.pop(name, None)
    columns |= _narrowed(seen, scope[1] if scope else "")
    if scope:
        columns[scope[0]] = scope[1]
        seen.chosen[scope[0]] = Guess("targets", scope[0], scope[1], 0.95)
    header = next((seen.chosen[name].header for name in ("period", "starts_on") if name in seen.chosen), None)
    if header and "ends_on" not in columns:
        for name in ("period", "starts_on"):
            columns.pop(name, None)
        columns |= _periods(seen, header, list(columns), asking)
    return {"into": "targets", "from": seen.name, "columns": columns}


def _periods(seen: Seen, header: str, per: list[str], asking: Asking) -> dict[str, Any]:
    """When each target holds: for the month that is named or begins, a quarter, or until the next day that is named."""
    texts = seen.values(header).cast(pl.String).unique().sort().to_list()
    months = {text: month for text in texts if (month := month_in_words(text))}
    if len(months) < len(texts):
        days = readable(seen, header, "date") >= _VERY
        scope = [name for name in ("person", "unit", "metric", *NARROWING) if name in per]
        ends: dict[str, Any] = {"next": "starts_on", "per": scope, **_last(seen, header, scope, asking)}
        until: dict[str, Any] = {"starts_on": header, "ends_on": ends}
        return until if days else {"period": _named(seen, header, texts, asking)}
    year = periods.year_of(
        seen, {text: (own, f"{month:02}") for text, (own, month) in months.items()}, asking
    )
    named = {text: (own or year, month) for text, (own, month) in months.items()}
    if _in_quarters({int(own) * 12 + month for own, month in named.values()}):
        long = _how_long(seen, header, asking)
        if long == "quarter":
            quarters = {text: _three_months(int(own), month) for text, (own, month) in named.items()}
            return {"period": {"from": header, "values": quarters}}
    bare = {text: f"{own}-{month:02}" for text, (own, month) in named.items() if months[text][0] is None}
    return {"period": {"from": header, "values": bare, "otherwise": "keep"} if bare else header}


def _named(seen: Seen, header: str, texts: Sequence[str], asking: Asking) -> Rule:
    """Quarters and halves that name no year are those of the sheet's."""
    parts = {text: part for text in texts if (part := part_in_words(text))}
    if len(parts) < len(texts) or all(year for year, _rest in parts.values()):
        return header
    year = periods.year_of(seen, parts, asking)
    bare = {text: periods.label(part, year) for text, part in parts.items() if part[0] is None}
    return {"from": header, "values": bare, "otherwise": "keep"}


def _last(seen: Seen, header: str, scope: Sequence[str], asking: Asking) -> dict[str, str]:
    """The day on which the last of them end, where all last as long: a quarter's, for one, as all before it."""
    starts = read(seen, header)
    steps = {round((later - day).days / _MONTH) for day, later in pairwise(starts)} - {0}
    own = [rule for name in scope if (rule := seen.said.get(name) or _chosen(seen, name))]
    last = seen.rows.group_by(own).agg(pl.col(header).max())[header].n_unique() if own else 1
    if len(steps) != 1 or last != 1:
        return {}
    months = starts[-1].year * 12 + starts[-1].month - 1 + steps.pop()
    year, month = months // 12, months % 12 + 1
    end = date(year, month, min(starts[-1].day, monthrange(year, month)[1])).isoformat()
    asking.note(
        _("%(source)s: the last targets end on %(day)s, as long after they begin as the others")
        % {"source": seen.name, "day": end}
    )
    return {"last": end}


def _chosen(seen: Seen, name: str) -> str:
    return seen.chosen[name].header if name in seen.chosen else ""


def _in_quarters(months: set[int]) -> bool:
    """January, April, July: months that stand three apart may each begin a quarter."""
    return len(months) > 1 and all(month % 3 == 1 for month in months)


def _three_months(year: int, month: int) -> str:
    """The days of three months, which are the same in every calendar."""
    last = date(year, month + 2, monthrange(year, month + 2)[1])
    return f"{date(year, month, 1)}..{last}"


def _how_long(seen: Seen, header: str, asking: Asking) -> str:
    choices = [
        Choice("quarter", _("Of the quarter that begins then")),
        Choice("month", _("Of that month alone")),
    ]
    shown = ", ".join(seen.values(header).cast(pl.String).unique(maintain_order=True).head(3))
    text = _("%(source)s: of what are the targets of %(days)s …?") % {"source": seen.name, "days": shown}
    return asking.ask(f"{seen.name}.length", text, choices)


def scope_of(seen: Seen) -> tuple[str, str] | None:
    """Whose the targets are: as somebody has said, person by number, person by name, else a unit."""
    for name in ("person", "unit"):
        if name in seen.said:
            return name, seen.said[name]
    for kind in ("number", "holder"):
        for header in seen.headers:
            if likeness(header, words()["people"][kind]) >= _VERY:
                return "person", header
    found = guesses(seen, "targets")
    for name in ("person", "unit"):
        if name in found and found[name].header != seen.said.get("territory"):
            return name, found[name].header
    # A column of regions may be read as the customers' territory; see `settle_place`.
    named = [*words()["columns"]["unit"], *words()["places"]]
    header = next(
        (h for h in seen.headers if likeness(h, named) >= _VERY and h != seen.said.get("territory")), ""
    )
    return ("unit", header) if header else None


def _narrowed(seen: Seen, taken: str) -> dict[str, str]:
    """As `dimensions_of`, and chosen."""
    found = dimensions_of(seen, taken)
    seen.chosen |= {name: Guess("targets", name, header, 0.95) for name, header in found.items()}
    return found


def dimensions_of(seen: Seen, taken: str) -> dict[str, str]:
    """Dimension → the header of its members, of those by which the sheet narrows its targets. taken: whose they are."""
    found = {"territory": seen.said["territory"]} if "territory" in seen.said else {}
    for name, listed in words()["narrowed"].items():
        headers = (h for h in seen.headers if h not in {taken, *found.values()})
        header = next((h for h in headers if likeness(h, listed) >= _VERY), None)
        if header is not None:
            found[name] = header
    return found


def _what(seen: Seen, asking: Asking) -> str:
    months = ", ".join(list(periods_of(seen))[:_MANY])
    choices = [
        Choice("targets", labels.table("targets"), (), _("what is to be reached in each month")),
        Choice(NOTHING, _("What was reached"), (), _("the sheet is left out: facts are loaded one by one")),
    ]
    if not scope_of(seen):
        choices.append(
            Choice("market", labels.table("market"), (), _("what everybody sells, of a segment in each row"))
        )
    text = _("%(source)s: what are the figures under %(months)s …?") % {"source": seen.name, "months": months}
    rows = [" · ".join(map(str, row[:5])) for row in seen.rows.head(3).iter_rows()]
    return asking.ask(f"{seen.name}.kind", text, choices, evidence=" ⏎ ".join(rows), also=KINDS)


def _says_aims(seen: Seen) -> bool:
    """The name of the file or sheet says so, or the months do: 3月目标."""
    aims = words()["wide"]["aims"]
    return has_word(seen, aims) or any(plain(word) in plain(h) for h in periods_of(seen) for word in aims)


def _metric(seen: Seen, asking: Asking) -> dict[str, str]:
    """What the targets are of, as the sheet is called; else a question."""
    known: dict[str, list[str]] = words()["metrics"]
    name = plain(" ".join([seen.called, *seen.headers]))
    said = [key for key, listed in known.items() if any(plain(word) in name for word in listed)]
    if len(said) == 1:
        return {"constant": said[0]}
    choices = [Choice(key, key, (), ", ".join(known[key][:3])) for key in (said or known)]
    text = _("%(source)s: what are the targets of?") % {"source": seen.name}
    evidence = _("Neither the sheet nor its columns say so.")
    return {"constant": asking.ask(f"{seen.name}.metric", text, choices, evidence=evidence)}


def _in_unit(seen: Seen, rule: dict[str, Any]) -> Rule:
    unit = unit_above(seen)
    return {**rule, "unit": unit} if unit else rule["from"]


def _bare(header: str) -> str:
    """1月目标 and 目标 1月 are months too."""
    return re.sub(r"(?i)\s*(目标|指标|任务|target|quota|plan)\s*", "", header)
