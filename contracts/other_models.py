r"""The same deal under other price models: how much of its value is the choice of a model.

.. math:: \Delta_m = V_m - V, \qquad \mathrm{se}(\Delta_m) \le \mathrm{se}(V_m) + \mathrm{se}(V)

with :math:`V` the value on the market as it stands and :math:`V_m` with one commodity's model (and
curve, where that differs) replaced by an alternative that the market file names. All use the same
random numbers, so that the bound is wide; it holds whatever the correlation of the two estimates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contracts.amend import amend_market
from contracts.market import Market

if TYPE_CHECKING:
    import pandas as pd

    from contracts.valuation import Valuation
    from montecarlo.simulation import Progress


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherModel:
    """A valuation with the model of one commodity replaced.

    Parameters
    ----------
    commodity, name
        Whose model, and what the market file calls the other one.
    kind
        Of the other model.
    has_own_curve
        Whether the forward curve is replaced too.
    valuation
        Under the other model, on the same random numbers.
    """

    commodity: str
    name: str
    kind: str
    has_own_curve: bool
    valuation: Valuation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherModels:
    """A valuation, and the same under each alternative of its market.

    Examples
    --------
    >>> from contracts.catalogue import load
    >>> from contracts.valuing import value
    >>> found = under_other_models(value(load("mp-materials"), n_paths=512))
    >>> bool((found.table().index.names == ["commodity", "model"]))
    True
    """

    base: Valuation
    others: tuple[OtherModel, ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return one mapping a model, the market's own first, amounts in currency."""
        base = self.base
        rows: list[dict[str, Any]] = [
            {
                "commodity": "all",
                "model": "as in the market",
                "kind": "",
                "pv": base.pv,
                "standard_error": base.standard_error,
                "difference": 0.0,
                "difference_error": 0.0,
                "legs": {leg.clause.name: leg.pv for leg in base.legs},
            }
        ]
        for other in self.others:
            found = other.valuation
            rows.append(
                {
                    "commodity": other.commodity,
                    "model": other.name,
                    "kind": other.kind + (", own curve" if other.has_own_curve else ""),
                    "pv": found.pv,
                    "standard_error": found.standard_error,
                    "difference": found.pv - base.pv,
                    "difference_error": found.standard_error + base.standard_error,
                    "legs": {leg.clause.name: leg.pv for leg in found.legs},
                }
            )
        return rows

    def table(self) -> pd.DataFrame:
        """Return PV, standard error and difference of each model, and the PV of each leg.

        Returns
        -------
        DataFrame
            Indexed by commodity and model; ``difference_error`` is an upper bound.
        """
        import pandas as pd

        flat = [
            {key: value for key, value in row.items() if key != "legs"} | row["legs"]
            for row in self.rows()
        ]
        return pd.DataFrame(flat).set_index(["commodity", "model"])

    def to_dict(self) -> list[dict[str, Any]]:
        """Return what ``offtake value --json`` prints."""
        return self.rows()


def alternatives(
    market: Market, names: tuple[str, ...]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return (commodity, name) -> terms of the alternatives that a market file names.

    Parameters
    ----------
    market
        A market that was read from a file, or built from terms.
    names
        Commodities to look at.
    """
    known = market.terms.get("commodities", {})
    return {
        (commodity, name): terms
        for commodity in names
        for name, terms in (known.get(commodity, {}).get("alternatives") or {}).items()
    }


def under_other_models(
    valuation: Valuation, *, n_threads: int | None = None, progress: Progress | None = None
) -> OtherModels:
    """Value again under every alternative model of the prices that a deal reads.

    Parameters
    ----------
    valuation
        Of one deal, on a market that was read from a file.
    n_threads, progress
        As for :func:`contracts.value`; progress starts again with each model.

    Returns
    -------
    OtherModels
        Without others where the market names none.

    Raises
    ------
    ValueError
        When the valuation was made on supplied prices, which have no model.
    """
    from contracts.specification.curve_checks import WAYS
    from contracts.valuing import value

    if valuation.is_replay:
        message = "other models must have simulated prices to stand beside, got supplied ones"
        raise ValueError(message)
    plan, market = valuation.plan, valuation.market
    # A price that is not lognormal has no single precision.
    sampling = replace(plan.sampling, precision="double")
    others = []
    for (commodity, name), terms in alternatives(market, valuation.model.names).items():
        changes: dict[str, object] = {f"commodities[{commodity}].model": terms["model"]}
        curve = terms.get("forward_curve")
        if curve is not None:
            stated = market.terms["commodities"][commodity]
            changes |= {f"commodities[{commodity}].{way}": None for way in WAYS if way in stated}
            changes[f"commodities[{commodity}].forward_curve"] = curve
        changed = amend_market(market, changes)
        found = value(
            valuation.deal,
            market=changed,
            perspective=valuation.perspective,
            n_paths=plan.n_paths,
            seed=plan.seed,
            n_threads=n_threads,
            measure=valuation.measure,
            quantiles="total",
            sampling=sampling,
            progress=progress,
        )
        others.append(
            OtherModel(
                commodity=commodity,
                name=name,
                kind=str(terms["model"]["kind"]),
                has_own_curve=curve is not None,
                valuation=found,
            )
        )
    return OtherModels(base=valuation, others=tuple(others))
