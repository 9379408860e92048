"""Valuing: a deal, a market and a number of paths, or a standard error, in; a valuation out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from contracts.accuracy import MAX_PATHS, SamplingLike, as_sampling, search
from contracts.checks import one_of, require
from contracts.conventions import FloatArray
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED, ROUNDING_PATHS
from contracts.outputs import Outputs
from contracts.recipes import ValuationRecipe
from contracts.run import DealLike, MarketLike, Run, as_deal, common_market
from contracts.valuation import Quantiles, Valuation, valuation_of
from montecarlo.executors.collection import ExecutorLike, StoreLike
from montecarlo.models.protocol import Measure
from montecarlo.plan import Plan
from montecarlo.sampling import Method, Precision, Sampling
from montecarlo.simulation import Progress, simulate


def value(
    deal: DealLike,
    *,
    market: MarketLike | None = None,
    perspective: str | None = None,
    n_paths: int | Literal["auto"] = DEFAULT_PATHS,
    standard_error: float | None = None,
    max_paths: int = MAX_PATHS,
    seed: int = DEFAULT_SEED,
    n_threads: int | None = None,
    measure: Measure = "pricing",
    prices: Mapping[str, FloatArray] | None = None,
    quantiles: Quantiles = "legs",
    control: bool = True,
    sampling: SamplingLike = "random",
    precision: Precision = "double",
    progress: Progress | None = None,
    executor: ExecutorLike = None,
    store: StoreLike = None,
) -> Valuation:
    """Value one deal.

    Parameters
    ----------
    deal, market
        Objects, built-in names or paths of files; the deal's own market by default.
    perspective
        Party whose receipts are positive; the deal's own by default.
    n_paths, seed, n_threads
        Size and seed of the simulation; the number of threads never changes a bit.
    standard_error, max_paths
        With ``n_paths="auto"``: the standard error wanted for the whole deal, in its currency, and
        the most paths to spend on it. The way of drawing paths is chosen by a pilot, and
        ``search`` of the result says what was tried (:mod:`contracts.accuracy`).
    measure
        ``"pricing"`` (drift from the forward curve) or ``"physical"`` (with risk premia).
    prices
        Your own paths instead of a model's: name -> ``(n_dates, n_paths)`` on the dates that
        :func:`pricing_grid` returns.
    quantiles
        Keep present values path by path for every leg, or (``"total"``) only for the deal; or
        count them (``"histogram"``), for percentiles within a two-thousandth at any number of
        paths.
    control
        Correct means by control variates (:mod:`contracts.controls`): equity legs, and legs on
        an average price. Means and standard errors then differ from those of ``samples``, which
        stay as they are. Never with supplied ``prices``.
    sampling
        How paths are drawn: ``"random"``, ``"antithetic"`` pairs, ``"sobol"`` points in 32
        randomisations, or a :class:`montecarlo.Sampling` of your own. By name, one normal is drawn
        for each price and step, for a deal reads prices and never the factors behind them.
    precision
        ``"double"``, or ``"single"``: prices simulated in 32-bit floats, all else in 64-bit ones;
        ``rounding`` of the result says by how much that moves the value on the first 8,192 paths.
    progress
        Called with (paths done, paths in all).
    executor, store
        Where paths are worked off, and a folder that keeps what is finished: see
        :func:`montecarlo.simulate`. A ``dask.distributed.Client`` gives the same bits.

    Returns
    -------
    Valuation

    Raises
    ------
    ValueError
        Naming the field, the rule and the value; ``TermSheetError`` for a faulty file.

    Examples
    --------
    >>> import contracts
    >>> v = contracts.value("lynas-jare", n_paths=2_000, seed=1)
    >>> v.summary().index.tolist()[-1]
    'total'
    """
    options: dict[str, Any] = {
        "market": market,
        "perspective": perspective,
        "n_threads": n_threads,
        "measure": measure,
        "prices": prices,
        "quantiles": quantiles,
        "control": control,
        "precision": precision,
        "executor": executor,
        "store": store,
    }
    if n_paths == "auto":
        require(prices is None, "n_paths", "be left to supplied prices", n_paths)
        require(
            sampling == "random", "sampling", "be left to the search with n_paths auto", sampling
        )
        require(standard_error is not None, "standard_error", "be given with n_paths auto", None)
        wanted = 0.0 if standard_error is None else standard_error
        return _value_to(wanted, as_deal(deal), seed, max_paths, progress, options)
    require(
        standard_error is None,
        "standard_error",
        "be given with n_paths 'auto' only",
        standard_error,
    )
    return value_together(
        [deal], n_paths=n_paths, seed=seed, sampling=sampling, progress=progress, **options
    )[0]


def _value_to(
    standard_error: float,
    deal: DealLike,
    seed: int,
    max_paths: int,
    progress: Progress | None,
    options: dict[str, Any],
) -> Valuation:
    """Value a deal until its standard error is the wanted one."""
    last: list[Valuation] = []

    def evaluate(method: Method, n_paths: int, of_seed: int) -> float:
        # Pilots are quick, and report to nobody.
        told = progress if of_seed == seed else None
        last[:] = value_together(
            [deal], n_paths=n_paths, seed=of_seed, sampling=method, progress=told, **options
        )
        return last[0].standard_error

    found = search(evaluate, standard_error, seed=seed, max_paths=max_paths)
    return dataclasses.replace(last[0], search=found)


def value_together(
    deals: Sequence[DealLike],
    *,
    market: MarketLike | None = None,
    perspective: str | None = None,
    n_paths: int = DEFAULT_PATHS,
    seed: int = DEFAULT_SEED,
    n_threads: int | None = None,
    measure: Measure = "pricing",
    prices: Mapping[str, FloatArray] | None = None,
    quantiles: Quantiles = "legs",
    control: bool = True,
    sampling: SamplingLike = "random",
    precision: Precision = "double",
    progress: Progress | None = None,
    executor: ExecutorLike = None,
    store: StoreLike = None,
) -> list[Valuation]:
    """Value several deals on the same paths of one market; see :func:`value`.

    Without ``market`` all deals must name the same one.

    Returns
    -------
    list of Valuation
        In the order of the deals; their samples can be added path by path.

    Examples
    --------
    >>> import contracts
    >>> lynas, nouveau = contracts.value_together(
    ...     ["lynas-jare", "nouveau-monde"], n_paths=500, seed=1
    ... )
    >>> joint = lynas.samples + nouveau.samples
    >>> bool(joint.std() < lynas.samples.std() + nouveau.samples.std())
    True
    """
    rule = "be a number where deals are valued together"
    require(str(n_paths) != "auto", "n_paths", rule, n_paths)
    one_of(measure, ("pricing", "physical"), "measure")
    one_of(quantiles, get_args(Quantiles), "quantiles")
    require(len(deals) > 0, "deals", "hold at least one", len(deals))
    loaded = [as_deal(deal) for deal in deals]
    require(
        prices is None or (executor is None and store is None),
        "executor and store",
        "be left out where prices are supplied, which stay in this process",
        executor or store,
    )
    recipe = ValuationRecipe(
        deals=tuple(loaded),
        market=common_market(loaded, market),
        sides=tuple(perspective or deal.perspective for deal in loaded),
        measure=measure,
        keep_legs=quantiles != "total",
        is_controlled=control and prices is None,
        seed=seed,
    )
    run, outputs = recipe.bind(prices)
    n_paths = run.n_paths or n_paths
    drawn = _sampling(sampling, n_paths, precision, is_replay=prices is not None)
    plan = Plan(n_paths=n_paths, seed=seed, n_threads=n_threads, sampling=drawn)
    try:
        estimate = simulate(
            run.model,
            run.grid,
            outputs,
            plan,
            measure=measure,
            progress=progress,
            executor=executor,
            store=store,
            recipe=recipe,
            kept="histogram" if quantiles == "histogram" else "samples",
        )
    except MemoryError as error:
        rule = f"leave room for {outputs.n_kept} samples of 8 bytes a path"
        message = f"n_paths must {rule}, got {n_paths:,}"
        raise ValueError(message) from error
    about = {"is_replay": prices is not None, "is_controlled": recipe.is_controlled}
    found = [
        valuation_of(run, placed, side, measure, plan, estimate, **about)
        for placed, side in zip(outputs.deals, recipe.sides, strict=True)
    ]
    if drawn.precision == "single":
        moved = _moved_by_rounding(run, outputs, plan, measure)
        found = [
            dataclasses.replace(one, rounding=float(moved[placed.total_sums.start]))
            for one, placed in zip(found, outputs.deals, strict=True)
        ]
    return found


def _moved_by_rounding(run: Run, outputs: Outputs, plan: Plan, measure: Measure) -> FloatArray:
    """Return by how much single precision moves each mean, on the same uniforms in both."""
    n_paths = min(plan.n_paths, ROUNDING_PATHS)
    single, double = (
        simulate(
            run.model,
            run.grid,
            outputs,
            dataclasses.replace(
                plan, n_paths=n_paths, sampling=Sampling(spot_only=True, precision=precision)
            ),
            measure=measure,
            kept="nothing",
        )
        for precision in get_args(Precision)[::-1]
    )
    moved: FloatArray = single.mean - double.mean
    return moved


def _sampling(
    like: SamplingLike, n_paths: int, precision: Precision, *, is_replay: bool
) -> Sampling:
    """Return how to draw paths; supplied ones are not drawn."""
    if is_replay:
        require(
            like in ("random", Sampling()), "sampling", "be left out with supplied prices", like
        )
        require(precision == "double", "precision", "be left out with supplied prices", precision)
        return Sampling()
    return as_sampling(like, n_paths, precision)
