"""Deals and markets that do not fit together are refused, by name, before anything is simulated."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

import contracts
from contracts.legs import FixedAmount, Floor, Warrant
from contracts.observations import InterestRate
from contracts.periods import Periods
from tests.valuation.small import (
    average_price,
    clause,
    commodity,
    deal,
    market,
    quarters,
    steps,
)

PERIODS = quarters("2025-10-01", "2027-12-31")


def floor_deal(periods=PERIODS, *, reference=None, **changed):
    terms = {
        "r": average_price() if reference is None else reference,
        "q": steps(("2020-01-01", 10.0)),
        "k": steps(("2020-01-01", 110.0)),
    }
    leg = Floor(reference_price="r", quantity="q", strike="k")
    return deal(clause("floor", leg), periods=periods, **{**terms, **changed})


def value(deal, on=None, **settings):
    on = market(commodity("metal")) if on is None else on
    return contracts.value(deal, market=on, **{"n_paths": 20, "seed": 1, **settings})


def test_another_currency():
    with pytest.raises(ValueError, match=r"small-deal: currency must .*\(USD\), got 'GBP'"):
        value(replace(floor_deal(), currency="GBP"))


def test_a_price_that_the_market_does_not_have():
    with pytest.raises(ValueError, match="commodity must be in the market small"):
        value(floor_deal(), market(commodity("copper")))


def test_a_missing_fixing_names_deal_observation_and_date():
    later = market(commodity("metal"), today=datetime.date(2026, 2, 1))

    with pytest.raises(
        ValueError, match=r"small-deal: r: fixings of metal must be .* missing is 2025-10-15"
    ):
        value(floor_deal(), later)


def test_a_step_that_comes_too_late_names_the_observation():
    with pytest.raises(ValueError, match="small-deal: k: steps must begin at or before the first"):
        value(floor_deal(k=steps(("2026-01-01", 110.0))))


def test_someone_who_is_not_a_party():
    with pytest.raises(ValueError, match="small-deal: perspective must be one of state, mine"):
        value(floor_deal(), perspective="offtaker")


def test_an_expired_warrant_needs_its_fixing_and_is_worth_nothing_more():
    past = Warrant(
        shares=3.0,
        strike=20.0,
        issue_date=datetime.date(2020, 1, 1),
        expiry=datetime.date(2025, 1, 2),
        share="share",
        style="american",
    )
    one = deal(clause("warrant", past, payer="mine", receiver="state"))

    with pytest.raises(ValueError, match=r"legs\[warrant\]: fixings of share must be"):
        value(one, market(commodity("share")))

    known = market(commodity("share"), fixings={"share": [("2025-01-02", "2025-01-02", 25.0)]})
    v = value(one, known)
    assert (v.pv, v.standard_error) == (0.0, 0.0)
    assert v.leg("warrant").paid_to_date == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_paths": 0}, "n_paths must be an integer of at least 1, got 0"),
        ({"n_threads": 0}, "n_threads must be an integer of at least 1, got 0"),
        ({"seed": -1}, "seed must be"),
        ({"measure": "real"}, "measure must be one of pricing, physical, got 'real'"),
        ({"quantiles": "all"}, "quantiles must be one of legs, total"),
        ({"prices": {}}, "prices must hold metal"),
        ({"prices": {"metal": np.ones((2, 3))}}, "must have shape"),
        ({"prices": {"metal": np.full((27, 3), np.nan)}}, "must be finite numbers"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        value(floor_deal(), **settings)


def test_a_deal_wholly_in_the_past_is_worth_nothing_but_is_recorded():
    past = quarters("2024-01-01", "2024-12-31")
    known = market(commodity("metal"), fixings={"metal": [("2024-01-01", "2024-12-31", 90.0)]})

    v = value(floor_deal(past), known)

    # Four quarters of 10 x (110 - 90).
    assert (v.pv, v.standard_error, v.expected_amount) == (0.0, 0.0, 0.0)
    assert v.leg("floor").paid_to_date == pytest.approx(-800.0)
    assert v.leg("floor").is_settled.all()
    assert v.by_year().index.tolist() == [2024]


def test_the_third_party_of_a_deal_sees_nothing():
    one = floor_deal()
    parties = {**one.parties, "bank": replace(one.parties["mine"], name="Bank")}

    v = value(replace(one, parties=parties), perspective="bank")

    assert v.pv == 0.0
    assert np.all(v.samples == 0.0)


def test_a_deal_needs_legs_with_names_of_their_own():
    pay = clause("fee", FixedAmount(amount=1.0, pay_date=datetime.date(2026, 1, 1)))

    with pytest.raises(ValueError, match="legs must hold at least one leg"):
        deal()
    with pytest.raises(ValueError, match="legs must have distinct names"):
        deal(pay, pay)
    with pytest.raises(ValueError, match="receiver must differ from the payer"):
        replace(pay, receiver="state")
    with pytest.raises(ValueError, match="party must be one of state, mine"):
        deal(replace(pay, payer="offtaker"))


def test_an_observation_on_another_schedule_is_refused():
    """Nine periods would read a strike that has one, and what lies behind it in memory."""
    strike = InterestRate(benchmark="b", spread=110.0, fixing_date=datetime.date(2025, 7, 10))
    known = market(commodity("metal"), rates={"b": ((datetime.date(2025, 7, 10), 0.0),)})

    with pytest.raises(
        ValueError, match=r"legs\[floor\]: k must be on the schedule periods, got 1"
    ):
        value(floor_deal(k=strike), known)


def test_a_lag_that_empties_a_window_is_refused():
    """Eight months before 30 October and before 31 October is 28 February, twice."""
    one_day = Periods.single(datetime.date(2025, 10, 30))
    lagged = average_price(every="period-end", day=None, lag_months=8)

    with pytest.raises(ValueError, match="pricing_dates must have a window of a day or more"):
        value(floor_deal(one_day, reference=lagged))


def test_a_lag_that_empties_a_window_is_refused_by_any_rule():
    one_day = Periods.single(datetime.date(2025, 10, 30))

    with pytest.raises(ValueError, match="pricing_dates must have a window of a day or more"):
        value(floor_deal(one_day, reference=average_price(lag_months=8)))
