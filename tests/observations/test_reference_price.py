"""Averaging windows: which days are read, what is fixed already, and the mean of both."""

import datetime

import numpy as np
import pytest

from contracts.observations import PricingDates, ReferencePrice
from contracts.periods import Periods, add_months
from tests.observations.stated import Stated

QUARTERS = Periods.regular(
    start=datetime.date(2025, 10, 1), end=datetime.date(2026, 6, 30), frequency="quarter"
)


def rule(every, day=None):
    return PricingDates(every=every, day=day)


def within(every, day, start, end):
    return [str(d) for d in rule(every, day).within(np.datetime64(start), np.datetime64(end))]


def index(every="month", day=15, lag_months=0):
    return ReferencePrice(commodity="x", pricing_dates=rule(every, day), lag_months=lag_months)


def test_every_weekday():
    # 1 October 2025 is a Wednesday: three days, a weekend, two more.
    assert within("day", None, "2025-10-01", "2025-10-08") == [
        "2025-10-01",
        "2025-10-02",
        "2025-10-03",
        "2025-10-06",
        "2025-10-07",
    ]


@pytest.mark.parametrize(("day", "first"), [(1, "06"), (2, "07"), (3, "01"), (4, "02"), (5, "03")])
def test_one_weekday_a_week(day, first):
    found = within("week", day, "2025-10-01", "2025-11-01")

    assert found[0] == f"2025-10-{first}"
    assert all(datetime.date.fromisoformat(d).isoweekday() == day for d in found)
    assert len(found) == (5 if day in (3, 4, 5) else 4)


def test_one_day_a_month_and_the_last_day():
    assert within("month", 28, "2024-02-01", "2024-04-01") == ["2024-02-28", "2024-03-28"]
    assert within("period-end", None, "2024-02-01", "2024-03-01") == ["2024-02-29"]
    assert within("period-end", None, "2025-10-01", "2026-01-01") == ["2025-12-31"]


@pytest.mark.parametrize(
    ("every", "day", "message"),
    [
        ("fortnight", None, "pricing_dates.every must be one of"),
        ("month", None, "pricing_dates.day must be 1 to 28 a month"),
        ("month", 29, "pricing_dates.day must be 1 to 28 a month"),
        ("week", 6, "pricing_dates.day must be 1 to 5 a week"),
        ("week", 0, "pricing_dates.day must be 1 to 5 a week"),
        ("day", 15, "pricing_dates.day must be left out"),
        ("period-end", 1, "pricing_dates.day must be left out"),
    ],
)
def test_rules_that_make_no_sense_are_refused(every, day, message):
    with pytest.raises(ValueError, match=message):
        rule(every, day)


@pytest.mark.parametrize(
    ("every", "day", "start", "end"),
    [
        ("month", 15, "2025-10-16", "2025-11-15"),
        ("week", 1, "2025-10-07", "2025-10-13"),
        ("day", None, "2025-10-04", "2025-10-06"),
    ],
)
def test_a_window_without_a_pricing_date_is_refused(every, day, start, end):
    with pytest.raises(ValueError, match="pricing_dates must fall at least once"):
        within(every, day, start, end)


def test_a_lag_moves_the_window_back():
    windows = index(lag_months=1).windows(QUARTERS)

    assert [str(d) for d in windows[0]] == ["2025-09-15", "2025-10-15", "2025-11-15"]
    assert [str(d) for d in windows[2]] == ["2026-03-15", "2026-04-15", "2026-05-15"]


def test_a_lag_leaves_no_day_out_and_takes_none_twice():
    lagged = index("day", None, lag_months=2).windows(QUARTERS)
    read = np.concatenate(lagged)
    days = np.arange(np.datetime64("2025-08-01"), np.datetime64("2026-05-01"))

    assert np.array_equal(read, days[np.is_busday(days)])


@pytest.mark.parametrize("lag", [-1, 0.5])
def test_a_lag_must_be_whole_months_back(lag):
    with pytest.raises(ValueError, match="lag_months must be a whole number"):
        index(lag_months=lag)


GRID = ("2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15", "2026-06-15")
PUBLISHED = {"2025-10-15": 60.0, "2025-11-15": 72.0, "2025-12-15": 75.0, "2026-01-15": 84.0}


def on_mid_february():
    return Stated(valuation_date=datetime.date(2026, 2, 15), fixings={"x": PUBLISHED}, grid=GRID)


def test_past_fixings_and_future_prices_mix_by_their_numbers():
    bound = index().bind("r", QUARTERS, on_mid_february())
    prices = np.array([[90.0, 80.0], [96.0, 70.0], [100.0, 50.0], [101.0, 51.0], [105.0, 61.0]])

    seen = bound.observe({"x": prices}, {})

    # (60 + 72 + 75) / 3 = 69 is past. (84 + 90 + 96) / 3 = 90 and (84 + 80 + 70) / 3 = 78 mix
    # one fixing with two prices. (100 + 101 + 105) / 3 = 102 and (50 + 51 + 61) / 3 = 54.
    np.testing.assert_allclose(seen, [[69.0, 69.0], [90.0, 78.0], [102.0, 54.0]], rtol=1e-14)
    assert bound.is_fixed.tolist() == [True, False, False]


def test_the_price_of_the_valuation_date_is_not_yet_fixed():
    day_after = Stated(
        valuation_date=datetime.date(2026, 2, 16),
        fixings={"x": {**PUBLISHED, "2026-02-15": 93.0}},
        grid=GRID[1:],
    )
    prices = np.array([[96.0], [100.0], [101.0], [105.0]])

    before = index().bind("r", QUARTERS, on_mid_february())
    after = index().bind("r", QUARTERS, day_after)

    # (84 + 93 + 96) / 3 = 91: the fixing of the 15th no longer moves with the path.
    assert after.observe({"x": prices}, {})[1, 0] == pytest.approx(91.0)
    assert before.observe({"x": np.vstack([[[93.0]], prices])}, {})[1, 0] == pytest.approx(91.0)


def test_everything_past_is_one_column():
    later = Stated(
        valuation_date=datetime.date(2026, 7, 1),
        fixings={"x": {**PUBLISHED, **dict.fromkeys(GRID, 90.0)}},
    )
    bound = index().bind("r", QUARTERS, later)

    np.testing.assert_allclose(bound.observe({}, {}), [[69.0], [88.0], [90.0]])
    assert bound.is_fixed.all()


def test_zero_and_negative_prices_are_averaged_like_any_other():
    bound = index().bind("r", QUARTERS, on_mid_february())
    prices = np.array([[0.0], [0.0], [-30.0], [-10.0], [-20.0]])

    seen = bound.observe({"x": prices}, {})

    np.testing.assert_allclose(seen, [[69.0], [28.0], [-20.0]])


def test_a_nan_price_spoils_only_its_own_period_and_path():
    bound = index().bind("r", QUARTERS, on_mid_february())
    prices = np.full((5, 3), 90.0)
    prices[1, 1] = np.nan

    seen = bound.observe({"x": prices}, {})

    assert np.argwhere(np.isnan(seen)).tolist() == [[1, 1]]


def test_every_date_read_is_declared_once():
    dates = index("day", None, 1).fixing_dates(QUARTERS)["x"]
    windows = index("day", None, 1).windows(QUARTERS)

    assert np.array_equal(dates, np.unique(np.concatenate(windows)))
    assert np.all(np.diff(dates) > np.timedelta64(0, "D"))


@pytest.mark.parametrize("lag", [0, 1, 5])
@pytest.mark.parametrize(
    ("every", "day"),
    [("day", None), ("week", 3), ("month", 1), ("month", 15), ("period-end", None)],
)
def test_windows_at_once_are_windows_one_by_one(every, day, lag):
    # From a month end, so that lagged windows have their ends moved; and with a gap in between.
    cut = {"end": datetime.date(2027, 6, 15), "frequency": "month"}
    months = Periods.regular(start=datetime.date(2025, 12, 31), **cut)
    keep = np.arange(len(months)) != 4
    periods = Periods(start=months.start[keep], end=months.end[keep], labels=("",) * keep.sum())
    found = index(every, day, lag).windows(periods)

    assert len(found) == len(periods)
    for t, window in enumerate(found):
        start, end = add_months(periods.start[t], -lag), add_months(periods.end[t], -lag)
        days = np.arange(start, end)
        weekdays = (days - np.datetime64("2024-01-01")).astype(int) % 7 + 1
        in_month = (days - days.astype("datetime64[M]")).astype(int) + 1
        named = {
            "day": weekdays <= 5,
            "week": weekdays == day,
            "month": in_month == day,
            "period-end": days == days[-1],
        }
        assert np.array_equal(window, days[named[every]])


def test_windows_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        index().windows(QUARTERS)[0][0] = np.datetime64("2025-10-16")


def test_the_first_window_without_a_pricing_date_is_named():
    halves = Periods(
        start=np.array(["2025-10-01", "2025-10-16", "2025-11-16"], dtype="datetime64[D]"),
        end=np.array(["2025-10-16", "2025-11-01", "2025-12-01"], dtype="datetime64[D]"),
        labels=("a", "b", "c"),
    )

    with pytest.raises(
        ValueError, match="from 2025-10-16 to 2025-10-31, got 'every month, day 15'"
    ):
        index().windows(halves)
