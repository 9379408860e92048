"""Tables of a backtest: pandas at the edge, units in the column labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contracts.json_plain import plain_json
from contracts.tables import with_units
from montecarlo.calibrate.backtest_scores import LEVELS

if TYPE_CHECKING:
    from montecarlo.calibrate.backtest_scores import Backtest

_COUNTS = {"n_forecasts": "", "n_effective": "", "n_failed": "", "n_warned": ""}


def score_table(found: Backtest) -> pd.DataFrame:
    """Return one row a horizon and model, the benchmark last within its horizon.

    Scores of the log price have the unit 1: a score of 0.09 is an error of about 9%.

    Examples
    --------
    >>> import numpy as np
    >>> from montecarlo.calibrate import PriceHistory, backtest
    >>> days = np.arange("2000-12", "2020-12", 12, dtype="datetime64[M]").astype("datetime64[D]")
    >>> prices = np.where(np.arange(20) % 2, 100.0, 50.0)
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)
    >>> table = score_table(backtest(history, ["gbm"], months=[12], every_months=12))
    >>> table.loc[(12, "gbm"), ("coverage_90", "1")]
    np.float64(1.0)
    """
    rows = found.scores()
    index = pd.MultiIndex.from_tuples(
        [(row["months"], row["model"]) for row in rows], names=["months", "model"]
    )
    names = [name for name in rows[0] if name not in ("months", "model")]
    units = {name: _unit(name, found.unit) for name in names}
    return with_units({name: [row[name] for row in rows] for name in names}, units, index)


def _unit(name: str, price_unit: str) -> str:
    return _COUNTS.get(name, price_unit if name.endswith("of_price") else "1")


def forecast_table(found: Backtest) -> pd.DataFrame:
    """Return one row a forecast: its quantiles, what came, where that falls, and the scores."""
    columns: dict[str, list[object]] = {
        "date": list(_days([forecast.date for forecast in found.forecasts])),
        "observed": [forecast.observed for forecast in found.forecasts],
    }
    for name in LEVELS:
        columns[name] = [forecast.quantiles[name] for forecast in found.forecasts]
    for name in ("probability_below", "crps", "crps_of_price", "log_density"):
        columns[name] = [getattr(forecast, name) for forecast in found.forecasts]
    plain = {"date": "date", "probability_below": "1", "crps": "1", "log_density": "1"}
    units = {name: plain.get(name, found.unit) for name in columns}
    made = found.forecasts
    index = pd.MultiIndex.from_arrays(
        [
            [forecast.model for forecast in made],
            [forecast.months for forecast in made],
            _days([forecast.origin for forecast in made]),
        ],
        names=["model", "months", "origin"],
    )
    return with_units(columns, units, index)


def fit_table(found: Backtest) -> pd.DataFrame:
    """Return one row a fit: its estimates and warnings, by model and origin."""
    index = pd.MultiIndex.from_arrays(
        [[fit.model for fit in found.fits], _days([fit.origin for fit in found.fits])],
        names=["model", "origin"],
    )
    rows = [dict(fit.values) | {"warnings": "; ".join(fit.warnings)} for fit in found.fits]
    return pd.DataFrame(rows, index=index)


def _days(days: Sequence[np.datetime64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.array(days, dtype="datetime64[ns]"))


def backtest_document(found: Backtest) -> dict[str, Any]:
    """Return what ``offtake backtest --json`` prints: scores, forecasts, failures, fits."""
    return {
        "name": found.name,
        "unit": found.unit,
        "data_hash": found.data_hash,
        "horizon": found.horizon,
        "window_years": found.window_years,
        "every_months": found.every_months,
        "benchmark": found.benchmark,
        "origins": [str(origin) for origin in found.origins],
        "scores": [
            {key: plain_json(entry) for key, entry in row.items()} for row in found.scores()
        ],
        "forecasts": [
            {
                "model": made.model,
                "months": made.months,
                "origin": str(made.origin),
                "date": str(made.date),
                "observed": made.observed,
                **made.quantiles,
                "probability_below": made.probability_below,
                "crps": made.crps,
                "crps_of_price": made.crps_of_price,
                "log_density": plain_json(made.log_density),
            }
            for made in found.forecasts
        ],
        "failures": [
            {"model": failure.model, "origin": str(failure.origin), "message": failure.message}
            for failure in found.failures
        ],
        "fits": [
            {
                "model": made.model,
                "origin": str(made.origin),
                "values": {name: plain_json(value) for name, value in dict(made.values).items()},
                "warnings": list(made.warnings),
            }
            for made in found.fits
        ],
    }
