"""Fit a price model to a history, and say how sure the fit is.

>>> import numpy as np
>>> from montecarlo import calibrate
>>> history = calibrate.PriceHistory(
...     name="ndpr",
...     unit="USD/kg",
...     dates=["2020-01-01", "2020-12-31", "2021-12-31", "2022-12-31", "2023-12-31"],
...     prices=[54.60, 60.34, 54.60, 60.34, 54.60],
... )
>>> calibrate.fit(history, "gbm")
Fit('gbm' of 'ndpr', daily: volatility=0.09996, drift=0.004996)

Names are imported at their first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from montecarlo.calibrate.backtest_scores import Backtest
    from montecarlo.calibrate.backtesting import backtest
    from montecarlo.calibrate.comparison import Comparison, compare
    from montecarlo.calibrate.correlation import CorrelationEstimate, estimate_correlation
    from montecarlo.calibrate.diagnostics import Diagnostic, diagnose
    from montecarlo.calibrate.fitted import Fit, Override, Start
    from montecarlo.calibrate.fitted_dates import FittedDates
    from montecarlo.calibrate.free_parameter import FreeParameter
    from montecarlo.calibrate.futures import filter_panel, fit_n_factor, fit_schwartz_smith
    from montecarlo.calibrate.gbm import fit_gbm
    from montecarlo.calibrate.generator import generator_of
    from montecarlo.calibrate.history import PriceHistory
    from montecarlo.calibrate.horizons import HORIZONS, sample
    from montecarlo.calibrate.jump_diffusion import fit_jump_diffusion, fit_merton
    from montecarlo.calibrate.kinds import KINDS, FitKind, fit
    from montecarlo.calibrate.maximum_likelihood import Maximum, maximise
    from montecarlo.calibrate.ou import fit_schwartz
    from montecarlo.calibrate.panel import FuturesPanel
    from montecarlo.calibrate.parameter_draws import ParameterDraws, draw_parameters
    from montecarlo.calibrate.parameters import EstimatedParameter
    from montecarlo.calibrate.regimes import fit_regimes, regime_probabilities
    from montecarlo.calibrate.robust import sandwich
    from montecarlo.calibrate.smoothing import fit_gbm_behind_quotes
    from montecarlo.calibrate.smoothing_ou import fit_schwartz_behind_quotes
    from montecarlo.calibrate.staleness import Staleness, staleness_of
    from montecarlo.calibrate.term_structure import FilteredPanel

_MODULES = {
    "ParameterDraws": "montecarlo.calibrate.parameter_draws",
    "draw_parameters": "montecarlo.calibrate.parameter_draws",
    "Backtest": "montecarlo.calibrate.backtest_scores",
    "backtest": "montecarlo.calibrate.backtesting",
    "CorrelationEstimate": "montecarlo.calibrate.correlation",
    "EstimatedParameter": "montecarlo.calibrate.parameters",
    "FilteredPanel": "montecarlo.calibrate.term_structure",
    "Fit": "montecarlo.calibrate.fitted",
    "FittedDates": "montecarlo.calibrate.fitted_dates",
    "FitKind": "montecarlo.calibrate.kinds",
    "FreeParameter": "montecarlo.calibrate.free_parameter",
    "FuturesPanel": "montecarlo.calibrate.panel",
    "HORIZONS": "montecarlo.calibrate.horizons",
    "KINDS": "montecarlo.calibrate.kinds",
    "Maximum": "montecarlo.calibrate.maximum_likelihood",
    "Override": "montecarlo.calibrate.fitted",
    "PriceHistory": "montecarlo.calibrate.history",
    "Start": "montecarlo.calibrate.fitted",
    "estimate_correlation": "montecarlo.calibrate.correlation",
    "filter_panel": "montecarlo.calibrate.futures",
    "fit": "montecarlo.calibrate.kinds",
    "fit_gbm": "montecarlo.calibrate.gbm",
    "fit_jump_diffusion": "montecarlo.calibrate.jump_diffusion",
    "fit_merton": "montecarlo.calibrate.jump_diffusion",
    "fit_n_factor": "montecarlo.calibrate.futures",
    "fit_regimes": "montecarlo.calibrate.regimes",
    "fit_schwartz": "montecarlo.calibrate.ou",
    "fit_schwartz_behind_quotes": "montecarlo.calibrate.smoothing_ou",
    "fit_schwartz_smith": "montecarlo.calibrate.futures",
    "generator_of": "montecarlo.calibrate.generator",
    "maximise": "montecarlo.calibrate.maximum_likelihood",
    "regime_probabilities": "montecarlo.calibrate.regimes",
    "sample": "montecarlo.calibrate.horizons",
    "compare": "montecarlo.calibrate.comparison",
    "Comparison": "montecarlo.calibrate.comparison",
    "diagnose": "montecarlo.calibrate.diagnostics",
    "Diagnostic": "montecarlo.calibrate.diagnostics",
    "staleness_of": "montecarlo.calibrate.staleness",
    "Staleness": "montecarlo.calibrate.staleness",
    "sandwich": "montecarlo.calibrate.robust",
    "fit_gbm_behind_quotes": "montecarlo.calibrate.smoothing",
}
"""Name -> the module that holds it."""

__all__ = [
    "HORIZONS",
    "KINDS",
    "Backtest",
    "Comparison",
    "CorrelationEstimate",
    "Diagnostic",
    "EstimatedParameter",
    "FilteredPanel",
    "Fit",
    "FitKind",
    "FittedDates",
    "FreeParameter",
    "FuturesPanel",
    "Maximum",
    "Override",
    "ParameterDraws",
    "PriceHistory",
    "Staleness",
    "Start",
    "backtest",
    "compare",
    "diagnose",
    "draw_parameters",
    "estimate_correlation",
    "filter_panel",
    "fit",
    "fit_gbm",
    "fit_gbm_behind_quotes",
    "fit_jump_diffusion",
    "fit_merton",
    "fit_n_factor",
    "fit_regimes",
    "fit_schwartz",
    "fit_schwartz_behind_quotes",
    "fit_schwartz_smith",
    "generator_of",
    "maximise",
    "regime_probabilities",
    "sample",
    "sandwich",
    "staleness_of",
]


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        msg = f"module 'montecarlo.calibrate' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
