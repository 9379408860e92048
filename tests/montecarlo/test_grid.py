"""Dates and years."""

import datetime
import pickle

import numpy as np
import pytest

from montecarlo import TimeGrid, year_fraction


def test_years_are_days_over_365():
    grid = TimeGrid(datetime.date(2023, 12, 31), ["2024-02-29", np.datetime64("2024-12-30")])

    # 60 days to the leap day, 365 to the 30th of December of a leap year.
    np.testing.assert_array_equal(grid.times, [60 / 365, 1.0])
    assert grid.n_dates == len(grid) == 2
    assert grid.dates.dtype == np.dtype("datetime64[D]")


def test_every_kind_of_date():
    day = "2025-07-10"
    kinds = [
        day,
        datetime.date(2025, 7, 10),
        datetime.datetime(2025, 7, 10),
        np.datetime64(day),
        np.datetime64("2025-07-10T00:00:00"),
    ]

    assert len({TimeGrid(kind, [kind]) for kind in kinds}) == 1


def test_valuation_date_may_be_on_the_grid():
    assert TimeGrid("2025-01-01", ["2025-01-01"]).times[0] == 0.0


def test_year_fraction_of_arrays():
    dates = np.array(["2025-01-01", "2024-01-01"], dtype="datetime64[D]")

    np.testing.assert_array_equal(year_fraction("2025-01-01", dates), [0.0, -366 / 365])


@pytest.mark.parametrize(
    ("valuation_date", "dates", "message"),
    [
        ("2025-01-01", [], "dates must have at least one entry, got none"),
        ("2025-01-02", ["2025-01-01"], "not be before the valuation date 2025-01-02, got 2025-01"),
        ("2025-01-01", ["2025-02-01"] * 2, "strictly increasing, got 2025-02-01 after 2025-02-01"),
        ("2025-13-01", ["2025-02-01"], "valuation_date must be a calendar date .* '2025-13-01'"),
        ("2025-01-01", ["2025-02-30"], r"dates\[0\] must be a calendar date .* '2025-02-30'"),
        ("2025-01-01", [np.datetime64("NaT")], r"dates\[0\] must be a calendar date"),
        ("2025-01-01", [datetime.datetime(2025, 2, 1, 9)], r"dates\[0\] must be a calendar date"),
        ("2025-01-01", [np.datetime64("2025-02-01T09")], r"dates\[0\] must be a calendar date"),
        ("2025-01-01", [20250201], r"dates\[0\] must be a calendar date .* 20250201"),
        ("2025-01-01", "2025-02-01", "dates must be a sequence of dates, got '2025-02-01'"),
    ],
)
def test_bad_dates(valuation_date, dates, message):
    with pytest.raises(ValueError, match=message):
        TimeGrid(valuation_date, dates)


@pytest.mark.parametrize("times", [[], [-0.1], [1.0, 1.0], [np.nan], [[1.0]]])
def test_bad_times(times):
    with pytest.raises(ValueError, match="times must"):
        TimeGrid.from_times(times)


def test_grids_are_frozen_equal_and_pickled():
    for grid in (TimeGrid("2025-01-01", ["2025-06-30"]), TimeGrid.from_times([0.25, 1.0])):
        again = pickle.loads(pickle.dumps(grid))
        assert again == grid
        assert hash(again) == hash(grid)
        with pytest.raises(AttributeError, match="frozen"):
            grid.times = None
        with pytest.raises(ValueError, match="read-only"):
            grid.times[0] = 0.0
    assert TimeGrid.from_times([0.25]) != TimeGrid.from_times([0.5])
    assert TimeGrid("2025-01-01", ["2025-06-30"]) != TimeGrid("2025-01-02", ["2025-07-01"])
    assert "2025-06-30" in repr(TimeGrid("2025-01-01", ["2025-06-30"]))
    assert repr(TimeGrid.from_times([0.5])) == "TimeGrid.from_times([0.5])"
