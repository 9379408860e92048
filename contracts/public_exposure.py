r"""Public exposure: what the public pays and receives, by fiscal year and more.

For each group :math:`g` and fiscal year, over paths, with :math:`X_g` what is paid

.. math::

   \mathbb{E}[X_g], \quad q_p(X_g), \quad
   \mathrm{ES}_{95}(X_g) = \tfrac{1}{0.05} \int_{0.95}^1 q_u(X_g)\,du, \quad
   \mathbb{P}(X_g > 0), \quad \mathbb{P}(X_g > B_g), \quad \mathbb{E}[(X_g - B_g)^+]

with :math:`B_g` the appropriation. Outlays are under the ``physical`` measure, undiscounted; the
present value is under the ``pricing`` measure. All deals share their paths, so the quantiles of
a sum are joint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.checks import require
from contracts.controls import Controls
from contracts.conventions import PERCENTILES, FloatArray
from contracts.defaults import DEFAULT_PATHS
from contracts.exposure_groups import GroupOutputs, Groups, group
from contracts.exposure_statistics import paid_statistics
from contracts.recipes import ExposureRecipe
from contracts.run import SPOT_ONLY, prepare
from contracts.settlement import simulated_dates
from contracts.valuation import Valuation
from montecarlo.executors.collection import ExecutorLike, StoreLike
from montecarlo.models.protocol import Measure
from montecarlo.plan import Plan
from montecarlo.reduction import Estimate
from montecarlo.simulation import Progress, simulate

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.run import Run

TAIL_STATISTICS = (
    "standard_error_paid_p95",
    "paid_expected_shortfall_95",
    "standard_error_shortfall_95",
)


def exposure(
    valuations: Sequence[Valuation],
    *,
    by: Sequence[str] = ("fiscal_year",),
    progress: Progress | None = None,
    executor: ExecutorLike = None,
    store: StoreLike = None,
) -> pd.DataFrame:
    """Return the exposure of all public parties of one or more deals.

    Paths are drawn independently, whatever the valuations did, for only then do percentiles have
    standard errors.

    Parameters
    ----------
    valuations
        Valued together, or one by one on the same market, seed and number of paths.
    by
        Some of ``fiscal_year``, ``agency``, ``programme``, ``commodity``, ``counterparty``,
        ``deal``, ``leg``, ``party``; the fiscal year is that of the payment date, each party's
        own.
    progress
        Called with (paths done, paths in all), twice over.
    executor, store
        As for :func:`contracts.value`.

    Returns
    -------
    Table with one row a group and ``total``, columns (probability measure, statistic, unit).
    ``recorded`` is what is paid or already settled, ``contingent`` the rest of the expected
    payments; ``maximum_obligation`` is what is paid if every price still to come is zero, NaN where
    a path pays more than that (payments that rise with a price), or where a random index moves it.
    Appropriation columns are NaN where a deal in the group has none for that year, and where the
    group holds only a part of what the party pays for the deal in that year.

    Raises
    ------
    ValueError
        When the valuations do not share market, seed and paths, or replay supplied prices; for an
        unknown dimension; when no party is public.

    Examples
    --------
    >>> import contracts
    >>> v = contracts.value("nouveau-monde", n_paths=500, seed=1)
    >>> table = exposure([v], by=["fiscal_year"])
    >>> list(table.index)[0], list(table.index)[-1]
    (2029, 'total')
    """
    run = _common_run(valuations)
    first = valuations[0]
    groups = group(run.settlements, by)
    outlays = _simulate(run, groups, first, "physical", progress, executor, store)
    value = _simulate(run, groups, first, "pricing", progress, executor, store)
    return _table(groups, valuations, outlays, value)


def samples_by_group(
    valuations: Sequence[Valuation], *, by: Sequence[str] = ("fiscal_year",)
) -> tuple[pd.Index, FloatArray]:
    """Return group labels and the payments of each, ``(n_groups, n_paths)``, physical measure.

    For pictures and for statistics that :func:`exposure` does not give; without the total.
    """
    run = _common_run(valuations)
    groups = group(run.settlements, by)
    estimate = _simulate(run, groups, valuations[0], "physical")
    return _index(groups)[:-1], estimate.samples[:-1]


def _common_run(valuations: Sequence[Valuation]) -> Run:
    require(len(valuations) > 0, "valuations", "hold at least one", len(valuations))
    first = valuations[0]
    for other in valuations[1:]:
        same = (other.market.name, other.plan.seed, other.plan.n_paths)
        wanted = (first.market.name, first.plan.seed, first.plan.n_paths)
        require(same == wanted, "valuations", f"share market, seed and paths {wanted}", same)
        is_one = other.market is first.market or (
            len(first.market.terms) > 0 and other.market.terms == first.market.terms
        )
        rule = f"share one market: the terms of {first.market.name} differ"
        require(is_one, "valuations", rule, other.deal.name)
    names = [valuation.deal.name for valuation in valuations]
    require(len(set(names)) == len(names), "valuations", "hold each deal once", names)
    require(
        not any(valuation.is_replay for valuation in valuations),
        "valuations",
        "be simulated: supplied prices have one measure only",
        "replayed prices",
    )
    return prepare([valuation.deal for valuation in valuations], first.market)


def _simulate(
    run: Run,
    groups: Groups,
    first: Valuation,
    measure: Measure,
    progress: Progress | None = None,
    executor: ExecutorLike = None,
    store: StoreLike = None,
) -> Estimate:
    recipe = ExposureRecipe(
        deals=tuple(settlement.deal for settlement in run.settlements),
        market=run.market,
        by=groups.by,
        measure=measure,
        seed=first.plan.seed,
    )
    return simulate(
        run.model,
        run.grid,
        recipe.outputs(run, groups),
        _plan(first),
        measure=measure,
        progress=progress,
        executor=executor,
        store=store,
        recipe=recipe,
    )


def _plan(first: Valuation) -> Plan:
    """Return the plan of a valuation with independent paths, from which percentiles have errors.

    A search for a standard error may have ended with few paths, for the mean: as many as usual are
    drawn instead.
    """
    n_paths = first.plan.n_paths if first.search is None else DEFAULT_PATHS
    return dataclasses.replace(first.plan, n_paths=n_paths, sampling=SPOT_ONLY)


def _table(
    groups: Groups, valuations: Sequence[Valuation], outlays: Estimate, value: Estimate
) -> pd.DataFrame:
    n = len(groups.keys) + 1
    unit = valuations[0].deal.currency
    columns: dict[tuple[str, str, str], FloatArray] = {}

    def add(measure: str, statistic: str, values: FloatArray, column_unit: str = unit) -> None:
        columns[measure, statistic, column_unit] = values

    # The first rows are kept path by path and plain; the averages that follow are corrected.
    for position, name in enumerate(("paid", "received", "net_paid"), start=1):
        rows = slice(position * n, (position + 1) * n)
        add("physical", f"expected_{name}", outlays.mean[rows])
        add("physical", f"standard_error_{name}", outlays.standard_error[rows])
    budget = _appropriations(groups)
    paid = paid_statistics(outlays.samples, budget)
    for statistic in [*(f"paid_{name}" for name in PERCENTILES), *TAIL_STATISTICS]:
        add("physical", statistic, paid[statistic])
    for statistic in ("probability_of_payment", "standard_error_probability"):
        add("physical", statistic, paid[statistic], "1")
    at_zero = _at_zero_prices(groups)
    # Payments that rise with a price or an index, or that a cap moves between years, have no
    # such bound.
    is_bound = outlays.samples.max(axis=1) <= at_zero * (1.0 + 1e-9) + 1e-6
    add("contract", "maximum_obligation", np.where(is_bound, at_zero, np.nan))
    add("contract", "recorded", _recorded(groups))
    add("physical", "contingent", outlays.mean[n : 2 * n] - columns["contract", "recorded", unit])
    add("contract", "appropriation", budget)
    for statistic in ("probability_exceeds", "standard_error_exceeds"):
        add("physical", statistic, paid[statistic], "1")
    for statistic in ("expected_excess", "standard_error_excess"):
        add("physical", statistic, paid[statistic])
    add("pricing", "present_value_net_paid", value.mean[2 * n :])
    add("pricing", "standard_error_present_value", value.standard_error[2 * n :])
    table = pd.DataFrame(columns, index=_index(groups))
    table.columns.names = ["probability_measure", "statistic", "unit"]
    return table


def _index(groups: Groups) -> pd.Index:
    total = ("total", *[""] * (len(groups.by) - 1))
    keys = [*groups.keys, total]
    if len(groups.by) == 1:
        return pd.Index([key[0] for key in keys], name=groups.by[0], dtype=object)
    return pd.MultiIndex.from_tuples(keys, names=list(groups.by))


def _at_zero_prices(groups: Groups) -> FloatArray:
    """Return what is paid by group, and in all, when every price still to come is zero.

    NaN where that depends on an index to come, which nothing bounds.
    """
    outputs = GroupOutputs(groups, [Controls() for _ in groups.settlements], discounted=False)
    deals = [settlement.deal for settlement in groups.settlements]
    market = groups.settlements[0].market
    names, dates = simulated_dates(deals, market)
    prices = {name: np.zeros((len(dates), 1)) for name in names}
    indices = [name for name in names if name not in market.commodities]

    def paid(multiple: float) -> FloatArray:
        for name in indices:
            mean = market.simulated[name].forward_curve(market.years(dates))
            prices[name] = multiple * mean[:, None]
        found: FloatArray = outputs.split(prices, 1)[: outputs.n_groups, 0]
        return found

    at_mean = paid(1.0)
    return np.where(at_mean == paid(2.0), at_mean, np.nan) if indices else at_mean


def _recorded(groups: Groups) -> FloatArray:
    """Return what is paid, or owed for a period that is settled, by group and in all."""
    recorded = np.zeros(len(groups.keys) + 1)
    for settlement, lines in zip(groups.settlements, groups.lines, strict=True):
        observed, prices = settlement.observe_settled()
        for public in lines:
            line = public.line
            flows = public.sign * line.flows(prices, observed)[:, 0]
            is_known = line.is_settled | line.is_paid
            np.add.at(recorded, public.groups, np.maximum(flows, 0.0) * is_known)
    recorded[-1] = recorded[:-1].sum()
    return recorded


def _appropriations(groups: Groups) -> FloatArray:
    """Return each group's appropriation.

    NaN where a deal in the group has none for the year, and where the group holds only a part of
    what the party pays for the deal in that year: a part has no appropriation of its own.
    """
    budget = np.full(len(groups.keys) + 1, np.nan)
    if "fiscal_year" not in groups.by:
        return budget
    where: dict[tuple[str, str, int], set[int]] = {}
    amounts: dict[tuple[str, str, int], float | None] = {}
    for public in groups.public_lines:
        for number, year in zip(public.groups.tolist(), public.fiscal_years.tolist(), strict=True):
            key = (public.deal.name, public.party, year)
            where.setdefault(key, set()).add(number)
            amounts[key] = _amount(public.deal, public.party, year)
    for number in range(len(groups.keys)):
        inside = [key for key, found in where.items() if number in found]
        known = [amounts[key] for key in inside]
        if None not in known and all(len(where[key]) == 1 for key in inside):
            budget[number] = sum(amount or 0.0 for amount in known)
    return budget


def _amount(deal: Deal, party: str, year: int) -> float | None:
    named = [a for a in deal.appropriations if a.party == party]
    exact = [a.amount for a in named if a.fiscal_year == year]
    every = [a.amount for a in named if a.fiscal_year is None]
    return next(iter([*exact, *every]), None)
