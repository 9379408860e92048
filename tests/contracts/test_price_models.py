"""Models of a market file: every kind is read, built and valued; wrong terms are named."""

import pytest

from contracts.amend import amend_market
from contracts.catalogue import load, load_market
from contracts.errors import TermSheetError
from contracts.valuing import value
from montecarlo.models import JumpDiffusion, Merton

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
