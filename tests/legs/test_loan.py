"""Loans: schedules summed by hand, closed forms, and yields that must come back."""

import datetime

import numpy as np
import pytest
from scipy.optimize import brentq

from contracts.legs import FixedAmount, Loan

DRAWN, MATURITY = datetime.date(2025, 1, 1), datetime.date(2026, 1, 1)


def loan(amortisation, *, principal=1200.0, frequency="quarter", drawn=DRAWN, maturity=MATURITY):
    return Loan(
        principal=principal,
        drawn=drawn,
        maturity=maturity,
        rate="coupon",
        frequency=frequency,
        amortisation=amortisation,
    )


def flows(leg, coupon):
    amounts = leg.amounts({"coupon": np.array([[coupon]])})

    assert amounts.shape == (len(leg.calendar()), 1)
    return amounts[:, 0]


def test_bullet_by_hand():
    # 8% a year on 1,200 is 24 a quarter; the principal comes back with the last.
    np.testing.assert_allclose(
        flows(loan("bullet"), 0.08), [-1200.0, 24.0, 24.0, 24.0, 1224.0], rtol=1e-14
    )


def test_level_principal_by_hand():
    # 300 a quarter, and 2% on 1,200, 900, 600 and 300: 24, 18, 12 and 6.
    np.testing.assert_allclose(
        flows(loan("level-principal"), 0.08), [-1200.0, 324.0, 318.0, 312.0, 306.0], rtol=1e-14
    )


def test_annuity_by_hand():
    # Two years of 10% on 2,100: 2,100 / (1/1.1 + 1/1.21) = 2,100 x 1.21/2.1 = 1,210 a year.
    # Interest 210 + principal 1,000, then interest 110 + principal 1,100.
    two_years = loan(
        "annuity", principal=2100.0, frequency="year", maturity=datetime.date(2027, 1, 1)
    )

    np.testing.assert_allclose(flows(two_years, 0.10), [-2100.0, 1210.0, 1210.0], rtol=1e-13)
    np.testing.assert_allclose(two_years.balances(0.10), [2100.0, 1100.0, 0.0], atol=1e-9)


@pytest.mark.parametrize("coupon", [0.0533, 0.0004, 0.25])
@pytest.mark.parametrize("frequency", ["month", "quarter", "half-year", "year"])
def test_annuity_pays_the_closed_form(coupon, frequency):
    months = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}[frequency]
    twelve = loan(
        "annuity", principal=150e6, frequency=frequency, maturity=datetime.date(2037, 1, 1)
    )
    n, i = 144 // months, coupon * months / 12
    payment = 150e6 * i / (1.0 - (1.0 + i) ** -n)

    np.testing.assert_allclose(flows(twelve, coupon)[1:], payment, rtol=1e-9)


@pytest.mark.parametrize("amortisation", ["bullet", "level-principal", "annuity"])
@pytest.mark.parametrize("coupon", [0.0, 0.0533, 0.12])
def test_interest_and_principal_add_up(amortisation, coupon):
    samarium = loan(
        amortisation,
        principal=150e6,
        drawn=datetime.date(2025, 8, 15),
        maturity=datetime.date(2037, 8, 15),
    )
    paid = flows(samarium, coupon)
    balance, interest, repaid = 150e6, 0.0, 0.0
    for amount, left in zip(paid[1:], samarium.balances(coupon)[1:], strict=True):
        due = balance * coupon / 4.0
        interest += due
        repaid += amount - due
        balance -= amount - due

        assert balance == pytest.approx(left, abs=1e-5)

    assert len(paid) == 49
    assert paid[0] == -150e6
    assert repaid == pytest.approx(150e6, rel=1e-12)
    assert paid.sum() == pytest.approx(interest, abs=1e-5)


@pytest.mark.parametrize("amortisation", ["bullet", "level-principal", "annuity"])
def test_the_yield_of_a_loan_at_par_is_its_coupon(amortisation):
    paid = flows(loan(amortisation, maturity=datetime.date(2035, 1, 1)), 0.07)
    k = np.arange(len(paid))

    found = brentq(lambda y: float(paid @ (1.0 + y / 4.0) ** -k), 0.0, 0.5, xtol=1e-14)

    assert found == pytest.approx(0.07, abs=1e-12)


def test_an_annuity_at_next_to_no_interest():
    """A benchmark less its spread may leave a rounding instead of zero."""
    np.testing.assert_allclose(flows(loan("annuity"), 1e-17)[1:], 300.0)


def test_linear_in_principal():
    small, large = loan("annuity"), loan("annuity", principal=4 * 1200.0)

    np.testing.assert_array_equal(flows(large, 0.08), 4.0 * flows(small, 0.08))


def test_payments_fall_on_the_day_of_the_draw():
    samarium = loan("bullet", drawn=datetime.date(2025, 8, 15), maturity=datetime.date(2026, 8, 15))

    assert [str(day) for day in samarium.calendar().last_day] == [
        "2025-08-15",
        "2025-11-15",
        "2026-02-15",
        "2026-05-15",
        "2026-08-15",
    ]


def test_month_ends_and_leap_days_stay_within_the_month():
    month_end = loan(
        "bullet",
        frequency="month",
        drawn=datetime.date(2024, 1, 31),
        maturity=datetime.date(2024, 4, 30),
    )
    leap = loan(
        "bullet",
        frequency="year",
        drawn=datetime.date(2024, 2, 29),
        maturity=datetime.date(2028, 2, 29),
    )

    assert [str(day) for day in month_end.calendar().last_day] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
    ]
    assert [str(day) for day in leap.calendar().last_day][1::3] == ["2025-02-28", "2028-02-29"]
    # A full interest period each, whatever its days.
    np.testing.assert_allclose(flows(month_end, 0.12)[1:3], [12.0, 12.0])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"maturity": datetime.date(2026, 1, 2)}, "maturity must be a whole number of quarters"),
        ({"maturity": datetime.date(2025, 12, 1)}, "maturity must be a whole number of quarters"),
        ({"maturity": DRAWN}, "maturity must be after drawn"),
        ({"maturity": datetime.date(2024, 1, 1)}, "maturity must be after drawn"),
        ({"principal": 0.0}, "principal must be above zero"),
        ({"principal": float("nan")}, "principal must be a finite number"),
        ({"frequency": "week"}, "frequency must be one of"),
    ],
)
def test_terms_that_make_no_sense_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        loan("bullet", **changed)


def test_an_unknown_amortisation_is_refused():
    with pytest.raises(ValueError, match="amortisation must be one of"):
        loan("balloon")


def test_a_coupon_that_is_nan_never_becomes_zero():
    assert np.isnan(flows(loan("bullet"), np.nan)[1:]).all()
    assert np.isnan(flows(loan("annuity"), np.nan)[1:]).all()
    assert np.isnan(flows(loan("level-principal"), np.nan)[1:]).all()


def test_fixed_amount():
    price = FixedAmount(amount=400e6, pay_date=datetime.date(2025, 7, 11))

    assert price.amounts({}).tolist() == [[400e6]]
    assert price.calendar().last_day[0] == np.datetime64("2025-07-11")
    with pytest.raises(ValueError, match="amount must be above zero"):
        FixedAmount(amount=-1.0, pay_date=datetime.date(2025, 7, 11))
