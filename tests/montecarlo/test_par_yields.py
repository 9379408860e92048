"""Par yields and compounded zero rates against hand arithmetic and QuantLib."""

import math

import numpy as np
import pytest
import QuantLib
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import DiscountCurve
from montecarlo.compounding import continuous_rates
from montecarlo.grid import year_fraction
from montecarlo.par_yields import par_bond, tenor_months, zero_rates_of_par_yields

TODAY = "2025-07-10"
YIELDS = {
    "1m": 0.0437, "3m": 0.0441, "6m": 0.0431, "1y": 0.0409, "2y": 0.0386, "3y": 0.0383,
    "5y": 0.0393, "7y": 0.0413, "10y": 0.0435, "20y": 0.0487, "30y": 0.0486,
}  # fmt: skip


def worth(curve, today, maturity, par_yield):
    bond = par_bond(today, maturity, par_yield)
    return float((bond.amounts * curve.discount_factor(year_fraction(today, bond.dates))).sum())


def test_two_years_by_hand():
    curve = DiscountCurve.from_par_yields("2025-01-01", {"6m": 0.04, "1y": 0.05, "18m": 0.06})
    found = curve.discount_factor(
        year_fraction("2025-01-01", np.array(["2025-07-01", "2026-01-01", "2026-07-01"], "M8[D]"))
    )

    half = 1.0 / 1.02
    one = (1.0 - 0.025 * half) / 1.025
    assert found == pytest.approx([half, one, (1.0 - 0.03 * (half + one)) / 1.03], rel=1e-15)


def test_a_bill_pays_simple_interest_and_agrees_with_the_bond_at_half_a_year():
    curve = DiscountCurve.from_par_yields("2025-01-31", {"1m": 0.048, "6m": 0.05})
    # 31 January and a month is 28 February; the bill counts a twelfth of a year.
    assert float(curve.discount_factor(28 / 365)) == pytest.approx(1 / 1.004, rel=1e-15)
    assert float(curve.discount_factor(181 / 365)) == pytest.approx(1 / 1.025, rel=1e-15)


def test_every_bond_is_worth_par():
    curve = DiscountCurve.from_par_yields(TODAY, YIELDS)

    for maturity, par_yield in YIELDS.items():
        assert worth(curve, TODAY, maturity, par_yield) == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(
    # Twenty coupons of 3% are less than the principal, so that every order can be worth par.
    yields=st.lists(st.floats(-0.01, 0.06), min_size=1, max_size=8),
    maturities=st.permutations(["1m", "3m", "6m", "1y", "18m", "4y", "10y", "30y"]),
    today=st.dates(),
)
def test_whatever_is_taken_is_repriced(yields, maturities, today):
    chosen = sorted(maturities[: len(yields)], key=tenor_months)
    quotes = dict(zip(chosen, yields, strict=True))
    if today.year > 9000:
        today = today.replace(year=2025, day=1)
    curve = DiscountCurve.from_par_yields(today, quotes)
    for maturity, par_yield in quotes.items():
        assert worth(curve, today, maturity, par_yield) == pytest.approx(1.0, abs=1e-12)


def test_discount_factors_agree_with_quantlib():
    """Its piecewise log-linear discount curve through par bonds, bootstrapped to 1e-14."""
    ql = QuantLib
    today = ql.Date(10, 7, 2025)
    ql.Settings.instance().evaluationDate = today
    helpers = []
    for maturity, par_yield in YIELDS.items():
        if tenor_months(maturity) < 6:
            continue
        end = today + ql.Period(tenor_months(maturity), ql.Months)
        schedule = ql.Schedule(
            today, end, ql.Period(ql.Semiannual), ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted,
            ql.DateGeneration.Backward, False,
        )  # fmt: skip
        helpers.append(
            ql.FixedRateBondHelper(
                ql.QuoteHandle(ql.SimpleQuote(100.0)),
                0,
                100.0,
                schedule,
                [par_yield],
                ql.ActualActual(ql.ActualActual.ISMA, schedule),
                ql.Unadjusted,
            )
        )
    theirs = ql.PiecewiseLogLinearDiscount(
        today, helpers, ql.Actual365Fixed(), ql.IterativeBootstrap(1e-14)
    )
    ours = DiscountCurve.from_par_yields(
        TODAY, {tenor: value for tenor, value in YIELDS.items() if tenor not in ("1m", "3m")}
    )

    for days in (1, 184, 365, 500, 1000, 3000, 5000, 7305, 9000, 10957):
        expected = theirs.discount(today + days)
        # Their bootstrap's own accuracy.
        assert float(ours.discount_factor(days / 365)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("compounding", "expected"),
    [
        ("continuous", 0.06),
        ("annual", math.log(1.06)),
        ("semi-annual", 2 * math.log(1.03)),
        ("quarterly", 4 * math.log(1.015)),
        ("monthly", 12 * math.log(1.005)),
        ("simple", math.log(1.0 + 0.06 * 2.5) / 2.5),
    ],
)
def test_compounding_against_logarithms(compounding, expected):
    assert continuous_rates([0.06], [2.5], compounding) == pytest.approx([expected], rel=1e-14)


@pytest.mark.parametrize(
    ("compounding", "theirs"),
    [
        ("annual", QuantLib.Annual),
        ("semi-annual", QuantLib.Semiannual),
        ("monthly", QuantLib.Monthly),
    ],
)
def test_compounding_agrees_with_quantlib(compounding, theirs):
    quoted = QuantLib.InterestRate(0.0473, QuantLib.Actual365Fixed(), QuantLib.Compounded, theirs)
    curve = DiscountCurve.from_dates("2025-01-01", ["2029-03-15"], [0.0473], compounding)
    years = float(curve.times[0])

    assert float(curve.discount_factor(years)) == pytest.approx(
        quoted.discountFactor(years), rel=1e-14
    )


def test_simple_interest_at_time_zero_is_continuous():
    assert continuous_rates([0.05], [0.0], "simple").tolist() == [0.05]


@pytest.mark.parametrize(
    ("yields", "message"),
    [
        ({}, "par_yields must have at least one entry"),
        ({"10": 0.04}, "maturity must be months or years, as in 3m or 10y, got '10'"),
        ({"0y": 0.04}, "got '0y'"),
        ({"7m": 0.04}, "must be of whole half-years beyond six months, got '7m'"),
        ({"2y": 0.04, "1y": 0.03}, "the shortest first, got '1y'"),
        ({"1y": 0.04, "12m": 0.04}, "the shortest first, got '12m'"),
        ({"1y": float("nan")}, "par yield of 1y must be a finite number, got nan"),
        ({"1y": -2.5}, "above zero at 1y, got -2.5"),
        ({"1y": 0.0, "30y": 0.0, "40y": 9.0}, "above zero at 40y, got 9.0"),
        ({"6m": -3.0}, "above zero at 6m, got -3.0"),
    ],
)
def test_what_is_wrong_is_named(yields, message):
    with pytest.raises(ValueError, match=message):
        zero_rates_of_par_yields(TODAY, yields)


def test_a_wrong_compounding_is_named():
    with pytest.raises(ValueError, match=r"compounding must be one of .*, got 'daily'"):
        continuous_rates([0.05], [1.0], "daily")
    with pytest.raises(ValueError, match=r"must leave money above zero, got -1.0 \(annual\)"):
        continuous_rates([0.05, -1.0], [1.0, 2.0], "annual")
    with pytest.raises(ValueError, match="zero_rates must be as long as dates"):
        DiscountCurve.from_dates("2025-01-01", ["2026-01-01"], [0.05, 0.04], "annual")
