"""A term sheet from a stranger may be large, but not take for ever."""

import pytest

import contracts
from contracts.errors import TermSheetError
from contracts.termsheet import build_deal


def test_a_sheet_of_too_many_legs_is_refused_at_once():
    terms = dict(contracts.load("lynas-jare").terms)
    leg = dict(terms["legs"][0])
    terms["legs"] = [{**leg, "name": f"leg {number}"} for number in range(501)]

    with pytest.raises(TermSheetError, match="legs must be at most 500 legs, got 501") as caught:
        build_deal(terms)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("year", [27, 1899, 2201])
def test_a_fiscal_year_is_written_out(year):
    terms = dict(contracts.load("mp-materials").terms)
    terms["appropriations"] = [
        {"party": "government", "fiscal_year": year, "amount": "300 million USD"}
    ]

    with pytest.raises(TermSheetError, match=r"fiscal_year must lie between 1900 and 2200"):
        build_deal(terms)
