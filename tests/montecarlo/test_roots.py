"""The cube root against 40 digits, over the whole range of normal doubles."""

import mpmath
import numpy as np
import pytest

from montecarlo.jit import python_source
from montecarlo.roots import cube_root

MP = mpmath.mp.clone()
MP.dps = 40
RNG = np.random.default_rng(20250710)
# One period of the first guess, the whole range, and its ends.
POINTS = np.concatenate(
    [
        np.exp2(RNG.uniform(0.0, 3.0, 4000)),
        np.exp2(RNG.uniform(-1021.0, 1023.0, 4000)),
        [2.3e-308, 1.7e308, 1.0, np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0)],
    ]
)


def test_error_against_forty_digits():
    worst = max(
        abs(float((MP.mpf(cube_root(float(x))) - exact) / exact))
        for x in POINTS
        for exact in [MP.cbrt(MP.mpf(float(x)))]
    )

    assert worst < 4.5e-16


@pytest.mark.parametrize("root", [1.0, 3.0, 7.5, 110.0, 2.0**-300])
def test_cubes_that_are_exact(root):
    assert cube_root(root**3) == pytest.approx(root, rel=3e-16)


def test_it_never_falls():
    near = np.sort(np.exp2(RNG.uniform(-1.0, 4.0, 2000)))
    roots = [cube_root(float(x)) for x in near]

    assert np.all(np.diff(roots) >= -4e-16 * np.array(roots[1:]))


def test_compiled_equals_its_python_source():
    for x in POINTS[:200]:
        assert cube_root(float(x)) == python_source(cube_root)(float(x))
