"""Tests of residuals against another program's."""

import numpy as np
import pytest
from scipy.stats import chi2

from montecarlo.calibrate import diagnose

stattools = pytest.importorskip("statsmodels.stats.stattools")
diagnostic = pytest.importorskip("statsmodels.stats.diagnostic")
models = pytest.importorskip("statsmodels.api")

RESIDUALS = {
    "normal": np.random.default_rng(1).standard_normal(200),
    "fat": np.random.default_rng(2).standard_t(3, 150),
    "trending": np.cumsum(np.random.default_rng(3).standard_normal(120)) / 5.0,
}


@pytest.mark.parametrize("kind", RESIDUALS)
def test_statistics_are_those_of_statsmodels(kind):
    values = RESIDUALS[kind]
    independent, normal, even = diagnose(values)
    box = diagnostic.acorr_ljungbox(values, lags=[10]).iloc[0]
    bera = stattools.jarque_bera(values)
    squares = values**2
    before = np.column_stack([squares[5 - k : -k] for k in range(1, 6)])
    engle = models.OLS(squares[5:], models.add_constant(before)).fit()

    assert independent.statistic == pytest.approx(box["lb_stat"], rel=1e-9)
    assert independent.p_value == pytest.approx(box["lb_pvalue"], rel=1e-7)
    assert (normal.statistic, normal.p_value) == pytest.approx(bera[:2], rel=1e-7)
    assert even.statistic == pytest.approx(engle.nobs * engle.rsquared, rel=1e-7)
    assert even.p_value == pytest.approx(chi2.sf(even.statistic, 5), rel=1e-7)


def test_short_residuals_use_fewer_lags():
    assert diagnose(RESIDUALS["normal"][:20])[0].degrees == 4


def test_bad_residuals_are_refused():
    with pytest.raises(ValueError, match="residuals must be finite"):
        diagnose(np.array([1.0, np.nan, 2.0]))
