"""A history measured, a model fitted, others compared, and what hangs on the choice, in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.calibration_document import calibration_document
from contracts.floor_choices import FloorChoice, FloorTerms, floor_choices
from contracts.seasonal_history import SeasonalHistory, without_seasons
from montecarlo.calibrate.comparison import Comparison, compare
from montecarlo.calibrate.diagnostics import Diagnostic, diagnose
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.kinds import KINDS, fit
from montecarlo.calibrate.staleness import Staleness, staleness_of

ONE_PRICE = tuple(kind for kind, item in KINDS.items() if item.takes == "history")


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """What ``offtake calibrate`` finds.

    Parameters
    ----------
    history
        The cleaned prices.
    staleness
        How stale and smooth they are.
    fit
        The model that was asked for.
    diagnostics
        Tests of its residuals.
    comparison
        Other models on the same prices; None unless asked for.
    floor_terms, floors
        A floor, and its value under each way of fitting the model.
    seasons
        What was taken out of the prices before; None unless asked for.
    """

    history: PriceHistory
    staleness: Staleness
    fit: Fit
    diagnostics: tuple[Diagnostic, ...]
    comparison: Comparison | None
    floor_terms: FloorTerms
    floors: tuple[FloorChoice, ...]
    seasons: SeasonalHistory | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that a reader must know before using the numbers."""
        said = []
        is_robust = any(item.role == "observation" for item in self.fit.parameters)
        is_naive = self.fit.horizon == "daily" and not is_robust
        if self.staleness.is_stale and is_naive:
            said.append(self.staleness.verdict)
        if self.seasons is not None:
            said.extend(self.seasons.warnings)
        said.extend(self.fit.warnings)
        shape = next(item for item in self.diagnostics if item.name == "Jarque-Bera")
        if shape.is_rejected:
            said.append(
                f"residuals are not normal ({shape.meaning.partition('? ')[2].lower()}): large "
                "moves are more frequent than the model has them"
                + (", and its standard errors too small" if not is_robust else "")
            )
        return tuple(said)

    def fragment(self) -> str:
        """Return the YAML to be pasted under a commodity of a market file: seasons, model."""
        seasons = "" if self.seasons is None else self.seasons.fragment()
        return seasons + self.fit.fragment()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, for JSON: what is not known is null."""
        return calibration_document(
            self.history,
            self.fit,
            warnings=self.warnings,
            fragment=self.fragment(),
            seasonality=None if self.seasons is None else self.seasons.to_dict(),
            notices=list(self.history.notices),
            last_price=self.fit.last_price,
            staleness=self._staleness_document(),
            diagnostics=[
                {
                    "name": item.name,
                    "statistic": item.statistic,
                    "degrees": item.degrees,
                    "p_value": item.p_value,
                    "meaning": item.meaning,
                }
                for item in self.diagnostics
            ],
            comparison=None if self.comparison is None else self.comparison.rows(),
            floor=self._floor_document(),
        )

    def _staleness_document(self) -> dict[str, Any]:
        found = self.staleness
        return {
            "unchanged_share": found.unchanged_share,
            "quotes_a_year": found.quotes_a_year,
            "is_stale": found.is_stale,
            "ratio": found.ratio,
            "verdict": found.verdict,
            "by_horizon": found.rows(),
            "autocorrelation": found.autocorrelation,
            "monthly_autocorrelation": found.monthly_autocorrelation,
            "monthly_excess_kurtosis": found.monthly_excess_kurtosis,
        }

    def _floor_document(self) -> dict[str, Any]:
        return {
            "strike": self.floor_terms.strike,
            "forward_price": self.floor_terms.forward_price,
            "years": self.floor_terms.years,
            "values": [
                {
                    "choice": item.choice,
                    "horizon": item.horizon,
                    "smoothing": item.smoothing,
                    "volatility": item.volatility,
                    "value": item.value,
                    "standard_error": item.standard_error,
                    "failure": item.failure,
                }
                for item in self.floors
            ],
        }


def calibrate(
    history: PriceHistory,
    model: str,
    *,
    horizon: str = "daily",
    smoothing: str = "none",
    is_compared: bool = False,
    floor_strike: float | None = None,
    floor_years: int = 5,
    overrides: Mapping[str, float] | None = None,
    reason: str = "",
    options: Mapping[str, Any] | None = None,
    seasonality: str = "none",
) -> Calibration:
    """Measure a history, fit a model, test it, compare it, and show what hangs on the choice.

    Parameters
    ----------
    history
        Prices.
    model
        Kind of the model, as a market file names it.
    horizon, smoothing
        As :func:`montecarlo.calibrate.fit` takes them.
    is_compared
        Whether all other models are fitted to the same prices.
    floor_strike, floor_years
        Of the floor that is valued under each way of fitting; the last price, and 5 years.
    overrides, reason
        Parameters set by hand, and why.
    options
        What this kind of fit takes besides, such as ``n_regimes``.
    seasonality
        ``none``; or ``changes``, ``centred-mean``, by which seasons are estimated and taken out
        before anything is fitted, see :mod:`contracts.seasonal_history`.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.
    """
    measured, seasons = history, None
    if seasonality != "none":
        seasons = without_seasons(history, seasonality, horizon=horizon)
        history = seasons.history
        # Within a month, quotes are what they were: over its factor they would jump at its end.
        measured = history if seasons.is_monthly else measured
    found = fit(history, model, horizon=horizon, smoothing=smoothing, **(options or {}))
    comparison = (
        compare(history, ONE_PRICE, horizon=horizon, smoothing=smoothing, known=[found])
        if is_compared
        else None
    )
    last = float(history.prices[-1])
    terms = FloorTerms(
        strike=last if floor_strike is None else floor_strike, forward_price=last, years=floor_years
    )
    known = [found, *(comparison.fits.values() if comparison else ())]
    floors = floor_choices(history, model, terms=terms, known=known, options=options)
    if overrides:
        found = found.overridden(reason=reason, **overrides)
    return Calibration(
        history=history,
        staleness=staleness_of(measured),
        fit=found,
        diagnostics=diagnose(found.residuals),
        comparison=comparison,
        floor_terms=terms,
        floors=tuple(floors),
        seasons=seasons,
    )
