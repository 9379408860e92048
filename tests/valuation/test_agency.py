"""A leg may be carried by an agency of its own."""

import pytest

import contracts


def test_the_loan_is_booked_to_the_agency_that_made_it():
    v = contracts.value("mp-materials", n_paths=256, seed=1)
    table = v.exposure(by=["agency", "leg"])
    paid = table[("physical", "expected_paid", "USD")]
    agencies = {leg: agency for agency, leg in table.index if leg}

    assert agencies.pop("samarium loan") == "Office of Strategic Capital"
    assert set(agencies.values()) == {"US Department of Defense"}
    # The only payment of the loan is the draw.
    assert paid["Office of Strategic Capital"].sum() == pytest.approx(150e6)


def test_the_party_speaks_for_a_leg_that_names_no_agency():
    deal = contracts.load("mp-materials").amend({"legs[samarium loan].agency": "Somewhere Else"})
    other = contracts.value(deal, n_paths=256, seed=1).exposure(by=["agency"])

    assert list(other.index) == ["Somewhere Else", "US Department of Defense", "total"]
