r"""What not knowing the parameters adds to the spread of a value, beside the prices themselves.

A deal is valued under each of :math:`M` draws of its price model's parameters, on the same random
numbers. The variance of its present value splits into

.. math::

    \mathrm{Var}(PV) = \mathbb{E}\,\mathrm{Var}(PV|\theta) + \mathrm{Var}\,\mathbb{E}(PV|\theta)

the price risk that remains when the parameters are known, and what knowing them would take away
(:mod:`montecarlo.crossed_design`); so does that of each leg, and of the public payments of
each fiscal year.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contracts.checks import require
from contracts.conventions import FloatArray
from contracts.defaults import DEFAULT_SEED
from contracts.drawn_market import CurveChoice, with_fitted_model
from contracts.public_exposure import samples_by_group
from contracts.run import DealLike, MarketLike, as_deal, common_market
from contracts.settlement import simulated_dates
from contracts.uncertain_value import TOTAL, ParameterUncertainty, Part
from contracts.valuing import value
from montecarlo.crossed_design import variance_components

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market
    from contracts.valuation import Valuation
    from montecarlo.calibrate.fitted import Fit
    from montecarlo.calibrate.parameter_draws import ParameterDraws
    from montecarlo.simulation import Progress

UNCERTAINTY_PATHS = 5_000
MOST_SAMPLES = 500_000_000
"""Samples that are kept at most: 8 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a nested design will take.

    Parameters
    ----------
    n_valuations, n_paths
        How many simulations of how many paths.
    n_samples
        Samples kept, 8 bytes each.
    seconds
        From a pilot; NaN before one.
    """

    n_valuations: int
    n_paths: int
    n_samples: int
    seconds: float

    def text(self) -> str:
        """Return one line.

        >>> Cost(n_valuations=101, n_paths=5_000, n_samples=500_000, seconds=84.2).text()
        '101 simulations of 5,000 paths, 4 MB of samples, about 84 seconds on this machine'
        """
        size = max(round(8 * self.n_samples / 1e6), 1)
        return (
            f"{self.n_valuations:,} simulations of {self.n_paths:,} paths, {size:,} MB of samples, "
            f"about {self.seconds:,.0f} seconds on this machine"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """A deal, a market and draws of parameters: what is to be simulated.

    Parameters
    ----------
    deal, market
        Loaded.
    commodity
        Whose parameters are drawn.
    draws
        Of its model.
    curve
        Whether the forward curve is held, or that of the drawn parameters.
    n_paths, seed, n_threads
        Of each valuation; all use the same random numbers.
    perspective
        Party whose receipts are positive.
    by_year
        Whether public payments by fiscal year are simulated too.
    """

    deal: Deal
    market: Market
    commodity: str
    draws: ParameterDraws
    curve: CurveChoice
    n_paths: int
    seed: int
    perspective: str
    by_year: bool
    n_threads: int | None = None

    def cost(self) -> Cost:
        """Return what the run will take, the seconds measured on one valuation of it."""
        fit = next(self.draws.fits())
        for _ in self._samples(self.value_under(fit)):
            # The first one compiles what is not compiled yet.
            pass
        begun = time.perf_counter()
        n_rows = sum(1 for _ in self._samples(self.value_under(fit)))
        each = time.perf_counter() - begun
        n_draws = len(self.draws)
        return Cost(
            n_valuations=(n_draws + 1) * (1 + self.by_year),
            n_paths=self.n_paths,
            n_samples=n_draws * self.n_paths * n_rows,
            seconds=(n_draws + 1) * each,
        )

    def value_under(self, fit: Fit) -> Valuation:
        """Value the deal under one set of parameters."""
        return value(
            self.deal,
            market=with_fitted_model(self.market, self.commodity, fit, curve=self.curve),
            perspective=self.perspective,
            n_paths=self.n_paths,
            seed=self.seed,
            n_threads=self.n_threads,
            quantiles="legs",
        )

    def run(self, progress: Progress | None = None) -> ParameterUncertainty:
        """Value under every draw, and split the variance.

        Parameters
        ----------
        progress
            Called with (valuations done, valuations in all).
        """
        base = self.value_under(self.draws.fit)
        n_draws = len(self.draws)
        fair, error = np.empty(n_draws), np.empty(n_draws)
        rows: dict[tuple[Part, str], FloatArray] = {}
        for draw, fit in enumerate(self.draws.fits()):
            if progress is not None:
                progress(draw, n_draws)
            try:
                found = self.value_under(fit)
            except ValueError as fault:
                message = f"draw {draw + 1} of the parameters, {fit!r}: {fault}"
                raise ValueError(message) from fault
            fair[draw], error[draw] = found.pv, found.standard_error
            for key, samples in self._samples(found):
                if key not in rows:
                    require(
                        (len(rows) + 1) * n_draws * self.n_paths <= MOST_SAMPLES,
                        "n_draws x n_paths",
                        f"keep at most {MOST_SAMPLES:,} samples, of each leg and fiscal year",
                        n_draws * self.n_paths,
                    )
                    rows[key] = np.empty((n_draws, self.n_paths))
                rows[key][draw] = samples
        if progress is not None:
            progress(n_draws, n_draws)
        return ParameterUncertainty(
            design=self,
            base=base,
            parts={key: variance_components(samples) for key, samples in rows.items()},
            fair_values=fair,
            fair_value_errors=error,
        )

    def _samples(self, found: Valuation) -> Iterator[tuple[tuple[Part, str], FloatArray]]:
        """Yield what is split: the present value, that of each leg, payments of each year."""
        yield TOTAL, found.samples
        for leg in found.legs:
            # A leg that no price can change has one present value and nothing to split.
            if leg.samples is not None and leg.samples.size == self.n_paths:
                yield ("leg", leg.clause.name), leg.samples
        if self.by_year:
            labels, paid = samples_by_group([found])
            for label, row in zip(labels, paid, strict=True):
                yield ("fiscal year", str(label)), row


def parameter_uncertainty(
    deal: DealLike,
    commodity: str,
    draws: ParameterDraws,
    *,
    market: MarketLike | None = None,
    curve: CurveChoice = "held",
    n_paths: int = UNCERTAINTY_PATHS,
    seed: int = DEFAULT_SEED,
    perspective: str | None = None,
    by_year: bool = True,
    n_threads: int | None = None,
) -> Design:
    """Return the design that carries the uncertainty of parameters into the value of a deal.

    Its ``cost()`` says what it will take, its ``run()`` does it.

    Parameters
    ----------
    deal, market
        Objects, built-in names or paths of files; the deal's own market by default.
    commodity
        Whose parameters are drawn.
    draws
        From :func:`montecarlo.calibrate.draw_parameters`.
    curve
        ``held``, or ``model`` where the curve is the model's own and moves with its parameters;
        see :mod:`contracts.drawn_market`.
    n_paths, seed, n_threads
        Of each valuation.
    perspective
        Party whose receipts are positive; the deal's own by default.
    by_year
        Split public payments by fiscal year too, which takes a second simulation for each draw.

    Raises
    ------
    ValueError
        For a price that the deal does not read, for too few draws or paths, or too many to keep.
    """
    loaded = as_deal(deal)
    found = common_market([loaded], market)
    found.commodity(commodity)
    read, _ = simulated_dates([loaded], found)
    rule = f"be a price that {loaded.name} reads after the valuation date"
    require(commodity in read, "commodity", rule, commodity)
    require(len(draws) >= 3, "n_draws", "be at least 3", len(draws))
    require(n_paths >= 40, "n_paths", "be at least 40", n_paths)
    rule = f"keep at most {MOST_SAMPLES:,} samples"
    require(n_paths * len(draws) <= MOST_SAMPLES, "n_draws x n_paths", rule, n_paths * len(draws))
    is_public = any(party.is_public for party in loaded.parties.values())
    return Design(
        deal=loaded,
        market=found,
        commodity=commodity,
        draws=draws,
        curve=curve,
        n_paths=n_paths,
        seed=seed,
        perspective=perspective or loaded.perspective,
        by_year=by_year and is_public,
        n_threads=n_threads,
    )
