"""The picture of an uncertain value shows its table."""

import numpy as np
import pytest

from contracts import plots
from contracts.parameter_uncertainty import parameter_uncertainty
from montecarlo.calibrate import PriceHistory, draw_parameters, fit


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(5)
    days = np.datetime64("2008-01-31") + 30 * np.arange(150)
    prices = 55.0 * np.exp(np.cumsum(0.09 * rng.standard_normal(150)))
    history = PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)
    draws = draw_parameters(fit(history, "gbm"), 4)
    return parameter_uncertainty("lynas-jare", "ndpr-oxide", draws, n_paths=64, curve="model").run()


def test_bars_are_the_deviations(found):
    table = plots.spread_table(found).droplevel("unit", axis=1) / 1e6
    ax = plots.spread(found)
    widths = [patch.get_width() for patch in ax.patches]

    assert widths == pytest.approx(
        [*table["price_deviation"], *table["parameter_deviation"]], nan_ok=True
    )
    assert [text.get_text() for text in ax.get_yticklabels()] == list(table.index)
    assert "moving with the parameters" in ax.get_title(loc="left")


def test_part_without_anything_is_refused(found):
    with pytest.raises(ValueError, match="part must have something that moves"):
        plots.spread_table(found, "clause")
