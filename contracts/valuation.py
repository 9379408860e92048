r"""Valuation: a deal, a market and a price model joined.

.. math:: \mathrm{PV} = \mathbb{E}\Big[\sum_{k\,\text{unpaid}} D(d_k)\, F_k\Big]

with :math:`F_k` the flow paid on date :math:`d_k`, signed for the perspective (+ received,
- paid), and :math:`D` the market's discount factor. Flows are settled path by path and only then
averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from contracts.accuracy import Search
from contracts.checks import one_of, require
from contracts.conventions import FloatArray, IntArray
from contracts.deal import Deal
from contracts.leg_value import LegValue, binned_percentiles, leg_value
from contracts.market import Market
from contracts.outputs import DealOutputs
from contracts.run import Run, prepare
from montecarlo.models.protocol import Measure
from montecarlo.plan import Plan
from montecarlo.reduction import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from contracts.settlement import Settlement
    from montecarlo.models.protocol import PriceModel

Quantiles: TypeAlias = Literal["legs", "total", "histogram"]


@dataclass(frozen=True, eq=False, repr=False)
class Valuation:
    """The value of a deal on a date, from one side, with its standard errors.

    Attributes
    ----------
    deal, market, perspective, measure, plan
        What was valued, on what, for whom, under which measure, with how many paths.
    model
        The price model that was simulated.
    is_replay, is_controlled
        Whether prices were supplied; whether means are corrected by control variates where there
        are any.
    controls
        Names of the legs that a control variate corrects.
    legs
        One :class:`LegValue` a clause.
    pv, standard_error
        Of the whole deal.
    samples
        ``(n_paths,)`` present values of the whole deal; empty where they were not kept.
    percentiles
        Of the present value of the whole deal, from a histogram where there is one.
    search
        How a wanted standard error was reached, where one was asked for.
    rounding
        In single precision: the value in it less that in double, from the same uniforms of the
        first 8,192 paths.
    years
        ``(n_years,)`` calendar years of payment.
    year_amounts, year_errors
        ``(n_years,)`` expected undiscounted flows of the whole deal and their standard errors.

    Examples
    --------
    >>> import contracts
    >>> v = contracts.value("lynas-jare", n_paths=1_000, seed=1)
    >>> v.samples.shape
    (1000,)
    >>> abs(v.pv - sum(leg.pv for leg in v.legs)) < 1.0
    True
    """

    deal: Deal
    market: Market
    perspective: str
    measure: Measure
    plan: Plan
    model: PriceModel
    is_replay: bool
    is_controlled: bool
    controls: tuple[str, ...]
    legs: tuple[LegValue, ...]
    pv: float
    standard_error: float
    expected_amount: float
    expected_amount_error: float
    samples: FloatArray
    years: IntArray
    year_amounts: FloatArray
    year_errors: FloatArray
    percentiles: FloatArray | None = None
    search: Search | None = None
    rounding: float | None = None

    def __repr__(self) -> str:
        return (
            f"Valuation({self.deal.name!r} on {self.market.name!r} for {self.perspective!r}: "
            f"{self.pv:,.0f} +- {self.standard_error:,.0f} {self.deal.currency})"
        )

    @cached_property
    def settlement(self) -> Settlement:
        """The deal bound to its market, of which reports read what is settled and paid."""
        return prepare([self.deal], self.market).settlements[0]

    @property
    def unmoved(self) -> tuple[str, ...]:
        r"""Legs that prices still to come can change, and on no path did, where paths are kept.

        Their standard error of zero is not knowledge: among :math:`n` independent paths, an event
        of probability above :math:`3 / n` is missed once in twenty times, since
        :math:`(1 - 3/n)^n \approx 0.05`.
        """
        return tuple(
            leg.clause.name
            for leg in self.legs
            if leg.samples is not None
            and leg.samples.size > 1
            and bool((leg.samples == leg.samples[0]).all())
        )

    def leg(self, name: str) -> LegValue:
        """Return the value of one leg by name."""
        one_of(name, tuple(leg.clause.name for leg in self.legs), "leg")
        return next(leg for leg in self.legs if leg.clause.name == name)

    def summary(self) -> pd.DataFrame:
        """Return one row a leg and ``total``: value, standard error, quantiles, amounts."""
        from contracts.tables import summary

        return summary(self)

    def cashflows(self) -> pd.DataFrame:
        """Return one row a flow, indexed by leg and period."""
        from contracts.tables import cashflows

        return cashflows(self)

    def by_year(self) -> pd.DataFrame:
        """Return expected flows by calendar year of payment: legs, total, standard error."""
        from contracts.tables import by_year

        return by_year(self)

    def headline(self) -> pd.DataFrame:
        """Return what the perspective's party gives and gets, leg by leg."""
        from contracts.tables import headline

        return headline(self)

    def settled(self) -> pd.DataFrame:
        """Return past periods with the price and the quantity behind each amount."""
        from contracts.settled import settled

        return settled(self)

    def equity(self) -> pd.DataFrame:
        """Return the shares that the deal hands over, and what part of the company they are."""
        from contracts.equity import equity

        return equity(self.deal)

    def _repr_html_(self) -> str:
        """Return the summary for a notebook, under a line that says what was valued."""
        from contracts.reports.notebook import valuation_html

        return valuation_html(self)

    def concessions(self) -> pd.DataFrame:
        """Return each loan at the Treasury curve and at a market yield; the gap between."""
        from contracts.concession import concessions

        return concessions(self)

    def exposure(self, by: Sequence[str] = ("fiscal_year",)) -> pd.DataFrame:
        """Return what the public pays and receives, by group, over all paths."""
        from contracts.public_exposure import exposure

        return exposure([self], by=by)

    def fingerprint(self) -> str:
        """Return a hash of deal, market, perspective, measure, seed and paths."""
        from contracts.fingerprint import fingerprint

        return fingerprint(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything a program needs, in full precision; see ``offtake value --json``."""
        from contracts.document import document

        return document(self)


def valuation_of(
    run: Run,
    placed: DealOutputs,
    perspective: str,
    measure: Measure,
    plan: Plan,
    estimate: Estimate,
    *,
    is_replay: bool,
    is_controlled: bool,
) -> Valuation:
    """Read a deal's value off the rows of a run."""
    mean, error = estimate.mean, estimate.standard_error
    legs = tuple(leg_value(place, estimate) for place in placed.lines)
    for leg in legs:
        where = f"{placed.settlement.deal.name}: legs[{leg.clause.name}]"
        require(np.isfinite(leg.pv), where, "have a finite value; a term is too large", leg.pv)
    sums = placed.total_sums
    return Valuation(
        deal=placed.settlement.deal,
        market=run.market,
        perspective=perspective,
        measure=measure,
        plan=plan,
        model=run.model,
        is_replay=is_replay,
        is_controlled=is_controlled,
        controls=tuple(leg.clause.name for leg in legs if placed.controls.get(leg.clause.name)),
        legs=legs,
        pv=float(mean[sums.start]),
        standard_error=float(error[sums.start]),
        expected_amount=float(mean[sums.start + 1]),
        expected_amount_error=float(error[sums.start + 1]),
        samples=estimate.samples[placed.total_pv],
        years=placed.years,
        year_amounts=mean[sums.start + 2 : sums.stop],
        year_errors=error[sums.start + 2 : sums.stop],
        percentiles=binned_percentiles(estimate, placed.total_pv),
    )
