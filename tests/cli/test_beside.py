"""A term sheet names its market by a file beside it, wherever the command runs."""

from pathlib import Path

import contracts
from contracts.run import market_of


def test_a_market_beside_the_sheet_is_found_from_anywhere(tmp_path, monkeypatch):
    built_in = Path(contracts.__file__).parent
    sheet = (built_in / "deals" / "lynas-jare.yaml").read_text()
    named = "market: critical-minerals-2026-06-30"
    assert named in sheet
    (tmp_path / "ours.yaml").write_text(sheet.replace(named, "market: our-market.yaml"))
    market = (built_in / "markets" / "critical-minerals-2026-06-30.yaml").read_text()
    (tmp_path / "our-market.yaml").write_text(market)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    deal = contracts.load("../ours.yaml")

    assert Path(market_of(deal)).name == "our-market.yaml"
    assert contracts.value(deal, n_paths=64).market.name == "critical-minerals-2026-06-30"
