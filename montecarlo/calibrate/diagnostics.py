r"""Tests of standardised residuals: that they are independent, normal, and of one variance.

.. math::

    Q = n(n + 2)\sum_{k=1}^{m}\frac{\hat\rho_k^2}{n - k}, \qquad
    JB = \frac n6\Big(S^2 + \frac{K^2}{4}\Big), \qquad LM = n R^2

with :math:`\hat\rho_k` the autocorrelations, :math:`S` the skewness, :math:`K` the excess kurtosis
and :math:`R^2` that of squared residuals regressed on the ``m`` before.

Source: G. M. Ljung and G. E. P. Box, Biometrika 65, 1978; C. M. Jarque and A. K. Bera,
International Statistical Review 55, 1987; R. F. Engle, Econometrica 50, 1982.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.staleness import autocorrelation
from montecarlo.checks import FloatArray

REJECTED = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One test of residuals.

    Parameters
    ----------
    name
        Of the test.
    statistic, degrees
        The statistic and its degrees of freedom (chi-squared).
    p_value
        How often chance alone gives as much.
    meaning
        What it finds, in words.
    """

    name: str
    statistic: float
    degrees: int
    p_value: float
    meaning: str

    @property
    def is_rejected(self) -> bool:
        """Whether chance alone would give as much in fewer than 1% of cases."""
        return self.p_value < REJECTED


def diagnose(residuals: FloatArray, *, n_lags: int = 10) -> tuple[Diagnostic, ...]:
    """Return the tests of independence, normality and one variance, ``residuals`` being (n,).

    Fewer lags are used where there are fewer than five residuals for each.

    Examples
    --------
    Normal quantiles in rising order are normal, and anything but independent:

    >>> from scipy.special import ndtri
    >>> found = diagnose(ndtri((np.arange(60) + 0.5) / 60))
    >>> [test.name for test in found if test.is_rejected]
    ['Ljung-Box', 'ARCH']
    """
    values = checks.finite_array("residuals", residuals)
    lags = max(1, min(n_lags, values.size // 5))
    return (ljung_box(values, lags), jarque_bera(values), arch(values, max(1, lags // 2)))


def ljung_box(residuals: FloatArray, n_lags: int) -> Diagnostic:
    """Return the test of Ljung and Box: no autocorrelation up to ``n_lags``."""
    n = residuals.size
    total = sum(autocorrelation(residuals, k) ** 2 / (n - k) for k in range(1, n_lags + 1))
    statistic = n * (n + 2.0) * total
    first = autocorrelation(residuals, 1)
    return Diagnostic(
        name="Ljung-Box",
        statistic=statistic,
        degrees=n_lags,
        p_value=_tail(statistic, n_lags),
        meaning=f"independent from one to the next? First autocorrelation {first:.2f}",
    )


def jarque_bera(residuals: FloatArray) -> Diagnostic:
    """Return the test of Jarque and Bera: skewness and excess kurtosis of a normal distribution."""
    left = residuals - residuals.mean()
    spread = float(np.mean(left**2))
    skewness = float(np.mean(left**3)) / spread**1.5 if spread > 0.0 else 0.0
    excess = float(np.mean(left**4)) / spread**2 - 3.0 if spread > 0.0 else 0.0
    statistic = residuals.size / 6.0 * (skewness**2 + 0.25 * excess**2)
    return Diagnostic(
        name="Jarque-Bera",
        statistic=statistic,
        degrees=2,
        p_value=_tail(statistic, 2),
        meaning=f"normal? Skewness {skewness:.2f}, excess kurtosis {excess:.2f}",
    )


def arch(residuals: FloatArray, n_lags: int) -> Diagnostic:
    """Return Engle's test: the size of a residual does not depend on those before."""
    squares = residuals**2
    n = squares.size - n_lags
    before = [squares[n_lags - k : squares.size - k] for k in range(1, n_lags + 1)]
    regressors = np.column_stack([np.ones(n), *before])
    target = squares[n_lags:]
    fitted = regressors @ np.linalg.lstsq(regressors, target, rcond=None)[0]
    total = float(np.sum((target - target.mean()) ** 2))
    explained = 1.0 - float(np.sum((target - fitted) ** 2)) / total if total > 1e-20 * n else 0.0
    return Diagnostic(
        name="ARCH",
        statistic=n * explained,
        degrees=n_lags,
        p_value=_tail(n * explained, n_lags),
        meaning="one variance throughout, no spells of turbulence?",
    )


def _tail(statistic: float, degrees: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(degrees, statistic))
