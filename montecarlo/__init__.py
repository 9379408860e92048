"""Monte Carlo simulation of commodity prices: exact, reproducible to the bit, and quick.

Models of prices (:mod:`montecarlo.models`) are frozen parameters. :func:`simulate` averages a
functional over their paths, :func:`simulate_paths` returns the paths themselves. Names are
imported at their first use, so that importing the package costs nothing.

>>> import montecarlo
>>> model = montecarlo.GBM(name="copper", volatility=0.2, spot=100.0, drift=0.0)
>>> grid = montecarlo.TimeGrid("2025-01-01", ["2025-12-31", "2026-12-31"])
>>> paths = montecarlo.simulate_paths(model, grid, n_paths=1000, seed=1)
>>> paths["copper"].shape
(2, 1000)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from montecarlo.accumulators import GranuleMoments, Moments, granule_moments
    from montecarlo.black import black76
    from montecarlo.block import PathBlock
    from montecarlo.bridge import BrownianBridge, brownian_bridge
    from montecarlo.correlation_matrix import NearestCorrelation, nearest_correlation
    from montecarlo.crossed_design import VarianceComponents, variance_components
    from montecarlo.curve import DiscountCurve, ForwardCurve
    from montecarlo.curve_bootstrap import bootstrap_forward_curve, period_average
    from montecarlo.directions import direction_numbers
    from montecarlo.engine.intensity import Intensity
    from montecarlo.functional import Functional
    from montecarlo.geometric import geometric_average_option
    from montecarlo.grid import TimeGrid, year_fraction
    from montecarlo.histogram import Histogram
    from montecarlo.inverse_normal import normal_quantiles
    from montecarlo.jit import kernel, python_source
    from montecarlo.jump_option import jump_diffusion_option
    from montecarlo.kernel_cache import CacheStatus, cache_status
    from montecarlo.models.bootstrap import HistoricalBootstrap
    from montecarlo.models.constant import Constant
    from montecarlo.models.fx import FX
    from montecarlo.models.gbm import GBM
    from montecarlo.models.gibson_schwartz import GibsonSchwartz
    from montecarlo.models.inflation import Inflation
    from montecarlo.models.joint import Joint
    from montecarlo.models.jump_diffusion import JumpDiffusion
    from montecarlo.models.merton import Merton
    from montecarlo.models.n_factor import NFactor
    from montecarlo.models.protocol import BlockSource, Measure, PriceModel, RiskFactor
    from montecarlo.models.regime_switching import RegimeSwitching
    from montecarlo.models.schwartz import Schwartz
    from montecarlo.models.schwartz_smith import SchwartzSmith
    from montecarlo.models.shocked import Shocked
    from montecarlo.models.stochastic_volatility import StochasticVolatility
    from montecarlo.models.supplied import SuppliedPaths
    from montecarlo.models.support_feedback import SupportFeedback
    from montecarlo.normal import normal_cdf
    from montecarlo.period_quote import PeriodQuote, delivery_period
    from montecarlo.philox import philox4x32
    from montecarlo.plan import Plan
    from montecarlo.politis_white import block_length
    from montecarlo.price_deck import PriceDeck, SteadyInflation
    from montecarlo.principal import principal_components
    from montecarlo.quantile import expected_shortfall, quantile_standard_error, quantiles
    from montecarlo.random import normals, uniforms
    from montecarlo.reduction import Estimate
    from montecarlo.regime import Regime, Transition
    from montecarlo.replay import (
        replay_expected_shortfall,
        replay_order_statistics,
        replay_quantiles,
    )
    from montecarlo.sampling import Sampling
    from montecarlo.seasonality import (
        HarmonicSeasonality,
        MonthlySeasonality,
        Seasonality,
        seasonal_forward_curve,
    )
    from montecarlo.seasonality_estimate import SeasonalityEstimate, estimate_seasonality
    from montecarlo.shock import Shock
    from montecarlo.simulation import simulate, simulate_paths
    from montecarlo.sobol import SobolPoints

_MODULES = {
    "BlockSource": "montecarlo.models.protocol",
    "BrownianBridge": "montecarlo.bridge",
    "CacheStatus": "montecarlo.kernel_cache",
    "Constant": "montecarlo.models.constant",
    "DiscountCurve": "montecarlo.curve",
    "VarianceComponents": "montecarlo.crossed_design",
    "Estimate": "montecarlo.reduction",
    "FX": "montecarlo.models.fx",
    "ForwardCurve": "montecarlo.curve",
    "Functional": "montecarlo.functional",
    "GBM": "montecarlo.models.gbm",
    "GibsonSchwartz": "montecarlo.models.gibson_schwartz",
    "GranuleMoments": "montecarlo.accumulators",
    "HarmonicSeasonality": "montecarlo.seasonality",
    "Histogram": "montecarlo.histogram",
    "HistoricalBootstrap": "montecarlo.models.bootstrap",
    "Inflation": "montecarlo.models.inflation",
    "Intensity": "montecarlo.engine.intensity",
    "Joint": "montecarlo.models.joint",
    "JumpDiffusion": "montecarlo.models.jump_diffusion",
    "Measure": "montecarlo.models.protocol",
    "Merton": "montecarlo.models.merton",
    "Moments": "montecarlo.accumulators",
    "MonthlySeasonality": "montecarlo.seasonality",
    "NFactor": "montecarlo.models.n_factor",
    "NearestCorrelation": "montecarlo.correlation_matrix",
    "PathBlock": "montecarlo.block",
    "PeriodQuote": "montecarlo.period_quote",
    "Plan": "montecarlo.plan",
    "PriceDeck": "montecarlo.price_deck",
    "PriceModel": "montecarlo.models.protocol",
    "Regime": "montecarlo.regime",
    "RegimeSwitching": "montecarlo.models.regime_switching",
    "RiskFactor": "montecarlo.models.protocol",
    "Sampling": "montecarlo.sampling",
    "Schwartz": "montecarlo.models.schwartz",
    "SchwartzSmith": "montecarlo.models.schwartz_smith",
    "Seasonality": "montecarlo.seasonality",
    "SeasonalityEstimate": "montecarlo.seasonality_estimate",
    "Shock": "montecarlo.shock",
    "Shocked": "montecarlo.models.shocked",
    "SobolPoints": "montecarlo.sobol",
    "SteadyInflation": "montecarlo.price_deck",
    "StochasticVolatility": "montecarlo.models.stochastic_volatility",
    "SuppliedPaths": "montecarlo.models.supplied",
    "SupportFeedback": "montecarlo.models.support_feedback",
    "TimeGrid": "montecarlo.grid",
    "Transition": "montecarlo.regime",
    "black76": "montecarlo.black",
    "block_length": "montecarlo.politis_white",
    "bootstrap_forward_curve": "montecarlo.curve_bootstrap",
    "brownian_bridge": "montecarlo.bridge",
    "cache_status": "montecarlo.kernel_cache",
    "delivery_period": "montecarlo.period_quote",
    "direction_numbers": "montecarlo.directions",
    "estimate_seasonality": "montecarlo.seasonality_estimate",
    "expected_shortfall": "montecarlo.quantile",
    "geometric_average_option": "montecarlo.geometric",
    "granule_moments": "montecarlo.accumulators",
    "jump_diffusion_option": "montecarlo.jump_option",
    "kernel": "montecarlo.jit",
    "nearest_correlation": "montecarlo.correlation_matrix",
    "normal_cdf": "montecarlo.normal",
    "normal_quantiles": "montecarlo.inverse_normal",
    "normals": "montecarlo.random",
    "period_average": "montecarlo.curve_bootstrap",
    "philox4x32": "montecarlo.philox",
    "principal_components": "montecarlo.principal",
    "python_source": "montecarlo.jit",
    "quantile_standard_error": "montecarlo.quantile",
    "quantiles": "montecarlo.quantile",
    "replay_expected_shortfall": "montecarlo.replay",
    "replay_order_statistics": "montecarlo.replay",
    "replay_quantiles": "montecarlo.replay",
    "seasonal_forward_curve": "montecarlo.seasonality",
    "simulate": "montecarlo.simulation",
    "simulate_paths": "montecarlo.simulation",
    "uniforms": "montecarlo.random",
    "variance_components": "montecarlo.crossed_design",
    "year_fraction": "montecarlo.grid",
}

__all__ = [
    "FX",
    "GBM",
    "BlockSource",
    "BrownianBridge",
    "CacheStatus",
    "Constant",
    "DiscountCurve",
    "Estimate",
    "ForwardCurve",
    "Functional",
    "GibsonSchwartz",
    "GranuleMoments",
    "HarmonicSeasonality",
    "Histogram",
    "HistoricalBootstrap",
    "Inflation",
    "Intensity",
    "Joint",
    "JumpDiffusion",
    "Measure",
    "Merton",
    "Moments",
    "MonthlySeasonality",
    "NFactor",
    "NearestCorrelation",
    "PathBlock",
    "PeriodQuote",
    "Plan",
    "PriceDeck",
    "PriceModel",
    "Regime",
    "RegimeSwitching",
    "RiskFactor",
    "Sampling",
    "Schwartz",
    "SchwartzSmith",
    "Seasonality",
    "SeasonalityEstimate",
    "Shock",
    "Shocked",
    "SobolPoints",
    "SteadyInflation",
    "StochasticVolatility",
    "SuppliedPaths",
    "SupportFeedback",
    "TimeGrid",
    "Transition",
    "VarianceComponents",
    "black76",
    "block_length",
    "bootstrap_forward_curve",
    "brownian_bridge",
    "cache_status",
    "delivery_period",
    "direction_numbers",
    "estimate_seasonality",
    "expected_shortfall",
    "geometric_average_option",
    "granule_moments",
    "jump_diffusion_option",
    "kernel",
    "nearest_correlation",
    "normal_cdf",
    "normal_quantiles",
    "normals",
    "period_average",
    "philox4x32",
    "principal_components",
    "python_source",
    "quantile_standard_error",
    "quantiles",
    "replay_expected_shortfall",
    "replay_order_statistics",
    "replay_quantiles",
    "seasonal_forward_curve",
    "simulate",
    "simulate_paths",
    "uniforms",
    "variance_components",
    "year_fraction",
]


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        msg = f"module 'montecarlo' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
