"""32-bit simulation: errors of its functions, the same uniforms, and what it changes."""

import mpmath
import numpy as np
import pytest

from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Plan,
    Sampling,
    SchwartzSmith,
    TimeGrid,
    normals,
    simulate,
    simulate_paths,
)
from montecarlo.jit import float_of, fma, kernel, python_source
from montecarlo.philox import key_of
from montecarlo.single import draw_rows, exp, minus_two_log, sincos_half_turn
from tests.montecarlo.test_sampling import JOINT

RNG = np.random.default_rng(5)
MP = mpmath.mp.clone()
MP.dps = 40
GRID = TimeGrid.from_times(np.arange(1, 41) / 12.0)
SMITH = SchwartzSmith(
    name="ndpr",
    mean_reversion=1.5,
    short_volatility=0.35,
    long_volatility=0.15,
    correlation=0.3,
    forward_curve=ForwardCurve.flat(105.0),
)
SINGLE = Sampling(precision="single")


def worst(function, exact, points):
    return max(
        abs(MP.mpf(float(function(np.float32(x)))) / exact(MP.mpf(float(np.float32(x)))) - 1)
        for x in points
    )


def test_exp():
    points = np.concatenate([RNG.uniform(-87.0, 88.3, 1500), RNG.uniform(-1.0, 1.0, 1500)])
    assert worst(exp, MP.exp, points) < 2e-7
    assert np.isnan(exp(np.float32(np.nan)))
    assert exp(np.float32(89.5)) == np.inf
    assert 0.0 < exp(np.float32(-1e30)) < 1e-37


def test_minus_two_log():
    points = np.concatenate([RNG.uniform(0.0, 0.999, 1500), 2.0 ** -RNG.uniform(0.01, 41.0, 1500)])
    assert worst(minus_two_log, lambda u: -2 * MP.log(u), points) < 2e-7


def test_sine_and_cosine():
    for r in np.concatenate([RNG.uniform(-0.5, 0.5, 2000), [-0.5, 0.0, 0.5]]).astype(np.float32):
        sine, cosine = sincos_half_turn(r)
        assert abs(MP.mpf(float(sine)) - MP.sin(MP.pi * MP.mpf(float(r)))) < 3e-7
        assert abs(MP.mpf(float(cosine)) - MP.cos(MP.pi * MP.mpf(float(r)))) < 3e-7


def test_normals_are_those_of_doubles():
    rows = np.empty((4, 512), dtype=np.float32)
    draw_rows(
        key_of(9),
        np.uint64(77),
        np.uint64(2),
        np.uint64(1),
        np.empty((2, 512), np.uint32),
        rows,
        512,
    )
    doubles = normals(seed=9, n_paths=512, n_steps=12, n_factors=2, first_path=77)[8:, 1]

    # Where the radius is tiny, the rounding of u near one shows: 2**-25 / radius.
    np.testing.assert_allclose(rows, doubles, rtol=2e-6, atol=2e-6)


@kernel
def _fused(a, b, c, out):
    for i in range(out.shape[0]):
        out[i] = fma(a[i], b[i], c[i])


def test_fused_multiply_add_rounds_once():
    # Products that need 48 bits, sums that cancel, halves that tie.
    a, b = RNG.normal(size=(2, 3000)).astype(np.float32)
    c = (-a.astype(np.float64) * b * (1.0 + 1e-7 * RNG.normal(size=3000))).astype(np.float32)
    c[::3] = RNG.normal(size=1000).astype(np.float32)
    out = np.empty(3000, dtype=np.float32)
    _fused(a, b, c, out)

    assert out.tolist() == [float(fma(x, y, z)) for x, y, z in zip(a, b, c, strict=True)]
    assert fma(np.float32(1.0), np.float32(2.0**-24), np.float32(1.0)) == 1.0
    above = np.float32(2.0**-24 + 2.0**-40)
    assert fma(np.float32(1.0), above, np.float32(1.0)) == np.float32(1.0 + 2.0**-23)


@pytest.mark.parametrize("function", [exp, minus_two_log, sincos_half_turn])
def test_compiled_is_its_python_source(function):
    for u in RNG.uniform(0.001, 0.5, 200).astype(np.float32):
        assert function(u) == python_source(function)(u)


def test_bits_of_a_single():
    assert float_of(np.uint32(0x40490FDB)) == np.float32(np.pi)


@pytest.mark.parametrize("spot_only", [False, True])
@pytest.mark.parametrize("method", ["random", "antithetic"])
def test_paths_differ_by_rounding_only(method, spot_only):
    doubles = simulate_paths(
        JOINT, GRID, n_paths=2000, seed=4, sampling=Sampling(method=method, spot_only=spot_only)
    )
    singles = simulate_paths(
        JOINT,
        GRID,
        n_paths=2000,
        seed=4,
        sampling=Sampling(method=method, spot_only=spot_only, precision="single"),
    )
    for name in JOINT.names:
        np.testing.assert_allclose(singles[name], doubles[name], rtol=2e-5)
        assert (singles[name] != doubles[name]).any() or name == "fee"


class Floors:
    n_outputs = 40
    n_kept = 1

    def __call__(self, block):
        return np.maximum(110.0 - block.price["ndpr"].astype(np.float64), 0.0)


def test_value_of_a_floor_moves_by_less_than_a_millionth():
    double = simulate(SMITH, GRID, Floors(), Plan(n_paths=50_000, seed=1))
    single = simulate(SMITH, GRID, Floors(), Plan(n_paths=50_000, seed=1, sampling=SINGLE))
    change = abs(single.mean.sum() / double.mean.sum() - 1.0)

    assert 0.0 < change < 1e-6


def test_bits_do_not_depend_on_blocks_or_threads():
    one, other = (
        simulate(
            JOINT,
            GRID,
            Kept(),
            Plan(n_paths=5000, seed=1, sampling=SINGLE, block_size=size, n_threads=n_threads),
        )
        for size, n_threads in ((512, 1), (1024, 2))
    )
    np.testing.assert_array_equal(one.samples, other.samples)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_allclose(one.mean, one.samples.mean(axis=1), rtol=1e-14)
    assert one.samples.dtype == np.float64


class Kept:
    n_outputs = 40
    n_kept = 40

    def __call__(self, block):
        # Passed on as they are: they are averaged in double.
        assert block.price["ndpr"].dtype == np.float32
        return block.price["ndpr"]


def test_price_that_a_single_cannot_hold():
    high = GBM(name="gold", volatility=0.1, spot=1e39, drift=0.0)
    with pytest.raises(ValueError, match="gold must stay within 1e-30 and 1e30 for single"):
        simulate_paths(high, GRID, n_paths=1, seed=1, sampling=SINGLE)
    tiny = Constant(name="fee", forward_curve=ForwardCurve.flat(1e-44))
    with pytest.raises(ValueError, match="fee must stay within 1e-30 and 1e30 for single"):
        simulate_paths(tiny, GRID, n_paths=1, seed=1, sampling=SINGLE)
