r"""Scores of a forecast distribution against what came, and how sure their averages are.

The continuous ranked probability score of a distribution :math:`F` and an observation :math:`y`

.. math::

    \mathrm{CRPS}(F, y) = \int (F(x) - 1\{x \ge y\})^2\,dx
    = \mathbb{E}|X - y| - \tfrac12\mathbb{E}|X - X'|

has the unit of the observation, is lowest on average for the right distribution, and is the
absolute error of a forecast without spread. Of :math:`m` draws :math:`x_{(1)} \le \dots \le
x_{(m)}` its estimate without bias (Ferro 2014, "fair") is

.. math::

    \frac1m\sum_i|x_i - y| - \frac{1}{m(m-1)}\sum_{i=1}^m(2i - m - 1)\,x_{(i)}

The probability integral transform :math:`F(y)` is uniform if the forecasts are right.

Sources: T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
estimation", JASA 102, 2007; C. A. T. Ferro, "Fair scores for ensemble forecasts", Quarterly
Journal of the Royal Meteorological Society 140, 2014.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray


def crps_of_draws(draws: npt.ArrayLike, observed: float) -> float:
    """Return the fair CRPS of draws ``(m,)`` in any order, in ``O(m log m)``.

    Parameters
    ----------
    draws
        At least 2, finite.
    observed
        What came, in the same unit.

    Examples
    --------
    Draws of 1 and 3 against 2: a mean distance of 1, less half of the distance 2 between them.

    >>> crps_of_draws([3.0, 1.0], 2.0)
    0.0
    >>> crps_of_draws([3.0, 1.0], 5.0)
    2.0
    """
    ordered = np.sort(checks.finite_array("draws", draws))
    n = ordered.size
    if n < 2:
        msg = f"draws must be at least 2 for a score of their spread, got {n}"
        raise ValueError(msg)
    checks.finite("observed", observed)
    weight = 2.0 * np.arange(n) - (n - 1.0)
    # From the middle one, so that draws far from zero lose no digits.
    middle = ordered[n // 2]
    spread = float(np.sum(weight * (ordered - middle))) / (n * (n - 1.0))
    return float(np.mean(np.abs(ordered - observed))) - spread


def crps_of_normal(mean: float, spread: float, observed: float) -> float:
    r"""Return the CRPS of a normal distribution.

    .. math:: \sigma\Big(z\big(2\Phi(z) - 1\big) + 2\varphi(z) - \frac{1}{\sqrt\pi}\Big), \qquad
        z = \frac{y - \mu}{\sigma}

    Without spread it is the distance.

    Examples
    --------
    At the mean it is the spread times (sqrt(2) - 1)/sqrt(pi).

    >>> round(crps_of_normal(4.0, 2.0, 4.0), 6)
    0.46739
    >>> crps_of_normal(4.0, 0.0, 4.5)
    0.5
    """
    if spread == 0.0:
        return abs(observed - mean)
    z = (observed - mean) / spread
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return spread * (z * math.erf(z / math.sqrt(2.0)) + 2.0 * density - 1.0 / math.sqrt(math.pi))


def crps_of_lognormal(mean: float, spread: float, observed: float) -> float:
    r"""Return the CRPS of a price whose logarithm is normal, against a price.

    .. math:: y\big(2\Phi(z) - 1\big) - 2e^{\mu + \sigma^2/2}
        \Big(\Phi(z - \sigma) + \Phi\big(\tfrac{\sigma}{\sqrt2}\big) - 1\Big), \qquad
        z = \frac{\ln y - \mu}{\sigma}

    Source: S. Baran and S. Lerch, "Log-normal distribution based ensemble model output statistics
    models for probabilistic wind-speed forecasting", Quarterly Journal of the Royal Meteorological
    Society 141, 2015.

    Parameters
    ----------
    mean, spread
        Of the log price.
    observed
        The price, above 0.

    Examples
    --------
    >>> crps_of_lognormal(0.0, 0.0, 3.0)
    2.0
    """
    checks.positive("observed", observed)
    if spread == 0.0:
        return abs(observed - math.exp(mean))
    z = (math.log(observed) - mean) / spread
    mean_price = math.exp(mean + 0.5 * spread * spread)
    beyond = _normal(z - spread) + _normal(spread / math.sqrt(2.0)) - 1.0
    return observed * math.erf(z / math.sqrt(2.0)) - 2.0 * mean_price * beyond


def share_below(draws: FloatArray, observed: float) -> float:
    r"""Return the probability integral transform of draws, ``(m,)``, strictly within (0, 1).

    .. math:: \frac{\#\{x_i < y\} + \tfrac12\#\{x_i = y\} + \tfrac12}{m + 1}

    Examples
    --------
    >>> share_below(np.array([1.0, 2.0, 3.0]), 2.5)
    0.625
    """
    below = np.count_nonzero(draws < observed) + 0.5 * np.count_nonzero(draws == observed)
    return float((below + 0.5) / (draws.size + 1.0))


class Average(NamedTuple):
    """A mean with its standard error, and the degrees of freedom of that error."""

    mean: float
    standard_error: float
    degrees_of_freedom: int


def average_of_dependent(values: npt.ArrayLike, n_overlapping: float = 1.0) -> Average:
    r"""Return the mean of values in order of time, with an error that respects their dependence.

    .. math::

        \mathrm{se}^2 = \frac1{nB}\sum_{j=1}^B\Lambda_j^2, \qquad
        \Lambda_j = \sqrt{\tfrac2n}\sum_{t=1}^n x_t\cos\frac{\pi j(t - \frac12)}{n}, \qquad
        B = \min\big(0.4\,n^{2/3},\ \tfrac{n}{2K}\big)

    The mean divided by this error follows Student's t with :math:`B` degrees of freedom, which is
    what makes few overlapping forecasts count as few.

    Source: E. Lazarus, D. J. Lewis, J. H. Stock and M. W. Watson, "HAR inference: recommendations
    for practice", Journal of Business and Economic Statistics 36, 2018 (equal-weighted cosines).

    Parameters
    ----------
    values
        (n,), finite.
    n_overlapping
        :math:`K`: for so many values in a row the forecasts look at a common time.

    Returns
    -------
    Average
        With an error of NaN for fewer than 2 values.

    Examples
    --------
    Two values have one cosine: the error is half of their distance.

    >>> found = average_of_dependent([1.0, 3.0])
    >>> found.mean, round(found.standard_error, 12), found.degrees_of_freedom
    (2.0, 1.0, 1)
    """
    series = checks.finite_array("values", values)
    n = series.size
    if n == 0:
        return Average(math.nan, math.nan, 0)
    mean = float(series.mean())
    if n < 2:
        return Average(mean, math.nan, 0)
    n_cosines = max(1, int(min(0.4 * n ** (2.0 / 3.0), n / (2.0 * max(n_overlapping, 1.0)))))
    frequency = np.arange(1, n_cosines + 1)[:, None]
    angle = math.pi * frequency * (np.arange(n) + 0.5) / n
    weights = math.sqrt(2.0 / n) * np.sum((series - mean) * np.cos(angle), axis=1)
    return Average(mean, float(math.sqrt(np.mean(weights**2) / n)), n_cosines)


def effective_number(n: int, n_overlapping: float) -> float:
    r"""Return how many independent forecasts ``n`` overlapping ones are worth.

    .. math:: n_e = n\Big/\Big(1 + 2\sum_{k=1}^{K-1}
        \big(1 - \tfrac kn\big)\big(1 - \tfrac kK\big)\Big)

    for forecasts over :math:`K` steps made at every step, whose errors share :math:`1 - k/K` of
    their time when they are made :math:`k` steps apart. It is about :math:`n/K`.

    Examples
    --------
    Ten forecasts a year ahead, each half-year: 2 in a row share half of their year.

    >>> round(effective_number(10, 2.0), 3)
    5.263
    >>> effective_number(10, 1.0)
    10.0
    """
    shared = np.arange(1, min(n, math.ceil(n_overlapping)))
    common = np.maximum(1.0 - shared / n_overlapping, 0.0)
    return float(n / (1.0 + 2.0 * np.sum((1.0 - shared / n) * common)))


def coverage_error(level: float, n: int, n_overlapping: float = 1.0) -> float:
    r"""Return the standard error of a share of hits if the level is right.

    .. math:: \sqrt{p(1 - p)/n_e}

    Examples
    --------
    >>> coverage_error(0.5, 25)
    0.1
    """
    if n == 0:
        return math.nan
    return math.sqrt(level * (1.0 - level) / effective_number(n, n_overlapping))


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
