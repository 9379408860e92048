r"""A market with a fitted model in place of a commodity's own, and, if wanted, that model's curve.

Around a curve that is **held**, parameters change how far prices may stray from it. Where nobody
quotes a curve, it is the model's own, and parameters move it too: today's price carried forward by
the fitted real-world drift, less the market's risk premium,

.. math:: F_\theta(t) = \mathbb{E}^P_\theta[P_t \mid P_0]\Big/
    \frac{\mathbb{E}^P[P_t]}{\mathbb{E}^Q[P_t]}\Big|_{\theta,\,\lambda}

with :math:`P_0` the market's curve at time zero and the ratio of the two measures that of the
model with the market's premium :math:`\lambda`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from contracts.amend import amend_market
from contracts.checks import one_of, require
from contracts.conventions import DAYS_IN_YEAR
from contracts.market import Market

if TYPE_CHECKING:
    from montecarlo.calibrate.fitted import Fit
    from montecarlo.models.lognormal import LognormalModel

CurveChoice: TypeAlias = Literal["held", "model"]
"""Whether the forward curve stays, or is that of the drawn parameters."""

PILLAR_MONTHS = (*range(0, 24, 1), *range(24, 120, 3), *range(120, 481, 12))
SAME_START = 1e-9


def with_fitted_model(
    market: Market, commodity: str, fit: Fit, *, curve: CurveChoice = "held"
) -> Market:
    """Return the market with a fitted model, the market's risk premia kept.

    Premia that the fit estimated itself take the place of the market's.

    Parameters
    ----------
    market
        Read from a file, or built from terms.
    commodity
        Whose model is replaced.
    fit
        Its terms become the model.
    curve
        ``held``, or ``model``; see the module.

    Raises
    ------
    ValueError
        With ``model`` for a curve that is quoted, or a fit in another unit.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> from montecarlo.calibrate import PriceHistory, fit
    >>> days = np.datetime64("2010-01-01") + 30 * np.arange(100)
    >>> prices = np.exp(4.0 + 0.1 * np.cumsum((-1.0) ** np.arange(100)))
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)
    >>> market = load_market("critical-minerals-2025-07-10")
    >>> fitted = with_fitted_model(market, "ndpr-oxide", fit(history, "gbm"))
    >>> fitted.commodity("ndpr-oxide").model["kind"]
    'gbm'
    """
    one_of(curve, ("held", "model"), "curve")
    held = amend_market(market, {f"commodities[{commodity}].model": _terms(market, commodity, fit)})
    if curve == "held":
        return held
    return _with_own_curve(held, commodity, fit)


def _terms(market: Market, commodity: str, fit: Fit) -> dict[str, Any]:
    """Return the terms of the model, with the premia that the market's model states."""
    market.commodity(commodity)
    require(commodity in market.terms.get("commodities", {}), "market", "have terms", market)
    found: dict[str, Any] = {"kind": fit.kind, **fit.model_terms()}
    gone = premia_left_out(market, commodity, fit)
    kept = {name: x for name, x in _premia(_stated(market, commodity)).items() if name not in gone}
    return found | {name: value for name, value in kept.items() if name not in found}


def premia_left_out(market: Market, commodity: str, fit: Fit) -> tuple[str, ...]:
    """Return the premia of the market's model that nothing in the fitted one stands for.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> from montecarlo.calibrate import PriceHistory, fit
    >>> days = np.datetime64("2010-01-01") + 30 * np.arange(100)
    >>> prices = np.exp(4.0 + 0.1 * np.cumsum((-1.0) ** np.arange(100)))
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)
    >>> market = load_market("critical-minerals-2025-07-10")
    >>> premia_left_out(market, "ndpr-oxide", fit(history, "gbm"))
    ()
    """
    stated = _stated(market, commodity)
    if stated["kind"] == fit.kind or _premia(fit.model_terms()):
        return ()
    known = [name for name in _fields(fit.kind) if name == "risk_premium"]
    return tuple(name for name in _premia(stated) if name not in known)


def _stated(market: Market, commodity: str) -> dict[str, Any]:
    model: dict[str, Any] = market.terms["commodities"][commodity]["model"]
    return model


def _premia(terms: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in terms.items()
        if name.endswith("risk_premium") or name.startswith("physical_")
    }


def _fields(kind: str) -> tuple[str, ...]:
    from contracts.specification import model_terms

    for sheet in vars(model_terms).values():
        fields = getattr(sheet, "model_fields", {})
        if "kind" in fields and kind in getattr(fields["kind"].annotation, "__args__", ()):
            return tuple(fields)
    return ()


def _with_own_curve(market: Market, commodity: str, fit: Fit) -> Market:
    from dataclasses import replace

    from contracts.specification.curve_checks import WAYS

    item = market.commodity(commodity)
    require(
        not item.is_traded,
        "curve",
        f"be 'held' where it is quoted, as that of {commodity}: parameters do not move it",
        "model",
    )
    require(
        fit.unit == item.unit,
        "unit of the fit",
        f"be that of {commodity} ({item.unit}) for a curve of its own",
        fit.unit,
    )
    # Seasons of the market stay and multiply the new curve too, which is to have none.
    today = float(item.forward_curve(0.0)) / _season_now(market, commodity)
    around = cast("LognormalModel", item.price_model())
    own = cast("LognormalModel", replace(fit, last_price=today).to_model(commodity))
    start = float(own.expected_spot(0.0, "physical"))
    require(
        abs(start / today - 1.0) < SAME_START,
        "curve",
        f"be 'held' for {fit.kind}, whose model does not start at a price",
        start,
    )
    dates = [_months_after(market.valuation_date, months) for months in PILLAR_MONTHS]
    days = np.array([(date - market.valuation_date).days for date in dates], dtype=np.float64)
    times = days / DAYS_IN_YEAR
    premium = around.expected_spot(times, "physical") / around.expected_spot(times, "pricing")
    forward = own.expected_spot(times, "physical") / premium
    where = f"commodities[{commodity}]"
    stated = market.terms["commodities"][commodity]
    changes: dict[str, object] = {f"{where}.{way}": None for way in WAYS if way in stated}
    # Written in full precision, that the curve of the same parameters is the same.
    changes[f"{where}.forward_curve"] = {
        date: f"{float(price)!r} {item.unit}" for date, price in zip(dates, forward, strict=True)
    }
    changes[f"{where}.interpolation"] = "log-linear"
    return amend_market(market, changes)


def _season_now(market: Market, commodity: str) -> float:
    from contracts.market_curves import seasons_of
    from contracts.specification.curve_terms import SeasonalityTerms

    stated = market.terms["commodities"][commodity].get("seasonality")
    if stated is None:
        return 1.0
    seasons = seasons_of(SeasonalityTerms.model_validate(stated))
    return float(seasons.factors(np.array([market.valuation_date], "datetime64[D]"))[0])


def _months_after(day: datetime.date, months: int) -> datetime.date:
    number = day.year * 12 + day.month - 1 + months
    # Every month has a 28th.
    return datetime.date(number // 12, number % 12 + 1, min(day.day, 28) if months else day.day)
