"""Portfolios: many deals, each on its own market, spread over workers by deals and by paths.

Deals that are valued together share their paths and can be added path by path
(:func:`contracts.value_together`). Here each deal is a job of its own, of which the calling
process keeps a few numbers: a thousand deals are bound where they are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.accuracy import SamplingLike, as_sampling
from contracts.checks import one_of, require
from contracts.deal import Deal
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED
from contracts.market import Market
from contracts.recipes import ValuationRecipe
from contracts.run import DealLike, MarketLike, as_deal, common_market, market_of
from contracts.valuation import Valuation, valuation_of
from montecarlo.executors.collection import (
    Collection,
    ExecutorLike,
    StoreLike,
    as_executor,
    chunks,
)
from montecarlo.executors.job import Job, Parts, Task, chunk_paths
from montecarlo.models.protocol import Measure
from montecarlo.plan import Plan
from montecarlo.reduction import Estimate
from montecarlo.simulation import Progress
from montecarlo.store import Store

if TYPE_CHECKING:
    import pandas as pd

_MANY_DEALS = 64
_DEAL_CHUNK = 2**17


class DealError(ValueError):
    """What went wrong with one deal of a portfolio, which the message names."""


@dataclass(frozen=True, eq=False, repr=False)
class DealValue:
    """What one deal of a portfolio is worth, money in its own currency.

    Attributes
    ----------
    deal, market, perspective, plan
        What was valued, on what, for whom, with how many paths.
    pv, standard_error
        Of the whole deal.
    expected_amount, expected_amount_error
        Undiscounted flows still to be paid.
    """

    deal: Deal
    market: Market
    perspective: str
    plan: Plan
    pv: float
    standard_error: float
    expected_amount: float
    expected_amount_error: float
    _recipe: ValuationRecipe
    _estimate: Estimate

    def __repr__(self) -> str:
        return (
            f"DealValue({self.deal.name!r} on {self.market.name!r} for {self.perspective!r}: "
            f"{self.pv:,.0f} +- {self.standard_error:,.0f} {self.deal.currency})"
        )

    def valuation(self) -> Valuation:
        """Return legs, years and flows as well; without samples, for none were kept."""
        recipe = self._recipe
        run, outputs = recipe.bind()
        return valuation_of(
            run,
            outputs.deals[0],
            self.perspective,
            recipe.measure,
            self.plan,
            self._estimate,
            is_replay=False,
            is_controlled=recipe.is_controlled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRecipe:
    """One deal of a portfolio, whose errors say which."""

    position: int
    single: ValuationRecipe

    @property
    def label(self) -> str:
        """Position and name."""
        return f"deals[{self.position}] ({self.single.label})"

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages whose sources decide the result."""
        return self.single.packages

    @property
    def fingerprint(self) -> str:
        """A hash of the deal and its market, wherever it stands in a portfolio."""
        return self.single.fingerprint

    def build(self) -> Parts:
        """Return model, grid and functional."""
        return self.single.build()

    def named(self, error: Exception) -> DealError:
        """Return an error that names the deal."""
        return _named(self.label, error)


def value_portfolio(
    deals: Sequence[DealLike],
    *,
    market: MarketLike | None = None,
    perspective: str | None = None,
    n_paths: int = DEFAULT_PATHS,
    seed: int = DEFAULT_SEED,
    n_threads: int | None = None,
    measure: Measure = "pricing",
    control: bool = True,
    sampling: SamplingLike = "random",
    progress: Progress | None = None,
    executor: ExecutorLike = None,
    store: StoreLike = None,
) -> list[DealValue]:
    """Value many deals one by one, each on the market it names.

    Parameters
    ----------
    deals
        Objects, built-in names or paths of files; a deal may be there more than once.
    market
        One for all of them, instead of their own.
    perspective, n_paths, seed, n_threads, measure, control, sampling, executor, store
        As for :func:`contracts.value`, for each deal.
    progress
        Called with (paths done, paths in all), over all deals.

    Returns
    -------
    list of DealValue
        In the order of the deals. No samples are kept.

    Raises
    ------
    DealError
        Naming the first deal that failed, by its position and name.

    Examples
    --------
    >>> first, second = value_portfolio(["lynas-jare", "uk-cfd-ar6-offshore-wind"], n_paths=500)
    >>> second.deal.name
    'uk-cfd-ar6-offshore-wind'
    >>> import contracts
    >>> first.pv == contracts.value("lynas-jare", n_paths=500).pv
    True
    """
    one_of(measure, ("pricing", "physical"), "measure")
    require(len(deals) > 0, "deals", "hold at least one", len(deals))
    drawn = as_sampling(sampling, n_paths)
    # What 32-bit floats do to a value is measured where each deal has a Valuation to say it.
    rule = "be double in a portfolio; contracts.value tells what single does to a value"
    require(drawn.precision == "double", "sampling.precision", rule, drawn.precision)
    plan = Plan(n_paths=n_paths, seed=seed, n_threads=n_threads, sampling=drawn)
    works = as_executor(executor, n_threads)
    kept_in = None if store is None else Store.at(store)
    size = chunk_paths(plan, is_small=works.is_local and kept_in is None)
    if len(deals) >= _MANY_DEALS and not works.is_local:
        # Binding a deal again for each few paths would take as long as simulating them.
        size = max(size, _DEAL_CHUNK)
    loader = _Loader(market, perspective, measure, seed, is_controlled=control)
    begun: dict[Job, tuple[PortfolioRecipe, Collection]] = {}

    def tasks() -> Iterator[Task]:
        for position, deal in enumerate(deals):
            recipe = PortfolioRecipe(position=position, single=loader.recipe(position, deal))
            job = Job(recipe=recipe, plan=plan, measure=measure, kept="nothing")
            begun[job] = recipe, Collection(job)
            yield from job.tasks(size)

    values: dict[int, DealValue] = {}
    n_done = 0
    with closing(chunks(tasks(), works, kept_in)) as found:
        for task, chunk in found:
            recipe, collection = begun[task.job]
            collection.add(task, chunk)
            n_done += task.stop - task.start
            if collection.is_whole:
                del begun[task.job]
                task.job.close()
                values[recipe.position] = _value(recipe, plan, collection.estimate())
            if progress is not None:
                progress(n_done, n_paths * len(deals))
    return [values[position] for position in range(len(deals))]


def portfolio_table(values: Sequence[DealValue]) -> pd.DataFrame:
    """Return one row a deal, in order; there is no total, for currencies and paths may differ.

    Examples
    --------
    >>> table = portfolio_table(value_portfolio(["lynas-jare", "nouveau-monde"], n_paths=500))
    >>> table.index.tolist()
    ['lynas-jare', 'nouveau-monde']
    """
    import pandas as pd

    columns = ("perspective", "pv", "standard_error", "expected_amount", "expected_amount_error")
    return pd.DataFrame(
        {
            "market": [value.market.name for value in values],
            "currency": [value.deal.currency for value in values],
            **{name: [getattr(value, name) for value in values] for name in columns},
        },
        index=pd.Index([value.deal.name for value in values], name="deal"),
    )


class _Loader:
    """Loads each file once."""

    def __init__(
        self,
        market: MarketLike | None,
        perspective: str | None,
        measure: Measure,
        seed: int,
        *,
        is_controlled: bool,
    ) -> None:
        self._given = market
        self._perspective = perspective
        self._measure = measure
        self._seed = seed
        self._is_controlled = is_controlled
        self._deals: dict[str, Deal] = {}
        self._markets: dict[str, Market] = {}

    def recipe(self, position: int, like: DealLike) -> ValuationRecipe:
        label = f"deals[{position}] ({like.name if isinstance(like, Deal) else like})"
        try:
            deal = like if isinstance(like, Deal) else self._deal(like)
            side = self._perspective or deal.perspective
            one_of(side, tuple(deal.parties), "perspective")
            return ValuationRecipe(
                deals=(deal,),
                market=self._market(deal),
                sides=(side,),
                measure=self._measure,
                keep_legs=False,
                is_controlled=self._is_controlled,
                seed=self._seed,
            )
        except (ValueError, OSError) as error:
            raise _named(label, error) from error

    def _deal(self, like: DealLike) -> Deal:
        if str(like) not in self._deals:
            self._deals[str(like)] = as_deal(like)
        return self._deals[str(like)]

    def _market(self, deal: Deal) -> Market:
        key = "" if self._given is not None else str(market_of(deal))
        if key not in self._markets:
            self._markets[key] = common_market([deal], self._given)
        return self._markets[key]


def _value(recipe: PortfolioRecipe, plan: Plan, estimate: Estimate) -> DealValue:
    single = recipe.single
    # Rows: the total's present value path by path, which is not kept; then its averages.
    (pv, amount), (pv_error, amount_error) = (
        rows[1:3].tolist() for rows in (estimate.mean, estimate.standard_error)
    )
    require(abs(pv) < float("inf"), recipe.label, "have a finite value; a term is too large", pv)
    return DealValue(
        deal=single.deals[0],
        market=single.market,
        perspective=single.sides[0],
        plan=plan,
        pv=pv,
        standard_error=pv_error,
        expected_amount=amount,
        expected_amount_error=amount_error,
        _recipe=single,
        _estimate=estimate,
    )


def _named(label: str, error: Exception) -> DealError:
    kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return DealError(f"{label}: {kind}{error}")
