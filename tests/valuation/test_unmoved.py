"""A standard error of zero that only says that no path was moved is not called knowledge."""

import pytest

import contracts
from contracts.legs import FixedAmount, Floor
from contracts.reports.terminal import print_valuation
from tests.valuation import small

PERIODS = small.quarters("2026-01-01", "2026-12-31")
N_PATHS = 512


def floored(strike, **options):
    """Floors under a price of 100, and a payment that no price can change."""
    leg = Floor(reference_price="price", strike="strike", quantity="quantity")
    fee = FixedAmount(amount=5.0, pay_date=PERIODS.end[0].item())
    deal = small.deal(
        small.clause("floor", leg),
        small.clause("fee", fee),
        periods=PERIODS,
        price=small.average_price(),
        strike=small.steps(("2026-01-01", strike)),
        quantity=small.steps(("2026-01-01", 10.0)),
    )
    market = small.market(small.commodity("metal", volatility=0.3))
    return contracts.value(deal, market=market, n_paths=N_PATHS, seed=1, **options)


@pytest.mark.parametrize(("strike", "unmoved"), [(1.0, ("floor",)), (90.0, ())])
def test_only_a_floor_that_no_path_met_is_named(strike, unmoved):
    # At 30% a year a price falls from 100 to 1 in two years with probability 1e-27.
    assert floored(strike).unmoved == unmoved


def test_one_path_cannot_tell():
    leg = floored(1.0)
    one = contracts.value(leg.deal, market=leg.market, n_paths=1, seed=1)

    assert one.unmoved == ()


def test_report_and_document_say_so(capsys):
    print_valuation(floored(1.0))
    shown = " ".join(capsys.readouterr().out.split())

    assert "On none of 512 paths did a price change: floor." in shown
    assert floored(1.0).to_dict()["unmoved"] == ["floor"]


def test_report_is_silent_where_paths_moved_every_leg(capsys):
    print_valuation(floored(90.0))

    assert "On none of" not in capsys.readouterr().out


def test_a_search_that_stops_at_an_error_of_zero_says_so(capsys):
    leg = floored(1.0)
    found = contracts.value(
        leg.deal, market=leg.market, n_paths="auto", standard_error=0.01, seed=1
    )
    print_valuation(found)

    assert found.standard_error == 0.0
    assert "did a price change: floor" in " ".join(capsys.readouterr().out.split())
