"""Feedback of support in a market file: terms to model, in the report, in the value, refused."""

import pytest

from contracts.amend import amend_market
from contracts.catalogue import load, load_market
from contracts.errors import TermSheetError
from contracts.reports.assumptions import market_lines
from contracts.valuing import value
from montecarlo import Shocked, SupportFeedback

TERMS = {
    "strike": {"2024-10-01": "90 USD/kg", "2027-07-10": "110,000 USD/t"},
    "floored_share": {"2026-07-10": 0.2, "2028-07-09": 0.3},
    "response": 1.5,
}


def with_feedback(**changes):
    market = load_market("critical-minerals-2025-07-10")
    terms = {"commodities[ndpr-oxide].feedback": TERMS | changes}
    return amend_market(market, terms)


def test_terms_become_a_model_around_the_shocked_price():
    market = with_feedback().with_shock("ndpr-oxide x2 from 2026-07-10 for 9 months")
    model = market.commodity("ndpr-oxide").price_model()

    assert isinstance(model, SupportFeedback)
    assert isinstance(model.model, Shocked)
    # 730 days of 365 to 10 July 2027; the strike of the past holds today, no share before its date.
    assert model.strike([0.0, 1.99, 2.0]).tolist() == [90.0, 90.0, 110.0]
    assert model.floored_share([0.0, 0.99, 1.0, 2.99, 3.0]).tolist() == [0, 0, 0.2, 0.2, 0.3]
    assert float(model.pass_through(1.0)) == pytest.approx(0.3 / 1.3)


def test_the_report_says_it():
    lines = market_lines(with_feedback(note="an assumption"), load("mp-materials"), ["ndpr-oxide"])

    assert (
        "feedback, ndpr-oxide: support draws prices below 90 USD/kg from 2024-10-01, 110 USD/kg "
        "from 2027-07-10 towards it: share 0.2 from 2026-07-10, 0.3 from 2028-07-09, response 1.5"
    ) in lines


def test_a_floor_costs_less_where_the_market_answers_it():
    """By the formula, path by path: the shortfall ln(K/P) shrinks to a share 1 - pass-through."""
    deal = load("mp-materials")
    plain = value(deal, n_paths=2048)
    answered = value(
        deal, market=with_feedback(strike="110 USD/kg", floored_share=0.3), n_paths=2048
    )
    before, after = (
        next(leg for leg in one.legs if leg.clause.name == "price floor").pv
        for one in (plain, answered)
    )

    assert 0.5 * abs(before) < abs(after) < 0.9 * abs(before)
    assert plain.fingerprint != answered.fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strike": "110 USD/t-oxide"}, r"feedback.strike"),
        ({"strike": "110 USD/MWh"}, r"feedback.strike must be a price per kg"),
        ({"strike": {"2027-01-01": "110 USD/MWh"}}, r"feedback.strike.2027-01-01 must be a price"),
        ({"strike": "0 USD/kg"}, r"strike must be greater than 0"),
        ({"strike": {}}, r"feedback.strike must have at least one date"),
        ({"floored_share": 30}, r"feedback.floored_share"),
        (
            {"floored_share": {"2027-01-01": 0.1, "2026-01-01": 0.2}},
            r"floored_share.2026-01-01 must come after the date above it",
        ),
        ({"response": -0.5}, r"feedback.response must be zero or more, got -0.5"),
        ({"responce": 1.0}, r"responce"),
    ],
)
def test_wrong_terms_are_named(changes, message):
    with pytest.raises(TermSheetError, match=message):
        with_feedback(**changes)
