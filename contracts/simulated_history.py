r"""A fitted model run over the dates of its own history, to be held against what came.

.. math::

    \text{maximum} = \max_t P_t / P_0, \qquad
    \text{drawdown} = \max_t \Big(1 - \frac{P_t}{\max_{s \le t} P_s}\Big)

on at most 400 dates of the window, the same for the simulated paths and for what came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from contracts.conventions import DateArray, FloatArray
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.grid import TimeGrid
from montecarlo.simulation import simulate_paths

MOST_DATES = 400
N_PATHS = 4000
SEED = 20250709


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedHistory:
    """Simulated and realised prices on the same dates.

    Parameters
    ----------
    name, unit
        Of the price.
    kind
        Of the model.
    dates
        ``(n_dates,)``; the first is that of the first price.
    simulated
        ``(n_dates, n_paths)``, under the physical measure.
    realised
        ``(n_dates,)``, the latest quote on each date.
    """

    name: str
    unit: str
    kind: str
    dates: DateArray
    simulated: FloatArray
    realised: FloatArray

    def maxima(self) -> tuple[FloatArray, float]:
        """Return the highest price over the first, ``(n_paths,)``, and the realised one."""
        highest = self.simulated.max(axis=0) / self.simulated[0]
        return highest, float(self.realised.max() / self.realised[0])

    def drawdowns(self) -> tuple[FloatArray, float]:
        """Return the deepest fall from a peak, ``(n_paths,)``, and the realised one."""
        return deepest_fall(self.simulated), float(deepest_fall(self.realised[:, None])[0])


def deepest_fall(prices: FloatArray) -> FloatArray:
    """Return the deepest fall from a peak of each path of ``(n_dates, n_paths)``.

    >>> deepest_fall(np.array([[100.0], [120.0], [90.0], [130.0]]))
    array([0.25])
    """
    peak = np.maximum.accumulate(prices, axis=0)
    found: FloatArray = np.max(1.0 - prices / peak, axis=0)
    return found


def simulate_history(
    fit: Fit, history: PriceHistory, *, n_paths: int = N_PATHS, seed: int = SEED
) -> SimulatedHistory:
    """Return a fitted model simulated from the first price of its history, over its dates.

    Parameters
    ----------
    fit
        What was fitted.
    history
        To which it was fitted.
    n_paths, seed
        Of the simulation.
    """
    every = max(1, -(-len(history) // MOST_DATES))
    taken = np.unique(np.append(np.arange(0, len(history), every), len(history) - 1))
    dates, realised = history.dates[taken], history.prices[taken]
    model = replace(fit, last_price=float(realised[0])).to_model(fit.name)
    paths = simulate_paths(
        model, TimeGrid(dates[0], dates), n_paths=n_paths, seed=seed, measure="physical"
    )
    return SimulatedHistory(
        name=history.name,
        unit=history.unit,
        kind=fit.kind,
        dates=dates,
        simulated=paths[model.names[0]],
        realised=realised,
    )
