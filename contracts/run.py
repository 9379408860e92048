"""A run: deals bound to one market, one grid of dates and one price model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.checks import require
from contracts.conventions import DateArray, FloatArray
from contracts.deal import Deal
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED
from contracts.market import Market
from contracts.settlement import Alike, Settlement, fixing_dates, settle, simulated_dates
from montecarlo.curve import ForwardCurve
from montecarlo.grid import TimeGrid
from montecarlo.models import Constant, SuppliedPaths
from montecarlo.models.protocol import Measure
from montecarlo.sampling import Sampling
from montecarlo.simulation import simulate_paths

if TYPE_CHECKING:
    from montecarlo.models.protocol import PriceModel

SPOT_ONLY = Sampling(spot_only=True)
"""How valuations draw paths: a deal reads prices, never the factors behind them."""

DealLike = Deal | str | os.PathLike[str]
MarketLike = Market | str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Run:
    """Deals bound to one market, one grid and one model."""

    market: Market
    grid: TimeGrid
    model: PriceModel
    settlements: tuple[Settlement, ...]
    n_paths: int | None = None


def prepare(
    deals: Sequence[Deal], market: Market, prices: Mapping[str, FloatArray] | None = None
) -> Run:
    """Bind deals to a market and to the grid of dates that all of them need."""
    from contracts.market_fit import check_fit

    for deal in deals:
        check_fit(deal, market)
    names, dates = simulated_dates(deals, market)
    grid = TimeGrid(market.valuation_date, dates)
    alike: Alike = {}
    settlements = tuple(settle(deal, market, dates, alike) for deal in deals)
    if prices is None or not names:
        return Run(market, grid, _model(market, names), settlements)
    require(isinstance(prices, Mapping), "prices", "map names to arrays", type(prices).__name__)
    missing = sorted(set(names) - set(prices))
    require(not missing, "prices", f"hold {', '.join(names)}", f"nothing for {missing}")
    supplied = SuppliedPaths(grid=grid, price={name: prices[name] for name in names})
    return Run(market, grid, supplied, settlements, supplied.n_paths)


def pricing_grid(
    deal: DealLike, market: MarketLike | None = None
) -> tuple[tuple[str, ...], DateArray]:
    """Return the prices a valuation reads and the future dates on which it reads them.

    Returns
    -------
    names, dates
        In the order of the market; ``(n_dates,)`` days, the rows of prices of your own.

    Raises
    ------
    ValueError
        When the market lacks a price.

    Examples
    --------
    >>> names, dates = pricing_grid("lynas-jare")
    >>> names
    ('ndpr-oxide',)
    """
    loaded = as_deal(deal)
    return simulated_dates([loaded], common_market([loaded], market))


def simulated_prices(
    deal: DealLike,
    *,
    market: MarketLike | None = None,
    n_paths: int = DEFAULT_PATHS,
    seed: int = DEFAULT_SEED,
    measure: Measure = "pricing",
    sampling: Sampling = SPOT_ONLY,
) -> dict[str, FloatArray]:
    """Return the paths that a valuation would use: name -> ``(n_dates, n_paths)``.

    Currency per canonical unit (kg, MWh, share). With a ``sampling`` of its own the valuation has
    to be given the same.

    Examples
    --------
    >>> prices = simulated_prices("lynas-jare", n_paths=10, seed=1)
    >>> prices["ndpr-oxide"].shape[1]
    10
    """
    loaded = as_deal(deal)
    run = prepare([loaded], common_market([loaded], market))
    return simulate_paths(
        run.model, run.grid, n_paths=n_paths, seed=seed, measure=measure, sampling=sampling
    )


def common_market(deals: Sequence[Deal], market: MarketLike | None) -> Market:
    """Return the market to use: the one given, or the one that all deals name."""
    if isinstance(market, Market):
        return market
    if market is None:
        named = {market_of(deal) for deal in deals}
        if len(named) != 1 or None in named:
            raise ValueError(_no_common_market(deals, named))
        market = str(named.pop())
    from contracts.catalogue import load_market

    return load_market(market)


def _no_common_market(deals: Sequence[Deal], named: set[str | None]) -> str:
    from contracts.catalogue import load_market, markets

    needed = {name for deal in deals for name in fixing_dates(deal)}
    fitting = [name for name in markets() if needed <= set(load_market(name).simulated)]
    found = ", ".join(sorted(str(name) for name in named))
    advice = f"; built in and with all their prices: {', '.join(fitting)}" if fitting else ""
    return f"market must be given (--market or market=): the deals name {found}{advice}"


def market_of(deal: Deal) -> str | None:
    """Return the market that a deal names: a file beside its term sheet, or a built-in name."""
    if deal.market is None or not deal.file:
        return deal.market
    beside = Path(deal.file).parent / deal.market
    return str(beside) if beside.is_file() else deal.market


def as_deal(deal: DealLike) -> Deal:
    """Return a deal, read from its file where a name or a path is given."""
    if isinstance(deal, Deal):
        return deal
    is_name = isinstance(deal, str | os.PathLike)
    require(is_name, "deal", "be a deal, a built-in name or a path", deal)
    from contracts.catalogue import load

    return load(deal)


def _model(market: Market, names: tuple[str, ...]) -> PriceModel:
    if names:
        return market.price_model(names)
    return Constant(name="nothing is simulated", forward_curve=ForwardCurve.flat(1.0))
