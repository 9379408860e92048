"""The clock of weekdays: its arithmetic, and the volatility it gives."""

import math
import re

import numpy as np
import pytest

from montecarlo.calibrate import PriceHistory, fit
from montecarlo.calibrate.clock import weekday_years


def business_days(seed=1, n=2000):
    dates = np.busday_offset("2015-01-01", np.arange(n), roll="forward")
    moves = 0.4 / math.sqrt(261.0) * np.random.default_rng(seed).standard_normal(n)
    prices = 50.0 * np.exp(np.cumsum(moves))
    return PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)


def test_weekdays_by_hand():
    # Thursday, Friday, Sunday (a quote), Monday, the Wednesday of the week after: 1, 1, 1, 7.
    days = np.array(
        ["2024-02-29", "2024-03-01", "2024-03-03", "2024-03-04", "2024-03-13"],
        dtype="datetime64[D]",
    )

    assert weekday_years(days) == pytest.approx(np.array([0, 1, 2, 3, 10]) * 13 / 10 / 365)


@pytest.mark.parametrize("smoothing", ["none", "lag"])
def test_calendar_overstates_and_says_so(smoothing):
    by_calendar = fit(business_days(), "gbm", smoothing=smoothing)
    by_weekdays = fit(business_days().by_weekdays(), "gbm", smoothing=smoothing)

    # Four days of 365/261 and one of a third of that: 1.21 times the variance.
    assert any(re.search("overstated by about (9|10|11)%", t) for t in by_calendar.warnings)
    assert not any("overstated" in text for text in by_weekdays.warnings)
    assert by_weekdays["volatility"].low < 0.4 < by_weekdays["volatility"].high
    if smoothing == "none":
        assert by_calendar["volatility"].value > 1.07 * by_weekdays["volatility"].value


def test_prices_that_move_on_weekends_are_not_warned_about():
    dates = business_days().dates
    steps = np.diff(dates).astype(float) / 365.0
    moves = 0.4 * np.sqrt(steps) * np.random.default_rng(2).standard_normal(steps.size)
    prices = 50.0 * np.exp(np.append(0.0, np.cumsum(moves)))
    history = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)

    assert fit(history, "gbm").warnings == ()
    assert fit(history.by_weekdays(), "gbm")["volatility"].value == pytest.approx(0.4, rel=0.05)


def test_unknown_clock_is_refused():
    with pytest.raises(ValueError, match="clock must be calendar or weekdays, got 'lunar'"):
        PriceHistory(name="a", unit="USD/kg", dates=["2024-01-01"], prices=[1.0], clock="lunar")
