"""The page on coverage is what its numbers say, and the study finds an interval that is wrong."""

import json
import math
from dataclasses import replace

from docs.coverage import CASES, HIGHEST, LOWEST, NUMBERS, PAGE, measure, page

FOUND = json.loads(NUMBERS.read_text("utf-8"))


def test_the_page_is_made_from_the_numbers():
    assert PAGE.read_text("utf-8") == page(FOUND)
    assert set(FOUND) <= set(CASES)
    for name, case in FOUND.items():
        assert {key: row["truth"] for key, row in case["parameters"].items()} == dict(
            CASES[name].truth
        )


def test_a_case_is_measured():
    """GBM's intervals are exact, so that of 60 histories a binomial with 95% is held."""
    found = measure(CASES["gbm"], range(60))

    assert found["failed"] == 0
    for row in found["parameters"].values():
        assert row["held"] + row["below"] + row["above"] == 60
        # 53 or fewer have a probability of 3%, 50 or fewer of 0.03%.
        assert row["held"] >= 51


def test_a_wrong_truth_is_not_held():
    wrong = replace(CASES["gbm"], truth={"volatility": 0.6, "not there": 1.0})
    found = measure(wrong, range(10))["parameters"]

    assert found["volatility"]["above"] == 10
    assert found["not there"]["none"] == 10


def test_intervals_hold_the_truth_as_often_as_asked():
    """90% to 99%, widened by two standard errors of a share of 90% or 99% among so many seeds."""
    for name, case in FOUND.items():
        n = case["seeds"]
        below, above = (2.0 * math.sqrt(p * (1.0 - p) / n) for p in (LOWEST, HIGHEST))
        for parameter, row in case["parameters"].items():
            assert LOWEST - below <= row["held"] / n <= HIGHEST + above, (name, parameter)
            assert row["none"] == 0, (name, parameter)
