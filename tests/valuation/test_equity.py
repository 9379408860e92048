"""Warrant and convertible preferred against QuantLib's Black-Scholes, on simulated paths."""

import datetime

import numpy as np
import pytest
import QuantLib

import contracts
import montecarlo
from contracts.legs import ConvertiblePreferred, Warrant
from contracts.modifiers import OwnershipCap
from tests.valuation.small import TODAY, clause, commodity, deal, market

SPOT, VOLATILITY, RATE = 30.03, 0.796, 0.0435
EXPIRY = datetime.date(2035, 7, 11)
CONVERSION = datetime.date(2030, 7, 11)


def quantlib_day(date):
    return QuantLib.Date(date.day, date.month, date.year)


def quantlib_option(kind, strike, expiry, *, american=False):
    """The value of one option on a share that pays no dividend."""
    today = quantlib_day(TODAY)
    QuantLib.Settings.instance().evaluationDate = today
    days = QuantLib.Actual365Fixed()
    process = QuantLib.BlackScholesProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(SPOT)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, RATE, days)),
        QuantLib.BlackVolTermStructureHandle(
            QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), VOLATILITY, days)
        ),
    )
    end = quantlib_day(expiry)
    exercise = QuantLib.AmericanExercise(today, end) if american else QuantLib.EuropeanExercise(end)
    option = QuantLib.VanillaOption(QuantLib.PlainVanillaPayoff(kind, strike), exercise)
    if american:
        engine = QuantLib.BinomialCRRVanillaEngine(process, 2000)
    else:
        engine = QuantLib.AnalyticEuropeanEngine(process)
    option.setPricingEngine(engine)
    return option.NPV()


def share_market():
    # A share without a dividend grows at the rate: its forward is S exp(r t).
    share = commodity("mp-share", price=SPOT, drift=RATE, volatility=VOLATILITY)
    return market(share, rate=RATE)


def warrant(strike=30.03, shares=11_201_659.0):
    return Warrant(
        shares=shares,
        strike=strike,
        issue_date=datetime.date(2025, 7, 11),
        expiry=EXPIRY,
        share="mp-share",
        style="american",
    )


def preferred(settlement, conversion_date=CONVERSION):
    return ConvertiblePreferred(
        shares=400_000.0,
        stated_value=1000.0,
        dividend=0.07,
        compounding=4,
        conversion_price=30.03,
        issue_date=datetime.date(2025, 7, 11),
        conversion_date=conversion_date,
        share="mp-share",
        settlement=settlement,
    )


def from_issuer(name, leg, modifiers=()):
    return clause(name, leg, payer="mine", receiver="state", modifiers=modifiers)


def agrees(valuation, oracle):
    """Within 4 standard errors, which a control variate may have brought down to rounding."""
    return abs(valuation.pv - oracle) < 4.0 * valuation.standard_error + 1e-9 * oracle


def value(*clauses, **settings):
    settings = {"n_paths": 400_000, "seed": 11, **settings}
    return contracts.value(deal(*clauses), market=share_market(), **settings)


@pytest.mark.parametrize("control", [True, False])
@pytest.mark.parametrize("strike", [30.03, 0.01, 120.0])
def test_warrant_agrees_with_black_scholes(strike, control):
    oracle = 11_201_659.0 * quantlib_option(QuantLib.Option.Call, strike, EXPIRY)

    v = value(from_issuer("warrant", warrant(strike)), control=control)

    assert agrees(v, oracle)
    assert v.standard_error < (0.002 if control else 0.1) * oracle


def test_warrant_on_supplied_paths_in_the_simulation_core():
    """The same number straight from ``simulate``, without a deal."""
    leg = warrant()
    years = (EXPIRY - TODAY).days / 365.0

    class Payoff:
        n_outputs, n_kept = 1, 0

        def __call__(self, block):
            return np.exp(-RATE * years) * leg.amounts({"share_price": block.price["mp-share"]})

    model = montecarlo.GBM(name="mp-share", volatility=VOLATILITY, spot=SPOT, drift=RATE)
    estimate = montecarlo.simulate(
        model,
        montecarlo.TimeGrid(TODAY, [EXPIRY]),
        Payoff(),
        montecarlo.Plan(n_paths=400_000, seed=3),
    )

    oracle = 11_201_659.0 * quantlib_option(QuantLib.Option.Call, 30.03, EXPIRY)
    assert abs(estimate.mean[0] - oracle) < 4.0 * estimate.standard_error[0]


def test_an_american_warrant_without_a_dividend_is_worth_the_european_one():
    european = quantlib_option(QuantLib.Option.Call, 30.03, EXPIRY)
    american = quantlib_option(QuantLib.Option.Call, 30.03, EXPIRY, american=True)

    assert american == pytest.approx(european, rel=1e-3)


@pytest.mark.parametrize("control", [True, False])
def test_preferred_that_only_converts_is_worth_its_shares_today(control):
    # 400m x 1.0175^(4t) / 30.03 shares; each is worth the spot, for it pays no dividend.
    years = 5.0  # twenty whole quarters from 11 July 2025
    oracle = 400e6 * 1.0175 ** (4.0 * years) / 30.03 * SPOT

    v = value(from_issuer("preferred", preferred("conversion-only")), control=control)

    if control:
        # The control makes it exact: what is left is rounding.
        assert v.pv == pytest.approx(oracle, rel=1e-12)
    else:
        assert 0.0 < abs(v.pv - oracle) < 4.0 * v.standard_error


@pytest.mark.parametrize("control", [True, False])
def test_preferred_with_a_claim_is_bond_and_call(control):
    # max(L, N S) = L + N (S - 30.03)+, since L = N x 30.03.
    years = 5.0  # twenty whole quarters from 11 July 2025
    claim = 400e6 * 1.0175 ** (4.0 * years)
    discount = np.exp(-RATE * (CONVERSION - TODAY).days / 365.0)
    call = quantlib_option(QuantLib.Option.Call, 30.03, CONVERSION)
    oracle = claim * discount + claim / 30.03 * call

    v = value(from_issuer("preferred", preferred("greater-of-claim")), control=control)

    assert agrees(v, oracle)


def test_both_perspectives_mirror_each_other():
    clauses = [
        from_issuer("preferred", preferred("conversion-only")),
        from_issuer("warrant", warrant()),
    ]

    state = value(*clauses, n_paths=5_000, perspective="state")
    mine = value(*clauses, n_paths=5_000, perspective="mine")

    assert state.pv > 0.0
    assert mine.pv == -state.pv
    assert np.array_equal(mine.samples, -state.samples)
    for ours, theirs in zip(state.legs, mine.legs, strict=True):
        assert theirs.pv == -ours.pv
        assert theirs.standard_error == ours.standard_error


def test_headline_numbers_of_the_preferred():
    """Fixture 7: 13,320,013 shares at issue; x 1.4148 after five years; 15.0% with the warrant."""
    leg = preferred("conversion-only")

    assert round(leg.claim(0.0) / 30.03) == 13_320_013
    assert leg.claim(5.0) / leg.claim(0.0) == pytest.approx(1.4148, abs=5e-5)
    assert leg.claim(10.0) / leg.claim(0.0) == pytest.approx(2.002, abs=5e-4)
    headline = (13_320_013 + 11_201_659) / 163.48e6
    assert headline == pytest.approx(0.150, abs=5e-5)


def cap(basis, outstanding, limit=0.199):
    return OwnershipCap(
        limit=limit,
        shares_outstanding=outstanding,
        basis=basis,
        counted=("preferred", "warrant"),
    )


@pytest.mark.parametrize(("basis", "binds"), [("outstanding", True), ("diluted", False)])
def test_whether_the_ownership_cap_binds_depends_on_its_denominator(basis, binds):
    """After ten years 37.86m shares: 21.4% of 177m outstanding, but 17.6% diluted."""
    ten_years = preferred("conversion-only", datetime.date(2035, 7, 11))
    limit = cap(basis, 177e6)
    clauses = [
        from_issuer("preferred", ten_years, [limit]),
        from_issuer("warrant", warrant(), [limit]),
    ]
    free = [from_issuer("preferred", ten_years), from_issuer("warrant", warrant())]

    held, loose = value(*clauses, n_paths=2_000), value(*free, n_paths=2_000)

    # 0.199 x 177m = 35.223m; the preferred takes 26.68m; 8.54m of 11.20m are left.
    taken = ten_years.delivered_shares
    kept = min(1.0, ((0.199 if binds else 0.199 / 0.801) * 177e6 - taken) / 11_201_659.0)
    assert (kept < 1.0) == binds
    assert held.leg("preferred").pv == loose.leg("preferred").pv
    assert held.leg("warrant").pv == pytest.approx(kept * loose.leg("warrant").pv, rel=1e-12)
