"""Amounts of the simulation in integer cents: with and without tax, in yuan and in the original currency."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from dabiao.demo.simulation import arrays
from dabiao.demo.simulation.arrays import Ints, Sums, dice
from dabiao.demo.simulation.catalogue import CURRENCIES
from dabiao.demo.simulation.timeline import Timeline

MILLION = 1_000_000
WHOLE = 10_000
FIRST_RATES = (1.0, 7.12, 7.78)


@dataclass(frozen=True)
class Rates:
    """Yuan for one unit of a currency, in millionths, by currency and simulated day."""

    by_day: Ints
    start: int

    def on(self, currency: Ints, days: Ints) -> Ints:
        """The rate of each day; the last known one for days to come."""
        last = self.by_day.shape[1] - 1
        return self.by_day[currency, np.clip(days - self.start, 0, last)]


def rates(seed: int, timeline: Timeline) -> Rates:
    """A small random walk for each foreign currency, quoted to four decimals."""
    steps = dice(seed, "rates").normal(0, 0.0012, (len(CURRENCIES), len(timeline)))
    walk = np.array(FIRST_RATES)[:, None] * np.exp(np.cumsum(steps, axis=1))
    quoted = np.round(walk * 10_000).astype("int64") * 100
    quoted[0] = MILLION
    return Rates(quoted, timeline.start)


def rate_table(known: Rates, timeline: Timeline) -> pa.Table:
    """A rate for each foreign currency and known day."""
    days = np.arange(timeline.first, timeline.on + 1)
    currency = np.repeat(np.arange(1, len(CURRENCIES)), len(days))
    day = np.tile(days, len(CURRENCIES) - 1)
    return arrays.table(
        "fx_rates",
        currency=np.array(CURRENCIES, dtype=object)[currency],
        on=arrays.dates(day),
        rate=arrays.rates(known.on(currency, day)),
    )


@dataclass(frozen=True)
class Money:
    """Amounts by row. `net` and `gross` are yuan without and with tax, the others the same in `currency`."""

    net: Ints
    gross: Ints
    original_net: Ints
    original_gross: Ints
    currency: Ints
    rate: Ints
    rate_on: Ints
    tax: Ints

    def rows(self, index: Ints) -> "Money":
        return Money(*(getattr(self, each.name)[index] for each in fields(self)))

    def part(self, start: Ints, end: Ints) -> "Money":
        """The share from `start` to `end` ten-thousandths; shares that tile the whole sum to it exactly."""
        amounts = (self.net, self.gross, self.original_net, self.original_gross)
        return self._with(*(each * end // WHOLE - each * start // WHOLE for each in amounts))

    def negative(self) -> "Money":
        return self._with(-self.net, -self.gross, -self.original_net, -self.original_gross)

    def summed(self, by: Sums) -> "Money":
        """The sum of each group; groups must not mix currencies, rates or taxes that matter."""
        first = self.rows(by.lead)
        amounts = (self.net, self.gross, self.original_net, self.original_gross)
        return first._with(*(by.of(each) for each in amounts))

    def plus(self, other: "Money") -> "Money":
        """Rows of both, one after the other."""
        return Money(
            *(np.concatenate([getattr(self, each.name), getattr(other, each.name)]) for each in fields(self))
        )

    def columns(self) -> dict[str, object]:
        """The money columns of a lake table."""
        return {
            "amount": arrays.cents(self.net),
            "amount_with_tax": arrays.cents(self.gross),
            "tax_rate": arrays.rates(self.tax),
            "currency": np.array(CURRENCIES, dtype=object)[self.currency],
            "original_amount": arrays.cents(self.original_net),
            "original_amount_with_tax": arrays.cents(self.original_gross),
            "fx_rate": arrays.rates(self.rate),
            "fx_on": arrays.dates(self.rate_on),
        }

    def _with(self, net: Ints, gross: Ints, original_net: Ints, original_gross: Ints) -> "Money":
        return Money(
            net, gross, original_net, original_gross, self.currency, self.rate, self.rate_on, self.tax
        )


def priced(yuan: Ints, tax: Ints, currency: Ints, rate_on: Ints, known: Rates) -> Money:
    """Money from a price in cents of yuan: agreed in `currency`, converted back at the rate of a day."""
    rate = known.on(currency, rate_on)
    original = _rounded(yuan * MILLION, rate)
    original_gross = original + _rounded(original * tax, np.full(len(tax), MILLION))
    scale = np.full(len(rate), MILLION)
    return Money(
        _rounded(original * rate, scale),
        _rounded(original_gross * rate, scale),
        original,
        original_gross,
        currency,
        rate,
        rate_on,
        tax,
    )


def yuan(cents: Ints, tax: Ints, on: Ints) -> Money:
    """Money in yuan."""
    gross = cents + _rounded(cents * tax, np.full(len(tax), MILLION))
    none = np.zeros(len(cents), dtype="int64")
    return Money(cents, gross, cents, gross, none, none + MILLION, on, tax)


def _rounded(values: Ints, by: Ints) -> Ints:
    """values ÷ by, half away from zero."""
    quotient: Ints = np.sign(values) * ((2 * np.abs(values) + by) // (2 * by))
    return quotient
