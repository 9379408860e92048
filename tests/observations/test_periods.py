"""Calculation periods: half-open, in order, from dates that include both ends."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.periods import Periods, add_months, fiscal_year_of, month_of, year_of


def day(text):
    return datetime.date.fromisoformat(text)


def regular(start, end, frequency):
    return Periods.regular(start=day(start), end=day(end), frequency=frequency)


def test_the_price_protection_agreement_has_41_quarters():
    # 1 October 2025 to 31 December 2035: ten years and a quarter, not ten years.
    quarters = regular("2025-10-01", "2035-12-31", "quarter")

    assert len(quarters) == 41
    assert quarters.labels[0] == "2025Q4"
    assert quarters.labels[-1] == "2035Q4"
    assert str(quarters.last_day[-1]) == "2035-12-31"
    np.testing.assert_array_equal(quarters.months, 3.0)


def test_the_last_period_is_cut_where_the_contract_ends():
    cut = regular("2025-10-01", "2026-02-10", "quarter")

    assert [str(end) for end in cut.last_day] == ["2025-12-31", "2026-02-10"]
    # January, and 10 of the 28 days of February.
    np.testing.assert_allclose(cut.months, [3.0, 1.0 + 10.0 / 28.0])


def test_one_day_and_once():
    one = regular("2025-10-01", "2025-10-01", "month")
    once = regular("2025-10-01", "2027-03-31", "once")

    assert len(one) == 1
    assert one.months[0] == pytest.approx(1.0 / 31.0)
    assert len(once) == 1
    assert once.months[0] == 18.0


def test_leap_days_belong_to_their_month():
    leap = regular("2024-02-01", "2024-02-29", "month")
    years = regular("2024-02-29", "2028-02-28", "year")

    assert len(leap) == 1
    assert leap.months[0] == 1.0
    assert [str(start) for start in years.start] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
    ]


@pytest.mark.parametrize(
    ("start", "end"), [("2026-01-01", "2025-12-31"), ("2026-01-02", "2026-01-01")]
)
def test_reversed_dates_are_refused(start, end):
    with pytest.raises(ValueError, match="end must not come before start"):
        regular(start, end, "quarter")


def test_an_unknown_frequency_is_refused():
    with pytest.raises(ValueError, match="frequency must be one of month, quarter"):
        regular("2025-10-01", "2026-12-31", "weekly")


def dates(*texts):
    return np.array(texts, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ((), (), "periods must hold at least one"),
        (("2025-01-01", "2025-01-20"), ("2025-02-01", "2025-03-01"), "start must not overlap"),
        (("2025-01-01",), ("2025-01-01",), "end must come after start"),
        (("2025-03-01", "2025-01-01"), ("2025-04-01", "2025-02-01"), "start must not overlap"),
        (("2025-01-01",), ("2025-02-01", "2025-03-01"), "end must have 1 dates"),
        (("2025-01-01",), ("NaT",), "end must come after start"),
    ],
)
def test_periods_that_make_no_sense_are_refused(start, end, message):
    labels = tuple(str(date) for date in start)

    with pytest.raises(ValueError, match=message):
        Periods(start=dates(*start), end=dates(*end), labels=labels)


@settings(deadline=None, derandomize=True)
@given(
    start=st.dates(datetime.date(2000, 1, 1), datetime.date(2060, 12, 31)),
    length=st.integers(1, 5000),
    frequency=st.sampled_from(["month", "quarter", "half-year", "year", "once"]),
)
def test_periods_fill_the_contract_without_gap_or_overlap(start, length, frequency):
    end = start + datetime.timedelta(days=length - 1)
    periods = Periods.regular(start=start, end=end, frequency=frequency)

    assert periods.start[0] == np.datetime64(start)
    assert periods.last_day[-1] == np.datetime64(end)
    assert np.array_equal(periods.end[:-1], periods.start[1:])
    assert len(set(periods.labels)) == len(periods)
    assert np.all(periods.months > 0.0)


@settings(deadline=None, derandomize=True)
@given(
    start=st.dates(datetime.date(2000, 1, 1), datetime.date(2060, 12, 31)),
    months=st.integers(-600, 600),
)
def test_adding_months_stays_in_the_month(start, months):
    moved = add_months(np.datetime64(start), months)

    assert moved.astype("datetime64[M]") == np.datetime64(start, "M") + months
    assert moved.item().day == start.day or moved.item().day >= 28


def test_fiscal_years_turn_on_their_own_date():
    turn = dates("2026-09-30", "2026-10-01", "2026-12-31", "2027-01-01")

    assert fiscal_year_of(turn, 9).tolist() == [2026, 2027, 2027, 2027]
    assert fiscal_year_of(turn, 12).tolist() == [2026, 2026, 2026, 2027]
    assert fiscal_year_of(dates("2027-03-31", "2027-04-01"), 3).tolist() == [2027, 2028]
    assert month_of(turn).tolist() == [9, 10, 12, 1]
    assert year_of(dates("1969-12-31", "1970-01-01")).tolist() == [1969, 1970]


@pytest.mark.parametrize("start", ["2025-01-31", "2025-01-30"])
def test_a_year_of_month_ends_has_twelve_months(start):
    first = day(start)
    end = str(add_months(np.datetime64(first), 12) - np.timedelta64(1, "D"))

    assert regular(start, end, "month").months.sum() == pytest.approx(12.0)


def test_many_dates_move_as_one_does():
    days = np.arange(np.datetime64("2023-12-28"), np.datetime64("2025-03-03"))

    for months in (-13, -1, 0, 1, 2, 24):
        moved = add_months(days, months)
        assert moved.tolist() == [add_months(date, months).item() for date in days]
