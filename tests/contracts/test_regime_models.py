"""A market file that names regimes: read, built, printed and valued; wrong terms are named."""

import copy

import pytest

from contracts.amend import amend_market
from contracts.catalogue import load, load_market
from contracts.errors import TermSheetError
from contracts.reports.assumptions import market_lines
from contracts.schema import json_schema
from contracts.valuing import value
from montecarlo import Intensity, RegimeSwitching

TERMS = {
    "kind": "regime-switching",
    "mean_reversion": 1.2,
    "initial": "open",
    "chain": "china",
    "regimes": {
        "open": {"volatility": 0.2},
        "licences": {"volatility": 0.35, "log_level": 0.3, "risk_premium": 0.02},
        "embargo": {"volatility": 0.5, "log_level": 0.9},
    },
    "transitions": {
        "open": {"licences": 0.3, "embargo": {"2025-01-01": 0.05, "2027-07-10": 0.2}},
        "licences": {
            "open": 1.0,
            "embargo": {"intensity": 0.4, "jump_mean": 0.2, "physical_intensity": 0.1},
        },
        "embargo": {"open": 2.0},
    },
}


def with_model(terms):
    market = load_market("critical-minerals-2025-07-10")
    return amend_market(market, {"commodities[ndpr-oxide].model": terms})


def test_terms_become_a_model():
    model = with_model(TERMS).commodity("ndpr-oxide").price_model()
    moves = {(move.leaving, move.entering): move for move in model.transitions}

    assert isinstance(model, RegimeSwitching)
    assert [one.name for one in model.regimes] == ["open", "licences", "embargo"]
    assert model.regimes[1].log_level == 0.3
    assert moves["open", "licences"].intensity == 0.3
    # What held since January holds at the start; 730 days later it changes.
    expected = Intensity(times=(0.0, 2.0), rates=(0.05, 0.2))
    assert moves["open", "embargo"].intensity == expected
    assert moves["licences", "embargo"].jump_mean == 0.2
    assert moves["licences", "embargo"].physical_intensity == 0.1
    assert len(moves) == 5


def test_one_term_of_a_regime_is_amended():
    changed = amend_market(
        with_model(TERMS), {"commodities[ndpr-oxide].model.regimes.embargo.log_level": 1.1}
    )

    assert changed.commodity("ndpr-oxide").price_model().regimes[2].log_level == 1.1


def test_a_deal_is_valued_and_its_market_printed():
    market = with_model(TERMS)
    deal = load("mp-materials")
    found = value(deal, market=market, n_paths=512)
    text = "\n".join(market_lines(market, deal, ["ndpr-oxide"]))

    assert found.standard_error > 0.0
    assert "embargo (volatility 0.5, log level 0.9)" in text
    assert "0.05 a year, then 0.2 a year from 2.00 years on" in text
    assert "initial open" in text


def test_a_short_spell_may_drift_fast():
    """As a fit finds it: down by four fifths a year, for some weeks."""
    terms = changed(regimes__open={"volatility": 0.2}, mean_reversion=0.0)
    terms["regimes"]["licences"] = {"volatility": 0.3}
    terms["regimes"]["embargo"] = {"volatility": 0.6, "drift": -0.8}
    model = with_model(terms).commodity("ndpr-oxide").price_model()

    assert model.regimes[2].drift == -0.8


def test_an_editor_knows_the_terms():
    assert "RegimeSwitchingTerms" in str(json_schema("market"))


def changed(**changes):
    terms = copy.deepcopy(TERMS)
    for address, found in changes.items():
        *path, last = address.split("__")
        here = terms
        for key in path:
            here = here[key]
        here[last] = found
    return terms


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"initial": "shut"}, "model.initial must be one of open, licences, embargo, got 'shut'"),
        ({"initial": {"open": 0.5}}, "model.initial must be probabilities that add up to 1"),
        ({"regimes": {}}, "model.regimes must have at least 1"),
        ({"regimes__open__drift": 0.1}, "model.regimes must leave out drift .*got 0.1 in 'open'"),
        ({"regimes__open__volatility": -1}, "regimes.open.volatility must be a decimal"),
        ({"regimes__open__vol": 1}, r"regimes.open.vol is not a known term; did you mean vol"),
        ({"transitions__open__shut": 1.0}, "model.transitions must name regimes; .*got 'shut'"),
        ({"transitions__open__open": 1.0}, "transitions must lead to another regime, got 'open'"),
        ({"transitions__open__licences": -1.0}, "open.licences.intensity must be zero or more"),
        ({"transitions__open__licences": {"2027-01-01": -1.0}}, "intensity must be zero or more"),
        ({"transitions__open__licences": {"intensty": 1.0}}, "did you mean intensity?"),
        ({"transitions__open": 3.0}, "transitions.open must be a mapping"),
    ],
)
def test_wrong_terms_are_named(changes, message):
    with pytest.raises(TermSheetError, match=message):
        with_model(changed(**changes))
