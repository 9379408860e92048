"""The value of a loan at the Treasury curve and at a market yield; the gap between them."""

import datetime
import math
from dataclasses import replace

import numpy as np
import pytest

import contracts
from contracts.legs import Loan
from contracts.observations import InterestRate
from montecarlo import DiscountCurve
from tests.valuation.small import clause, deal, market

TODAY = datetime.date(2025, 7, 10)


def samarium(**terms):
    loan = Loan(
        **{
            "principal": 150e6,
            "drawn": datetime.date(2025, 8, 15),
            "maturity": datetime.date(2037, 8, 15),
            "rate": "coupon",
            "frequency": "quarter",
            "amortisation": "bullet",
            "market_yield": "unsecured",
            **terms,
        }
    )
    coupon = InterestRate(benchmark="10y", spread=0.01, fixing_date=loan.drawn)
    return deal(clause("loan", loan, payer="mine", receiver="state"), coupon=coupon)


def known(today=TODAY, *, treasury=0.0433, unsecured=0.1223):
    return market(
        today=today,
        rate=treasury,
        yields={"unsecured": DiscountCurve.flat(unsecured)},
        rates={"10y": ((min(today, datetime.date(2025, 8, 15)), 0.0433),)},
    )


def value(one, on, perspective="state"):
    return contracts.value(one, market=on, perspective=perspective, n_paths=2, seed=1)


def by_hand(today, zero_rate):
    """1.99875 million a quarter, and 150 million in August 2037, continuously discounted."""
    worth = 0.0
    for k in range(1, 49):
        month = 8 + 3 * k - 1
        paid = datetime.date(2025 + month // 12, month % 12 + 1, 15)
        amount = 150e6 * 0.0533 / 4.0 + (150e6 if k == 48 else 0.0)
        if paid > today:
            worth += amount * math.exp(-zero_rate * (paid - today).days / 365.0)
    return worth


def test_value_and_concession_by_hand():
    v = value(samarium(), known())
    row = v.concessions().loc["loan"].droplevel("unit")
    draw = 150e6 * math.exp(-0.0433 * 36 / 365.0)

    assert v.pv == pytest.approx(by_hand(TODAY, 0.0433) - draw, rel=1e-9)
    assert v.standard_error == 0.0
    assert row["principal_to_draw"] == 150e6
    assert row["value_at_treasury"] == pytest.approx(by_hand(TODAY, 0.0433), rel=1e-9)
    assert row["value_at_market"] == pytest.approx(by_hand(TODAY, 0.1223), rel=1e-9)
    assert row["concession"] == pytest.approx(
        by_hand(TODAY, 0.0433) - by_hand(TODAY, 0.1223), rel=1e-9
    )
    assert row["market_yield"] == pytest.approx(0.1223)


def test_the_concession_is_the_same_from_either_side():
    state, mine = (value(samarium(), known(), side) for side in ("state", "mine"))

    assert mine.pv == -state.pv
    assert mine.concessions().equals(state.concessions())


def test_a_year_on_only_what_is_still_to_come_counts():
    today = datetime.date(2025, 12, 31)
    v = value(samarium(), known(today))
    row = v.concessions().loc["loan"].droplevel("unit")

    assert row["principal_to_draw"] == 0.0
    assert row["value_at_market"] == pytest.approx(by_hand(today, 0.1223), rel=1e-9)
    # Drawn, and one coupon received.
    assert v.leg("loan").paid_to_date == pytest.approx(-150e6 + 1.99875e6)


def test_the_reported_carrying_value_comes_back():
    """86.0 million at 31 December 2025, from which the market's 12.23% was solved."""
    v = value(samarium(), known(datetime.date(2025, 12, 31)))

    assert v.concessions().loc["loan"].droplevel("unit")["value_at_market"] == pytest.approx(
        86.0e6, rel=2e-3
    )


@pytest.mark.parametrize("amortisation", ["bullet", "level-principal", "annuity"])
def test_at_its_own_yield_a_loan_gives_nothing_away(amortisation):
    on = known(treasury=0.05, unsecured=0.05)
    row = value(samarium(amortisation=amortisation), on).concessions().loc["loan"]

    assert row.droplevel("unit")["concession"] == pytest.approx(0.0, abs=1e-6)


def test_a_loan_that_is_repaid_early_gives_less_away():
    kept = {
        kind: value(samarium(amortisation=kind), known()).concessions().loc["loan"]
        for kind in ("bullet", "annuity", "level-principal")
    }
    given = [float(kept[k].droplevel("unit")["concession"]) for k in kept]

    assert given[0] > given[1] > given[2] > 0.0


def test_a_yield_that_the_market_lacks_is_named():
    on = replace(known(), yields={})

    with pytest.raises(ValueError, match="market_yield must be in the market small"):
        value(samarium(), on).concessions()


def test_a_loan_that_is_not_compared_has_no_row():
    assert len(value(samarium(market_yield=None), known()).concessions()) == 0


def test_the_built_in_loan():
    v = contracts.value("mp-materials", n_paths=100, seed=1)
    row = v.concessions().loc["samarium loan"].droplevel("unit")

    assert row["concession"] == row["value_at_treasury"] - row["value_at_market"]
    assert 0.0 < row["value_at_market"] < 150e6 < row["value_at_treasury"]
    assert np.isfinite(row.astype(float)).all()
