"""The acceptance fixtures of the reference, through the built-in deals.

Prices are given, one constant a path, so that every amount follows by hand from the terms.
"""

import datetime

import numpy as np
import pytest

import contracts
from contracts.run import pricing_grid

SIGNING = "critical-minerals-2025-07-10"
YEAR_ON = "critical-minerals-2026-06-30"


def at_prices(deal, market, *levels, share=30.03):
    """Value a deal with every commodity price at a level on all its future dates."""
    names, dates = pricing_grid(deal, market)
    prices = {
        name: np.tile([share] * len(levels) if name == "mp-share" else levels, (len(dates), 1))
        for name in names
    }
    return contracts.value(
        deal, market=market, prices={n: p.astype(float) for n, p in prices.items()}
    )


def flows(valuation, leg, *, side=1.0):
    """Flow of each period of a leg: label -> amount, signed for the other side on request."""
    value = valuation.leg(leg)
    return dict(zip(value.flow_labels, side * value.flow_amounts, strict=True))


@pytest.fixture(scope="module")
def materials():
    return contracts.load("mp-materials")


def test_1_the_floor_paid_what_was_reported(materials):
    """PPA income of 51.016, 42.273 and 17.580 million: 70, 90 and 95 under a floor of 110."""
    v = at_prices(materials, YEAR_ON, 300.0)
    paid = flows(v, "price floor", side=-1.0)
    quarters = ["2025Q4", "2026Q1", "2026Q2"]

    # 1,275.4 t x 40, 2,113.65 t x 20 and 1,172 t x 15.
    np.testing.assert_allclose(
        [paid[q] for q in quarters], [51.016e6, 42.273e6, 17.580e6], rtol=1e-9
    )
    # 45 days after 31 December and 31 March is past, after 30 June is not.
    leg = v.leg("price floor")
    assert leg.is_paid[:4].tolist() == [True, True, False, False]
    assert leg.is_settled[:4].tolist() == [True, True, True, False]
    assert leg.paid_to_date == pytest.approx(-51.016e6 - 42.273e6)
    # At 300 USD/kg nothing more is owed.
    assert leg.expected_amount == pytest.approx(-17.580e6)


def test_1_with_the_quantity_of_the_reference(materials):
    """R = 70 and Q = 1,275 t give 51.0 million."""
    deal = materials.amend({"observations.eligible.steps": {"2025-10-01": "1275 t"}})

    paid = flows(at_prices(deal, SIGNING, 70.0), "price floor", side=-1.0)

    np.testing.assert_allclose(list(paid.values()), 51.0e6)


def test_1_no_upside_before_full_capacity(materials):
    v = at_prices(materials, SIGNING, 170.0)
    received = flows(v, "upside share")

    before = {label: amount for label, amount in received.items() if label < "2029"}
    assert len(before) == 13
    assert all(amount == 0.0 for amount in before.values())
    # From January 2029 1,400 t a quarter: 0.3 x 1.4m x 60 = 25.2 million.
    assert received["2029Q1"] == pytest.approx(25.2e6)


def test_1_full_capacity_two_years_later(materials):
    late = materials.amend({"observations.full-capacity.date": "2031-01-01"})
    received = flows(at_prices(late, SIGNING, 170.0), "upside share")

    assert received["2030Q4"] == 0.0
    assert received["2031Q1"] > 0.0


def test_2_a_million_kilograms(materials):
    """At 80 the floor pays 30.0 million; at 170 the share is 18.0 million, before T* nothing."""
    deal = materials.amend({"observations.eligible.steps": {"2025-10-01": "1000000 kg"}})

    low, high = at_prices(deal, SIGNING, 80.0), at_prices(deal, SIGNING, 170.0)

    assert flows(low, "price floor")["2025Q4"] == pytest.approx(-30.0e6)
    assert flows(low, "upside share")["2029Q1"] == 0.0
    assert flows(high, "price floor")["2029Q1"] == 0.0
    assert flows(high, "upside share")["2029Q1"] == pytest.approx(18.0e6)
    assert flows(high, "upside share")["2028Q4"] == 0.0


def jare(**cap):
    """The deal with 20,000 t a year, so that a quarter is the 5,000 t of the reference."""
    changes = {"observations.firm-volume.steps": {"2026-07-01": "20000 t"}}
    return contracts.load("lynas-jare").amend(
        {**changes, **{f"legs[upside share].modifiers[0].{k}": v for k, v in cap.items()}}
    )


def test_3_the_annual_cap_of_jare():
    """30% x (170 - 150) x 5,000 t = 30 million, capped at 10 million a calendar year."""
    paid = flows(at_prices(jare(), YEAR_ON, 170.0), "upside share")
    free = flows(at_prices(jare(limit="1000 million USD"), YEAR_ON, 170.0), "upside share")

    assert free["2026Q3"] == pytest.approx(30e6)
    assert paid["2026Q3"] == pytest.approx(10e6)
    for year in range(2026, 2039):
        amounts = [amount for label, amount in paid.items() if label.startswith(str(year))]
        assert amounts[0] == pytest.approx(10e6)
        assert sum(amounts) == pytest.approx(10e6)


def test_3_what_was_used_before_counts_and_the_next_year_resets():
    paid = flows(at_prices(jare(used="7 million USD"), YEAR_ON, 170.0), "upside share")

    assert paid["2026Q3"] == pytest.approx(3e6)
    assert paid["2026Q4"] == pytest.approx(0.0, abs=1e-6)
    assert paid["2027Q1"] == pytest.approx(10e6)


def test_3_the_terms_as_they_are():
    # 1,250 t a quarter: 7.5 million, then 2.5, then nothing until January.
    paid = flows(at_prices("lynas-jare", YEAR_ON, 170.0), "upside share")

    first = [paid[q] for q in ("2026Q3", "2026Q4", "2027Q1", "2027Q2", "2027Q3", "2027Q4")]
    np.testing.assert_allclose(first, [7.5e6, 2.5e6, 7.5e6, 2.5e6, 0.0, 0.0], atol=1e-6)


def test_4_the_first_year_of_10x(materials):
    """EBITDA of 90, 140, 165 and 210 million: +50, 0, -25 and -50 to the company."""
    # EBITDA = 7,000 t x (0.09 P + 38 - 30), solved for the price.
    ebitda = np.array([90e6, 140e6, 165e6, 210e6])
    v = at_prices(materials, SIGNING, *((ebitda / 7e6 - 8.0) / 0.09))
    year = [
        at_prices(materials, SIGNING, price).leg("EBITDA guarantee")
        for price in (ebitda / 7e6 - 8.0) / 0.09
    ]

    to_company = [-leg.flow_amounts[:5].sum() for leg in year]

    np.testing.assert_allclose(to_company, [50e6, 0.0, -25e6, -50e6], atol=1e-3)
    # Four advances of 35 million, whatever is earned; the true-up is the rest.
    for leg, owed in zip(year, (50e6, 0.0, -25e6, -50e6), strict=True):
        np.testing.assert_allclose(-leg.flow_amounts[:4], 35e6)
        assert -leg.flow_amounts[4] == pytest.approx(owed - 140e6)
    # On the same four paths the value is the mean: (50 + 0 - 25 - 50) / 4.
    assert v.leg("EBITDA guarantee").flow_amounts[:5].sum() == pytest.approx(6.25e6)


def test_4_ten_guaranteed_years(materials):
    """Earning nothing, the guarantee pays 140 growing 2% a year: 1,533 million in all."""
    # A price of -800/9 makes 0.09 P + 8 = 0.
    leg = at_prices(materials, SIGNING, -800.0 / 9.0).leg("EBITDA guarantee")

    assert -leg.expected_amount == pytest.approx(sum(140e6 * 1.02**k for k in range(10)))
    assert round(-leg.expected_amount / 1e6) == 1533


def test_4_the_other_reading_of_the_first_tranche(materials):
    """Should the company keep the first 30 million, 165 pays nothing and 210 pays 20."""
    kept = materials.amend({"legs[EBITDA guarantee].bands[0].share": 0.0})
    paid = [
        -at_prices(kept, SIGNING, (e / 7e6 - 8.0) / 0.09).leg("EBITDA guarantee").flow_amounts[:5]
        for e in (165e6, 210e6)
    ]

    np.testing.assert_allclose([amounts.sum() for amounts in paid], [0.0, -20e6], atol=1e-3)


def test_7_the_equity_of_the_deal(materials):
    preferred, warrant = (materials.clause(n).leg for n in ("preferred", "warrant"))

    assert round(preferred.claim(0.0) / preferred.conversion_price) == 13_320_013
    assert preferred.claim(5.0) / preferred.claim(0.0) == pytest.approx(1.4148, abs=5e-5)
    shares = 13_320_013 + warrant.shares
    assert shares / 163.48e6 == pytest.approx(0.150, abs=5e-5)
    assert materials.clause("preferred").modifiers[0].shares_outstanding == 163.48e6


def test_7_the_preferred_pays_its_accreted_shares(materials):
    """Converted eighteen months after issue at 45.20 a share."""
    v = at_prices(materials, SIGNING, 70.0, share=45.20)
    preferred = materials.clause("preferred").leg

    # 400m x 1.0175^6 / 30.03 shares: 11 July 2025 to 11 January 2027 is six whole quarters.
    shares = 400e6 * 1.0175**6 / 30.03
    assert preferred.delivered_shares == pytest.approx(shares)
    assert v.leg("preferred").expected_amount == pytest.approx(shares * 45.20)
    warrant = v.leg("warrant").expected_amount
    room = (0.199 * 163.48e6 - shares) / 11_201_659.0
    assert warrant == pytest.approx(min(room, 1.0) * 11_201_659.0 * (45.20 - 30.03))


def test_6_uk_strikes_are_indexed_from_2012():
    """The strike of a year is 58.87 x CPI(1 April of the year) / CPI(1 April 2012)."""
    market = contracts.load_market("uk-power-2025-07-01")
    deal = contracts.load("uk-cfd-ar6-offshore-wind")
    cpi = market.indices["uk-cpi"]
    v = at_prices(deal, market, 80.0)
    paid = flows(v, "difference payment", side=-1.0)

    for year, label in ((2028, "2028-04"), (2029, "2029-03"), (2030, "2030-12")):
        reset = datetime.date(year if label[5:] != "03" else year - 1, 4, 1)
        strike = 58.87 * cpi.at(reset) / cpi.at(datetime.date(2012, 4, 1))
        assert paid[label] == pytest.approx(3_942_000 / 12 * (strike - 80.0), rel=1e-9)


@pytest.mark.parametrize(
    ("price", "to_project"),
    [
        (20.0, 30e6),  # 24.528m earned: 0.9 x 50.472m = 45.4m, capped at 30m
        (50.0, 12.312e6),  # 61.32m earned: 0.9 x 13.68m
        (70.0, 0.0),  # 85.848m earned: between 75m and 100m nothing moves
        (90.0, -5.188e6),  # 110.376m earned: half of 10.376m back
        (200.0, -15e6),  # 245.28m earned: half of 145.28m, capped at 15m
    ],
)
def test_6_signs_of_the_capacity_investment_scheme(price, to_project):
    v = at_prices("australia-cis-collar", "australia-nem-2025-07-01", price)
    paid = flows(v, "revenue collar", side=-1.0)

    np.testing.assert_allclose(list(paid.values()), to_project, rtol=1e-9, atol=1e-3)
