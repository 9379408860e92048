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
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from contracts.checks import require
from contracts.conventions import PERCENTILES, FloatArray
from contracts.defaults import DEFAULT_SEED
from contracts.drawn_market import CurveChoice, with_fitted_model
from contracts.public_exposure import samples_by_group
from contracts.run import DealLike, MarketLike, as_deal, common_market
from contracts.settlement import simulated_dates
from contracts.valuing import value
from montecarlo.crossed_design import VarianceComponents, variance_components
from montecarlo.quantile import quantile_standard_error, quantiles

if TYPE_CHECKING:
    import pandas as pd

    from contracts.deal import Deal
    from contracts.market import Market
    from contracts.valuation import Valuation
    from montecarlo.calibrate.fitted import Fit
    from montecarlo.calibrate.parameter_draws import ParameterDraws
    from montecarlo.simulation import Progress

Part: TypeAlias = Literal["present value", "leg", "fiscal year"]
TOTAL: tuple[Part, str] = ("present value", "total")

UNCERTAINTY_PATHS = 5_000
ROUNDING = 1e-9
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


@dataclass(frozen=True, kw_only=True, eq=False)
class ParameterUncertainty:
    """A value whose parameters are not known: what prices move, and what parameters move.

    Parameters
    ----------
    design
        What was simulated.
    base
        The valuation at the estimates.
    parts
        ``("present value", "total")``, ``("leg", name)`` and ``("fiscal year", year)`` -> how the
        variance splits; of a fiscal year it is that of what the public pays in it, undiscounted,
        under the physical measure.
    fair_values, fair_value_errors
        The present value under each draw, with its simulation error, ``(n_draws,)``; control
        variates included.
    """

    design: Design
    base: Valuation
    parts: dict[tuple[Part, str], VarianceComponents]
    fair_values: FloatArray
    fair_value_errors: FloatArray

    @property
    def components(self) -> VarianceComponents:
        """How the variance of the present value splits."""
        return self.parts[TOTAL]

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader must know: how parameters were drawn, and what became of the curve."""
        design = self.design
        drawn = f"parameters of {design.draws.fit.kind} drawn {len(design.draws)} times: "
        ways = {
            "asymptotic": "normal about the estimates, on a scale without limits",
            "bootstrap": "the fits of simulated histories",
            "reflected": "the fits of simulated histories, turned round the estimates",
        }
        is_traded = design.market.commodity(design.commodity).is_traded
        curves = {
            "held": "the forward curve is held"
            + ("" if is_traded else ", though nobody quotes it: an assumption that is not drawn"),
            "model": "the forward curve is that of each draw, from today's price, less the "
            "market's risk premium",
        }
        return (drawn + ways[design.draws.way], curves[design.curve], *design.draws.warnings)

    def percentiles(self) -> dict[str, tuple[float, float]]:
        """Return percentiles of the value over parameters, each with its standard error."""
        points = quantiles(self.fair_values, list(PERCENTILES.values())).tolist()
        errors = [
            float(quantile_standard_error(self.fair_values, level))
            for level in PERCENTILES.values()
        ]
        return dict(zip(PERCENTILES, zip(points, errors, strict=True), strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """Return the present value, each leg and fiscal year: spread from prices, parameters."""
        return [
            {"part": part, "name": name, **_row(found)}
            for (part, name), found in self.parts.items()
            # Where nothing moves, but for rounding, there is nothing to split.
            if found.total > (ROUNDING * found.mean) ** 2
        ]

    def table(self) -> pd.DataFrame:
        """Return :meth:`rows` as a table, with units.

        Deviations are square roots of the components; that of the parameters is NaN where its
        estimate came out below zero, which says that it cannot be told from zero.
        """
        import pandas as pd

        from contracts.tables import with_units

        rows = self.rows()
        names = [name for name in rows[0] if name not in ("part", "name")]
        unit = self.design.deal.currency
        units = {name: "1" if "share" in name else unit for name in names}
        index = pd.MultiIndex.from_tuples(
            [(row["part"], row["name"]) for row in rows], names=["part", "name"]
        )
        return with_units({name: [row[name] for row in rows] for name in names}, units, index)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``offtake uncertainty --json`` prints."""
        design, parts = self.design, self.components
        return {
            "deal": design.deal.name,
            "market": design.market.name,
            "currency": design.deal.currency,
            "perspective": design.perspective,
            "commodity": design.commodity,
            "model": design.draws.fit.kind,
            "estimates": {item.name: item.value for item in design.draws.fit.parameters},
            "way": design.draws.way,
            "curve": design.curve,
            "n_draws": len(design.draws),
            "n_paths": design.n_paths,
            "seed": design.seed,
            "notices": list(self.notices),
            "pv_at_estimates": self.base.pv,
            "standard_error": self.base.standard_error,
            "mean_fair_value": float(self.fair_values.mean()),
            "fair_value_percentiles": {
                name: {"value": point, "standard_error": error}
                for name, (point, error) in self.percentiles().items()
            },
            "variance": {
                "price_risk": parts.within,
                "price_risk_error": parts.within_error,
                "parameters": parts.between,
                "parameters_error": parts.between_error,
                "correction": parts.correction,
                "correction_on_independent_paths": parts.independent_correction,
            },
            "spread": [{key: _or_none(entry) for key, entry in row.items()} for row in self.rows()],
            "fair_values": self.fair_values.tolist(),
        }


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


def _row(part: VarianceComponents) -> dict[str, float]:
    prices, parameters = part.deviation(part.within), part.deviation(part.between)
    return {
        "mean": part.mean,
        "standard_error_mean": part.mean_error,
        "price_deviation": prices,
        "standard_error_price_deviation": _error_of_root(prices, part.within_error),
        "parameter_deviation": parameters,
        "standard_error_parameter_deviation": _error_of_root(parameters, part.between_error),
        "parameter_share": part.share,
        "standard_error_share": part.share_error,
    }


def _error_of_root(root: float, error: float) -> float:
    """Return the standard error of a square root; NaN where it is not above zero."""
    return error / (2.0 * root) if root > 0.0 else float("nan")


def _or_none(entry: Any) -> Any:  # noqa: ANN401
    return None if isinstance(entry, float) and not np.isfinite(entry) else entry
