"""A value whose parameters are not known: what prices move, and what parameters move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from contracts.conventions import PERCENTILES, FloatArray
from contracts.json_plain import plain_json
from montecarlo.calibrate.fragment import provenance
from montecarlo.crossed_design import VarianceComponents
from montecarlo.quantile import quantile_standard_error, quantiles

if TYPE_CHECKING:
    import pandas as pd

    from contracts.parameter_uncertainty import Design
    from contracts.valuation import Valuation

Part: TypeAlias = Literal["present value", "leg", "fiscal year"]
TOTAL: tuple[Part, str] = ("present value", "total")
ROUNDING = 1e-9


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
        """What a reader must know: the fit, how parameters were drawn, what became of the curve."""
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
        fitted = provenance(design.draws.fit)[0].rstrip(".")
        return (
            fitted[0].lower() + fitted[1:],
            *self._other_unit(),
            *self._premia_left_out(),
            drawn + ways[design.draws.way],
            curves[design.curve],
            *design.draws.warnings,
        )

    def _other_unit(self) -> tuple[str, ...]:
        """Return what to say of a fit to a price in another unit, which may be another price."""
        fit, commodity = self.design.draws.fit, self.design.commodity
        unit = self.design.market.commodity(commodity).unit
        if fit.unit == unit:
            return ()
        return (
            f"the fit is of {fit.name} in {fit.unit}, {commodity} is in {unit}: volatilities and "
            "speeds have no price in them and are taken as they are; see that it is the same price",
        )

    def _premia_left_out(self) -> tuple[str, ...]:
        """Return what to say of risk premia of the market that the fitted model cannot have."""
        from contracts.drawn_market import premia_left_out

        market, fit = self.design.market, self.design.draws.fit
        names = premia_left_out(market, self.design.commodity, fit)
        if not names:
            return ()
        kind = market.terms["commodities"][self.design.commodity]["model"]["kind"]
        return (
            f"premia of the market's {kind} model are left out, for {fit.kind} has no such terms: "
            f"{', '.join(names)}",
        )

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
            "fit": {
                "name": design.draws.fit.name,
                "unit": design.draws.fit.unit,
                "horizon": design.draws.fit.horizon,
                "first_date": str(design.draws.fit.first_date),
                "last_date": str(design.draws.fit.last_date),
                "n_observations": design.draws.fit.n_observations,
                "data_sha256": design.draws.fit.data_hash,
                "made_on": str(design.draws.fit.made_on),
                "warnings": list(design.draws.fit.warnings),
                "overrides": [item.text() for item in design.draws.fit.overrides],
            },
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
                name: {"value": point, "standard_error": plain_json(error)}
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
            "spread": [
                {key: plain_json(entry) for key, entry in row.items()} for row in self.rows()
            ],
            "fair_values": self.fair_values.tolist(),
        }


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
