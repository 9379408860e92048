r"""From assessed prices to a contract's unit: value added tax, currency, quantity.

.. math::

    P_t = \frac{f\,p_t}{(1 + v_t)\,x_t}

with :math:`p` the price in the file, :math:`f` the exact factor from its unit, :math:`v` the tax
that it includes, and :math:`x` what one unit of the new currency costs in that of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from contracts.conventions import DateArray, FloatArray
from contracts.units import factor_of, parse_measure
from montecarlo.calibrate.cleaning import as_days, as_prices

OLDEST_RATE_DAYS = 10
LARGEST_TAX = 1.0
_MULTIPLE = re.compile(r"^\s*[0-9][0-9.,eE+-]*(\s+(thousand|million|billion))?")


@dataclass(frozen=True, slots=True)
class DatedNumbers:
    """Numbers that hold from a date on; one number that always holds has no date.

    Examples
    --------
    >>> tax = DatedNumbers(as_days(["2018-05-01", "2019-04-01"]), np.array([0.16, 0.13]))
    >>> tax.on("vat", as_days(["2018-12-31", "2019-04-01"]))
    array([0.16, 0.13])
    >>> tax.on("vat", as_days(["2018-04-30"]))
    Traceback (most recent call last):
    ValueError: vat must be known on 2018-04-30; the first is of 2018-05-01
    """

    starts: DateArray
    values: FloatArray

    def on(self, field: str, dates: DateArray) -> FloatArray:
        """Return the number that holds on each date; a date before the first is refused."""
        if not self.starts.size:
            return np.full(dates.size, self.values[0])
        position = np.searchsorted(self.starts, dates, side="right") - 1
        early = dates[position < 0]
        if early.size:
            message = f"{field} must be known on {early[0]}; the first is of {self.starts[0]}"
            raise ValueError(message)
        found: FloatArray = self.values[position]
        return found

    def age(self, dates: DateArray) -> FloatArray:
        """Return how many days old the number is on each date; 0 if it always holds."""
        if not self.starts.size:
            return np.zeros(dates.size)
        position = np.maximum(np.searchsorted(self.starts, dates, side="right") - 1, 0)
        return (dates - self.starts[position]).astype(np.float64)


def read_tax(text: str) -> DatedNumbers:
    """Read ``0.13``, or ``2018-05-01:0.16,2019-04-01:0.13``: rates that hold from a date on.

    Raises
    ------
    ValueError
        For a rate that is not a decimal of at least 0 and below 1.

    Examples
    --------
    >>> read_tax("13")
    Traceback (most recent call last):
    ValueError: vat must be a decimal of at least 0 and below 1 (13% is 0.13), got '13'
    """
    starts, values = [], []
    for part in text.split(","):
        date, colon, rate = part.strip().rpartition(":")
        try:
            value = float(rate)
        except ValueError:
            value = np.nan
        if not 0.0 <= value < LARGEST_TAX:
            message = f"vat must be a decimal of at least 0 and below 1 (13% is 0.13), got {rate!r}"
            raise ValueError(message)
        if not colon and "," in text:
            message = f"vat must have a date before each of its rates, got {part.strip()!r}"
            raise ValueError(message)
        if colon:
            starts.append(date)
        values.append(value)
    days = (
        as_days(np.array(starts, dtype=np.str_)) if starts else as_days(np.array([], dtype="M8[D]"))
    )
    if np.any(np.diff(days) <= np.timedelta64(0, "D")):
        message = f"vat must have rising dates, got {text!r}"
        raise ValueError(message)
    return DatedNumbers(days, np.array(values))


def read_exchange_rate(text: str) -> DatedNumbers:
    """Read one number, or a CSV file of two columns, date and rate.

    Raises
    ------
    ValueError
        For a rate that is not above zero, or a file that is no such table.
    """
    try:
        value = float(text)
    except ValueError:
        return _rates_of_file(Path(text))
    if not (np.isfinite(value) and value > 0.0):
        message = f"fx must be greater than 0, got {text!r}"
        raise ValueError(message)
    return DatedNumbers(as_days(np.array([], dtype="M8[D]")), np.array([value]))


def _rates_of_file(file: Path) -> DatedNumbers:
    from contracts.price_file import read_table

    if not file.exists():
        message = f"fx must be a number or a CSV file of date and rate, got {str(file)!r}"
        raise ValueError(message)
    table = read_table(file)
    if len(table.columns) != 2:
        known = ", ".join(str(label) for label in table.columns)
        message = f"{file.name} must have two columns, date and rate, got {known}"
        raise ValueError(message)
    dates = as_days(table.iloc[:, 0].to_numpy())
    rates = as_prices(str(table.columns[1]), table.iloc[:, 1].to_numpy(), dates)
    known_ones = np.isfinite(rates)
    dates, rates = dates[known_ones], rates[known_ones]
    order = np.argsort(dates, kind="stable")
    dates, rates = dates[order], rates[order]
    if np.any(rates <= 0.0) or not rates.size:
        bad = dates[rates <= 0.0]
        where = f"{rates[rates <= 0.0][0]} on {bad[0]}" if bad.size else "none"
        message = f"rates of {file.name} must be greater than 0, got {where}"
        raise ValueError(message)
    return DatedNumbers(dates, rates)


def unit_factor(unit: str) -> tuple[str, float]:
    """Return the canonical unit of ``CNY/t`` or ``10000 CNY/t``, and how many of it one is.

    >>> unit_factor("10000 CNY/t")
    ('CNY/kg', 10.0)
    """
    rule = f"unit must be a price, as CNY/t or 10000 CNY/t, got {unit!r}"
    try:
        measure = parse_measure(unit if re.match(r"\s*[0-9]", unit) else f"1 {unit}")
    except ValueError as error:
        message = f"{rule}: {error}"
        raise ValueError(message) from None
    if "/" not in measure.unit:
        raise ValueError(rule)
    return measure.unit, measure.value


def converted(
    prices: FloatArray,
    dates: DateArray,
    *,
    unit: str,
    to: str | None,
    tax: DatedNumbers | None,
    exchange_rate: DatedNumbers | None,
) -> tuple[FloatArray, str, tuple[str, ...]]:
    """Return prices in the unit asked for, that unit, and what was done, in sentences.

    Raises
    ------
    ValueError
        If the currency changes without an exchange rate, if there is one without need, or if one
        of the units is for another kind of quantity.
    """
    notices = []
    source, factor = unit_factor(unit)
    target_text = _MULTIPLE.sub("", unit).strip() if to is None else to
    target, target_factor = factor_of(target_text)
    money, _, per = source.partition("/")
    other_money, _, other_per = target.partition("/")
    if per != other_per:
        message = f"to must be a price per {per}, as {source}, got {target_text!r}"
        raise ValueError(message)
    if money != other_money and exchange_rate is None:
        message = (
            f"fx must say what one {other_money} costs in {money}, for {unit} is to become "
            f"{target_text}; got none"
        )
        raise ValueError(message)
    if money == other_money and exchange_rate is not None:
        message = f"fx must not be given when both units are in {money}"
        raise ValueError(message)
    out = prices * factor / float(Fraction(target_factor))
    if tax is not None:
        rates = tax.on("vat", dates)
        out = out / (1.0 + rates)
        said = " and ".join(f"{1.0 + rate:g}" for rate in dict.fromkeys(rates.tolist()))
        notices.append(f"prices divided by {said}, for they include value added tax")
    if exchange_rate is not None:
        out = out / exchange_rate.on("fx", dates)
        notices.append(_exchange_notice(money, other_money, exchange_rate, dates))
    if unit != target_text:
        notices.append(f"converted from {unit} to {target_text}")
    return out, target_text, tuple(notices)


def _exchange_notice(
    money: str, other_money: str, exchange_rate: DatedNumbers, dates: DateArray
) -> str:
    age = exchange_rate.age(dates)
    if not exchange_rate.starts.size:
        return f"one {other_money} taken as {exchange_rate.values[0]:g} {money} on every date"
    said = f"one {other_money} taken at the latest known rate in {money}"
    worst = int(np.argmax(age))
    if age[worst] > OLDEST_RATE_DAYS:
        old = int(np.sum(age > OLDEST_RATE_DAYS))
        said += (
            f"; on {old} dates it is more than {OLDEST_RATE_DAYS} days old, "
            f"at worst {age[worst]:.0f} on {dates[worst]}"
        )
    return said
