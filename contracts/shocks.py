r"""Shocks on a market's prices: from its terms, or from a line of text, to what is simulated.

A what-if is a shock that is added to a market:

.. code-block:: python

    contracts.value(deal, market=market.with_shock("ndpr-oxide x2.5 from 2027-01-01 for 9 months"))
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.conventions import DAYS_IN_YEAR
from contracts.periods import add_months
from contracts.price_models import parameters_of

if TYPE_CHECKING:
    from contracts.specification.shock_terms import ShockTerms
    from montecarlo import Shock
    from montecarlo.models.joint import Member

MONTHS_IN_YEAR = 12.0

_TEXT = re.compile(
    r"(?P<commodities>\S.*?)\s+x\s*(?P<multiplier>[0-9.]+)\s+from\s+(?P<start>\d{4}-\d{2}-\d{2})"
    r"\s+for\s+(?P<months>[0-9.]+)\s+months?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketShock:
    """A shock, the prices that it hits, and whether their curves know of it.

    Parameters
    ----------
    shock
        What happens, in years from the valuation date.
    commodities
        Names of the prices.
    is_within_curve
        Whether the mean price stays the forward curve; otherwise it rises with the shock.
    text
        One line for a reader.
    """

    shock: Shock
    commodities: tuple[str, ...]
    is_within_curve: bool
    text: str


def shock_terms(text: str) -> dict[str, Any]:
    """Return the terms of a shock that is written as one line.

    Raises
    ------
    ValueError
        When the line does not read so.

    Examples
    --------
    >>> shock_terms("ndpr-oxide, dy-oxide x2.5 from 2027-01-01 for 9 months")["commodities"]
    ['ndpr-oxide', 'dy-oxide']
    >>> shock_terms("China stops licences")
    Traceback (most recent call last):
    ValueError: shock must read as 'ndpr-oxide x2.5 from 2027-01-01 for 9 months', got \
'China stops licences'
    """
    found = _TEXT.fullmatch(text.strip())
    numbers = [_number(found[key]) for key in ("multiplier", "months")] if found else []
    if found is None or not all(map(math.isfinite, numbers)):
        message = (
            "shock must read as 'ndpr-oxide x2.5 from 2027-01-01 for 9 months', "
            f"got {text.strip()!r}"
        )
        raise ValueError(message)
    names = [name.strip() for name in re.split(r",|\band\b", found["commodities"])]
    return {
        "name": " ".join(["shock on", *names, "from", found["start"]])[:80].strip(),
        "commodities": [name for name in names if name],
        "multiplier": numbers[0],
        "from": found["start"],
        "months": numbers[1],
    }


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def with_shocks(terms: Mapping[str, Any], added: Sequence[str | Mapping[str, Any]]) -> list[Any]:
    """Return the shocks of a market's terms with some more, which may be lines of text."""
    more = [shock_terms(one) if isinstance(one, str) else dict(one) for one in added]
    return [*(terms.get("shocks") or []), *more]


def market_shock(terms: ShockTerms, today: datetime.date) -> MarketShock:
    """Return a shock from its terms, dates turned into years from today.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.
    """
    from montecarlo import Shock

    if (terms.start is None) == (terms.intensity is None):
        given = "neither" if terms.start is None else "both"
        message = f"from must be given, or else intensity, got {given}"
        raise ValueError(message)
    if (terms.months is None) == (terms.mean_months is None):
        given = "neither" if terms.months is None else "both"
        message = f"months must be given, or else mean_months, got {given}"
        raise ValueError(message)
    start = None
    duration = None if terms.months is None else terms.months / MONTHS_IN_YEAR
    if terms.start is not None:
        if terms.start < today:
            message = f"from must not lie before the valuation date ({today}), got {terms.start}"
            raise ValueError(message)
        start = (terms.start - today).days / DAYS_IN_YEAR
        if terms.months is not None:
            duration = _duration(start, (_after(terms.start, terms.months) - today).days)
    mean = None if terms.mean_months is None else terms.mean_months / MONTHS_IN_YEAR
    dated = parameters_of({"intensity": terms.intensity}, today)
    return MarketShock(
        shock=Shock(
            name=terms.name,
            multiplier=terms.multiplier,
            multiplier_volatility=terms.multiplier_volatility,
            start=start,
            duration=duration,
            mean_duration=mean,
            recovery=terms.recovery,
            **dated,
        ),
        commodities=tuple(terms.commodities),
        is_within_curve=terms.within_curve,
        text=_text(terms, dated["intensity"]),
    )


def _after(start: datetime.date, months: float) -> datetime.date:
    """Return the first day after so many months; part of a month is so many days of thirty."""
    whole = int(months)
    end = add_months(np.datetime64(start, "D"), whole)
    days = round((months - whole) * DAYS_IN_YEAR / MONTHS_IN_YEAR)
    return datetime.date.fromisoformat(str(end + np.timedelta64(days, "D")))


def _duration(start: float, end_day: int) -> float:
    """Return years such that start and duration never add up to more than the end."""
    end = end_day / DAYS_IN_YEAR
    duration = end - start
    while start + duration > end:
        duration = math.nextafter(duration, 0.0)
    return duration


def _text(terms: ShockTerms, intensity: object) -> str:
    when = f"from {terms.start}" if terms.start else f"at any time, {_rates(intensity)}"
    length = (
        f"for {terms.months:g} months"
        if terms.months is not None
        else f"for {terms.mean_months:g} months on average"
    )
    spread = (
        f" (log standard deviation {terms.multiplier_volatility:g})"
        if terms.multiplier_volatility
        else ""
    )
    fading = f", fading at {terms.recovery:g} a year afterwards" if terms.recovery else ""
    where = "known to the curve" if terms.within_curve else "on top of the curve"
    return (
        f"{terms.name}: {', '.join(terms.commodities)} times {terms.multiplier:g}{spread} {when} "
        f"{length}{fading}, {where}"
    )


def _rates(intensity: object) -> str:
    from montecarlo.engine.intensity import Intensity

    if not isinstance(intensity, Intensity):
        return f"{intensity:g} a year"
    first, *later = zip(intensity.times, intensity.rates, strict=True)
    changes = [f"{rate:g} from {time:.2f} years on" for time, rate in later]
    return ", then ".join([f"{first[1]:g} a year", *changes])


def shocked(model: Member, shocks: Sequence[MarketShock]) -> Member:
    """Return a price model with the shocks that hit it."""
    if not shocks:
        return model
    from montecarlo.models import Shocked

    for is_within_curve in (True, False):
        found = tuple(one.shock for one in shocks if one.is_within_curve == is_within_curve)
        if found:
            model = Shocked(model=model, shocks=found, is_compensated=is_within_curve)
    return model
