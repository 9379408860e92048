"""A price quoted in a foreign currency with tax, converted on each of its pricing dates."""

import math

import numpy as np
import pytest

import contracts
from contracts.errors import TermSheetError
from contracts.market_sheet import build_market
from contracts.run import prepare
from contracts.termsheet import build_deal
from montecarlo.black import black76

N_PATHS = 40_000
VAT = 0.13
PRICE, RATE = 452.0, 0.14
SIGMA_P, SIGMA_X = 0.3, 0.12


def market_terms(*, correlation=0.0, volatility=SIGMA_X):
    return {
        "market": "yuan",
        "title": "A price in yuan",
        "valuation_date": "2026-01-01",
        "currency": "USD",
        "discount": {"name": "flat", "zero_rates": {"2027-01-01": 0.04}},
        "yields": {"china": {"zero_rates": {"2027-01-01": 0.015}}},
        "exchange_rates": {
            "cny": {
                "currency": "CNY",
                "forward_curve": {"2026-01-01": RATE},
                "model": {"kind": "gbm", "volatility": volatility},
                "fixings": {"2025-12-11": 0.1411, "2025-12-30": 0.1423},
            }
        },
        "commodities": {
            "oxide": {
                "unit": "CNY/t",
                "traded": False,
                "forward_curve": {"2026-01-01": "452,000 CNY/t"},
                "model": {"kind": "gbm", "volatility": SIGMA_P},
            },
            "oxide-usd": {
                "unit": "USD/kg",
                "traded": False,
                "forward_curve": {"2026-01-01": "56 USD/kg"},
                "model": {"kind": "gbm", "volatility": SIGMA_P},
            },
        },
        "correlations": [{"between": ["oxide", "cny"], "value": correlation}],
        "fixings": [
            {"commodity": "oxide", "from": "2025-12-01", "to": "2025-12-31",
             "average": "440,000 CNY/t"},
        ],
    }  # fmt: skip


def deal_terms(*, start="2026-02-01", frequency="month"):
    return {
        "deal": "yuan-floor",
        "title": "A floor on a price in yuan",
        "currency": "USD",
        "perspective": "mine",
        "parties": {
            "state": {"name": "State", "role": "provider", "public": False},
            "mine": {"name": "Mine", "role": "producer", "public": False},
        },
        "schedules": {
            "periods": {"start": start, "end": "2026-12-31", "frequency": frequency},
        },
        "observations": {
            "price": {
                "kind": "reference-price",
                "schedule": "periods",
                "commodity": "oxide",
                "pricing_dates": {"every": "month", "day": 15},
                "convert": {"exchange_rate": "cny", "vat": VAT},
            }
        },
        "legs": [
            {
                "name": "floor",
                "kind": "floor",
                "payer": "state",
                "receiver": "mine",
                "schedule": "periods",
                "reference_price": "price",
                "quantity": "1000 kg",
                "strike": "55 USD/kg",
                "payment": {"lag_days": 0},
            }
        ],
    }


def market(**more):
    return build_market(market_terms(**more))


def deal(**more):
    return build_deal(deal_terms(**more))


@pytest.mark.parametrize("correlation", [-0.7, 0.0, 0.6])
def test_a_floor_on_a_converted_price_has_the_closed_form_of_a_lognormal_product(correlation):
    """Black-76, mean F_P F_X exp(rho s_P s_X t) / (1 + v), variance s_P^2 + s_X^2 + 2 rho s_P s_X.

    Both curves are means under the pricing measure of the dollar.
    """
    found = market(correlation=correlation)
    value = contracts.value(deal(), market=found, n_paths=N_PATHS, seed=3, sampling="antithetic")
    days = [np.datetime64(f"2026-{month:02d}-15") for month in range(2, 13)]
    times = found.years(np.array(days))
    together = correlation * SIGMA_P * SIGMA_X
    expected = 1000.0 * black76(
        forward=PRICE * RATE / (1.0 + VAT) * np.exp(together * times),
        strike=55.0,
        total_variance=(SIGMA_P**2 + SIGMA_X**2 + 2.0 * together) * times,
        discount_factor=1.0,
        kind="put",
    )

    flows, errors = value.legs[0].flow_amounts, value.legs[0].flow_errors
    assert (np.abs(flows - expected) < 4.5 * errors).all()
    assert value.model.names == ("oxide", "cny")
    assert value.controls == ()


def test_at_a_certain_rate_the_price_is_a_multiple_of_the_foreign_one():
    found = market(volatility=0.0)
    item = deal(frequency="quarter", start="2026-04-01")
    paths = contracts.simulated_prices(item, market=found, n_paths=50, seed=1)
    seen = prepare([item], found).settlements[0].observe(paths)["price"]
    rows = [paths["oxide"][3 * t : 3 * t + 3].mean(axis=0) for t in range(3)]

    assert seen == pytest.approx(np.array(rows) * RATE / (1.0 + VAT), rel=1e-14)


def test_past_prices_are_converted_at_past_rates():
    """December is fixed: 440 yuan at the rate of 11 December, the latest by the 15th."""
    terms = deal_terms(start="2025-12-01")
    settlement = prepare([build_deal(terms)], market()).settlements[0]
    seen, _ = settlement.observe_settled()

    assert settlement.observations["price"].is_fixed.tolist() == [True] + [False] * 12
    assert seen["price"][0, 0] == pytest.approx(440.0 * 0.1411 / 1.13, rel=1e-15)
    stale = market_terms()
    stale["exchange_rates"]["cny"]["fixings"] = {"2025-12-01": 0.14}
    with pytest.raises(ValueError, match=r"fixings of cny .* the first missing is 2025-12-15"):
        prepare([build_deal(terms)], build_market(stale))


def test_interest_parity_from_two_yields():
    terms = market_terms()
    rate = terms["exchange_rates"]["cny"]
    del rate["forward_curve"]
    rate |= {"spot": 0.14, "foreign_yield": "china"}
    found = build_market(terms).exchange_rates["cny"].forward_curve

    assert found([0.0, 1.0, 7.3]) == pytest.approx(
        [0.14, 0.14 * math.exp(0.025), 0.14 * math.exp(0.025 * 7.3)], rel=1e-13
    )


def test_paths_of_your_own_need_the_rate_too():
    names, dates = contracts.pricing_grid(deal(), market())
    assert names == ("oxide", "cny")
    with pytest.raises(ValueError, match="prices must hold oxide, cny"):
        contracts.value(deal(), market=market(), prices={"oxide": np.ones((len(dates), 2))})


def test_what_is_left_of_a_report_names_the_rate():
    from contracts.reports.assumptions import market_lines

    value = contracts.value(deal(), market=market(), n_paths=64, seed=1)
    lines = market_lines(value.market, value.deal, value.model.names)
    assert (
        "cny: gbm (volatility 0.12, risk premium 0), USD/CNY, 0.14 today, 0.14 in ten years, "
        "an assumption"
    ) in lines
    assert value.market.risk_factors().loc[("cny", "log price")].iloc[0] == "gbm"


@pytest.mark.parametrize(
    ("path", "new", "message"),
    [
        (("cny", "currency"), "USD", "cny.currency must be another than that of the market"),
        (("cny", "currency"), "AUD", "must be in USD, the currency of the market"),
        (
            ("cny", "forward_curve"),
            None,
            "must have either forward_curve or spot, and",
        ),
        (("cny", "foreign_yield"), "china", "foreign_yield must be given with spot, and only"),
        (("cny", "forward_curve"), {"2025-01-01": 0.1}, "must not lie before the valuation date"),
        (("cny", "fixings"), {"2026-02-01": 0.1}, "must not lie after the valuation date"),
        (("cny", "model"), {"kind": "gmb"}, "model.kind is not a known kind; did you mean gbm"),
    ],
)
def test_what_is_wrong_with_a_rate_is_said(path, new, message):
    terms = market_terms()
    place = terms["exchange_rates"][path[0]]
    if new is None:
        del place[path[1]]
    else:
        place[path[1]] = new
    with pytest.raises(TermSheetError, match=message):
        build_market(terms)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"convert": None}, "price.convert must be given for a price in CNY; oxide is in CNY/kg"),
        ({"convert": {"exchange_rate": "cnh", "vat": 0.0}}, "must name an exchange rate of"),
        ({"commodity": "oxide-usd"}, "must be a rate of USD, the currency of oxide-usd; cny is in"),
        ({"convert": {"exchange_rate": "cny"}}, "convert.vat"),
        ({"convert": {"exchange_rate": "cny", "vat": 13}}, "convert.vat"),
    ],
)
def test_what_is_wrong_with_a_conversion_is_said(changes, message):
    terms = deal_terms()
    terms["observations"]["price"] |= changes
    if changes.get("convert", 1) is None:
        del terms["observations"]["price"]["convert"]
    with pytest.raises(TermSheetError, match=message):
        contracts.value(build_deal(terms), market=market(), n_paths=64)
