r"""Seasons estimated from a monthly history of prices.

With :math:`s_m` the logarithm of the factor of month :math:`m`, :math:`\sum_m s_m = 0`:

- ``"changes"``: least squares on the changes from each month to the next,

  .. math:: \ln P_t - \ln P_{t-1} = \mu + s_{m(t)} - s_{m(t-1)} + \varepsilon_t ,

  right where shocks to the price stay, as in a random walk. Standard errors are those of least
  squares; an F test says whether there are seasons at all.
- ``"centred-mean"``: the classic decomposition,

  .. math::

      d_t = \ln P_t - \tfrac1{24}\Big(\ln P_{t-6} + 2\!\!\sum_{|j| \le 5}\!\ln P_{t+j}
      + \ln P_{t+6}\Big), \qquad s_m = \bar d_m - \tfrac1{12}\sum_j \bar d_j,

  right where prices come back to a slow trend. Standard errors are those of the mean over the
  years, which they take to be independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.elimination import solve
from montecarlo.grid import DateArray, DateLike, as_dates
from montecarlo.seasonality import MONTHS, MonthlySeasonality

EstimationMethod: TypeAlias = Literal["changes", "centred-mean"]
"""How seasons are told from the rest."""

FEWEST = 2
"""Years in which each month, or each change between two months, must be seen."""

MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_HALF = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeasonalityEstimate:
    """Factors of the months, and how sure they are.

    Parameters
    ----------
    log_factors
        :math:`s_1` to :math:`s_{12}`, their sum 0.
    standard_errors
        Of the log factors, shape (12,).
    n_observations
        Changes, or deviations, that were used.
    residual_volatility
        Of what is left, annualised where it is of changes, 1/sqrt(yr); else of a deviation.
    p_value
        Of the hypothesis that there are no seasons; None where the method has no test.
    method
        How it was estimated.
    """

    log_factors: FloatArray
    standard_errors: FloatArray
    n_observations: int
    residual_volatility: float
    p_value: float | None
    method: EstimationMethod

    def seasonality(self) -> MonthlySeasonality:
        """Return the factors, normalised by the mean of their logarithms."""
        return MonthlySeasonality(months=portable.exp(self.log_factors), normalised_by="mean-log")


def estimate_seasonality(
    dates: Sequence[DateLike] | DateArray,
    prices: npt.ArrayLike,
    *,
    method: EstimationMethod,
) -> SeasonalityEstimate:
    """Return the seasons in a monthly history.

    Parameters
    ----------
    dates
        One of each month, on any day of it, in order; months may be missing.
    prices
        Above zero, shape (n_dates,), such as monthly means.
    method
        ``"changes"`` or ``"centred-mean"``.

    Raises
    ------
    ValueError
        Naming the date of a price that is not above zero or of a second price in a month, and the
        month that is not seen in two years.

    Examples
    --------
    >>> dates = np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]")
    >>> winter = np.where(np.arange(48) % 12 < 6, 1.21, 1.0)
    >>> found = estimate_seasonality(dates, 50.0 * winter, method="centred-mean")
    >>> found.log_factors[[0, 11]].round(4)
    array([ 0.0953, -0.0953])
    """
    days = as_dates("dates", dates)
    values = checks.same_length("prices", checks.finite_array("prices", prices), "dates", days.size)
    low = np.flatnonzero(values <= 0.0)
    if low.size:
        i = int(low[0])
        msg = f"prices must be above 0, got {float(values[i])!r} on {days[i]}"
        raise ValueError(msg)
    if method not in get_args(EstimationMethod):
        msg = f"method must be 'changes' or 'centred-mean', got {method!r}"
        raise ValueError(msg)
    months = days.astype("datetime64[M]").astype(np.int64)
    wrong = np.flatnonzero(np.diff(months) <= 0)
    if wrong.size:
        i = int(wrong[0]) + 1
        msg = f"dates must be one of each month, in order, got {days[i]} after {days[i - 1]}"
        raise ValueError(msg)
    estimate = _by_changes if method == "changes" else _by_centred_mean
    return estimate(months, portable.log(values))


def _by_changes(months: npt.NDArray[np.int64], logs: FloatArray) -> SeasonalityEstimate:
    follows = np.diff(months) == 1
    after = months[1:][follows] % MONTHS
    change = np.diff(logs)[follows]
    _check_seen(np.bincount(after, minlength=MONTHS), "a change to")
    n = change.size
    # One column for the drift and one for each month but December, which is less their sum.
    design = np.zeros((n, MONTHS))
    design[:, 0] = 1.0
    for sign, month in ((1.0, after), (-1.0, (after - 1) % MONTHS)):
        is_last = month == MONTHS - 1
        design[is_last, 1:] -= sign
        rows = np.flatnonzero(~is_last)
        design[rows, 1 + month[rows]] += sign
    squares = np.array([[_sum(a * b) for b in design.T] for a in design.T])
    found = solve(squares, np.array([_sum(column * change) for column in design.T]))
    fitted = np.cumsum(design * found, axis=1)[:, -1]
    rest = _sum((change - fitted) ** 2)
    spare = n - MONTHS
    inverse = np.array([solve(squares, unit) for unit in np.eye(MONTHS)])
    variance = rest / spare * inverse[1:, 1:]
    last = _sum(variance.ravel())
    return SeasonalityEstimate(
        log_factors=np.append(found[1:], -_sum(found[1:])),
        standard_errors=np.sqrt(np.append(np.diagonal(variance), last)),
        n_observations=n,
        residual_volatility=math.sqrt(MONTHS * rest / spare),
        p_value=_p_value(change, rest, spare),
        method="changes",
    )


def _by_centred_mean(months: npt.NDArray[np.int64], logs: FloatArray) -> SeasonalityEstimate:
    weights = np.full(2 * _HALF + 1, 1.0 / MONTHS)
    weights[[0, -1]] = 0.5 / MONTHS
    deviations: list[list[float]] = [[] for _ in range(MONTHS)]
    for i in range(_HALF, months.size - _HALF):
        window = slice(i - _HALF, i + _HALF + 1)
        if months[i + _HALF] - months[i - _HALF] == 2 * _HALF:
            deviations[months[i] % MONTHS].append(float(logs[i]) - _sum(weights * logs[window]))
    counts = np.array([len(found) for found in deviations])
    _check_seen(counts, "a year around")
    means = np.array([_sum(found) / len(found) for found in deviations])
    spread = np.array(
        [_sum((np.array(d) - mean) ** 2) for d, mean in zip(deviations, means, strict=True)]
    )
    n = int(counts.sum())
    return SeasonalityEstimate(
        log_factors=means - _sum(means) / MONTHS,
        standard_errors=np.sqrt(spread / (counts - 1) / counts),
        n_observations=n,
        residual_volatility=math.sqrt(_sum(spread) / (n - MONTHS)),
        p_value=None,
        method="centred-mean",
    )


def _check_seen(counts: npt.NDArray[np.int64], what: str) -> None:
    rare = np.flatnonzero(counts < FEWEST)
    if rare.size:
        month = int(rare[0])
        msg = (
            f"prices must show {what} each month at least {FEWEST} times, got "
            f"{int(counts[month])} of {MONTH_NAMES[month]}"
        )
        raise ValueError(msg)


def _p_value(change: FloatArray, rest: float, spare: int) -> float:
    from scipy.special import fdtrc

    whole = _sum((change - _sum(change) / change.size) ** 2)
    free = MONTHS - 1
    if rest == 0.0:
        return 0.0 if whole > 0.0 else 1.0
    return float(fdtrc(free, spare, (whole - rest) / free / (rest / spare)))


def _sum(values: npt.ArrayLike) -> float:
    return math.fsum(np.asarray(values, dtype=np.float64).ravel().tolist())
