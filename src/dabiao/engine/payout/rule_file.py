"""Reads the parts of a plan that say what is counted and for whom: measures, credits, tables, multipliers."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, Literal, cast

from dabiao.engine import metric as metrics
from dabiao.engine.credit import RECORD
from dabiao.engine.message import Words as Label
from dabiao.engine.message import message
from dabiao.engine.metric import Metric, Source, is_flow
from dabiao.engine.payout import plan as model
from dabiao.engine.payout.plan import (
    MARGIN,
    Also,
    Attained,
    Credit,
    Factor,
    Feature,
    Gate,
    Measure,
    Rate,
    Recipient,
    Row,
    Step,
    Table,
    Tiers,
    Words,
)
from dabiao.engine.payout.reader import Spot, field_of, listed
from dabiao.engine.row import Condition, Terms, Test, Written

ONE: Final = Decimal(1)
DATES: Final = {
    "contracts": "signed_on",
    "order_lines": "ordered_on",
    "deliveries": "shipped_on",
    "invoices": "invoiced_on",
    "revenue": "recognised_on",
    "receivables": "due_on",
    "receipts": "received_on",
    "allocations": "allocated_on",
    "opportunities": "closed_on",
    "activities": "started_at",
    "leads": "created_on",
}
"""The date that counts for a table unless a measure names another."""
_COMPARE: Final = ("is", "not", "at_least", "above", "at_most", "below", "known")


def words(spot: Spot) -> Words:
    """`{en: …, zh: …}`, or one text for both."""
    if not spot.is_mapping:
        return Words(spot.text(), spot.text())
    found = spot.fields("en", "zh")
    en = field_of(found, "en", Spot.text, "", needed=spot)
    return Words(en, field_of(found, "zh", Spot.text, en, needed=spot))


_PAY_WORDS: Final = ("key", "credit", "exclude", "refunds", "target", "title")
"""What a plan may say of a measure beside what a metric says."""
Dictionary = Mapping[str, Metric]


def measure(name: str, spot: Spot, dictionary: Dictionary) -> Measure:
    """`{metric: sales_amount}` of the dictionary, or a metric of the plan's own."""
    if "metric" in dict(spot.entries()):
        found = spot.fields("metric", *_PAY_WORDS)
        metric = of_dictionary(found["metric"], dictionary)
        credit, target = metric.source.credit or RECORD.name, metric.key
    else:
        found = spot.fields("table", "amount", "on", "where", "direction", *_PAY_WORDS)
        metric, credit, target = _own_metric(name, spot, found), RECORD.name, ""
    return Measure(
        key=name,
        metric=metric,
        fact_key=field_of(found, "key", listed(Spot.text), ("source", "key")),
        credit=field_of(found, "credit", Spot.text, credit),
        exclude=field_of(found, "exclude", listed(conditions), ()),
        refunds=cast(
            Any, field_of(found, "refunds", lambda s: s.word(Literal["own_date", "original"]), "own_date")
        ),
        target=field_of(found, "target", Spot.text, target),
    )


def of_dictionary(spot: Spot, dictionary: Dictionary) -> metrics.Measure:
    """A metric of the dictionary that can be counted fact by fact."""
    metric = dictionary.get(spot.text())
    if metric is None:
        close = get_close_matches(spot.text(), dictionary, n=1)
        mend = (
            message("Did you mean '{near}'?", near=close[0])
            if close
            else message("`dabiao metrics` lists what there is.")
        )
        raise spot.bad(message("no metric '{name}'", name=spot.text()), mend)
    if not isinstance(metric, metrics.Measure) or not is_flow(metric):
        raise spot.bad(
            message(
                "'{name}' is not added up over dated facts, so no fact has a part in it", name=spot.text()
            ),
            message("Name a sum or a count."),
        )
    return metric


def _own_metric(name: str, spot: Spot, found: dict[str, Spot]) -> metrics.Measure:
    of = field_of(found, "table", Spot.text, "", needed=spot)
    on = field_of(found, "on", Spot.text, DATES.get(of, ""))
    if not on:
        spot.note(
            message("no date of '{table}' decides the period", table=of),
            message("Check the name, or add `on:` with a date column."),
        )
    amount = field_of(found, "amount", Spot.text, "amount")
    return metrics.Measure(
        key=name,
        label=Label(name, name),
        kind="result",
        unit="count" if amount == "count" else "money",
        direction=cast(Any, field_of(found, "direction", _word("up", "down"), "up")),
        source=Source(of, on),
        how="count" if amount == "count" else "sum",
        of=None if amount == "count" else MARGIN if amount == "margin" else Terms((amount,)),
        where=field_of(found, "where", conditions, ()),
    )


def conditions(spot: Spot) -> tuple[Condition, ...]:
    """`{kind: new, city: [上海, 北京], qty: {at_least: 10}}`."""
    return tuple(condition for column, below in spot.entries() for condition in _conditions(column, below))


def _conditions(column: str, spot: Spot) -> list[Condition]:
    if not spot.is_mapping:
        return [Condition(column, "one_of", _written(spot))]
    return [_condition(column, name, below) for name, below in spot.fields(*_COMPARE).items()]


def _condition(column: str, compare: str, spot: Spot) -> Condition:
    if compare == "known":
        return Condition(column, "not_null" if spot.yes() else "is_null")
    if compare in ("is", "not"):
        return Condition(column, "one_of" if compare == "is" else "known_none_of", _written(spot))
    return Condition(column, cast(Test, compare), (Written(spot.text()),))


def _written(spot: Spot) -> tuple[Written, ...]:
    return tuple(Written(item.text()) for item in spot.items())


def credit(name: str, spot: Spot) -> Credit:
    found = spot.fields("to", "split", "divide", "recorded_shares", "also", "rollup", "direct")
    split = field_of(found, "split", _split, ())
    own = Recipient("column", split[0][0] if split else "person")
    return Credit(
        key=name,
        to=field_of(found, "to", recipient, own),
        split=split,
        divide=cast(Any, field_of(found, "divide", _divide, "weight")),
        shared=field_of(found, "recorded_shares", Spot.yes, False),
        also=field_of(found, "also", listed(_also), ()),
        rollup=field_of(found, "rollup", listed(Spot.positive), ()),
        direct=field_of(found, "direct", Spot.yes, True),
    )


def _divide(spot: Spot) -> str:
    return spot.word(Literal["each", "equal", "weight"])


def _split(spot: Spot) -> tuple[tuple[str, Decimal], ...]:
    return tuple((column, below.positive()) for column, below in spot.entries())


def recipient(spot: Spot) -> Recipient:
    """A column name; `{through: contract, in: contracts, take: signer}`; `{relation: owner, by: customer}`."""
    if not spot.is_mapping:
        return Recipient("column", spot.text())
    found = spot.fields("column", "through", "in", "take", "relation", "by")
    if "relation" in found:
        by = field_of(found, "by", Spot.text, "person")
        return Recipient("relation", by, relation=found["relation"].text())
    if "through" in found:
        return Recipient(
            "through",
            found["through"].text(),
            table=field_of(found, "in", Spot.text, "", needed=spot),
            take=field_of(found, "take", Spot.text, "person"),
        )
    return Recipient("column", field_of(found, "column", Spot.text, "", needed=spot))


def _also(spot: Spot) -> Also:
    found = spot.fields("to", "share", "divide")
    return Also(
        field_of(found, "to", recipient, Recipient("column", "person"), needed=spot),
        field_of(found, "share", Spot.positive, ONE),
        cast(Any, field_of(found, "divide", _divide, "each")),
    )


def table(name: str, spot: Spot) -> Table:
    found = spot.fields("by", "rows", "else", "from", "take", "decimals")
    by = field_of(found, "by", listed(Spot.text), (), needed=spot)
    return Table(
        key=name,
        by=by,
        rows=field_of(found, "rows", listed(lambda s: _row(s, by)), ()),
        otherwise=field_of(found, "else", _maybe_number, None),
        source=field_of(found, "from", Spot.text, ""),
        take=field_of(found, "take", Spot.text, ""),
        decimals=field_of(found, "decimals", Spot.whole, 4),
    )


def _row(spot: Spot, by: tuple[str, ...]) -> Row:
    found = spot.fields(*by, "is", "from", "to")
    match = tuple((column, found[column].text()) for column in by if column in found)
    return Row(
        match,
        field_of(found, "is", Spot.number, Decimal(0), needed=spot),
        field_of(found, "from", _maybe_day, None),
        field_of(found, "to", _maybe_day, None),
    )


def _maybe_day(spot: Spot) -> date | None:
    return spot.day()


def _maybe_number(spot: Spot) -> Decimal | None:
    return spot.number()


def every(spot: Spot) -> model.Every:
    return cast("model.Every", spot.word(model.Every))


def steps(spot: Spot) -> tuple[Step, ...]:
    return listed(_step)(spot)


def _step(spot: Spot) -> Step:
    found = spot.fields("from", "is")
    return Step(
        field_of(found, "from", Spot.number, Decimal(0), needed=spot),
        field_of(found, "is", Spot.number, Decimal(0), needed=spot),
    )


def rate(spot: Spot) -> Rate | None:
    """A number; `{table: name}`; or `{tiers: [{from: 0, is: 5%}, …], …}`."""
    if not spot.is_mapping:
        return Rate(flat=spot.number())
    found = spot.fields("table", "tiers", "pay", "by", "over", "per", "measure", "below_zero")
    if "table" in found:
        return Rate(table=found["table"].text())
    return Rate(
        tiers=Tiers(
            steps=field_of(found, "tiers", steps, (), needed=spot),
            pay=cast(Any, field_of(found, "pay", _word("marginal", "whole"), "marginal")),
            by=cast(Any, field_of(found, "by", _word("amount", "attainment"), "amount")),
            over=field_of(found, "over", every, None),
            per=field_of(found, "per", listed(Spot.text), ()),
            measure=field_of(found, "measure", Spot.text, ""),
            below_zero=cast(Any, field_of(found, "below_zero", _word("owed", "nothing"), "owed")),
        )
    )


def _word(*options: str) -> Callable[[Spot], str]:
    return lambda spot: spot.word(options)


def attained(found: dict[str, Spot]) -> Attained | None:
    """`attainment: sales` or `amount: sales`, `over:`, `team: yes`."""
    by = next((name for name in ("attainment", "total") if name in found), None)
    if by is None:
        return None
    return Attained(
        found[by].text(),
        "attainment" if by == "attainment" else "amount",
        field_of(found, "over", every, None),
        field_of(found, "team", Spot.yes, False),
    )


def factor(spot: Spot) -> Factor:
    """A number; a table; steps on a number of the fact; steps on an attainment; a score by hand."""
    if not spot.is_mapping:
        return Factor(flat=spot.number())
    found = spot.fields(
        *("table", "days", "ratio", "column", "attainment", "total", "score", "over", "team"),
        *("steps", "below", "unknown", "most"),
    )
    feature = next((kind for kind in ("days", "ratio", "column") if kind in found), None)
    return Factor(
        table=field_of(found, "table", Spot.text, ""),
        feature=Feature(cast(Any, feature), listed(Spot.text)(found[feature])) if feature else None,
        attained=attained(found),
        score=field_of(found, "score", Spot.text, ""),
        steps=field_of(found, "steps", steps, ()),
        below=field_of(found, "below", _maybe_number, None),
        unknown=field_of(found, "unknown", _maybe_number, None),
        most=field_of(found, "most", _maybe_number, None),
    )


def gate(spot: Spot) -> Gate:
    """`{attainment: cash, at_least: 80%, otherwise: 0}`."""
    found = spot.fields("attainment", "total", "score", "over", "team", "at_least", "otherwise")
    if not any(name in found for name in ("attainment", "total", "score")):
        spot.note(message("nothing is compared"), message("Add `attainment:`, `total:` or `score:`."))
    return Gate(
        field_of(found, "at_least", Spot.number, Decimal(0), needed=spot),
        attained(found),
        field_of(found, "score", Spot.text, ""),
        field_of(found, "otherwise", Spot.positive, Decimal(0)),
    )
