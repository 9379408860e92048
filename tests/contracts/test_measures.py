"""Both measures of a market side by side: tables, lines, the command."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import contracts
from contracts.catalogue import load_market, markets
from contracts.cli import main
from contracts.market_document import market_document
from contracts.market_sheet import build_market, read_market
from contracts.measures import measure_rows, premium_lines, risk_factor_rows

HERE = Path(__file__).parent
TERMS = {
    "market": "three-prices",
    "title": "Three prices",
    "valuation_date": "2026-01-01",
    "currency": "USD",
    "discount": {"name": "flat", "zero_rates": {"2027-01-01": 0.04}},
    "commodities": {
        "oxide": {
            "unit": "USD/kg",
            "traded": False,
            "forward_curve": {"2026-01-01": "100 USD/kg", "2031-01-01": "80 USD/kg"},
            "model": {
                "kind": "schwartz-smith", "mean_reversion": 0.5, "short_volatility": 0.35,
                "long_volatility": 0.15, "correlation": 0.3, "short_risk_premium": 0.04,
                "long_risk_premium": -0.01,
            },
        },
        "power": {
            "unit": "USD/MWh",
            "traded": True,
            "interpolation": "step",
            "forward_curve": {"2026-01-01": "-5 USD/MWh", "2026-07-01": "0 USD/MWh"},
            "model": {"kind": "constant"},
        },
        "copper": {
            "unit": "USD/kg",
            "traded": True,
            "forward_curve": {"2026-01-01": "9 USD/kg"},
            "model": {"kind": "gbm", "volatility": 0.2, "risk_premium": 0.03},
        },
    },
    "correlations": [{"between": ["oxide", "copper"], "value": 0.4}],
}  # fmt: skip


@pytest.fixture(scope="module")
def market():
    return build_market(TERMS)


@pytest.fixture
def offtake(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["offtake", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_risk_factors_by_name(market):
    rows = dict(risk_factor_rows(market))

    assert list(rows) == [("oxide", "short-term"), ("oxide", "long-term"), ("copper", "log price")]
    short, long = rows["oxide", "short-term"], rows["oxide", "long-term"]
    assert (short["mean_reversion"], short["volatility"], short["risk_premium"]) == (
        0.5,
        0.35,
        0.04,
    )
    assert (long["mean_reversion"], long["volatility"], long["risk_premium"]) == (0.0, 0.15, -0.01)
    # ln 2 / 0.5 years.
    assert short["half_life"] == pytest.approx(12.0 * 1.3862943611198906, rel=1e-14)
    assert long["half_life"] == math.inf
    assert [row["forward_curve"] for row in rows.values()] == ["assumption", "assumption", "quoted"]


def test_expected_prices_and_drifts_by_hand(market):
    rows = dict(measure_rows(market, years=[1.0, 5.0]))
    oxide, copper = rows["oxide", 5.0], rows["copper", 5.0]
    # 1826 days to 2031-01-01, of which five years are 1825.
    pricing = 100.0 * 0.8 ** (1825 / 1826)
    premium = 0.04 * (1.0 - math.exp(-2.5)) / 0.5 - 0.01 * 5.0

    assert oxide["pricing"] == pytest.approx(pricing, rel=1e-13)
    assert oxide["physical"] == pytest.approx(pricing * math.exp(premium), rel=1e-13)
    assert oxide["premium"] == pytest.approx(math.expm1(premium), rel=1e-12)
    assert oxide["pricing_drift"] == pytest.approx(math.log(0.8) / (1826 / 365), rel=1e-12)
    assert oxide["physical_drift"] - oxide["pricing_drift"] == pytest.approx(premium / 5.0)
    assert (copper["pricing_drift"], copper["physical_drift"]) == pytest.approx((0.0, 0.03))
    # A price that passes zero has no logarithmic drift, and one of zero no ratio.
    assert rows["power", 1.0]["pricing"] == rows["power", 1.0]["physical"] == 0.0
    assert math.isnan(rows["power", 1.0]["pricing_drift"])
    assert math.isnan(rows["power", 1.0]["premium"])


def test_the_tables_of_a_market(market):
    table = market.measures([2.0])
    assert list(table.index) == [("oxide", 2.0), ("power", 2.0), ("copper", 2.0)]
    assert table.loc[("copper", 2.0), ("physical", "")] == pytest.approx(9.0 * math.exp(0.06))
    assert market.risk_factors().loc[("copper", "log price"), ("risk_premium", "1/yr")] == 0.03


@pytest.mark.parametrize("years", [0.0, -1.0, math.nan, math.inf])
def test_a_horizon_lies_ahead(market, years):
    with pytest.raises(ValueError, match=f"years must be above zero, got {years}"):
        measure_rows(market, years=[1.0, years])


def test_an_unquoted_curve_has_an_assumed_premium(market):
    assert premium_lines(market, ["oxide", "power", "copper", "absent"]) == [
        "oxide: risk premium 4% a year (short-term), -1% a year (long-term) is an assumption, as "
        "no forward curve is quoted"
    ]


def test_a_valuation_prints_the_assumed_premium(offtake):
    code, out, _ = offtake("value", "lynas-jare", "--paths", "512")

    assert code == 0
    assert "ndpr-oxide: risk premium 2% a year (log price) is an assumption" in out


@pytest.mark.parametrize("name", markets())
def test_every_built_in_market_is_shown(offtake, name):
    code, out, _ = offtake("market", name)
    found = load_market(name)

    assert code == 0
    assert found.title in out
    for commodity in found.commodities:
        assert out.count(commodity) > 3
    for source in found.sources:
        assert f"{source.path} [{source.mark}]" in out


def test_a_market_as_json_is_one_document(offtake):
    code, out, _ = offtake("market", str(HERE / "curves.yaml"), "--json")
    document = json.loads(out)
    market = read_market(HERE / "curves.yaml")

    assert code == 0
    assert document["market"] == "some-curves"
    assert document["commodities"]["oxide"]["forward_curve"] == "assumption"
    gas = next(row for row in document["measures"] if row["commodity"] == "gas")
    assert gas["years"] == 1.0
    assert gas["pricing"] == float(market.commodity("gas").forward_curve(1.0))
    assert document["discount"]["zero_rates"][2] == {
        "years": 10.0,
        "zero_rate": market.zero_rate_in(10.0),
    }
    assert np.array(document["correlation_matrix"]).tolist() == np.eye(5).tolist()
    half_lives = {row["commodity"]: row["half_life"] for row in document["risk_factors"]}
    assert half_lives["oxide"] is None
    assert half_lives["gas"] == pytest.approx(12 * math.log(2) / 1.5)


def test_the_document_of_a_market_keeps_its_sources():
    document = market_document(contracts.load_market("uk-power-2025-07-01"))

    assert document["sources"][0]["path"] == "discount"
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_a_market_that_is_not_there_is_said(offtake):
    code, out, err = offtake("market", "uk-power")

    assert (code, out) == (2, "")
    assert "did you mean uk-power-2025-07-01?" in err
