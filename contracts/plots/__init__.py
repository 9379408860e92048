"""Pictures for reports and notebooks; each has a sibling that returns its table.

Every picture takes ``ax=`` and returns the Axes it drew on; without one it makes a Figure of its
own and leaves pyplot alone. They need matplotlib, which comes with ``offtake[plot]``.

>>> sorted(PLOTS)[:3]
['cashflows', 'coverage', 'curve']
"""

from collections.abc import Callable
from typing import Any

from contracts.plots.against_history import (
    extremes,
    extremes_table,
    history_fan,
    history_fan_table,
)
from contracts.plots.backtest import (
    coverage,
    coverage_table,
    forecast_fans,
    forecast_fans_table,
    transform_histogram,
    transform_histogram_table,
)
from contracts.plots.curve import curve, curve_table
from contracts.plots.exposure import exposure_fan, exposure_fan_table
from contracts.plots.fitted import (
    fitted_history,
    fitted_history_table,
    residual_autocorrelation,
    residual_autocorrelation_table,
    residual_quantiles,
    residual_quantiles_table,
    residual_series,
    residual_series_table,
    volatility_by_horizon,
    volatility_by_horizon_table,
)
from contracts.plots.flows import cashflows, cashflows_table
from contracts.plots.panel import (
    panel_curves,
    panel_curves_table,
    panel_errors,
    panel_errors_table,
    panel_factors,
    panel_factors_table,
)
from contracts.plots.prices import fan, fan_table
from contracts.plots.regimes import (
    regime_history,
    regime_history_table,
    regime_paths,
    regime_paths_table,
)
from contracts.plots.uncertainty import spread, spread_table
from contracts.plots.worth import waterfall, waterfall_table

PLOTS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "cashflows": (cashflows, cashflows_table),
    "coverage": (coverage, coverage_table),
    "curve": (curve, curve_table),
    "exposure_fan": (exposure_fan, exposure_fan_table),
    "extremes": (extremes, extremes_table),
    "fan": (fan, fan_table),
    "fitted_history": (fitted_history, fitted_history_table),
    "forecast_fans": (forecast_fans, forecast_fans_table),
    "history_fan": (history_fan, history_fan_table),
    "panel_curves": (panel_curves, panel_curves_table),
    "panel_errors": (panel_errors, panel_errors_table),
    "panel_factors": (panel_factors, panel_factors_table),
    "regime_history": (regime_history, regime_history_table),
    "regime_paths": (regime_paths, regime_paths_table),
    "residual_autocorrelation": (residual_autocorrelation, residual_autocorrelation_table),
    "residual_quantiles": (residual_quantiles, residual_quantiles_table),
    "residual_series": (residual_series, residual_series_table),
    "spread": (spread, spread_table),
    "transform_histogram": (transform_histogram, transform_histogram_table),
    "volatility_by_horizon": (volatility_by_horizon, volatility_by_horizon_table),
    "waterfall": (waterfall, waterfall_table),
}
"""Name -> (picture, its table)."""

__all__ = [
    "PLOTS",
    "cashflows",
    "cashflows_table",
    "coverage",
    "coverage_table",
    "curve",
    "curve_table",
    "exposure_fan",
    "exposure_fan_table",
    "extremes",
    "extremes_table",
    "fan",
    "fan_table",
    "fitted_history",
    "fitted_history_table",
    "forecast_fans",
    "forecast_fans_table",
    "history_fan",
    "history_fan_table",
    "panel_curves",
    "panel_curves_table",
    "panel_errors",
    "panel_errors_table",
    "panel_factors",
    "panel_factors_table",
    "regime_history",
    "regime_history_table",
    "regime_paths",
    "regime_paths_table",
    "residual_autocorrelation",
    "residual_autocorrelation_table",
    "residual_quantiles",
    "residual_quantiles_table",
    "residual_series",
    "residual_series_table",
    "spread",
    "spread_table",
    "transform_histogram",
    "transform_histogram_table",
    "volatility_by_horizon",
    "volatility_by_horizon_table",
    "waterfall",
    "waterfall_table",
]
