"""Sums without rounding: against exact fractions, in any order and any parts."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo.exact_sum import ExactSum
from tests.montecarlo import adversarial
from tests.montecarlo.adversarial import SAMPLES, properties


def of(*parts):
    total = ExactSum()
    for part in parts:
        total.update(np.asarray(part, dtype=np.float64))
    return total


def exactly(values):
    return sum(map(Fraction, np.asarray(values).tolist()), Fraction(0))


def rounded(exact):
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


@properties
@given(adversarial.arrays(least=0))
def test_sum_is_exact(values):
    total = of(values)

    assert total.fraction() == exactly(values)
    assert total.value() == rounded(exactly(values))
    assert total.count == values.size


@pytest.mark.parametrize("name", SAMPLES)
def test_many_samples(name):
    values = SAMPLES[name]

    assert of(values).fraction() == exactly(values)


@properties
@given(adversarial.arrays(), adversarial.arrays(), adversarial.arrays())
def test_parts_and_order_do_not_matter(first, second, third):
    one, two, three = of(first), of(second), of(third)
    one.merge(two)
    one.merge(three)
    whole = of(np.concatenate([third, first, second]))

    assert one.fraction() == whole.fraction()
    assert one.count == whole.count


def test_carries_out_of_the_low_half():
    # Each of these mantissas is all ones: their sum fills the low half many times over.
    values = np.full(300_000, -math.nextafter(2.0, 1.0))
    total = of(values, values, [math.nextafter(2.0, 1.0)])

    assert total.fraction() == -599_999 * Fraction(math.nextafter(2.0, 1.0))


@properties
@given(adversarial.finite, st.integers(0, 10**15))
def test_repeated_value(value, count):
    total = of([value])
    total.add(value, count)

    assert total.fraction() == (count + 1) * Fraction(value)
    assert total.count == count + 1


@properties
@given(adversarial.arrays(), adversarial.finite, st.floats(0.001, 0.999), st.floats(0.5, 1e6))
def test_mean_is_rounded_once(values, boundary, share, weight):
    exact = (exactly(values) + Fraction(share) * Fraction(boundary)) / Fraction(weight)

    assert of(values).mean(weight=weight, boundary=boundary, share=share) == rounded(exact)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([np.inf, 1.0], np.inf),
        ([-np.inf, 1e308], -np.inf),
        ([np.inf, -np.inf], np.nan),
        ([1.0, np.nan], np.nan),
        ([1.7e308, 1.7e308], np.inf),
        ([-1.7e308, -1.7e308], -np.inf),
        ([], 0.0),
    ],
)
def test_what_is_not_finite(values, expected):
    np.testing.assert_equal(of(values).value(), expected)


def test_mean_with_an_infinite_boundary():
    assert of([1.0]).mean(weight=1.5, boundary=-np.inf, share=0.5) == -np.inf
    assert of([1.0]).mean(weight=1.0, boundary=-np.inf, share=0.0) == 1.0
    assert math.isnan(of([np.inf]).mean(weight=1.5, boundary=-np.inf, share=0.5))
