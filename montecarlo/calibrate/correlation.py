r"""Correlation of the returns of several prices, from histories of unequal length.

For two prices, over the periods that both have,

.. math::

    \hat\rho = \frac{\sum_i u_i v_i}{\big(\sum_i u_i^2\sum_i v_i^2\big)^{1/2}}, \qquad
    u_i = \frac{r_i - \hat m\,\Delta_i}{\sqrt{\Delta_i}},

with :math:`r_i` the change of the log price over :math:`\Delta_i` periods, one or, across a gap,
more; :math:`v_i` is the same of the other price. By Fisher's transform

.. math::

    \operatorname{artanh}\hat\rho \approx
    N\big(\operatorname{artanh}\rho,\ 1/(n - 3)\big).

Each pair uses all it has, so the matrix need not be one that correlations can have.

Source: R. A. Fisher, "On the probable error of a coefficient of correlation deduced from a small
sample", Metron 1, 1921.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.calibrate.history import PriceHistory, periods
from montecarlo.calibrate.horizons import as_horizon, sample
from montecarlo.checks import FloatArray
from montecarlo.correlation_matrix import NearestCorrelation, nearest_correlation

FEWEST_CHANGES = 6
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrelationEstimate:
    """Correlations pair by pair, and how sure they are.

    Parameters
    ----------
    names
        Of the prices.
    horizon
        At which their returns were taken.
    pairwise
        (n, n) estimates, ones on the diagonal; not always a matrix that correlations can have.
    standard_error, low, high
        (n, n) of each pair, and its 95% interval by Fisher's transform.
    n_changes
        (n, n) how many returns each pair has in common.
    """

    names: tuple[str, ...]
    horizon: str
    pairwise: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    n_changes: npt.NDArray[np.int64]

    @property
    def matrix(self) -> FloatArray:
        """The estimates, for a joint model.

        Raises
        ------
        ValueError
            If they contradict each other, saying by how much and what to do.
        """
        least = float(np.linalg.eigvalsh(self.pairwise)[0])
        if least <= 0.0:
            moved = self.nearest()
            i, j = moved.largest_pair
            msg = (
                f"correlations estimated pair by pair must be positive definite together, got an "
                f"eigenvalue of {least:.3g}; nearest() gives the nearest that are, at a distance "
                f"of {moved.distance:.3g}, and moves {self.names[i]} with {self.names[j]} most, "
                f"from {self.pairwise[i, j]:.3g} to {moved.matrix[i, j]:.3g}"
            )
            raise ValueError(msg)
        return self.pairwise

    def nearest(self) -> NearestCorrelation:
        """Return the nearest matrix that correlations can have, and how far it is."""
        return nearest_correlation(self.pairwise)

    def rows(self) -> list[dict[str, str | float | int]]:
        """Return one row a pair, for a table."""
        return [
            {
                "first": self.names[j],
                "second": self.names[i],
                "correlation": float(self.pairwise[i, j]),
                "standard_error": float(self.standard_error[i, j]),
                "low": float(self.low[i, j]),
                "high": float(self.high[i, j]),
                "n_changes": int(self.n_changes[i, j]),
            }
            for i in range(len(self.names))
            for j in range(i)
        ]


def estimate_correlation(histories: Sequence[PriceHistory], *, horizon: str) -> CorrelationEstimate:
    """Return the correlations of the returns of some prices, each pair over what both have.

    Parameters
    ----------
    histories
        At least two prices, of different names, above zero.
    horizon
        Spacing of the returns, one of :data:`~montecarlo.calibrate.horizons.HORIZONS`. Daily
        quotes that are stale, or taken at other hours, correlate less than the prices behind them:
        take the horizon of the contract.

    Raises
    ------
    ValueError
        For a pair with fewer than 6 returns in common, or a price that does not move in them.

    Examples
    --------
    >>> dates = np.arange("2020-01", "2021-01", dtype="datetime64[M]").astype("datetime64[D]")
    >>> up = np.exp(0.1 * np.sin(np.arange(12)))
    >>> histories = [
    ...     PriceHistory(name="nd", unit="USD/kg", dates=dates, prices=50.0 * up),
    ...     PriceHistory(name="pr", unit="USD/kg", dates=dates[2:], prices=60.0 / up[2:]),
    ... ]
    >>> found = estimate_correlation(histories, horizon="month")
    >>> found.pairwise.round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    >>> int(found.n_changes[0, 1])  # from March to November: December is not over
    8
    """
    as_horizon(horizon)
    names = checks.unique_names("names of histories", [history.name for history in histories])
    n = len(names)
    if n < 2:
        msg = f"histories must be at least two, got {n}"
        raise ValueError(msg)
    series = [_labelled(history, horizon) for history in histories]
    pairwise, standard_error = np.eye(n), np.zeros((n, n))
    low, high = np.eye(n), np.eye(n)
    n_changes = np.zeros((n, n), dtype=np.int64)
    for i in range(n):
        n_changes[i, i] = series[i][0].size - 1
        for j in range(i):
            value, count = _pair(names[j], names[i], series[j], series[i])
            reach = NORMAL_95 / math.sqrt(count - 3.0)
            middle = math.atanh(min(max(value, -1.0 + 1e-15), 1.0 - 1e-15))
            for table, entry in (
                (pairwise, value),
                (standard_error, (1.0 - value * value) / math.sqrt(count - 3.0)),
                (low, math.tanh(middle - reach)),
                (high, math.tanh(middle + reach)),
                (n_changes, count),
            ):
                table[i, j] = table[j, i] = entry
    return CorrelationEstimate(
        names=names,
        horizon=horizon,
        pairwise=pairwise,
        standard_error=standard_error,
        low=low,
        high=high,
        n_changes=n_changes,
    )


def _labelled(history: PriceHistory, horizon: str) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return the number of the day, week, month or quarter of each price, and its logarithm."""
    taken = sample(history, horizon)
    span = horizon.partition("-")[0]
    if span == "daily":
        return taken.dates.astype("datetime64[D]").astype(np.int64), taken.log_prices()
    return periods(taken.dates, span), taken.log_prices()


def _pair(
    first: str,
    second: str,
    one: tuple[npt.NDArray[np.int64], FloatArray],
    other: tuple[npt.NDArray[np.int64], FloatArray],
) -> tuple[float, int]:
    both, at_one, at_other = np.intersect1d(one[0], other[0], return_indices=True)
    count = both.size - 1
    if count < FEWEST_CHANGES:
        msg = (
            f"{first} and {second} must have at least {FEWEST_CHANGES} returns in common, got "
            f"{max(count, 0)}"
        )
        raise ValueError(msg)
    gap = np.diff(both).astype(np.float64)
    shocks = []
    for name, logs in ((first, one[1][at_one]), (second, other[1][at_other])):
        change = np.diff(logs)
        shock = (change - gap * float(change.sum()) / float(gap.sum())) / np.sqrt(gap)
        if not float(np.abs(shock).max()) > 1e-12:
            msg = f"{name} must move in the {count} returns that {first} and {second} share"
            raise ValueError(msg)
        shocks.append(shock)
    u, v = shocks
    value = float((u * v).sum()) / math.sqrt(float((u * u).sum()) * float((v * v).sum()))
    return min(max(value, -1.0), 1.0), count
