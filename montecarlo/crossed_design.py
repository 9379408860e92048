r"""How much of a variance comes from the parameters, how much from the paths: a crossed design.

With :math:`X_{mp}` the outcome under the :math:`m`-th draw of the parameters on path :math:`p`, the
same random numbers for every draw,

.. math::

    \mathrm{Var}(X) = \underbrace{\mathbb{E}\,\mathrm{Var}(X|\theta)}_{\text{within}}
    + \underbrace{\mathrm{Var}\,\mathbb{E}(X|\theta)}_{\text{between}}, \qquad
    \hat W = \frac1M\sum_m s_m^2, \qquad
    \hat B = s^2(\bar X_{1\cdot}, \dots, \bar X_{M\cdot}) - \frac{\mathrm{MS}_{AB}}{n}, \qquad
    \mathrm{MS}_{AB} = \frac{\sum_{mp}(X_{mp} - \bar X_{m\cdot} - \bar X_{\cdot p}
    + \bar X_{\cdot\cdot})^2}{(M - 1)(n - 1)}

Means over :math:`n` paths are not expectations: their noise adds to the variance between them. On
independent paths it would add :math:`\hat W/n`. On common paths the noise that all means share adds
nothing, and what is left is the interaction of draws and paths, whose mean square is subtracted:
the variance of :math:`X_{mp}` less its mean covariance between draws. Both estimates have no bias;
:math:`\hat B` may come out below zero, which says that it cannot be told from zero.

The standard errors add the jackknife variance over draws to that over groups of paths, for both
were drawn; what depends on both is counted twice, which errs on the safe side.

Source: S. R. Searle, G. Casella and C. E. McCulloch, "Variance components", Wiley 1992, chapter 4
(two-way crossed classification, random model).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo.checks import FloatArray

ROUNDING = 1e-12
"""An interaction below this share of the sum of squares cannot be told from rounding."""
N_GROUPS = 20
"""Groups of paths that the jackknife leaves out one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents:
    """The two parts of a variance, each with its standard error.

    Parameters
    ----------
    within
        Mean variance over paths given the parameters.
    between
        Variance over parameters of the mean over paths, corrected; may be below zero.
    share
        Of the parameters in the whole: ``between / (within + between)``.
    correction
        What was subtracted for the noise of the means.
    independent_correction
        What it would have been on independent paths.
    mean, mean_error
        Over draws and paths.
    """

    within: float
    within_error: float
    between: float
    between_error: float
    share: float
    share_error: float
    correction: float
    independent_correction: float
    mean: float
    mean_error: float
    n_draws: int
    n_paths: int

    @property
    def total(self) -> float:
        """The whole variance."""
        return self.within + self.between

    def deviation(self, variance: float) -> float:
        """Return the square root of a component; NaN where it came out below zero."""
        return math.sqrt(variance) if variance >= 0.0 else math.nan


def variance_components(samples: FloatArray) -> VarianceComponents:
    """Return how much of a variance comes from the draws and how much from the paths.

    Parameters
    ----------
    samples
        (n_draws, n_paths), at least 3 draws and 40 paths, column by column on the same random
        numbers.

    Raises
    ------
    ValueError
        For too few, or a sample that is not finite.

    Examples
    --------
    Draws that move every path alike have no interaction, and so no correction:

    >>> paths = np.tile([1.0, 3.0], 20)
    >>> found = variance_components(np.array([10.0, 20.0, 60.0])[:, None] + paths)
    >>> round(found.between, 9), round(found.within, 9), found.correction
    (700.0, 1.025641026, 0.0)
    """
    array = np.asarray(samples, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] < 3 or array.shape[1] < 2 * N_GROUPS:
        msg = f"samples must be at least 3 draws x {2 * N_GROUPS} paths, got shape {array.shape}"
        raise ValueError(msg)
    if not np.all(np.isfinite(array)):
        msg = "samples must be finite numbers, got nan or inf"
        raise ValueError(msg)
    found = _Sums.of(array)
    whole = found.components()
    over_draws = found.without_each_draw()
    groups = np.arange(array.shape[1]) % N_GROUPS
    over_paths = np.array(
        [_Sums.of(array[:, groups != group]).components() for group in range(N_GROUPS)]
    )
    n_draws, n_paths = array.shape
    error = np.sqrt(_jackknife(over_draws) + _jackknife(over_paths))
    within, between, mean = whole
    share = _share(within, between)
    share_error = math.sqrt(
        float(_jackknife(_shares(over_draws))) + float(_jackknife(_shares(over_paths)))
    )
    return VarianceComponents(
        within=within,
        within_error=float(error[0]),
        between=between,
        between_error=float(error[1]),
        share=share,
        share_error=share_error,
        correction=found.interaction() / n_paths,
        independent_correction=within / n_paths,
        mean=mean,
        mean_error=float(error[2]),
        n_draws=n_draws,
        n_paths=n_paths,
    )


def _jackknife(left_out: FloatArray) -> FloatArray:
    n = left_out.shape[0]
    away = left_out - left_out.mean(axis=0)
    found: FloatArray = (n - 1.0) / n * np.sum(away * away, axis=0)
    return found


def _share(within: float, between: float) -> float:
    total = within + between
    return between / total if total > 0.0 else math.nan


def _shares(components: FloatArray) -> FloatArray:
    return np.array([_share(float(row[0]), float(row[1])) for row in components])


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the components need of the samples, less the mean of each draw."""

    means: FloatArray
    squares: FloatArray
    along: FloatArray
    total: float
    n_paths: int

    @classmethod
    def of(cls, samples: FloatArray) -> _Sums:
        means = samples.mean(axis=1)
        left = samples - means[:, None]
        column = left.sum(axis=0)
        return cls(
            means,
            np.sum(left * left, axis=1),
            np.sum(left * column, axis=1),
            float(np.sum(column * column)),
            samples.shape[1],
        )

    def interaction(self) -> float:
        """Return the mean square of the interaction of draws and paths."""
        n_draws = self.means.size
        whole = float(self.squares.sum())
        left = whole - self.total / n_draws
        # What rounding alone may leave of a difference that is nothing, of either sign.
        if left < ROUNDING * whole:
            return 0.0
        return left / ((n_draws - 1.0) * (self.n_paths - 1.0))

    def components(self) -> tuple[float, float, float]:
        """Return within, between and the mean."""
        within = float(self.squares.mean()) / (self.n_paths - 1.0)
        between = float(self.means.var(ddof=1)) - self.interaction() / self.n_paths
        return within, between, float(self.means.mean())

    def without_each_draw(self) -> FloatArray:
        """Return the components without one draw after another, ``(n_draws, 3)``."""
        rows = []
        for k in range(self.means.size):
            # The column sums without a draw, squared: C - R, with C'C, R'C and R'R known.
            column = self.total - 2.0 * float(self.along[k]) + float(self.squares[k])
            rest = _Sums(
                np.delete(self.means, k),
                np.delete(self.squares, k),
                np.delete(self.along, k),
                column,
                self.n_paths,
            )
            rows.append(rest.components())
        return np.array(rows)
