"""Models of a market file: every kind is read, built and valued; wrong terms are named."""

import math

import pytest

from contracts.amend import amend_market
from contracts.catalogue import load, load_market
from contracts.errors import TermSheetError
from contracts.reports.assumptions import market_lines
from contracts.schema import json_schema
from contracts.valuing import value
from montecarlo.models import (
    GibsonSchwartz,
    HistoricalBootstrap,
    Inflation,
    JumpDiffusion,
    Merton,
    NFactor,
    StochasticVolatility,
)

JUMPS = {
    "jump_intensity": {"2025-01-01": 0.2, "2027-07-10": 0.6},
    "jump_mean": 0.4,
    "jump_volatility": 0.2,
}


def with_model(**model):
    market = load_market("critical-minerals-2025-07-10")
    return amend_market(market, {"commodities[ndpr-oxide].model": model})


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ({"kind": "merton", "volatility": 0.2} | JUMPS, Merton),
        (
            {"kind": "jump-diffusion", "volatility": 0.2, "mean_reversion": 0.3} | JUMPS,
            JumpDiffusion,
        ),
    ],
)
def test_a_kind_is_built_from_its_terms(terms, kind):
    market = with_model(**terms)
    model = market.commodity("ndpr-oxide").price_model()

    assert isinstance(model, kind)
    # What held since January holds at the start; 730 days later it changes.
    assert model.jump_intensity.times == (0.0, 2.0)
    assert model.jump_intensity.rates == (0.2, 0.6)


RANDOM_VARIANCE = {
    "kind": "stochastic-volatility",
    "initial_variance": 0.09,
    "long_run_variance": 0.12,
    "mean_reversion": 1.5,
    "volatility_of_variance": 0.6,
    "correlation": 0.3,
}


def test_random_variance_is_built_from_its_terms():
    model = with_model(**RANDOM_VARIANCE, variance_risk_premium=0.4).commodity("ndpr-oxide")

    assert model.price_model() == StochasticVolatility(
        name="ndpr-oxide",
        forward_curve=model.forward_curve,
        variance_risk_premium=0.4,
        **{key: number for key, number in RANDOM_VARIANCE.items() if key != "kind"},
    )


MONTHS = {f"2024-{month:02d}": 50.0 + month % 5 for month in range(1, 13)} | {
    "2025-01": 61.0,
    "2025-02": 55.0,
}


def test_a_history_is_built_from_its_months():
    terms = {"kind": "bootstrap", "history": MONTHS, "mean_block_length": 3}
    with pytest.raises(
        TermSheetError, match=r"correlations\[.*must be 0, since ndpr-oxide repeats"
    ):
        with_model(**terms)
    market = amend_market(
        load_market("critical-minerals-2025-07-10"),
        {
            "correlations": [],
            "commodities[ndpr-oxide].model": terms | {"risk_premium": "history", "stream": "ree"},
        },
    )
    model = market.commodity("ndpr-oxide").price_model()

    assert isinstance(model, HistoricalBootstrap)
    assert model.labels == tuple(MONTHS)[1:]
    assert model.log_returns[-1] == pytest.approx(math.log(55 / 61), rel=1e-14)
    assert (model.mean_block_length, model.risk_premium, model.stream) == (3.0, "history", "ree")
    lines = market_lines(market, load("mp-materials"), ["ndpr-oxide"])
    assert "history (14 values from 2024-01 to 2025-02)" in lines[0]


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"history": MONTHS | {"2025-04": 50.0}}, r"model.history must have every month, 2025-03"),
        ({"history": {"2024-13": 1.0}}, r"must be a year and a month, as in 2024-03"),
        ({"history": MONTHS | {"2025-03": 0.0}}, r"history.2025-03 must be above zero, got 0"),
        ({"mean_block_length": 0.5}, r"model.mean_block_length must be at least 1, got 0.5"),
        ({"risk_premium": "past"}, r"model.risk_premium must be a number without a unit"),
    ],
)
def test_wrong_histories_are_named(terms, message):
    with pytest.raises(TermSheetError, match=message):
        with_model(**({"kind": "bootstrap", "history": MONTHS, "mean_block_length": 3} | terms))


def test_parameters_that_do_not_go_together_are_named():
    terms = RANDOM_VARIANCE | {"volatility_of_variance": 20.0, "correlation": 0.9}
    with pytest.raises(
        TermSheetError, match=r"commodities.ndpr-oxide.model.*steps_a_year must be more"
    ):
        with_model(**terms, steps_a_year=2)


def test_a_floor_is_dearer_where_prices_also_jump():
    deal = load("mp-materials")
    market = load_market("critical-minerals-2025-07-10")
    plain = value(deal, market=market, n_paths=4096)
    jumping = value(
        deal,
        market=with_model(kind="jump-diffusion", volatility=0.33, mean_reversion=0.3, **JUMPS),
        n_paths=4096,
    )
    before, after = (
        next(leg for leg in one.legs if leg.clause.name == "upside share")
        for one in (plain, jumping)
    )

    assert after.pv > before.pv + 4.0 * (before.standard_error + after.standard_error)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"jump_intensity": -0.1}, r"model.jump_intensity must be zero or more, got -0.1"),
        ({"jump_intensity": {}}, r"jump_intensity must be a number, or a mapping of dates"),
        ({"jump_intensity": {"2027-01-01": 1.0, "2026-01-01": 2.0}}, r"dates in rising order"),
        ({"jump_intensity": {"soon": 1.0}}, r"jump_intensity must be a date"),
        ({"jump_sice": 0.1}, r"jump_sice"),
    ],
)
def test_wrong_terms_are_named(terms, message):
    with pytest.raises(TermSheetError, match=message):
        with_model(**({"kind": "merton", "volatility": 0.2} | JUMPS | terms))


FACTORS = {
    "kind": "n-factor",
    "mean_reversion": [0.0, 0.9, 4.0],
    "volatility": [0.15, 0.3, 0.2],
    "correlation": [[1, 0.2, 0.1], [0.2, 1, -0.3], [0.1, -0.3, 1]],
}
YIELD = {
    "kind": "gibson-schwartz",
    "volatility": 0.3,
    "yield_mean_reversion": 1.2,
    "yield_volatility": 0.35,
    "correlation": 0.7,
    "yield_risk_premium": 0.1,
}
INDEX = {"kind": "inflation", "mean_reversion": 0.4, "volatility": 0.01, "risk_premium": 0.002}


@pytest.mark.parametrize(
    ("terms", "kind"),
    [(FACTORS, NFactor), (YIELD, GibsonSchwartz), (INDEX, Inflation)],
    ids=lambda terms: terms["kind"] if isinstance(terms, dict) else "",
)
def test_a_gaussian_kind_is_built_and_valued(terms, kind):
    market = with_model(**terms)
    model = market.commodity("ndpr-oxide").price_model()
    valued = value(load("mp-materials"), market=market, n_paths=512)
    line = market_lines(market, valued.deal, ["ndpr-oxide"])[0]

    assert isinstance(model, kind)
    assert valued.standard_error > 0.0
    assert terms["kind"] in line
    for field, stated in terms.items():
        if isinstance(stated, float):
            assert getattr(model, field) == stated
            assert f"{field.replace('_', ' ')} {stated:g}" in line


def test_factors_are_those_of_the_file():
    market = with_model(**FACTORS)
    model = market.commodity("ndpr-oxide").price_model()

    assert model.mean_reversion == (0.0, 0.9, 4.0)
    assert model.correlation[1] == (0.2, 1.0, -0.3)
    assert model.risk_premium == (0.0, 0.0, 0.0)


def test_one_factor_of_several_is_amended():
    market = amend_market(
        with_model(**FACTORS), {"commodities[ndpr-oxide].model.volatility[1]": 0.4}
    )

    assert market.commodity("ndpr-oxide").price_model().volatility == (0.15, 0.4, 0.2)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (FACTORS | {"volatility": [0.1]}, r"model.volatility must be as long as mean_reversion"),
        (FACTORS | {"volatility": [0.1, 0.2, 30]}, r"model.volatility\[2\]"),
        (FACTORS | {"mean_reversion": []}, r"model.mean_reversion"),
        (
            FACTORS | {"correlation": [[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]]},
            r"model.correlation must be positive semidefinite, got an eigenvalue of -0.8",
        ),
        (
            FACTORS | {"correlation": [[1, 0.2, 0.1], [0.3, 1, 0], [0.1, 0, 1]]},
            r"model.correlation\[1\]\[0\] must be equal to correlation\[0\]\[1\]",
        ),
        (YIELD | {"yield_mean_reversion": 0.001}, r"yield_mean_reversion must be at least 0.01"),
        (YIELD | {"yield_volatilty": 0.1}, r"did you mean yield_volatility"),
        (INDEX | {"mean_reversion": 0}, r"model.mean_reversion must be above zero, got 0"),
    ],
)
def test_wrong_gaussian_terms_are_named(terms, message):
    with pytest.raises(TermSheetError, match=message):
        with_model(**terms)


def test_fields_of_models_are_described_to_editors():
    definition = json_schema("market")["$defs"]["NFactorTerms"]["properties"]

    assert "shocks that stay" in definition["mean_reversion"]["description"]
