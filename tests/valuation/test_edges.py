"""Edges where a number would be wrong without a word."""

import dataclasses
import datetime

import numpy as np
import pytest

import contracts
from contracts.amend import amend_market
from contracts.legs import Clip, FixedPrice, UpsideShare
from tests.valuation.small import average_price, clause, commodity, deal, market, quarters, steps

YEAR_ON = "critical-minerals-2026-06-30"
PERIODS = quarters("2025-10-01", "2026-09-30")
SEEN = {
    "r": average_price(),
    "q": steps(("2020-01-01", 10.0)),
    "k": steps(("2020-01-01", 80.0)),
    "up": steps(("2020-01-01", 120.0)),
}
CLIP = Clip(reference_price="r", quantity="q", lower="k", upper="up")
SHARE = UpsideShare(reference_price="r", quantity="q", threshold="k", share=0.5)


@pytest.mark.parametrize("leg", [CLIP, SHARE], ids=["clip", "upside"])
def test_a_payment_that_rises_with_the_price_has_no_maximum_at_zero(leg):
    v = contracts.value(
        deal(clause("buy", leg), periods=PERIODS, **SEEN),
        market=market(commodity("metal")),
        n_paths=256,
        seed=1,
    )
    row = v.exposure(by="leg").loc["buy"]

    assert np.isnan(row["contract", "maximum_obligation", "USD"])
    assert row["physical", "paid_p95", "USD"] > 0.0


@pytest.mark.parametrize("name", contracts.deals())
def test_no_maximum_is_below_what_may_be_paid(name):
    table = contracts.value(name, n_paths=512, seed=4).exposure(by=["fiscal_year"])
    most = table.xs("maximum_obligation", axis=1, level="statistic").iloc[:, 0]
    high = table.xs("paid_p95", axis=1, level="statistic").iloc[:, 0]
    known = most.notna()

    assert known.sum() >= len(most) - 1
    assert (most[known] >= high[known] - 1e-6).all()


def test_deals_of_two_markets_are_not_added_up():
    one = contracts.load_market(YEAR_ON)
    other = amend_market(one, {"commodities[ndpr-oxide].model.volatility": 0.6})
    mp = contracts.value("mp-materials", market=one, n_paths=256, seed=1)
    lynas = contracts.value("lynas-jare", market=other, n_paths=256, seed=1)

    with pytest.raises(ValueError, match=r"share one market: the terms of .* differ"):
        contracts.exposure([mp, lynas])


def test_a_fingerprint_is_of_what_was_valued():
    mp = contracts.load("mp-materials")
    plain = contracts.value(mp, n_paths=256, seed=1)
    uncontrolled = contracts.value(mp, n_paths=256, seed=1, control=False)
    cut = contracts.value(dataclasses.replace(mp, clauses=mp.clauses[:4]), n_paths=256, seed=1)
    again = contracts.value(contracts.load("mp-materials"), n_paths=256, seed=1, n_threads=1)

    prints = {v.fingerprint() for v in (plain, uncontrolled, cut)}
    assert len(prints) == 3
    assert again.fingerprint() == plain.fingerprint()


def test_a_replay_does_not_claim_a_model_or_a_seed():
    prices = contracts.simulated_prices("lynas-jare", n_paths=8, seed=1)
    document = contracts.value("lynas-jare", prices=prices).to_dict()

    assert document["prices"] == "supplied"
    assert document["model"] is None
    assert document["seed"] is None


def test_a_value_that_overflows_names_its_leg():
    huge = {**SEEN, "q": steps(("2020-01-01", 1e200)), "up": steps(("2020-01-01", 1e200))}
    leg = Clip(reference_price="k", quantity="q", lower="up", upper="up")
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ValueError, match=r"legs\[buy\] must have a finite value"),
    ):
        contracts.value(
            deal(clause("buy", leg), periods=PERIODS, **huge),
            market=market(commodity("metal")),
            n_paths=256,
            seed=1,
        )


def test_a_negative_coupon_is_paid_by_the_lender_in_the_concession_too():
    deal = contracts.load("mp-materials").amend({"observations.samarium-rate.spread": -0.10})
    v = contracts.value(deal, n_paths=256, seed=1)
    row = v.concessions().loc["samarium loan"]
    loan = v.leg("samarium loan")

    # What is still to be received at Treasury, less the draw, is the leg's value.
    draw = loan.flow_discount_factors[0] * 150e6
    assert row["value_at_treasury", "USD"] - draw == pytest.approx(loan.pv, rel=1e-12)
    assert row["value_at_treasury", "USD"] < 150e6


def test_what_is_known_in_advance_is_not_settled_before_its_time():
    """Four quarters at a fixed price: two are over by 1 April 2026."""
    leg = FixedPrice(quantity="q", strike="k")
    on = market(commodity("metal"), today=datetime.date(2026, 4, 1))
    known = {name: SEEN[name] for name in ("q", "k")}
    v = contracts.value(deal(clause("sale", leg), periods=PERIODS, **known), market=on, n_paths=8)

    table = v.settled()
    assert [period for _, period in table.index] == ["2025Q4", "2026Q1"]
    assert table["amount", "USD"].tolist() == [-800.0, -800.0]


def test_shares_handed_over_at_issue_and_on_delivery():
    table = contracts.value("mp-materials", n_paths=8).equity()
    # 400m / 30.03 = 13.320m shares at issue, x 1.0175^6 = 14.781m eighteen months later.
    shares = 400e6 / 30.03 * 1.0175**6
    part = table["part_delivered", "1"]

    assert table.loc["preferred", ("shares_delivered", "shares")] == pytest.approx(shares)
    assert part["preferred"] == pytest.approx(shares / 163.48e6)
    assert part["total"] == pytest.approx((shares + 11_201_659.0) / 163.48e6)
