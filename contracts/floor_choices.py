r"""What a price floor is worth under each way of fitting the same model to the same history.

.. math::

    V = \sum_{q=1}^{4 Y} \mathrm{E}\Big[\big(K - \tfrac1m\sum_{j=1}^m P_{t_{q,j}}\big)^+\Big]

for one unit a quarter over ``Y`` years, undiscounted, with the strike and the forward curve at the
last price unless another is asked for. It is no deal: it shows how much hangs on the choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contracts.checks import positive, require
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import HORIZONS
from montecarlo.calibrate.kinds import SMOOTHING, fit, kind_of
from montecarlo.curve import ForwardCurve
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import PriceModel
from montecarlo.simulation import simulate_paths

DATES_A_QUARTER = 13
DEFAULT_YEARS = 5
N_PATHS = 4096
SEED = 20250709


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorTerms:
    """A floor on quarterly averages, one unit a quarter.

    Parameters
    ----------
    strike
        In the unit of the history.
    forward_price
        Level of the flat forward curve, the same unit.
    years
        How long it runs.
    """

    strike: float
    forward_price: float
    years: int = DEFAULT_YEARS

    def __post_init__(self) -> None:
        positive(self.strike, "floor strike")
        positive(self.forward_price, "forward price")
        require(1 <= self.years <= 50, "floor years", "be between 1 and 50", self.years)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorChoice:
    """One way of fitting, its main numbers, and the floor's value under it.

    Parameters
    ----------
    choice
        The way in words.
    horizon, smoothing
        As :func:`montecarlo.calibrate.fit` takes them.
    volatility
        Of the fit, 1/sqrt(yr); NaN for a model without one.
    value, standard_error
        Currency per unit of quantity, all quarters together; the error is that of the simulation.
    failure
        Why there is no fit, else empty.
    """

    choice: str
    horizon: str
    smoothing: str
    volatility: float = math.nan
    value: float = math.nan
    standard_error: float = math.nan
    failure: str = ""
    warnings: tuple[str, ...] = field(default=())


def floor_value(model: PriceModel, terms: FloorTerms) -> tuple[float, float]:
    """Return the value of a floor under a model and its standard error, per unit a quarter.

    The same seed is used for every model, so that differences are between models.

    Examples
    --------
    Without volatility a floor of 110 on a price of 100 pays 10 in each of 4 quarters:

    >>> from montecarlo.models import GBM
    >>> model = GBM(name="ndpr", volatility=0.0, forward_curve=ForwardCurve.flat(100.0))
    >>> floor_value(model, FloorTerms(strike=110.0, forward_price=100.0, years=1))
    (40.0, 0.0)
    """
    n_quarters = 4 * terms.years
    times = np.arange(1, n_quarters * DATES_A_QUARTER + 1) / (4.0 * DATES_A_QUARTER)
    paths = simulate_paths(
        model,
        TimeGrid.from_times(times),
        n_paths=N_PATHS,
        seed=SEED,
    )
    prices = paths[model.names[0]].reshape(n_quarters, DATES_A_QUARTER, N_PATHS)
    pays = np.maximum(terms.strike - prices.mean(axis=1), 0.0).sum(axis=0)
    return float(pays.mean()), float(pays.std(ddof=1) / math.sqrt(pays.size))


def floor_choices(
    history: PriceHistory,
    kind: str,
    *,
    terms: FloorTerms,
    known: Iterable[Fit] = (),
    options: Mapping[str, Any] | None = None,
) -> list[FloorChoice]:
    """Return the value of a floor under each horizon and smoothing to which a model can be fitted.

    Parameters
    ----------
    history
        Prices, as quoted.
    kind
        Of the model.
    terms
        Of the floor.
    known
        Fits that are made already, not to be made again.
    options
        What this kind of fit takes besides; what only intervals need is left out here.
    """
    made = {(item.kind, item.horizon, _smoothing_of(item)): item for item in known}
    ways = [(horizon, "none") for horizon in HORIZONS if horizon != "week"]
    if kind in SMOOTHING:
        ways.append(("daily", "lag"))
    more = {**(options or {}), **kind_of(kind).quick}
    return [_choice(history, kind, horizon, how, terms, made, more) for horizon, how in ways]


def _smoothing_of(item: Fit) -> str:
    return "lag" if any(p.role == "observation" for p in item.parameters) else "none"


def _choice(
    history: PriceHistory,
    kind: str,
    horizon: str,
    smoothing: str,
    terms: FloorTerms,
    made: dict[tuple[str, str, str], Fit],
    options: dict[str, Any],
) -> FloorChoice:
    label = HORIZONS[horizon] if smoothing == "none" else "the price behind quotes that follow late"
    try:
        found = made.get((kind, horizon, smoothing)) or fit(
            history, kind, horizon=horizon, smoothing=smoothing, **options
        )
        model = found.to_model(forward_curve=ForwardCurve.flat(terms.forward_price))
    except ValueError as error:
        return FloorChoice(choice=label, horizon=horizon, smoothing=smoothing, failure=str(error))
    value, error_of_value = floor_value(model, terms)
    return FloorChoice(
        choice=label,
        horizon=horizon,
        smoothing=smoothing,
        volatility=found.values.get("volatility", math.nan),
        value=value,
        standard_error=error_of_value,
        warnings=found.warnings,
    )
