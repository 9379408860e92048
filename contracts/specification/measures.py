"""Terms that carry a unit: prices, quantities, amounts of money, currencies."""

import re
from collections.abc import Callable
from typing import Annotated

from contracts.paths import nearest
from contracts.specification.scalar_reader import ScalarReader
from contracts.specification.scalars import (
    LARGEST_NUMBER,
    LARGEST_QUANTITY,
    name,
    number,
    refuse,
    schema,
    sized,
)
from contracts.units import (
    CURRENCIES,
    Measure,
    UnitError,
    UnitKind,
    parse_measure,
    parse_unit,
)

_LOOKS_LIKE_NUMBER = re.compile(r"\s*(?:[$£€¥]|US\$|[+-]?\.?[0-9])")
_PATTERN = r"^[+-]?[0-9][0-9,.eE+-]*(\s+(thousand|million|billion))?\s+\S.*$"
_EXAMPLES = {"price": "110 USD/kg", "money": "400 million USD", "quantity": "1,275 t"}
_NOUNS = {"price": "a price", "money": "an amount of money", "quantity": "a quantity"}


def measure(value: object, kind: UnitKind | None = None) -> Measure:
    """Return a number with its unit, converted to the canonical one."""
    example = _EXAMPLES[kind or "price"]
    if not isinstance(value, str):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        rule = "must carry its unit" if is_number else "must be a number and a unit"
        refuse(f"{rule}, as in '{example}'")
    try:
        result = parse_measure(value)
    except UnitError as error:
        refuse(_sentence(error))
    if kind is not None and result.kind != kind:
        refuse(f"must be {_NOUNS[kind]}, as in '{example}'")
    sized(result.value, LARGEST_QUANTITY if result.kind == "quantity" else LARGEST_NUMBER)
    return result


def step_value(value: object) -> Measure | float:
    """Return a step of a schedule: a number with its unit, or a pure number."""
    return measure(value) if isinstance(value, str) else number(value)


def price_unit(value: object) -> str:
    """Return a price unit in its canonical form."""
    if not isinstance(value, str):
        refuse("must be the unit of a price, as in USD/kg")
    try:
        result = parse_unit(value)
    except UnitError as error:
        refuse(_sentence(error))
    if "/" not in result:
        refuse("must be the unit of a price, as in USD/kg")
    return result


def currency(value: object) -> str:
    """Return a currency code."""
    if not isinstance(value, str) or value not in CURRENCIES:
        refuse(f"must be a currency code; {nearest(value, CURRENCIES, listed=30)}")
    return value


def _sentence(error: UnitError) -> str:
    problem = str(error)
    is_predicate = problem.startswith(("must ", "needs ", "is "))
    return problem if is_predicate else f"has a wrong unit: {problem}"


def _read(kind: UnitKind, *, may_be_negative: bool = True) -> Callable[[object], Measure]:
    def read(value: object) -> Measure:
        result = measure(value, kind)
        if result.value < 0.0 and not may_be_negative:
            refuse("must be zero or more")
        return result

    return read


def _or_name(read: Callable[[object], Measure]) -> Callable[[object], Measure | str]:
    def read_either(value: object) -> Measure | str:
        if isinstance(value, str) and not _LOOKS_LIKE_NUMBER.match(value):
            return name(value)
        return read(value)

    return read_either


_price, _amount = _read("price"), _read("money", may_be_negative=False)
_quantity = _read("quantity", may_be_negative=False)
_TEXT = schema("string", pattern=_PATTERN)

Price = Annotated[Measure, ScalarReader(_price), _TEXT]
PriceStep = Annotated[Measure, ScalarReader(_read("price", may_be_negative=False)), _TEXT]
Money = Annotated[Measure, ScalarReader(_amount), _TEXT]
Quantity = Annotated[Measure, ScalarReader(_quantity), _TEXT]
StepValue = Annotated[Measure | float, ScalarReader(step_value), schema(["string", "number"])]
PriceOrName = Annotated[Measure | str, ScalarReader(_or_name(_price)), schema("string")]
MoneyOrName = Annotated[Measure | str, ScalarReader(_or_name(_read("money"))), schema("string")]
QuantityOrName = Annotated[Measure | str, ScalarReader(_or_name(_quantity)), schema("string")]
PriceUnit = Annotated[str, ScalarReader(price_unit), schema("string", examples=["USD/kg"])]
Currency = Annotated[str, ScalarReader(currency), schema("string", enum=list(CURRENCIES))]
