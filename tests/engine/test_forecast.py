"""Forecasts of a running total, and whether their band keeps its word."""

import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest

from dabiao.engine.forecast import MEAN, MEANS, SMOOTHING, NoHistory, forecast, kinds_of_days

FIRST = date(2017, 1, 2)


def days(count, start=FIRST):
    return [start + timedelta(days=n) for n in range(count)]


def kinds(count):
    calendar = days(count)
    return kinds_of_days(calendar, {day for day in calendar if day.weekday() < 5})


def steady(count):
    """100 on a working day, 150 on a Friday, nothing on a rest day."""
    return [{"rest": 0.0, "5": 150.0}.get(kind, 100.0) for kind in kinds(count)]


def test_kinds_of_days_know_a_worked_weekend():
    sunday = date(2024, 2, 4)

    assert kinds_of_days([sunday, date(2024, 2, 10)], {sunday}) == ["7", "rest"]


@pytest.mark.parametrize(
    ("history", "method"), [(1, MEAN), (13, MEAN), (14, MEANS), (55, MEANS), (56, SMOOTHING)]
)
def test_the_method_follows_the_length_of_the_history(history, method):
    assert forecast(steady(history), kinds(history), kinds(history + 7)[history:]).method == method


@pytest.mark.parametrize("history", [35, 140])
def test_what_repeats_exactly_is_forecast_exactly(history):
    got = forecast(steady(history), kinds(history), kinds(history + 14)[history:])

    assert got.daily == pytest.approx(steady(history + 14)[history:])
    assert got.total == got.low == got.high == pytest.approx(np.cumsum(steady(history + 14)[history:]))
    assert got.error == 0
    assert got.backtests >= 4


def test_a_level_that_has_risen_is_followed():
    values = np.array(steady(140))
    values[-42:] *= 2

    after = forecast(values, kinds(140), kinds(147)[140:])

    assert after.total[-1] > 1.5 * forecast(steady(140), kinds(140), kinds(147)[140:]).total[-1]
    assert after.daily[-1] == 0  # still nothing on a Sunday


def test_the_band_covers_about_four_in_five():
    """80 % of 60 simulated months: between 70 and 95 % by chance; the seed is fixed."""
    random = np.random.default_rng(20)
    history, ahead = 180, 20
    found = kinds(history + ahead)
    inside = []
    for _ in range(60):
        values = random.gamma(2, 0.5, history + ahead) * np.array(steady(history + ahead))
        got = forecast(values[:history], found[:history], found[history:])
        inside.append(got.low[-1] <= values[history:].sum() <= got.high[-1])

    assert 0.7 <= np.mean(inside) <= 0.95


def test_the_band_of_a_short_history_assumes_that_days_differ_independently():
    got = forecast([10, 30], ["1", "2"], ["3", "4"])

    assert (got.method, got.daily, got.total) == (MEAN, (20.0, 20.0), (20.0, 40.0))
    assert (got.backtests, got.error) == (0, None)
    # 1.2816 standard deviations of 10 · √(1 + 1/2): 15.70 either way on the first day.
    assert got.high[0] - got.total[0] == pytest.approx(15.6957, abs=1e-3)
    assert got.low[0] == pytest.approx(20 - 15.6957, abs=1e-3)


def test_the_band_never_narrows_and_never_goes_below_zero_without_reason():
    random = np.random.default_rng(3)
    values = random.exponential(10, 100) * (random.random(100) < 0.2)
    got = forecast(values, kinds(100), kinds(130)[100:])
    width = np.array(got.high) - np.array(got.total)

    assert (np.diff(width) >= 0).all()
    assert min(got.low) >= 0
    assert min(forecast(values - 20, kinds(100), kinds(130)[100:]).low) < 0


def test_kinds_never_seen_take_the_mean_of_all_days():
    got = forecast([10.0] * 20 + [20.0] * 20, ["1"] * 40, ["rest", "1"])

    assert got.daily == (15.0, 15.0)


def test_a_history_of_rest_days_is_zero():
    got = forecast([0.0] * 90, ["rest"] * 90, ["rest"] * 5)

    assert got.total[-1] == got.high[-1] == 0
    assert got.error is None


def test_nothing_ahead_is_an_empty_forecast():
    got = forecast(steady(60), kinds(60), [])

    assert (got.daily, got.total, got.low, got.high, got.backtests) == ((), (), (), (), 0)


@pytest.mark.parametrize(("history", "its_kinds"), [([], []), ([1.0], ["1", "2"])])
def test_without_a_history_there_is_no_forecast(history, its_kinds):
    with pytest.raises(NoHistory, match="nothing to forecast from"):
        forecast(history, its_kinds, ["1"])


def test_importing_it_stays_light():
    """statsforecast takes seconds to import; a command that forecasts nothing must not pay for it."""
    code = "import sys, dabiao.engine.forecast; sys.exit('statsforecast' in sys.modules or 'scipy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
