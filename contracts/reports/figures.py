"""Figures as a person reads them: money in millions where it is large, never in SI prefixes."""

import math

MILLION = 1.0e6
NEGLIGIBLE = 1.0e-6


def scale_of(largest: float) -> float:
    """Return the unit of money that a table is printed in: millions, or single units."""
    return MILLION if abs(largest) >= 0.5 * MILLION else 1.0


def unit_of(currency: str, scale: float) -> str:
    """Return the unit as a title has it.

    Examples
    --------
    >>> unit_of("USD", scale_of(4.0e8))
    'USD million'
    """
    return f"{currency} million" if scale == MILLION else currency


def money(value: float, scale: float, *, places: int = 1) -> str:
    """Return an amount in units of ``scale``; a dash where there is none.

    Examples
    --------
    >>> money(-51_016_000.0, 1.0e6)
    '-51.0'
    >>> money(float("nan"), 1.0)
    '-'
    """
    if math.isnan(value):
        return "-"
    text = f"{value / scale:,.{places}f}"
    return text.replace("-", "", 1) if float(text.replace(",", "")) == 0.0 else text


def error(value: float, scale: float) -> str:
    """Return a standard error; "exact" where no path can change the figure.

    Examples
    --------
    >>> error(2.345e6, 1.0e6), error(1400.0, 1.0e6), error(0.0, 1.0e6)
    ('2.35', '< 0.01', 'exact')
    """
    if math.isnan(value):
        return "-"
    if abs(value) < NEGLIGIBLE:
        return "exact"
    text = f"{value / scale:,.2f}"
    return "< 0.01" if text == "0.00" else text


def probability(value: float) -> str:
    """Return a probability in percent.

    Examples
    --------
    >>> probability(0.9995)
    '100.0%'
    """
    return "-" if math.isnan(value) else f"{100.0 * value:.1f}%"
