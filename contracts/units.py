"""Units of money, mass and energy, turned into canonical ones by exact factors.

A number with a unit is a text, ``"110 USD/kg"``, ``"1,275 t"``, ``"400 million USD"``. Mass becomes
kilograms, energy megawatt hours, money whole units of its currency; pieces stay what they are. The
table is closed: a unit that is not in it is refused, and so is one that means two things.

The factors are fractions and the number is read as a decimal, so that a value is rounded once:
``4.41 USc/lb`` is the double nearest to 0.0441/0.45359237 USD/kg.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from contracts.paths import nearest

__all__ = [
    "CURRENCIES",
    "Measure",
    "UnitError",
    "factor_of",
    "kind_of",
    "parse_measure",
    "parse_unit",
]

UnitKind = Literal["money", "quantity", "price"]

CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "DKK", "EUR", "GBP", "IDR", "INR", "JPY", "KRW"),
    *("KZT", "MXN", "NOK", "NZD", "PLN", "SAR", "SEK", "TRY", "USD", "VND", "ZAR"),
)

_POUND = Fraction(45359237, 100_000_000)
_JOULES_OF_MMBTU = Fraction("1055055852.62")
_JOULES_OF_MWH = 3_600_000_000

# Symbol -> (canonical symbol, how many canonical units one of it is).
_QUANTITIES: Mapping[str, tuple[str, Fraction]] = MappingProxyType(
    {
        "mg": ("kg", Fraction(1, 1_000_000)),
        "g": ("kg", Fraction(1, 1000)),
        "kg": ("kg", Fraction(1)),
        "t": ("kg", Fraction(1000)),
        "kt": ("kg", Fraction(1_000_000)),
        "Mt": ("kg", Fraction(1_000_000_000)),
        "lb": ("kg", _POUND),
        "ozt": ("kg", Fraction("0.0311034768")),
        "short_ton": ("kg", 2000 * _POUND),
        "long_ton": ("kg", 2240 * _POUND),
        "kWh": ("MWh", Fraction(1, 1000)),
        "MWh": ("MWh", Fraction(1)),
        "GWh": ("MWh", Fraction(1000)),
        "TWh": ("MWh", Fraction(1_000_000)),
        "MJ": ("MWh", Fraction(1_000_000, _JOULES_OF_MWH)),
        "GJ": ("MWh", Fraction(1_000_000_000, _JOULES_OF_MWH)),
        "MMBtu": ("MWh", _JOULES_OF_MMBTU / _JOULES_OF_MWH),
        "m3": ("m3", Fraction(1)),
        "bbl": ("bbl", Fraction(1)),
        "MW": ("MW", Fraction(1)),
        "share": ("share", Fraction(1)),
        "unit": ("unit", Fraction(1)),
        "certificate": ("certificate", Fraction(1)),
    }
)
_MONEY: Mapping[str, tuple[str, Fraction]] = MappingProxyType(
    {code: (code, Fraction(1)) for code in CURRENCIES}
    | {
        "USc": ("USD", Fraction(1, 100)),
        "EURc": ("EUR", Fraction(1, 100)),
        "GBp": ("GBP", Fraction(1, 100)),
    }
)
_TON = "is the short ton to some readers and the tonne to others: write t, short_ton or long_ton"
_REFUSED = {
    "ton": _TON,
    "tons": _TON,
    "T": "is not a unit of mass: write t for a tonne",
    "mt": "is read as metric ton and as millitonne: write t",
    "MT": "is read as metric ton and as megatonne: write t",
    "tonne": "is written t",
    "tonnes": "is written t",
    "lbs": "is written lb",
    "therm": "differs between countries: write MMBtu",
    "oz": "is a troy or an avoirdupois ounce: write ozt for the troy ounce",
    "$": "belongs to several currencies: write USD, AUD or CAD",
    "US$": "is written USD",
    "A$": "is written AUD",
    "C$": "is written CAD",
    "£": "belongs to several currencies: write GBP",
    "€": "is written EUR",
    "¥": "belongs to several currencies: write JPY or CNY",
    "RMB": "is written CNY",
    "shares": "is written share",
    "units": "is written unit",
    "%": "is not a unit: write 30% as 0.30",
}
_MULTIPLES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_NUMBER = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?"
_MEASURE = re.compile(rf"(?P<number>{_NUMBER})(?:\s+(?P<multiple>thousand|million|billion))?"
                      r"\s+(?P<unit>\S+(?:\s*/\s*\S+)?)")  # fmt: skip


class UnitError(ValueError):
    """A text that is not a number with a known unit; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number in a canonical unit.

    Parameters
    ----------
    value
        The number, in the canonical unit.
    unit
        Canonical unit: ``"kg"``, ``"MWh"``, ``"USD"``, ``"USD/kg"``, ...

    Examples
    --------
    >>> parse_measure("1,275 t")
    Measure(value=1275000.0, unit='kg')
    >>> str(parse_measure("400 million USD"))
    '400000000.0 USD'
    """

    value: float
    unit: str

    @property
    def kind(self) -> UnitKind:
        """Whether this is ``money``, a ``quantity`` or a ``price``."""
        return kind_of(self.unit)

    def __str__(self) -> str:
        return f"{self.value!r} {self.unit}"


def parse_measure(text: str) -> Measure:
    """Read a number with its unit and convert it to the canonical unit.

    Parameters
    ----------
    text
        A number, perhaps ``thousand``, ``million`` or ``billion``, and a unit, apart from one
        another: ``"110 USD/kg"``, ``"30e6 USD"``, ``"4 USc/lb"``.

    Returns
    -------
    Measure
        The nearest double to the exact value in the canonical unit.

    Raises
    ------
    UnitError
        When the text is anything else; nothing is guessed.

    Examples
    --------
    >>> parse_measure("110 USD/kg")
    Measure(value=110.0, unit='USD/kg')
    >>> parse_measure("4 USc/lb").value == 0.04 / 0.45359237
    True
    >>> parse_measure("5,000 ton")
    Traceback (most recent call last):
        ...
    contracts.units.UnitError: 'ton' is the short ton to some readers and the tonne to others: \
write t, short_ton or long_ton
    """
    found = _MEASURE.fullmatch(text.strip())
    if found is None:
        raise UnitError(_what_is_wrong(text))
    unit, factor = factor_of(found["unit"])
    number = Fraction(Decimal(found["number"].replace(",", "")))
    exact = number * _MULTIPLES.get(found["multiple"] or "", 1) * factor
    try:
        value = float(exact)
    except OverflowError:
        message = "is too large to be computed with"
        raise UnitError(message) from None
    return Measure(value, unit)


def parse_unit(text: str) -> str:
    """Return the canonical unit of a unit.

    Examples
    --------
    >>> parse_unit("USc/lb"), parse_unit("t"), parse_unit("GBP / MWh")
    ('USD/kg', 'kg', 'GBP/MWh')
    """
    return factor_of(text)[0]


def factor_of(text: str) -> tuple[str, Fraction]:
    """Return the canonical unit of a unit and how many of it one is, exactly.

    Examples
    --------
    >>> factor_of("lb")
    ('kg', Fraction(45359237, 100000000))
    """
    upper, slash, lower = (part.strip() for part in text.strip().partition("/"))
    if not slash:
        return _factor(upper, {**_QUANTITIES, **_MONEY})
    money, money_factor = _factor(upper, _MONEY, "a currency must stand before the stroke")
    per, per_factor = _factor(lower, _QUANTITIES, "a quantity must stand after the stroke")
    return f"{money}/{per}", money_factor / per_factor


def kind_of(unit: str) -> UnitKind:
    """Return whether a canonical unit is of ``money``, a ``quantity`` or a ``price``.

    Examples
    --------
    >>> kind_of("USD"), kind_of("kg"), kind_of("USD/kg")
    ('money', 'quantity', 'price')
    """
    if "/" in unit:
        return "price"
    return "money" if unit in CURRENCIES else "quantity"


def _factor(
    symbol: str, table: Mapping[str, tuple[str, Fraction]], rule: str = ""
) -> tuple[str, Fraction]:
    if symbol in table:
        return table[symbol]
    if symbol in _REFUSED:
        message = f"{symbol!r} {_REFUSED[symbol]}"
    elif symbol in _QUANTITIES or symbol in _MONEY:
        message = f"{rule}, not {symbol!r}"
    else:
        message = f"{symbol!r} is not a known unit; {nearest(symbol, table, listed=40)}"
    raise UnitError(message)


def _what_is_wrong(text: str) -> str:
    if re.fullmatch(_NUMBER, text.strip()):
        return "must carry its unit, as in '110 USD/kg'"
    if re.match(r"\s*[+-]?[0-9.]*,", text):
        return "must write the decimal point as '.' and commas only between groups of three digits"
    stuck = re.fullmatch(rf"({_NUMBER})([A-Za-z$£€¥].*)", text.strip())
    if stuck and not re.match(r"[eE][+-]?[0-9]", stuck[2]):
        return f"needs a space between the number and the unit: '{stuck[1]} {stuck[2].strip()}'"
    return "must be a number and a unit, as in '110 USD/kg' or '400 million USD'"
