"""Correlations that contradict each other: refused, or on request the nearest, which is said."""

import pytest

from contracts.amend import amend_market
from contracts.catalogue import load, load_market
from contracts.errors import TermSheetError
from contracts.valuing import value

CONTRADICTION = [
    {"between": ["ndpr-oxide", "mp-share"], "value": 0.9},
    {"between": ["ndpr-oxide", "graphite-concentrate"], "value": 0.9},
    {"between": ["graphite-concentrate", "mp-share"], "value": -0.5},
]


def market(**more):
    return amend_market(
        load_market("critical-minerals-2025-07-10"), {"correlations": CONTRADICTION, **more}
    )


def test_a_contradiction_is_refused_and_the_way_out_named():
    with pytest.raises(TermSheetError, match=r"positive definite: .*nearest_correlation"):
        market()


def test_on_request_the_nearest_is_taken_and_said():
    found = market(nearest_correlation=True)
    (sentence,) = [text for text in found.simplifications if text.startswith("Correlations are")]

    # Two pairs are stated alike, so they end alike; each of the three moves towards the others.
    assert found.correlation["graphite-concentrate", "mp-share"] == pytest.approx(-0.26, abs=1e-3)
    assert found.correlation["ndpr-oxide", "mp-share"] == pytest.approx(
        found.correlation["ndpr-oxide", "graphite-concentrate"]
    )
    assert "ndpr-oxide with graphite-concentrate moved most, from 0.9 to 0.608" in sentence
    assert value(load("mp-materials"), market=found, n_paths=256).standard_error > 0.0


def test_the_request_changes_nothing_where_nothing_contradicts():
    plain = load_market("critical-minerals-2025-07-10")
    asked = amend_market(plain, {"nearest_correlation": True})

    assert asked.correlation == plain.correlation
    assert asked.simplifications == plain.simplifications


def test_the_request_is_yes_or_no():
    with pytest.raises(TermSheetError, match="nearest_correlation"):
        market(nearest_correlation="please")
