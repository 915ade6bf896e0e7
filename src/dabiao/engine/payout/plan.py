"""An incentive plan as frozen values: what `docs/incentives.md` describes, already read and typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from dabiao.engine.metric import Direction
from dabiao.engine.metric import Measure as Metric
from dabiao.engine.row import Condition, Terms

Every = Literal["week", "month", "quarter", "half", "year", "plan"]
Days = Literal["calendar", "working"]

SCHEMA: Final = "dabiao/plan/1"
MARGIN: Final = Terms(("amount",), ("cost",))
PAY: Final = "pay."
"""`base: pay.commission` counts what another component pays."""
SCALE: Final = 6
"""Decimals of a trace line's amount."""


@dataclass(frozen=True)
class Words:
    """One sentence or name in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Member:
    """One line of `who`: a role (position), a unit with everything below it, or a person; null dates are open."""

    kind: Literal["role", "unit", "person"]
    key: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Recipient:
    """Who receives credit: a column of the fact, a column behind a key, a named dated relationship, or whomever one
    of the crediting rules of `engine.credit` names (`relation` is its name)."""

    kind: Literal["column", "through", "relation", "rule"]
    column: str
    table: str = ""
    take: str = ""
    relation: str = ""


@dataclass(frozen=True)
class Also:
    """Credit on top of the first: an overlay. `divide` says what several people in one relation get."""

    recipient: Recipient
    share: Decimal
    divide: Literal["each", "equal", "weight"] = "each"


@dataclass(frozen=True)
class Credit:
    """A crediting rule. Splits divide the fact exactly; `also` and `rollup` add credit on top.

    shared: rows of the `shares` table replace the rule's own answer for that fact.
    rollup: share of the direct credit handed to the manager, the manager's manager, … on the fact's date.
    """

    key: str
    to: Recipient
    split: tuple[tuple[str, Decimal], ...] = ()
    divide: Literal["each", "equal", "weight"] = "weight"
    shared: bool = False
    also: tuple[Also, ...] = ()
    rollup: tuple[Decimal, ...] = ()
    direct: bool = True


@dataclass(frozen=True)
class Measure:
    """A metric that a plan counts fact by fact, its own or one of the dictionary, and what only pay asks of it.

    metric: a sum or a count over dated facts. exclude: facts that meet all conditions of a group are left out.
    """

    key: str
    metric: Metric
    fact_key: tuple[str, ...]
    credit: str
    exclude: tuple[tuple[Condition, ...], ...] = ()
    refunds: Literal["own_date", "original"] = "own_date"
    target: str = ""

    @property
    def table(self) -> str:
        return self.metric.source.table

    @property
    def on(self) -> str:
        return self.metric.source.on or ""

    @property
    def where(self) -> tuple[Condition, ...]:
        return self.metric.where

    @property
    def direction(self) -> Direction:
        return self.metric.direction

    @property
    def amount(self) -> str:
        """What is counted of a fact, by its columns."""
        of = self.metric.of
        if of is None:
            return "count"
        return "margin" if of == MARGIN else ", ".join(of.columns)


@dataclass(frozen=True)
class Row:
    """One row of a table of rates; a column that is not named matches everything."""

    match: tuple[tuple[str, str], ...]
    value: Decimal
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Table:
    """Rates or multipliers by columns of the fact, with dates; or a column of a reference table."""

    key: str
    by: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    otherwise: Decimal | None = None
    source: str = ""
    take: str = ""
    decimals: int = 0


@dataclass(frozen=True)
class Step:
    """From here on this value holds, until the next step starts."""

    start: Decimal
    value: Decimal


@dataclass(frozen=True)
class Tiers:
    """Rates that say only where they start."""

    steps: tuple[Step, ...]
    pay: Literal["marginal", "whole"] = "marginal"
    by: Literal["amount", "attainment"] = "amount"
    over: Every | None = None
    per: tuple[str, ...] = ()
    measure: str = ""
    below_zero: Literal["owed", "nothing"] = "owed"


@dataclass(frozen=True)
class Rate:
    """Exactly one of: a flat rate, tiers, a table of rates."""

    flat: Decimal | None = None
    tiers: Tiers | None = None
    table: str = ""


@dataclass(frozen=True)
class Feature:
    """A number about the fact: a column, the days between two dates, or one amount ÷ another."""

    kind: Literal["column", "days", "ratio"]
    of: tuple[str, ...]


@dataclass(frozen=True)
class Attained:
    """How far a measure has come: its attainment or its amount, of the person or of the person's team."""

    measure: str
    by: Literal["attainment", "amount"] = "attainment"
    over: Every | None = None
    team: bool = False


@dataclass(frozen=True)
class Factor:
    """One multiplier. Exactly one source is filled; `steps` turns a number into a multiplier."""

    flat: Decimal | None = None
    table: str = ""
    feature: Feature | None = None
    attained: Attained | None = None
    score: str = ""
    steps: tuple[Step, ...] = ()
    below: Decimal | None = None
    unknown: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True)
class Gate:
    """A condition on the person's period; where it fails the component counts `otherwise` times."""

    at_least: Decimal
    attained: Attained | None = None
    score: str = ""
    otherwise: Decimal = Decimal(0)


@dataclass(frozen=True)
class Raise:
    """A higher rate where a condition holds: relative (5 % → 5.5 %) or in points (5 % → 15 %)."""

    when: Gate
    by: Decimal
    kind: Literal["relative", "points"]


@dataclass(frozen=True)
class Prorate:
    """Amounts fixed for a whole period count for the share of its days a person was in force."""

    reasons: tuple[Literal["joining", "leaving", "transfer", "absence", "probation"], ...]
    days: Days = "calendar"


@dataclass(frozen=True)
class Stage:
    """A part of each line's amount that is paid when an event of the fact has happened."""

    event: str
    share: Decimal


@dataclass(frozen=True)
class Clawback:
    """A paid line is taken back: unpaid so many days after the fact, or the customer gone within them."""

    when: Literal["unpaid", "churned"]
    days: int
    share: Decimal = Decimal(1)


@dataclass(frozen=True)
class Hold:
    """A share of what is earned is kept until the end of the year (or quarter, half)."""

    share: Decimal
    until: Every = "year"


@dataclass(frozen=True)
class Limit:
    """A highest or lowest amount per period, or per longer span counted from its start."""

    amount: Decimal
    over: Every | None = None


@dataclass(frozen=True)
class Curve:
    """Attainment → share of the bonus. `line` joins the points, `step` holds each until the next."""

    points: tuple[Step, ...]
    between: Literal["line", "step"] = "line"


BonusKind = Literal["attainment", "breakthrough", "team", "first_deal", "contest", "pool", "points"]


@dataclass(frozen=True)
class Bonus:
    """An amount fixed per period, or earned by beating something. Which fields count depends on `kind`."""

    kind: BonusKind
    amount: Decimal = Decimal(0)
    measure: str = ""
    over: Every | None = None
    curve: Curve | None = None
    at_least: Decimal | None = None
    rate: Decimal | None = None
    best_of: int = 0
    beat: Literal["best", "target"] = "best"
    within_days: int | None = None
    prizes: tuple[Decimal, ...] = ()
    ties: Literal["share", "each"] = "share"
    among: Literal["plan", "unit"] = "plan"
    unit: str = ""
    weights: Literal["equal", "measure", "score"] = "equal"
    score: str = ""


@dataclass(frozen=True)
class Component:
    """One thing a plan pays: lines (base × rate × multipliers) or a bonus, then its limits."""

    key: str
    title: Words
    base: str = ""
    rate: Rate | None = None
    times: tuple[Factor, ...] = ()
    raises: tuple[Raise, ...] = ()
    bonus: Bonus | None = None
    gates: tuple[Gate, ...] = ()
    cap: Limit | None = None
    floor: Limit | None = None
    prorate: Prorate | None = None
    stages: tuple[Stage, ...] = ()
    clawbacks: tuple[Clawback, ...] = ()
    hold: Hold | None = None
    unit: Literal["money", "points"] = "money"
    worth: Decimal | None = None


@dataclass(frozen=True)
class Draw:
    """An advance each period; recoverable ones come out of what is earned later."""

    amount: Decimal
    recoverable: bool
    months: int | None = None
    prorate: Prorate | None = None


@dataclass(frozen=True)
class Guarantee:
    """Pay is filled up to this amount a period, for so many months after joining (or always)."""

    amount: Decimal
    months: int | None = None
    prorate: Prorate | None = None


@dataclass(frozen=True)
class Leaver:
    """What happens when somebody leaves."""

    held: Literal["pay", "forfeit"] = "pay"
    draw: Literal["recover", "forgive"] = "recover"
    later: Literal["pay", "stop"] = "pay"


@dataclass(frozen=True)
class Settlement:
    """Rules on the sum of all components, in this order: guarantee, holdback, clawback, draw."""

    guarantee: Guarantee | None = None
    hold: Hold | None = None
    instalments: int = 1
    recover_most: Decimal = Decimal(1)
    draw: Draw | None = None
    leaver: Leaver = field(default_factory=Leaver)


@dataclass(frozen=True)
class Case:
    """An example written beside a plan: facts in, payables out; steps, balances and trace lines if asked."""

    name: str
    tables: Mapping[str, str]
    expect: str
    entries: str = ""
    balances: str = ""
    lines: str = ""
    until: date | None = None
    line: int = 0


@dataclass(frozen=True)
class Exchange:
    """A rate the plan fixes: units of the plan's currency for one unit of another, from a day on."""

    currency: str
    start: date
    rate: Decimal


@dataclass(frozen=True)
class Plan:
    """A dated, versioned incentive plan. Dates are half-open: `end` is the first day after."""

    key: str
    version: int
    title: Words
    start: date
    end: date
    who: tuple[Member, ...]
    except_who: tuple[Member, ...]
    currency: str
    period: Every
    year_starts: int
    cut_day: int
    round: Literal["payable", "line"]
    digits: int
    decimals: int
    largest: Decimal
    amounts: Literal["reporting", "original"]
    exchange: tuple[Exchange, ...]
    measures: Mapping[str, Measure]
    credits: Mapping[str, Credit]
    tables: Mapping[str, Table]
    components: Mapping[str, Component]
    settlement: Settlement
    cases: tuple[Case, ...] = ()
    managers: tuple[str, ...] = ()
    """Positions whose holders manage the unit they sit in; without any the table `managers` says who does."""

    @property
    def line_scale(self) -> int:
        """Decimals of a trace line's amount: the currency's where lines are rounded, else six."""
        return self.digits if self.round == "line" else SCALE
