"""Units: exact factors, one way to write each number, nothing guessed."""

from decimal import Decimal
from fractions import Fraction

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.units import (
    CURRENCIES,
    Measure,
    UnitError,
    factor_of,
    kind_of,
    parse_measure,
    parse_unit,
)

QUANTITIES = (
    *("mg", "g", "kg", "t", "kt", "Mt", "lb", "ozt", "short_ton", "long_ton"),
    *("kWh", "MWh", "GWh", "TWh", "MJ", "GJ", "MMBtu"),
)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("110 USD/kg", 110.0, "USD/kg"),
        ("1,275 t", 1_275_000.0, "kg"),
        ("1,275.4 t", 1_275_400.0, "kg"),
        ("400 million USD", 400e6, "USD"),
        ("30e6 USD", 30e6, "USD"),
        ("1.5 billion GBP", 1.5e9, "GBP"),
        ("1.2 thousand USD", 1200.0, "USD"),
        # 4 cents a pound: 0.04 / 0.45359237 = 0.0881849...
        ("4 USc/lb", 0.04 / 0.45359237, "USD/kg"),
        ("62.5 GBp/MWh", 0.625, "GBP/MWh"),
        ("-12.5 GBP / MWh", -12.5, "GBP/MWh"),
        ("60 GBP/kWh", 60_000.0, "GBP/MWh"),
        ("  7 kt ", 7e6, "kg"),
        ("30.03 USD/share", 30.03, "USD/share"),
        ("0.1 t", 100.0, "kg"),
    ],
)
def test_a_measure_is_read_in_its_canonical_unit(text, value, unit):
    assert parse_measure(text) == Measure(value, unit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5 ton", "'ton' is the short ton to some readers and the tonne to others"),
        ("5 USD/ton", "'ton' is the short ton"),
        ("5 tons", "write t, short_ton or long_ton"),
        ("5 tonnes", "'tonnes' is written t"),
        ("5 mt", "millitonne"),
        ("5 oz", "troy"),
        ("5 therm", "differs between countries"),
        ("5 $", "write USD"),
        ("5 €", "is written EUR"),
        ("5 USD/kgs", "'kgs' is not a known unit; did you mean kg?"),
        ("5 USX", "'USX' is not a known unit; did you mean"),
        ("5 kg/USD", "a currency must stand before the stroke, not 'kg'"),
        ("5 USD/USD", "a quantity must stand after the stroke, not 'USD'"),
        ("110", "must carry its unit"),
        ("110USD/kg", "needs a space between the number and the unit: '110 USD/kg'"),
        ("1.275,4 t", "commas only between groups of three digits"),
        ("1,27 t", "commas only between groups of three digits"),
        ("12,75,000 t", "commas only between groups of three digits"),
        ("1_000 t", "must be a number and a unit"),
        ("", "must be a number and a unit"),
        ("USD 5", "must be a number and a unit"),
        ("nan USD", "must be a number and a unit"),
        ("inf USD", "must be a number and a unit"),
        ("1e999 USD", "is too large"),
        ("1e99999999999 USD", "must be a number and a unit"),
        ("5 million", "is not a known unit"),
        ("30 %", "write 30% as 0.30"),
        ("5 kg kg", "must be a number and a unit"),
        ("٣ kg", "must be a number and a unit"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text, reason):
    with pytest.raises(UnitError) as caught:
        parse_measure(text)

    assert reason in str(caught.value)


@pytest.fixture(scope="module")
def registry():
    return pint.UnitRegistry()


@pytest.mark.parametrize("symbol", QUANTITIES)
def test_factors_agree_with_pint(symbol, registry):
    known = {"ozt": "troy_ounce", "MMBtu": "1000000 Btu_it", "t": "metric_ton"}
    known |= {"kt": "1000 metric_ton", "Mt": "1000000 metric_ton"}
    canonical, factor = factor_of(symbol)

    theirs = registry(known.get(symbol, symbol)).to(canonical).magnitude

    assert float(factor) == pytest.approx(float(theirs), rel=1e-12)


def test_conversion_rounds_once():
    # In floating point 1.001 * 1000 is 1000.9999999999999.
    assert 1.001 * 1000 != 1001.0
    assert parse_measure("1.001 t").value == 1001.0
    exact = Fraction(Decimal("4.41")) / 100 / Fraction("0.45359237")
    assert parse_measure("4.41 USc/lb").value == float(exact)


numbers = st.decimals(
    min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=6
)
quantity_units = st.sampled_from((*QUANTITIES, "share", "unit", "m3", "bbl", "MW", "certificate"))
money_units = st.sampled_from((*CURRENCIES, "USc", "GBp", "EURc"))
units = st.one_of(
    quantity_units, money_units, st.builds("{}/{}".format, money_units, quantity_units)
)


@given(number=numbers, unit=units)
def test_a_written_measure_reads_back_as_itself(number, unit):
    measure = parse_measure(f"{number:f} {unit}")

    assert parse_measure(str(measure)) == measure
    assert parse_measure(f"{number:,f} {unit}") == measure
    assert parse_unit(measure.unit) == measure.unit


@given(number=numbers, unit=units)
def test_converting_there_and_back_is_exact_to_rounding(number, unit):
    measure = parse_measure(f"{number:f} {unit}")
    _, factor = factor_of(unit)

    assert measure.value == float(Fraction(number) * factor)


@given(text=st.text(max_size=40))
def test_any_text_is_a_measure_or_a_unit_error(text):
    try:
        measure = parse_measure(text)
    except UnitError:
        return
    assert kind_of(measure.unit) in ("money", "quantity", "price")
