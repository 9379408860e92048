r"""A history without its seasons, and the seasons, to be stated beside the model of what is left.

.. math:: P_t = s_{m(t)}\,Y_t, \qquad \ln s_m \text{ estimated}, \qquad
    Y_t = P_t / s_{m(t)} \text{ fitted}

A market file has the same product the other way round: its ``seasonality`` multiplies the curve
around which its ``model`` moves, so that both can be pasted together. Within a month the factor is
constant, so that the average of a month's prices is the factor times that of what is left.

The eleven factors come from the prices that are then fitted. What is left moves less by what they
took: with :math:`k` of them seen in :math:`n` changes, the volatility is too low by about
:math:`1 - \sqrt{1 - k/n}`, which is said and not corrected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from contracts.checks import one_of, require
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample

if TYPE_CHECKING:
    from montecarlo.seasonality_estimate import EstimationMethod, SeasonalityEstimate

METHODS = ("changes", "centred-mean")
CHANCE = 0.05
"""Above this probability of as much without any, seasons are not told from none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SeasonalHistory:
    """Prices without seasons, and the seasons.

    Parameters
    ----------
    history
        What is left, in the unit of the prices: each over the factor of its month.
    estimate
        Factors of the months, and how sure they are.
    taken
        What they were estimated from, in words.
    data_hash
        SHA-256 of the prices before.
    n_seen, n_changes
        Of the fit: how many factors its prices show, less one, and in how many changes.
    """

    history: PriceHistory
    estimate: SeasonalityEstimate
    taken: str
    data_hash: str
    n_seen: int
    n_changes: int

    @property
    def understated(self) -> float:
        """By what share the volatility of what is left is too low."""
        return 1.0 - math.sqrt(1.0 - self.n_seen / self.n_changes)

    @property
    def is_monthly(self) -> bool:
        """Whether there is no more than one price a month."""
        month = self.history.dates.astype("datetime64[M]")
        return bool((month[1:] > month[:-1]).all())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, in whole sentences."""
        said = []
        chance = self.estimate.p_value
        if chance is not None and chance > CHANCE:
            said.append(
                f"seasons cannot be told from none: as much is seen without any in {chance:.0%} of "
                "histories; fit without --seasonality unless something else speaks for them"
            )
        said.append(
            f"the factors of the months come from the same {self.n_changes} changes: by that alone "
            f"the volatility is too low by about {self.understated:.1%}, and no standard error of "
            "the model knows of it"
        )
        return tuple(said)

    def fragment(self) -> str:
        """Return the YAML that stands beside the model under a commodity of a market file."""
        found = self.estimate
        months = ", ".join(f"{factor:.6g}" for factor in np.exp(found.log_factors))
        chance = "" if found.p_value is None else f", F test p = {found.p_value:.2g}"
        return (
            "# Multiplies the curve, which is then to be stated without seasons.\n"
            f"# By {found.method} of {self.taken}, {found.n_observations} of them{chance};\n"
            f"# standard errors of the logarithms {found.standard_errors.min():.2g} to "
            f"{found.standard_errors.max():.2g}.\n"
            "seasonality:\n"
            "  normalised_by: mean-log\n"
            f"  months: [{months}]\n"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, for JSON."""
        found = self.estimate
        return {
            "method": found.method,
            "estimated_from": self.taken,
            "normalised_by": "mean-log",
            "months": np.exp(found.log_factors).tolist(),
            "standard_errors_of_logs": found.standard_errors.tolist(),
            "n_observations": found.n_observations,
            "residual_volatility": found.residual_volatility,
            "p_value": found.p_value,
            "volatility_understated_by": self.understated,
            "data_sha256_with_seasons": self.data_hash,
        }


def without_seasons(history: PriceHistory, method: str, *, horizon: str) -> SeasonalHistory:
    """Return a history without the seasons that are estimated from its months.

    Parameters
    ----------
    history
        Prices above zero.
    method
        ``changes`` or ``centred-mean``; see :mod:`montecarlo.seasonality_estimate`.
    horizon
        At which it will be fitted, one price a month or fewer: averages of months give the factors
        where averages are fitted, else the last quotes of months.

    Raises
    ------
    ValueError
        For an unknown method, for more than one price a month, and as
        :func:`montecarlo.estimate_seasonality`.

    Examples
    --------
    >>> dates = np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]")
    >>> winter = np.where(np.arange(48) % 12 < 6, 1.21, 1.0)
    >>> history = PriceHistory(name="gas", unit="EUR/MWh", dates=dates, prices=50.0 * winter)
    >>> found = without_seasons(history, "centred-mean", horizon="month")
    >>> found.history.prices[[0, 11]].round(6)
    array([55., 55.])
    """
    from montecarlo import estimate_seasonality

    one_of(method, METHODS, "seasonality")
    fitted = sample(history, horizon)
    month = fitted.dates.astype("datetime64[M]").astype(np.int64)
    require(
        bool((np.diff(month) >= 1).all()),
        "horizon",
        "be month, quarter or an average with seasonality, for between two quotes of one month and "
        "the next the factors would jump",
        horizon,
    )
    is_average = bool(fitted.averaged)
    monthly = sample(history, "month-average" if is_average else "month")
    taken = "averages of months" if is_average else "last quotes of months"
    found = estimate_seasonality(
        monthly.dates, monthly.prices, method=cast("EstimationMethod", method)
    )
    factors = found.seasonality().factors(history.dates)
    said = (
        f"prices divided by factors of the months, {np.exp(found.log_factors.min()):.3g} to "
        f"{np.exp(found.log_factors.max()):.3g}, by {method} of {taken}; with seasons their sha256 "
        f"is {history.data_hash[:16]}"
    )
    left = replace(
        history,
        name=f"{history.name} without seasons",
        prices=history.prices / factors,
        notices=(*history.notices, said),
    )
    return SeasonalHistory(
        history=left,
        estimate=found,
        taken=taken,
        data_hash=history.data_hash,
        n_seen=np.unique(month % 12).size - 1,
        n_changes=month.size - 1,
    )
