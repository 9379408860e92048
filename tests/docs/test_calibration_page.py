"""The page on calibration does what it says."""

from pathlib import Path

from tests.docs.test_readme import is_shown, run_blocks

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"


def test_blocks_print_what_is_shown(tmp_path):
    results = run_blocks(PAGE.read_text(encoding="utf-8"), tmp_path)

    assert len(results) == 6
    for ran, shown, printed in results:
        assert is_shown(shown, printed), f"{ran}\nshown:\n{shown}\nprinted:\n{printed}"
