"""Price decks: nominal as written, real with an index, day by day."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.price_index import Index
from montecarlo import PriceDeck, SteadyInflation
from montecarlo.grid import year_fraction

DATE = datetime.date
TODAY = "2025-07-10"
CPI = Index(
    levels=((DATE(2024, 6, 1), 313.0), (DATE(2025, 6, 1), 322.6), (DATE(2026, 3, 1), 330.0)),
    growth=0.025,
)
DATES = ["2025-01-01", "2026-01-01", "2027-01-01", "2030-01-01"]
PRICES = [60.0, 64.0, 61.0, 70.0]


def deck(**changes):
    terms = {
        "dates": DATES, "prices": PRICES, "basis": "real", "base_date": "2025-01-01",
        "interpolation": "step",
    }  # fmt: skip
    return PriceDeck(**{**terms, **changes})


def at(curve, day):
    return float(curve(float(year_fraction(TODAY, day))))


def test_a_nominal_deck_is_its_curve_read_from_today_on():
    steps = deck(basis="nominal", base_date=None).forward_curve(TODAY)
    # The price of January holds today, and the next comes on its day.
    assert [at(steps, day) for day in (TODAY, "2025-12-31", "2026-01-01", "2050-01-01")] == [
        60.0, 60.0, 64.0, 70.0,
    ]  # fmt: skip
    lines = deck(basis="nominal", base_date=None, interpolation="linear").forward_curve(TODAY)
    # 190 of 365 days between 60 and 64.
    assert at(lines, TODAY) == pytest.approx(60.0 + 4.0 * 190 / 365, rel=1e-14)
    assert at(lines, "2026-07-02") == pytest.approx(64.0 - 3.0 * 182 / 365, rel=1e-14)


def test_the_base_year_decides_the_level():
    inflation = SteadyInflation(base_date=DATE(2020, 1, 1), growth=0.03)
    one = deck(base_date="2025-01-01").forward_curve(TODAY, inflation)
    other = deck(base_date="2024-01-02").forward_curve(TODAY, inflation)

    # 2025-01-01 is 365 days after 2024-01-02: money of one year earlier buys 3% more.
    assert at(other, "2028-05-05") / at(one, "2028-05-05") == pytest.approx(1.03, rel=1e-13)
    # 64 of January 2025, a year later.
    assert at(one, "2026-01-01") == pytest.approx(64.0 * 1.03, rel=1e-13)
    assert at(one, "2025-12-31") == pytest.approx(60.0 * 1.03 ** (364 / 365), rel=1e-13)


@settings(max_examples=100, deadline=None)
@given(
    days=st.integers(0, 40_000),
    interpolation=st.sampled_from(["step", "log-linear"]),
    base=st.dates(DATE(2024, 6, 1), DATE(2030, 1, 1)),
)
def test_a_real_deck_times_the_index_on_every_day(days, interpolation, base):
    real = deck(interpolation=interpolation, base_date=base)
    day = min(DATE.fromisoformat(TODAY) + datetime.timedelta(days=days), DATE(2125, 6, 1))
    in_money_of_base = deck(
        basis="nominal", base_date=None, interpolation=interpolation
    ).forward_curve(TODAY)

    expected = at(in_money_of_base, day) * CPI.at(day) / CPI.at(base)
    assert at(real.forward_curve(TODAY, CPI), day) == pytest.approx(expected, rel=1e-12)


def test_a_deck_that_begins_later_moves_with_the_index_until_then():
    later = deck(dates=["2027-01-01"], prices=[50.0]).forward_curve(TODAY, CPI)

    assert at(later, TODAY) == pytest.approx(
        50.0 * CPI.at(DATE(2025, 7, 10)) / CPI.at(DATE(2025, 1, 1)), rel=1e-13
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"basis": "real", "base_date": None}, "base_date must be given for a real deck"),
        ({"basis": "nominal"}, "base_date must be left out of a nominal deck, got '2025-01-01'"),
        ({"basis": "constant"}, "basis must be 'nominal' or 'real', got 'constant'"),
        ({"interpolation": "linear"}, "must be 'step' or 'log-linear', got 'linear'"),
        ({"interpolation": "cubic"}, "interpolation must be one of .* got 'cubic'"),
        ({"prices": [60.0, 0.0, 1.0, 2.0]}, "must be above 0, got 0.0 on 2026-01-01"),
        ({"prices": [60.0, np.nan, 1.0, 2.0]}, "prices must be finite numbers, got nan at index 1"),
        ({"prices": [60.0]}, r"prices must be as long as dates \(4\), got 1"),
        ({"dates": [], "prices": []}, "dates must have at least one entry"),
        (
            {"dates": ["2026-01-01", "2025-01-01"], "prices": [1.0, 2.0]},
            "strictly increasing, got 2025-01-01 after 2026-01-01",
        ),
        ({"base_date": "2025"}, "base_date must be a calendar date"),
    ],
)
def test_what_is_wrong_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        deck(**changes)


def test_an_index_belongs_to_real_money_and_must_know_the_base_date():
    with pytest.raises(ValueError, match="index must be given for a real deck"):
        deck().forward_curve(TODAY)
    with pytest.raises(ValueError, match="index must be left out for a nominal deck"):
        deck(basis="nominal", base_date=None).forward_curve(TODAY, CPI)
    with pytest.raises(ValueError, match="known on 2023-01-01, the first level is of 2024-06-01"):
        deck(base_date="2023-01-01").forward_curve(TODAY, CPI)
    with pytest.raises(ValueError, match=r"growth must be above -1, got -1.0"):
        SteadyInflation(base_date=DATE(2025, 1, 1), growth=-1.0)
