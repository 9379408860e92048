"""Forward curves from quotes of periods: what was quoted comes back, and nothing is smoother."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import (
    HarmonicSeasonality,
    MonthlySeasonality,
    PeriodQuote,
    bootstrap_forward_curve,
    delivery_period,
    period_average,
)
from montecarlo.curve_bootstrap import independent_quotes
from montecarlo.elimination import solve
from montecarlo.grid import year_fraction

TODAY = "2019-12-31"
MONTHLY = MonthlySeasonality(
    months=[1.3, 1.2, 1.1, 1.0, 0.8, 0.7, 0.75, 0.9, 0.95, 1.05, 1.15, 1.25],
    normalised_by="mean-level",
)
WAVE = HarmonicSeasonality(cosine=[0.15, 0.03], sine=[0.05, -0.02], normalised_by="mean-log")
SHAPES = ["step", "smooth"]
SEASONS = [None, MONTHLY, WAVE]


def price_on(curve, day, today=TODAY):
    return float(curve(float(year_fraction(today, day))))


def returned(curve, quotes, today=TODAY):
    return [period_average(curve, today, quote.start, quote.end) for quote in quotes]


def test_published_january_and_quarter():
    """R21, the example of cmdty/curves: (91 x 17.22 - 31 x 19.05) / 60 = 16.27450."""
    curve = bootstrap_forward_curve(TODAY, {"2020-01": 19.05, "2020-Q1": 17.22}, shape="step")

    for day in ("2020-02-01", "2020-02-29", "2020-03-31"):
        assert price_on(curve, day) == pytest.approx(16.27450, abs=1e-9)
    assert price_on(curve, "2020-01-31") == pytest.approx(19.05, abs=1e-12)


def test_days_are_counted_not_months():
    # 2023 has 365 days, its first quarter 90: (365 x 50 - 90 x 61) / 275 = 46.4.
    curve = bootstrap_forward_curve("2022-12-31", {"2023": 50.0, "2023-Q1": 61.0}, shape="step")

    assert price_on(curve, "2023-04-01", "2022-12-31") == pytest.approx(46.4, abs=1e-12)
    assert price_on(curve, "2023-03-31", "2022-12-31") == pytest.approx(61.0, abs=1e-12)
    # Flat at both ends.
    assert price_on(curve, "2030-01-01", "2022-12-31") == pytest.approx(46.4, abs=1e-12)
    assert price_on(curve, "2022-12-31", "2022-12-31") == pytest.approx(61.0, abs=1e-12)


def test_overlapping_quotes_leave_the_smallest_jumps():
    # Days 1 to 2 average 10, days 2 to 3 average 16: x + y = 20, y + z = 32. The jumps y - x and
    # z - y are 2y - 20 and 32 - 2y, with the least sum of squares at y = 13.
    quotes = [
        PeriodQuote("2020-01-01", "2020-01-02", 10.0),
        PeriodQuote("2020-01-02", "2020-01-03", 16.0),
    ]
    curve = bootstrap_forward_curve(TODAY, quotes, shape="step")

    assert curve.values == pytest.approx([7.0, 13.0, 19.0], abs=1e-12)


def test_a_gap_keeps_the_price_before_it():
    curve = bootstrap_forward_curve(TODAY, {"2020-01": 10.0, "2020-04": 12.0}, shape="step")

    assert price_on(curve, "2020-03-31") == pytest.approx(10.0, abs=1e-12)
    assert price_on(curve, "2020-04-01") == pytest.approx(12.0, abs=1e-12)


def test_one_quote_is_flat_and_a_line_stays_a_line():
    flat = bootstrap_forward_curve(TODAY, {"2020-Q1": 5.0}, shape="smooth")
    assert flat.values == pytest.approx(np.full(91, 5.0), abs=1e-14)

    # The averages of the line 100 + day / 10 over days 0-30, 31-59 and 60-151.
    averages = {"2020-01": 101.5, "2020-02": 104.5, "2020-03-01 to 2020-05-31": 110.55}
    line = bootstrap_forward_curve(TODAY, averages, shape="smooth")
    assert line.values == pytest.approx(100.0 + np.arange(152) / 10.0, abs=1e-9)


def test_periods_of_one_centre_give_a_symmetric_curve():
    curve = bootstrap_forward_curve(
        TODAY,
        {"2020-01-01 to 2020-01-31": 10.0, "2020-01-11 to 2020-01-21": 12.0},
        shape="smooth",
    )

    assert curve.values == pytest.approx(curve.values[::-1], abs=1e-12)
    assert np.argmax(curve.values) == 15


def test_smooth_has_the_least_curvature_of_all_natural_splines():
    """Against a quadratic programme over the daily prices, solved by LAPACK.

    A natural cubic spline through daily values v has the curvature v'Kv with K = QR^-1Q', the
    classic form of Green and Silverman (1994), section 2.1.
    """
    quotes = [
        PeriodQuote("2020-01-01", "2020-01-10", 20.0),
        PeriodQuote("2020-01-06", "2020-01-31", 26.0),
        PeriodQuote("2020-02-15", "2020-02-29", 23.0),
    ]
    curve = bootstrap_forward_curve(TODAY, quotes, shape="smooth")
    n = 60
    q = np.zeros((n, n - 2))
    r = np.zeros((n - 2, n - 2))
    for j in range(n - 2):
        q[j : j + 3, j] = [1.0, -2.0, 1.0]
        r[j, j] = 2.0 / 3.0
        if j:
            r[j, j - 1] = r[j - 1, j] = 1.0 / 6.0
    stiffness = q @ np.linalg.solve(r, q.T)
    averages = np.zeros((3, n))
    for k, quote in enumerate(quotes):
        first = int((quote.start - np.datetime64("2020-01-01")).astype(int))
        averages[k, first : first + quote.n_days] = 1.0 / quote.n_days
    system = np.block([[stiffness, averages.T], [averages, np.zeros((3, 3))]])
    expected = np.linalg.solve(system, [0.0] * n + [20.0, 26.0, 23.0])[:n]

    # The programme's own condition number is near 1e6.
    assert curve.values == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("season", SEASONS, ids=["none", "monthly", "harmonic"])
def test_a_long_curve_returns_every_quote(shape, season):
    values = {f"2020-{month:02d}": 60.0 + 3.0 * (month % 5) for month in range(1, 13)}
    values |= {"2021-Q1": 70.0, "2021-H1": 64.0}
    values |= {str(year): 55.0 + (year * 7) % 11 for year in range(2021, 2031)}
    quotes = [PeriodQuote.of(*item) for item in values.items()]

    curve = bootstrap_forward_curve(TODAY, quotes, shape=shape, seasonality=season)

    assert returned(curve, quotes) == pytest.approx(list(values.values()), rel=1e-12)


def test_a_season_shapes_what_one_quote_leaves_open():
    quotes = [PeriodQuote.of("2021", 50.0)]
    curve = bootstrap_forward_curve(TODAY, quotes, shape="step", seasonality=MONTHLY)

    assert returned(curve, quotes) == pytest.approx([50.0], rel=1e-14)
    # January to June: 1.3 to 0.7.
    ratio = price_on(curve, "2021-01-15") / price_on(curve, "2021-06-15")
    assert ratio == pytest.approx(1.3 / 0.7, rel=1e-13)
    smooth = bootstrap_forward_curve(TODAY, quotes, shape="smooth", seasonality=MONTHLY)
    assert smooth.values == pytest.approx(curve.values, rel=1e-13)


@st.composite
def books_of_quotes(draw):
    """Quotes taken off a random daily curve: they overlap and nest, and never contradict."""
    n_days = draw(st.integers(40, 200))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    prices = 50.0 * np.exp(0.03 * rng.standard_normal(n_days).cumsum())
    first = datetime.date(2020, 1, 1)
    found = []
    for _ in range(draw(st.integers(1, 9))):
        low = draw(st.integers(0, n_days - 1))
        high = draw(st.integers(low, n_days - 1))
        days = (first + datetime.timedelta(days=low), first + datetime.timedelta(days=high))
        found.append(PeriodQuote(*days, float(prices[low : high + 1].mean())))
    return found


@settings(max_examples=60, deadline=None)
@given(quotes=books_of_quotes(), shape=st.sampled_from(SHAPES), season=st.sampled_from(SEASONS))
def test_every_quote_comes_back(quotes, shape, season):
    curve = bootstrap_forward_curve(
        TODAY, quotes, shape=shape, seasonality=season, may_be_negative=True
    )
    size = max(np.abs(curve.values).max(), 1.0)

    # A quote that others imply was made from the same prices, and comes back to rounding too:
    # days x 2**-53 a quote, and differences of long periods can stand for few days.
    found = returned(curve, quotes)
    assert found == pytest.approx([quote.value for quote in quotes], abs=1e-11 * size)


def test_order_changes_nothing():
    values = {"2020-Q1": 17.22, "2020": 15.0, "2020-01": 19.05, "2020-Q3": 13.0}
    forward = bootstrap_forward_curve(TODAY, values, shape="smooth")
    backward = bootstrap_forward_curve(TODAY, dict(reversed(values.items())), shape="smooth")

    assert forward == backward


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"2020-01": 19.05, "2020-02": 18.0, "2020-03": 17.0, "2020-Q1": 17.5},
            # (31 x 19.05 + 29 x 18 + 31 x 17) / 91 = 18.0170.
            r"2020-01 and 2020-02 and 2020-03 make 2020-Q1 18.017, got 17.5",
        ),
        (
            {"2020-Q1": 17.0, "2020-01-01 to 2020-03-31": 17.1},
            "2020-Q1 makes 2020-01-01 to 2020-03-31 17, got 17.1",
        ),
        (
            # 1 to 20 January less 11 to 20, and 11 to 30 more: (20 x 9 - 10 x 8 + 20 x 11) / 30.
            {
                "2020-01-01 to 2020-01-20": 9.0,
                "2020-01-11 to 2020-01-20": 8.0,
                "2020-01-11 to 2020-01-30": 11.0,
                "2020-01-01 to 2020-01-30": 11.0,
            },
            ".* and .* and .* make 2020-01-01 to 2020-01-30 10.6667, got 11.0",
        ),
        (
            # The half less the second quarter is the first.
            {"2020-H1": 10.0, "2020-Q2": 9.0, "2020-Q1": 12.0},
            "2020-Q1 and 2020-Q2 make 2020-H1 10.5, got 10.0",
        ),
    ],
)
def test_quotes_that_contradict_each_other_are_named(values, message):
    with pytest.raises(ValueError, match=f"quotes must agree with each other: {message}"):
        bootstrap_forward_curve(TODAY, values, shape="step")


def test_rounded_quotes_agree_within_their_rounding():
    # The days give 18.0170; a quarter quoted to cents is 18.02.
    values = {"2020-01": 19.05, "2020-02": 18.0, "2020-03": 17.0, "2020-Q1": 18.02}
    with pytest.raises(ValueError, match=r"must agree .* 18\.017, got 18\.02"):
        bootstrap_forward_curve(TODAY, values, shape="step")

    curve = bootstrap_forward_curve(TODAY, values, shape="step", rounding=0.005)

    assert curve.values == pytest.approx([19.05, 18.0, 17.0], abs=1e-12)
    # Twice half a cent is what rounding explains, of the quarter and of its months: 18.0270.
    values["2020-Q1"] = 18.0269
    bootstrap_forward_curve(TODAY, values, shape="step", rounding=0.005)
    values["2020-Q1"] = 18.0271
    with pytest.raises(ValueError, match="must agree"):
        bootstrap_forward_curve(TODAY, values, shape="step", rounding=0.005)


def test_implied_quotes_that_agree_are_left_out():
    values = {"2020-Q1": 12.0, "2020-Q2": 12.0, "2020-H1": 12.0, "2020-01": 15.0}
    chosen = independent_quotes([PeriodQuote.of(*item) for item in values.items()])

    assert [quote.name for quote in chosen] == ["2020-01", "2020-Q1", "2020-Q2"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_curve_that_falls_to_zero_is_refused_unless_wanted(shape):
    values = {"2020-01": 40.0, "2020-Q1": 12.0}
    with pytest.raises(ValueError, match=rf"above zero, got -.* on 2020-0.* shape '{shape}'"):
        bootstrap_forward_curve(TODAY, values, shape=shape)

    curve = bootstrap_forward_curve(TODAY, values, shape=shape, may_be_negative=True)
    assert curve.values.min() < 0.0


@pytest.mark.parametrize(
    ("quotes", "options", "message"),
    [
        ({}, {}, "quotes must have at least one entry"),
        ({"2019-12": 5.0}, {}, r"the rest, got 2019-12 from 2019-12-01"),
        ({"2020-Q5": 5.0}, {}, r"period must be a year \(2027\).*got '2020-Q5'"),
        ({"2020-13": 5.0}, {}, "got '2020-13'"),
        ({"Q1-20": 5.0}, {}, "got 'Q1-20'"),
        ({"2020-02-30": 5.0}, {}, "got '2020-02-30'"),
        ({"2020-03-01 to 2020-02-01": 5.0}, {}, "must not end before it starts"),
        ({"2020": float("nan")}, {}, "quote of 2020 must be a finite number, got nan"),
        ({"2020": 5.0}, {"shape": "cubic"}, "shape must be 'step' or 'smooth', got 'cubic'"),
        ({"2020": 5.0}, {"rounding": -0.1}, "rounding must be at least 0, got -0.1"),
        ([PeriodQuote.of("2020", -2.0)], {}, "above zero, got -2 on 2020-01-01"),
    ],
)
def test_what_is_wrong_is_named(quotes, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_forward_curve(TODAY, quotes, **{"shape": "step", **options})


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2027", "2027-01-01", "2027-12-31"),
        ("2027-H1", "2027-01-01", "2027-06-30"),
        ("2027-H2", "2027-07-01", "2027-12-31"),
        ("2027-Q4", "2027-10-01", "2027-12-31"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2027-12", "2027-12-01", "2027-12-31"),
        ("2027-03-15", "2027-03-15", "2027-03-15"),
        ("2027-10-01 to 2028-03-31", "2027-10-01", "2028-03-31"),
    ],
)
def test_periods_of_the_calendar(text, first, last):
    assert tuple(map(str, delivery_period(text))) == (first, last)


def test_elimination_agrees_with_lapack():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((40, 40)), rng.standard_normal(40)

    # A condition number near 1e3 leaves 1e-13 of rounding.
    assert solve(a, b) == pytest.approx(np.linalg.solve(a, b), rel=1e-10)
    with pytest.raises(ValueError, match="zero pivot in column 1"):
        solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0])
    with pytest.raises(ValueError, match=r"right must be as long as the matrix \(2\), got 1"):
        solve(np.eye(2), [1.0])
    with pytest.raises(ValueError, match=r"matrix must be square, got shape \(2, 3\)"):
        solve(np.ones((2, 3)), [1.0, 2.0])
