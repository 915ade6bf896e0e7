"""What is asked of a cascade, and the engine's order for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, cast

from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed
from dabiao.engine import number
from dabiao.engine.allocation.axis import Axis, single
from dabiao.engine.allocation.cascade import Order
from dabiao.engine.allocation.limits import Limit
from dabiao.engine.allocation.people import Ramp
from dabiao.engine.metric import Metric
from dabiao.engine.number import TooPrecise
from dabiao.engine.period import Fiscal, Kind, Period
from dabiao.targets.logic.cascade import ways
from dabiao.targets.logic.cascade.axes import Organisation, Time, organisation, products, time
from dabiao.targets.logic.cascade.history import metric_of

PERIODS: Final = ("half", "quarter", "month", "period", "week", "day")


@dataclass(frozen=True)
class CascadeRequest:
    """An amount to be handed down.

    over: `org`, kinds of periods and `product`, in the order in which they are promised. methods: and how
    much each counts. kept: by unit key, a reserve (1/10) or, below zero, an over-assignment. limits: scope
    and axis keys, amounts in whole units of the cascade. ramp: what a joiner brings in the first months.
    """

    metric: str
    period: Period
    amount: Decimal
    over: tuple[str, ...]
    methods: Mapping[str, Fraction] = field(default_factory=lambda: {"even": Fraction(1)})
    root: str = ""
    people: bool = True
    kept: Mapping[str, Fraction] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    ramp: Ramp = field(default_factory=Ramp)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The engine's order, and what its keys stand for. Amounts are whole numbers of 10^-digits."""

    asked: CascadeRequest
    order: Order
    org: Organisation
    time: Time
    product: Axis
    digits: int

    @property
    def product_first(self) -> bool:
        """Whether products are promised before time."""
        return self.order.columns[0] is self.product


def prepare(asked: CascadeRequest, fiscal: Fiscal) -> Prepared:
    """Read the tree, the calendar and the history. Raises Malformed, NotFound."""
    metric = metric_of(asked.metric)
    digits = digits_of(metric)
    kinds = _kinds(asked.over)
    org = organisation(asked.period, root=asked.root, people=asked.people, alone="org" not in asked.over)
    spans = time(asked.period, kinds, fiscal)
    product = products() if "product" in asked.over else single("product", "")
    basis = ways.Basis(metric, asked.period, fiscal, org, spans, product)
    weights = ways.weights(basis, asked.methods, asked.ramp)
    product_first = "product" in asked.over and asked.over.index("product") < min(
        (asked.over.index(kind) for kind in kinds), default=len(asked.over)
    )
    columns = (product, spans.axis) if product_first else (spans.axis, product)
    shaped = weights.transpose(0, 2, 1) if product_first else weights
    kept = {f"unit:{key}": share for key, share in asked.kept.items()}
    order = Order(
        in_units(asked.amount, digits), org.axis, columns, shaped.reshape(len(shaped), -1), asked.limits, kept
    )
    return Prepared(asked, order, org, spans, product, digits)


def digits_of(metric: Metric) -> int:
    """Money is handed down in hundredths, anything else in whole numbers. Raises Malformed for what is not summed."""
    if metric.unit in ("ratio", "score"):
        raise Malformed(
            _("%(metric)s does not sum: hand down its parts, or give everybody the same.")
            % {"metric": metric.key}
        )
    return 2 if metric.unit == "money" else 0


def in_units(amount: Decimal, digits: int) -> int:
    """An amount as whole units of 10^-digits. Raises Malformed where it has more decimals."""
    try:
        return int(number.exact(amount, digits).scaleb(digits))
    except TooPrecise as error:
        raise Malformed(str(error)) from None


def from_units(value: int, digits: int) -> Decimal:
    """Whole units as an amount, exactly."""
    return Decimal(value).scaleb(-digits)


def _kinds(over: Sequence[str]) -> tuple[Kind, ...]:
    unknown = [name for name in over if name not in (*PERIODS, "org", "product")]
    if unknown:
        raise Malformed(
            _("Cannot hand down over %(name)s; choose from org, product, %(kinds)s.")
            % {"name": unknown[0], "kinds": ", ".join(PERIODS)}
        )
    return tuple(cast(Kind, name) for name in over if name in PERIODS)
