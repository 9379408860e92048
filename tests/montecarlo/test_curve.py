"""Forward and discount curves: hand arithmetic, limits, QuantLib, bad input."""

import datetime
import pickle

import numpy as np
import pytest
import QuantLib

from montecarlo import DiscountCurve, ForwardCurve

TIMES = [0.5, 1.5, 4.0]
VALUES = [60.0, 90.0, 40.0]
RATES = [0.031, 0.044, 0.038]


@pytest.mark.parametrize(
    ("interpolation", "expected"),
    [
        # A quarter of the way from 60 to 90, then 40% of the way from 90 to 40.
        ("linear", [60.0, 60.0, 67.5, 90.0, 70.0, 40.0, 40.0]),
        ("log-linear", [60.0, 60.0, 60 * 1.5**0.25, 90.0, 90 * (4 / 9) ** 0.4, 40.0, 40.0]),
        ("step", [60.0, 60.0, 60.0, 90.0, 90.0, 40.0, 40.0]),
    ],
)
def test_interpolation_by_hand(interpolation, expected):
    curve = ForwardCurve(times=TIMES, values=VALUES, interpolation=interpolation)

    np.testing.assert_allclose(curve([0.0, 0.5, 0.75, 1.5, 2.5, 4.0, 99.0]), expected, rtol=1e-15)


@pytest.mark.parametrize("interpolation", ["linear", "log-linear", "step"])
def test_pillars_come_back_to_the_bit(interpolation):
    rng = np.random.default_rng(2)
    times, values = np.cumsum(rng.uniform(0.1, 1.0, 40)), rng.uniform(1.0, 200.0, 40)
    curve = ForwardCurve(times=times, values=values, interpolation=interpolation)

    np.testing.assert_array_equal(curve(times), values)


def test_any_shape_of_times():
    curve = ForwardCurve(times=TIMES, values=VALUES)

    assert curve(1.5).shape == ()
    assert curve(np.ones((2, 3))).shape == (2, 3)


def test_flat_takes_any_finite_value():
    for value in (-5.0, 0.0, 110.0):
        np.testing.assert_array_equal(ForwardCurve.flat(value)([0.0, 3.0]), [value, value])


def test_from_dates():
    curve = ForwardCurve.from_dates(
        "2024-02-28", [datetime.date(2024, 3, 1), np.datetime64("2025-02-27")], [10.0, 20.0]
    )

    # Two days across the leap day, and 365 days to the year's end.
    np.testing.assert_array_equal(curve.times, [2 / 365, 1.0])


def test_discount_factor_by_hand():
    curve = DiscountCurve(times=TIMES, zero_rates=RATES)

    # z t at the pillars: 0.0155, 0.066, 0.152; linear between, and beyond at 0.086 / 2.5.
    exponents = [0.0, 0.031 * 0.2, 0.0155, 0.0155 + 0.0505 / 2, 0.066, 0.152, 0.152 + 0.0344 * 3]
    np.testing.assert_allclose(
        -np.log(curve.discount_factor([0.0, 0.2, 0.5, 1.0, 1.5, 4.0, 7.0])),
        exponents,
        rtol=1e-14,
        atol=1e-16,
    )
    assert curve.discount_factor(0.0) == 1.0


def test_discount_curve_agrees_with_quantlib():
    today = QuantLib.Date(10, 7, 2025)
    QuantLib.Settings.instance().evaluationDate = today
    dates = [today + days for days in (365, 730, 3650)]
    factors = [1.0, *np.exp(-np.array([0.03, 0.035, 0.045]) * [1.0, 2.0, 10.0])]
    theirs = QuantLib.DiscountCurve([today, *dates], factors, QuantLib.Actual365Fixed())
    ours = DiscountCurve(times=[1.0, 2.0, 10.0], zero_rates=[0.03, 0.035, 0.045])

    for t in (0.0, 0.3, 1.0, 1.4, 2.0, 5.5, 10.0):
        assert float(ours.discount_factor(t)) == pytest.approx(theirs.discount(t), rel=1e-14)


def test_zero_rates_come_back():
    curve = DiscountCurve(times=TIMES, zero_rates=RATES)

    np.testing.assert_allclose(curve.zero_rate(TIMES), RATES, rtol=1e-14)
    np.testing.assert_allclose(curve.zero_rate([0.0, 1e-9, 0.2]), 0.031, rtol=1e-14)


def test_shifted_adds_to_every_rate():
    curve = DiscountCurve(times=TIMES, zero_rates=RATES)
    times = np.array([0.1, 0.5, 2.0, 4.0, 30.0])

    np.testing.assert_allclose(
        curve.shifted(0.012).discount_factor(times),
        curve.discount_factor(times) * np.exp(-0.012 * times),
        rtol=1e-14,
    )


def test_flat_discounting_and_negative_rates():
    np.testing.assert_allclose(
        DiscountCurve.flat(-0.01).discount_factor([0.0, 1.0, 40.0]), np.exp([0.0, 0.01, 0.4]), 1e-15
    )


def test_pillar_at_time_zero_says_nothing():
    with_zero = DiscountCurve(times=[0.0, *TIMES], zero_rates=[0.9, *RATES])
    without = DiscountCurve(times=TIMES, zero_rates=RATES)
    times = [0.0, 0.2, 1.0, 9.0]

    np.testing.assert_array_equal(with_zero.discount_factor(times), without.discount_factor(times))
    only = DiscountCurve(times=[0.0], zero_rates=[0.02])
    assert float(only.discount_factor(3.0)) == pytest.approx(np.exp(-0.06), rel=1e-15)
    assert float(only.zero_rate(0.0)) == 0.02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"times": [], "values": []}, "times must have at least one entry, got none"),
        ({"times": [1.0], "values": [1.0, 2.0]}, r"values must be as long as times \(1\), got 2"),
        ({"times": [-1.0], "values": [1.0]}, "times must be at least 0, got -1.0 at index 0"),
        ({"times": [2.0, 1.0], "values": [1.0, 2.0]}, "strictly increasing, got 1.0 after 2.0"),
        ({"times": [1.0, 1.0], "values": [1.0, 2.0]}, "strictly increasing, got 1.0 after 1.0"),
        ({"times": [np.nan], "values": [1.0]}, "times must be finite numbers, got nan at index 0"),
        ({"times": [1.0], "values": [np.inf]}, "values must be finite numbers, got inf at index 0"),
        ({"times": [1.0], "values": [0.0]}, "values must be greater than 0 for log-linear .*0.0"),
        ({"times": [[1.0]], "values": [1.0]}, r"times must have 1 dimension\(s\)"),
        ({"times": [1.0], "values": ["x"]}, "values must be finite numbers, got"),
    ],
)
def test_bad_forward_curve(arguments, message):
    with pytest.raises(ValueError, match=message):
        ForwardCurve(**arguments)


def test_unknown_interpolation():
    with pytest.raises(ValueError, match=r"interpolation must be one of .*, got 'cubic'"):
        ForwardCurve(times=[1.0], values=[1.0], interpolation="cubic")


@pytest.mark.parametrize(
    ("times", "rates", "message"),
    [
        ([1.0], [0.1, 0.2], r"zero_rates must be as long as times \(1\), got 2"),
        ([1.0], [np.nan], "zero_rates must be finite numbers, got nan"),
        ([2.0, 1.0], [0.1, 0.2], "times must be strictly increasing"),
    ],
)
def test_bad_discount_curve(times, rates, message):
    with pytest.raises(ValueError, match=message):
        DiscountCurve(times=times, zero_rates=rates)


@pytest.mark.parametrize("time", [-0.1, np.nan, np.inf])
def test_bad_query(time):
    curves = ForwardCurve.flat(1.0), DiscountCurve.flat(0.05).discount_factor
    for curve in curves:
        with pytest.raises(ValueError, match="times must be finite and at least 0"):
            curve([0.5, time])


def test_curves_are_frozen_equal_and_pickled():
    forward = ForwardCurve(times=TIMES, values=VALUES)
    discount = DiscountCurve(times=TIMES, zero_rates=RATES)
    for curve in (forward, discount):
        again = pickle.loads(pickle.dumps(curve))
        assert again == curve
        assert hash(again) == hash(curve)
        with pytest.raises(AttributeError):
            curve.times = None
        with pytest.raises(ValueError, match="read-only"):
            curve.times[0] = 9.0
    assert forward != ForwardCurve(times=TIMES, values=[60.0, 90.0, 41.0])
    assert forward != ForwardCurve(times=TIMES, values=VALUES, interpolation="linear")
    assert discount != discount.shifted(0.01)
