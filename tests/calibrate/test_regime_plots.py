"""Pictures of regimes and their tables."""

import numpy as np
import pytest

from contracts import plots
from montecarlo import TimeGrid, simulate_paths
from montecarlo.calibrate import regime_probabilities
from tests.calibrate.test_regimes import FOUND, HISTORY, TRUTH, WEEKS

GRID = TimeGrid(WEEKS[0], WEEKS[:150])
PATHS = simulate_paths(TRUTH, GRID, n_paths=3, seed=5)["ndpr"]
STATES = TRUTH.regimes_on(GRID, n_paths=3, seed=5)
NAMES = ["calm", "volatile"]


def test_table_of_a_history():
    table = plots.regime_history_table(HISTORY, FOUND)

    assert table["fitted", "USD/kg"].tolist() == HISTORY.prices.tolist()
    assert np.isnan(table["volatile", "probability"].iloc[0])
    np.testing.assert_array_equal(
        table["volatile", "probability"].iloc[1:], regime_probabilities(FOUND, HISTORY)[:, 1]
    )


def test_table_of_paths():
    table = plots.regime_paths_table(PATHS, STATES, GRID.dates, names=NAMES)

    np.testing.assert_array_equal(table["price"], PATHS)
    np.testing.assert_array_equal(table["regime"] == "volatile", STATES == 1)


def test_pictures():
    pytest.importorskip("matplotlib")
    history = plots.regime_history(HISTORY, FOUND)
    paths = plots.regime_paths(PATHS, STATES, GRID.dates, names=NAMES, unit="USD/kg")

    assert history.get_ylabel() == paths.get_ylabel() == "USD/kg"
    assert "regimes as seen from the end" in history.get_title(loc="left")
    assert [text.get_text() for text in paths.get_legend().get_texts()] == NAMES
    # The coloured parts of a path cover every step once, in the colour of the date it ends on.
    parts = [line.get_ydata() for line in paths.get_lines()[1:3]]
    steps = [np.isfinite(part[1:]) & np.isfinite(part[:-1]) for part in parts]
    assert (steps[0] | steps[1]).all()
    assert (steps[1] >= (STATES[1:, 0] == 1)).all()


@pytest.mark.parametrize(
    ("regimes", "message"),
    [(STATES[:2], "regimes must have the shape of prices"), (STATES + 1, "be numbers below 2")],
)
def test_bad_regimes_are_named(regimes, message):
    with pytest.raises(ValueError, match=message):
        plots.regime_paths_table(PATHS, regimes, GRID.dates, names=NAMES)
