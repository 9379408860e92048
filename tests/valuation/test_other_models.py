"""The same deal under other price models."""

import json
import subprocess
import sys

import numpy as np
import pytest

from contracts import load_market, simulated_prices, under_other_models, value
from contracts.amend import amend_market
from contracts.errors import TermSheetError

MARKET = "critical-minerals-2025-07-10"
CURVE = {"2025-07-10": "55 USD/kg", "2040-07-10": "80 USD/kg"}


def market_with(**alternatives):
    return amend_market(load_market(MARKET), {"commodities[ndpr-oxide].alternatives": alternatives})


def test_each_alternative_is_the_deal_on_the_amended_market():
    walk = {"kind": "gbm", "volatility": 0.4}
    market = market_with(walk={"model": walk}, dearer={"model": walk, "forward_curve": CURVE})
    base = value("mp-materials", market=market, n_paths=2048, seed=3)
    found = under_other_models(base)
    alone = value(
        "mp-materials",
        market=amend_market(
            load_market(MARKET),
            {"commodities[ndpr-oxide].model": walk, "commodities[ndpr-oxide].forward_curve": CURVE},
        ),
        n_paths=2048,
        seed=3,
    )
    table = found.table()

    assert [other.name for other in found.others] == ["walk", "dearer"]
    assert found.others[1].valuation.pv == alone.pv
    assert table.loc[("ndpr-oxide", "dearer"), "difference"] == alone.pv - base.pv
    # Along a higher curve the floor costs less.
    assert found.others[1].valuation.pv > found.others[0].valuation.pv
    # The share has the same law, and nearly the same paths.
    warrant = base.legs[2]
    assert abs(table["warrant"] - warrant.pv).max() < 0.01 * warrant.standard_error
    assert np.allclose(table[[leg.clause.name for leg in base.legs]].sum(axis=1), table["pv"])


def test_the_same_model_again_differs_by_nothing():
    own = load_market(MARKET).terms["commodities"]["ndpr-oxide"]["model"]
    base = value("mp-materials", market=market_with(same={"model": own}), n_paths=512)

    assert under_other_models(base).others[0].valuation.pv == base.pv


def test_a_price_that_jumps_stands_beside_a_single_precision_run():
    jumps = {"kind": "merton", "volatility": 0.2, "jump_intensity": 0.3, "jump_mean": 0.3,
             "jump_volatility": 0.1}  # fmt: skip
    base = value(
        "mp-materials", market=market_with(jumps={"model": jumps}), n_paths=512, precision="single"
    )

    assert under_other_models(base).others[0].kind == "merton"


def test_supplied_prices_have_no_other_model():
    prices = simulated_prices("mp-materials", n_paths=64)
    base = value("mp-materials", prices=prices, n_paths=64)

    with pytest.raises(ValueError, match="must have simulated prices"):
        under_other_models(base)


def test_an_alternative_is_checked_like_a_model():
    with pytest.raises(TermSheetError, match=r"alternatives.*walk.*volatility must be a decimal"):
        market_with(walk={"model": {"kind": "gbm", "volatility": 40}})
    with pytest.raises(TermSheetError, match=r"must not lie before the valuation date"):
        market_with(
            walk={
                "model": {"kind": "gbm", "volatility": 0.4},
                "forward_curve": {"2024-01-01": "50 USD/kg"},
            }
        )
    with pytest.raises(TermSheetError, match=r"must be a price per kg"):
        market_with(
            walk={
                "model": {"kind": "gbm", "volatility": 0.4},
                "forward_curve": {"2026-01-01": "50 USD/MWh"},
            }
        )


def test_a_deal_without_alternatives_has_none():
    assert under_other_models(value("nouveau-monde", n_paths=256)).others == ()


def test_the_command_says_them_on_request(tmp_path):
    market = market_with(walk={"model": {"kind": "gbm", "volatility": 0.4}})
    file = tmp_path / "market.json"
    file.write_text(json.dumps(market.terms, default=str))
    command = [sys.executable, "-m", "contracts", "value", "mp-materials", "--market", str(file)]
    command += ["--paths", "512"]
    plain = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    asked = subprocess.run(
        [*command, "--models", "--json"], capture_output=True, text=True, check=True
    )
    shown = subprocess.run([*command, "--models"], capture_output=True, text=True, check=True)

    assert "other_models" not in json.loads(plain.stdout)
    assert [row["model"] for row in json.loads(asked.stdout)["other_models"]] == [
        "as in the market",
        "walk",
    ]
    assert "The same deal under other models" in shown.stdout
