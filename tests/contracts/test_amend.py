"""Amendments: terms change by address, everything is checked again, the original stays."""

import copy
import datetime
from pathlib import Path

import pytest

from contracts.amend import amend, amend_market
from contracts.errors import TermSheetError
from contracts.market_sheet import read_market
from contracts.observations import Schedule
from contracts.termsheet import read_deal

HERE = Path(__file__).parent
START = datetime.date(2025, 10, 1)


@pytest.fixture
def deal():
    return read_deal(HERE / "full.yaml")


def strike(deal):
    return deal.observations["price floor.strike"][1]


@pytest.mark.parametrize("address", ["legs[price floor].strike", "legs[0].strike"])
def test_a_term_changes_by_name_or_by_position(deal, address):
    before = copy.deepcopy(deal.terms)

    amended = amend(deal, {address: "90 USD/kg"})

    assert strike(amended) == Schedule(steps=((START, 90.0),))
    assert strike(deal) == Schedule(steps=((START, 110.0),))
    assert deal.terms == before
    assert amended.terms["legs"][0]["strike"] == "90 USD/kg"
    amended.terms["legs"][1]["share"] = 0.9
    assert deal.terms == before


def test_several_terms_change_at_once_and_the_deal_has_the_same_method(deal):
    amended = deal.amend(
        {
            "legs[upside share].share": 0.5,
            "observations.full-capacity.date": datetime.date(2031, 1, 1),
            "observations[eligible].steps[2026-01-01]": "1,300 t",
            "observations.eligible.delay_months": 24,
            "legs[EBITDA guarantee].bands[0].share": 0.1,
            "legs[upside share].modifiers": [],
            "legs[price floor].name": "floor",
        }
    )

    assert amended.clause("upside share").leg.share == 0.5
    assert amended.observations["full-capacity"][1].event_date == datetime.date(2031, 1, 1)
    assert amended.observations["eligible"][1].steps[1][1] == 1.3e6
    assert amended.observations["eligible"][1].delay_months == 24
    assert amended.clause("EBITDA guarantee").leg.bands[0].share == 0.1
    assert amended.clause("upside share").modifiers == ()


def test_sources_of_changed_terms_give_way_to_the_amendment(deal):
    amended = amend(deal, {"legs[price floor].strike": "90 USD/kg", "legs[loan].name": "debt"})

    assert [(source.path, source.mark, source.note) for source in amended.sources] == [
        ("observations", "assumption", "invented"),
        ("legs[debt].name", "assumption", "amended; was 'loan'"),
        ("legs[price floor].strike", "assumption", "amended; was '110 USD/kg'"),
    ]
    assert len(deal.sources) == 2
    renamed = amend(deal, {"legs[price floor].name": "floor"})
    assert [source.path for source in renamed.sources] == ["observations", "legs[floor].name"]


def test_a_term_that_the_sheet_left_out_can_be_added(deal):
    amended = amend(deal, {"legs[price floor].note": "as amended", "legs[loan].market_yield": "y"})

    assert amended.clause("price floor").note == "as amended"
    assert amended.clause("loan").leg.market_yield == "y"


def test_amending_nothing_gives_the_same_deal(deal):
    again = amend(deal, {})

    assert again.terms == deal.terms
    assert again.clauses == deal.clauses
    assert again.file == deal.file


@pytest.mark.parametrize(
    ("address", "value", "message"),
    [
        ("legs[price flor].strike", "1 USD/kg", "no 'price flor'; did you mean price floor?"),
        ("leg[price floor].strike", "1 USD/kg", "the file has no 'leg'; did you mean legs?"),
        ("legs[price floor].strik", "1 USD/kg", "is not a known term; did you mean strike?"),
        ("legs[12].strike", "1 USD/kg", "legs has no '12'; known: price floor, upside share"),
        ("observations.eligble.per", "year", "has no 'eligble'; did you mean eligible?"),
        ("observations.eligble", {}, "observations has no 'eligble'; did you mean eligible?"),
        ("observations.eligible.steps.2026-01-02", "3 t", "did you mean 2026-01-01?"),
        ("legs[price floor].strike.value", 3, "is a single value and has no 'value'"),
        ("", 3, "an address must not be empty"),
        ("legs[price floor].strike", 90, "strike must carry its unit, as in '110 USD/kg', got 90"),
        ("legs[upside share].share", 30, "share].share must be between 0 and 1, got 30"),
        ("legs[price floor].strike", "90 EUR/kg", "must be in USD, the currency of the deal"),
        ("legs[loan].principal", None, "legs[loan].principal must be a number and a unit"),
    ],
)
def test_what_cannot_be_amended(deal, address, value, message):
    before = copy.deepcopy(deal.terms)

    with pytest.raises(TermSheetError) as caught:
        amend(deal, {address: value})

    assert message in str(caught.value)
    assert "full.yaml: " in str(caught.value)
    assert deal.terms == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (None, "full.yaml: changes must be a mapping of address to new value, got nothing"),
        ([("currency", "USD")], "changes must be a mapping of address to new value, got a list"),
        ({1: 2}, "an address must be text, as in legs[price floor].strike, got 1"),
    ],
)
def test_changes_are_a_mapping_of_addresses(deal, changes, message):
    with pytest.raises(TermSheetError) as caught:
        amend(deal, changes)

    assert message in str(caught.value)


def test_a_change_inside_another_change_is_refused(deal):
    with pytest.raises(TermSheetError, match="lies inside a term that is replaced"):
        amend(deal, {"legs": [], "legs[loan].principal": "1 USD"})


def test_all_wrong_addresses_are_named_at_once(deal):
    with pytest.raises(TermSheetError) as caught:
        amend(deal, {"legs[a].strike": 1, "observations.b.date": 2})

    assert len(caught.value.faults) == 2


def test_a_market_is_amended_in_the_same_way():
    market = read_market(HERE / "market.yaml")

    amended = amend_market(market, {"commodities[ndpr-oxide].model.volatility": 0.4})

    assert amended.commodity("ndpr-oxide").model["volatility"] == 0.4
    assert market.commodity("ndpr-oxide").model["volatility"] == 0.33
    with pytest.raises(TermSheetError, match="did you mean ndpr-oxide"):
        amend_market(market, {"commodities.ndpr-oxid.traded": True})
