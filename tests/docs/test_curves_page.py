"""The page on curves does what it says."""

from pathlib import Path

from contracts.market_sheet import read_market
from tests.docs.test_readme import files, is_shown, run_blocks

PAGE = Path(__file__).parents[2] / "docs" / "curves.md"


def test_blocks_print_what_is_shown(tmp_path):
    results = run_blocks(PAGE.read_text(encoding="utf-8"), tmp_path)

    assert len(results) == 5
    for ran, shown, printed in results:
        assert is_shown(shown, printed), f"{ran}\nshown:\n{shown}\nprinted:\n{printed}"


def test_the_implied_winter_is_left_out_for_its_rounding(tmp_path):
    path = tmp_path / "gas-and-oxide.yaml"
    path.write_text(files(PAGE.read_text(encoding="utf-8"))[path.name], encoding="utf-8")
    market = read_market(path)

    # (92 x 38.75 + 90 x 43.30) / 182 = 41.0000.
    assert (92 * 38.75 + 90 * 43.30) / 182 == 41.0
    assert market.valuation_date.year == 2026
