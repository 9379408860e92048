"""The payoff kernel: its formula term by term, for every width of what it reads."""

import itertools

import numpy as np
import pytest

from contracts.legs.piecewise_linear import piecewise_linear

LEVELS = np.array([[90.0, 110.0, 131.0, 70.5, 120.0], [118.0, 95.0, 64.0, 120.0, 133.0]])
QUANTITIES = np.array([[3.0, 5.0, 0.0, 7.0, 11.0], [13.0, 17.0, 19.0, 23.0, 29.0]])
KINKS = (
    np.array([[110.0, 104.0, 99.0, 101.0, 113.0], [120.0, 95.0, 91.0, 87.0, 108.0]]),
    np.array([[121.0, 130.0, 125.0, 117.0, 114.0], [122.0, 127.0, 119.0, 133.0, 132.0]]),
)


def plainly(observed, quantity, kinks, below, above):
    amount = below * np.maximum(kinks[0] - observed, 0.0)
    for kink, slope in zip(kinks, above, strict=True):
        amount = amount + slope * np.maximum(observed - kink, 0.0)
    return amount if quantity is None else quantity * amount


@pytest.mark.parametrize("n_kinks", [1, 2])
@pytest.mark.parametrize("widths", list(itertools.product([1, 5], repeat=3)))
def test_the_formula(n_kinks, widths):
    observed, quantity, kink = (
        array[:, :width].copy()
        for array, width in zip((LEVELS, QUANTITIES, KINKS[0]), widths, strict=True)
    )
    kinks = (kink, KINKS[1][:, : widths[0]].copy())[:n_kinks]
    for units in (quantity, None):
        for slopes in ([0.0, 0.3], [1.0, 0.0], [1.0, -0.25], [0.4, 0.8]):
            below, above = slopes[0], (slopes[1], 0.7)[:n_kinks]
            found = piecewise_linear(observed, units, kinks, below=below, above=above)
            wanted = plainly(observed, units, kinks, below, above)
            assert found.shape == np.broadcast_shapes(wanted.shape, observed.shape)
            assert np.allclose(found, wanted, rtol=1e-15, atol=0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("below", "above"), [(1.0, 0.0), (0.0, 0.3), (1.0, -1.0)])
def test_no_price_that_is_not_finite_is_hidden_by_a_slope_of_zero(bad, below, above):
    observed = np.array([[100.0, bad, 120.0]])
    kink, quantity = np.array([[110.0]]), np.array([[2.0]])
    found = piecewise_linear(observed, quantity, (kink,), below=below, above=(above,))

    assert np.isfinite(found).tolist() == [[True, False, True]]


def test_what_was_returned_stays():
    kept = [piecewise_linear(LEVELS, None, KINKS[:1], below=1.0, above=(s,)) for s in (0.0, 0.5)]
    copies = [amounts.copy() for amounts in kept]
    piecewise_linear(2.0 * LEVELS, QUANTITIES, KINKS[1:], below=0.5, above=(0.5,))

    assert all(np.array_equal(a, b) for a, b in zip(kept, copies, strict=True))
