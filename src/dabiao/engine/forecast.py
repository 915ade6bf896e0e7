"""Where a period will end: a daily forecast added up, with a band that its own past errors give.

Each kind of day (a Monday, a rest day) has its mean; the level of what is left is smoothed exponentially by
ETS(A,N,N) of statsforecast's AutoETS (Hyndman and Khandakar, 2008). The band is not the model's: the same
method is run again from earlier days, as far ahead as now, and the errors it made of the running total say
how far off it may be (rolling origins: Hyndman and Athanasopoulos, Forecasting, 3rd ed., 5.10). Yearly
seasons are not in it. Floats: forecasts are estimates, never posted.

A model takes 5 to 50 ms a series, importing it seconds: run it in jobs and keep the result. Nothing forks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["exponential smoothing over kinds of day", "means of kinds of day", "mean of all days"]
Floats = NDArray[np.float64]

SMOOTHING: Final[Method] = "exponential smoothing over kinds of day"
MEANS: Final[Method] = "means of kinds of day"
MEAN: Final[Method] = "mean of all days"

LEVEL: Final = 0.8
_DAYS_FOR_SMOOTHING: Final = 56
_DAYS_FOR_MEANS: Final = 14
_MOST_BACKTESTS: Final = 12
_FEWEST_BACKTESTS: Final = 4


class NoHistory(ValueError):
    """There is nothing to forecast from."""


@dataclass(frozen=True)
class Forecast:
    """For each day ahead: its value, the running total from today on, and the 80 % band of that total.

    method: what was done. backtests: how many earlier forecasts the band rests on; 0 = too few days for any,
    the band then assumes that days differ independently. error: how far those forecasts' last totals were
    off on average, as a share of what came (0.08 = 8 %); None without backtests or where nothing came.
    """

    method: Method
    daily: tuple[float, ...]
    total: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    backtests: int
    error: float | None


def kinds_of_days(days: Sequence[date], working_days: Collection[date]) -> list[str]:
    """What kind each day is: its weekday where it is worked, else `rest`."""
    return [str(day.isoweekday()) if day in working_days else "rest" for day in days]


def forecast(history: Sequence[float] | Floats, kinds: Sequence[str], ahead: Sequence[str]) -> Forecast:
    """The days `ahead`, from the days of `history`.

    history: one value a day without gaps (0 where nothing happened), oldest first. kinds: the kind of each
    of these days. ahead: the kinds of the days to come. A history that was never negative stays so.
    """
    values = np.asarray(history, dtype=np.float64)
    if not len(values) or len(values) != len(kinds):
        raise NoHistory(
            f"{len(values)} days of history with {len(kinds)} kinds: there is nothing to forecast from."
        )
    method = _method(len(values))
    daily = _predicted(method, values, kinds, ahead)
    total = np.cumsum(daily)
    misses, came = _backtests(method, values, kinds, len(ahead))
    tests = len(misses) if len(misses) >= _FEWEST_BACKTESTS else 0
    reach = _reach_from_backtests(misses) if tests else _reach_of_independent_days(values, len(ahead))
    low = total - reach
    if values.min() >= 0:
        low = np.maximum(low, 0)
    return Forecast(
        method,
        _plain(daily),
        _plain(total),
        _plain(low),
        _plain(total + reach),
        tests,
        _error(misses, came) if tests else None,
    )


def _method(days: int) -> Method:
    if days >= _DAYS_FOR_SMOOTHING:
        return SMOOTHING
    return MEANS if days >= _DAYS_FOR_MEANS else MEAN


def _predicted(method: Method, values: Floats, kinds: Sequence[str], ahead: Sequence[str]) -> Floats:
    """The days ahead, one value each."""
    if method == MEAN:
        return np.full(len(ahead), values.mean())
    means = _means(values, kinds)
    expected = np.array([means.get(kind, values.mean()) for kind in ahead])
    if method == SMOOTHING:
        # Rest days would pull the level to zero: it is the level of the days that are worked.
        worked = np.array([kind != "rest" for kind in kinds])
        left = values - np.array([means[kind] for kind in kinds])
        level = _level(left[worked]) if worked.any() else 0.0
        expected = expected + np.array([0.0 if kind == "rest" else level for kind in ahead])
    return np.maximum(expected, 0) if values.min() >= 0 else expected


def _means(values: Floats, kinds: Sequence[str]) -> dict[str, float]:
    found = np.array(kinds)
    return {kind: float(values[found == kind].mean()) for kind in sorted(set(kinds))}


def _level(left: Floats) -> float:
    """Where the deviations from the means stand now, by AutoETS without trend."""
    from statsforecast.models import AutoETS

    if np.ptp(left) == 0:
        return float(left[-1])
    return float(AutoETS(season_length=1, model="ANN").forecast(y=left, h=1)["mean"][0])


def _backtests(method: Method, values: Floats, kinds: Sequence[str], days: int) -> tuple[Floats, Floats]:
    """Errors of the running total, one row a forecast made earlier; and the last total that came.

    Only forecasts that had the days this method needs are made.
    """
    shortest = {SMOOTHING: _DAYS_FOR_SMOOTHING, MEANS: _DAYS_FOR_MEANS, MEAN: 1}[method]
    latest = len(values) - days
    room = latest - shortest
    if room < 0 or not days:
        return np.empty((0, days)), np.empty(0)
    count = min(_MOST_BACKTESTS, room + 1)
    origins = np.unique(
        np.linspace(latest - min(room, _MOST_BACKTESTS * max(days // 2, 1)), latest, count).astype(int)
    )
    came = np.array([np.cumsum(values[at : at + days]) for at in origins])
    said = np.array(
        [np.cumsum(_predicted(method, values[:at], kinds[:at], kinds[at : at + days])) for at in origins]
    )
    return came - said, came[:, -1]


def _reach_from_backtests(misses: Floats) -> Floats:
    """Half the width of the band, never narrower further ahead."""
    from scipy.stats import t

    spread = np.sqrt(np.mean(misses**2, axis=0)) * t.ppf((1 + LEVEL) / 2, df=len(misses))
    return np.asarray(np.maximum.accumulate(spread))


def _reach_of_independent_days(values: Floats, days: int) -> Floats:
    """The same where there is no past to test on: days vary, and the mean of few days is uncertain itself."""
    from scipy.stats import norm

    ahead = np.arange(1, days + 1)
    return np.asarray(norm.ppf((1 + LEVEL) / 2) * values.std() * np.sqrt(ahead + ahead**2 / len(values)))


def _error(misses: Floats, came: Floats) -> float | None:
    whole = float(np.abs(came).sum())
    return float(np.abs(misses[:, -1]).sum()) / whole if whole else None


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
