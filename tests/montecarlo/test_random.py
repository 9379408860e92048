"""The generator against its published answers, and its normals against the normal law."""

import numpy as np
import pytest
from scipy import stats

from montecarlo import normals, philox4x32, uniforms
from montecarlo.random import _normals_in_place

ONES = 0xFFFFFFFF
N = 1_000_000

# Known answers of the Random123 distribution, kat_vectors, philox4x32 with 10 rounds.
KNOWN_ANSWERS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([ONES] * 4, [ONES] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.fixture(scope="module")
def sample():
    """A million normals in a row: path, step and factor 0."""
    return normals(seed=20250709, n_paths=N, n_steps=1, n_factors=1)[0, 0]


@pytest.fixture(scope="module")
def cube():
    """Four steps and three factors of many paths."""
    return normals(seed=7, n_paths=200_000, n_steps=4, n_factors=3)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_known_answers(counter, key, expected):
    assert philox4x32(counter, key).tolist() == expected


def test_uniforms_are_the_words_of_the_generator():
    # Path 2**32 + 5, quad 3 (steps 12 to 15), factor 2, seed with both words in use.
    seed = (11 << 32) + 13
    words = philox4x32([5, 1, 3, 2], [13, 11]).astype(np.uint64)
    drawn = uniforms(seed=seed, n_paths=1, n_steps=16, n_factors=3, first_path=2**32 + 5)
    for i in (0, 2):
        word = int(words[i]) << 32 | int(words[i + 1])

        assert drawn[12 + i, 2, 0] == ((word >> 24) + 0.5) * 2.0**-40
        assert drawn[13 + i, 2, 0] == ((word & 0xFFFFFF) + 0.5) * 2.0**-24


def test_normals_are_box_muller_of_the_uniforms():
    u = uniforms(seed=3, n_paths=500, n_steps=6, n_factors=2)
    z = normals(seed=3, n_paths=500, n_steps=6, n_factors=2)
    radius = np.sqrt(-2.0 * np.log(u[0::2]))

    np.testing.assert_allclose(z[0::2], radius * np.sin(2 * np.pi * u[1::2]), atol=5e-15)
    np.testing.assert_allclose(z[1::2], -radius * np.cos(2 * np.pi * u[1::2]), atol=5e-15)


@pytest.mark.parametrize("n_paths", [1, 2, 3, 17, 256, 511])
@pytest.mark.parametrize("first_path", [0, 7, 2**32 - 3, 2**40])
def test_a_number_depends_on_its_indices_only(n_paths, first_path):
    whole = normals(seed=5, n_paths=600, n_steps=5, n_factors=3, first_path=first_path)
    part = normals(seed=5, n_paths=n_paths, n_steps=3, n_factors=2, first_path=first_path + 40)

    np.testing.assert_array_equal(part, whole[:3, :2, 40 : 40 + n_paths])


def test_ends_of_the_uniforms():
    # The words of all zeros and all ones: radii of 2**-41 and 1 - 2**-41, angles next to nothing.
    word = np.array([0, 2**64 - 1], dtype=np.uint64)
    u = np.array([2.0**-41, 1.0 - 2.0**-41])
    w = word.view(np.float64).copy()
    _normals_in_place(u, w)
    radius = np.array([np.sqrt(2 * 41 * np.log(2)), 2.0**-20])
    # sin(2 pi 2**-25) and -cos of it; the last angle is minus the first.
    sine = 2 * np.pi * 2.0**-25

    np.testing.assert_allclose(u, radius * [sine, -sine], rtol=1e-9)
    np.testing.assert_allclose(w, -radius, rtol=1e-9)


def test_the_angle_is_exact_in_its_moments():
    # Over all 2**24 angles every power below that order has the mean of the continuous angle;
    # here over the 2**12 that share their low bits with the first, exact below order 2**12.
    n = 2**12
    b = np.arange(n, dtype=np.uint64) << np.uint64(12)
    u = np.full(n, np.exp(-0.5))
    w = b.view(np.float64).copy()
    _normals_in_place(u, w)
    for power, mean in [(1, 0.0), (2, 0.5), (3, 0.0), (4, 3 / 8), (6, 5 / 16), (8, 35 / 128)]:
        np.testing.assert_allclose(np.mean(u**power), mean, atol=1e-15)
        np.testing.assert_allclose(np.mean(w**power), mean, atol=1e-15)


def test_moments(sample):
    for power, moment in enumerate([0.0, 1.0, 0.0, 3.0, 0.0, 15.0, 0.0, 105.0], start=1):
        values = sample**power
        assert abs(values.mean() - moment) < 4.0 * values.std() / np.sqrt(N)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0, 4.0, 5.0])
def test_tails(sigma, sign):
    n = 4 * N
    drawn = normals(seed=99, n_paths=N, n_steps=2, n_factors=2)
    expected = n * stats.norm.sf(sigma)
    count = int((sign * drawn > sigma).sum())
    low, high = stats.binom.ppf([3e-5, 1 - 3e-5], n, stats.norm.sf(sigma))

    assert low <= count <= high, (count, expected)


def test_kolmogorov_smirnov(sample, cube):
    for values in (sample, cube[1, 0], cube[2, 2], cube[3, 1]):
        assert stats.kstest(values, "norm").pvalue > 1e-4


def test_anderson_darling_of_uniforms():
    u = np.sort(uniforms(seed=1, n_paths=100_000, n_steps=1, n_factors=1).ravel())
    assert stats.kstest(u, "uniform").pvalue > 1e-4
    # Each of 64 bins by chi-squared, on both uniforms of a pair together (a 64 x 64 table).
    pair = uniforms(seed=2, n_paths=N, n_steps=2, n_factors=1)[:, 0]
    table, _, _ = np.histogram2d(pair[0], pair[1], bins=64, range=[[0, 1], [0, 1]])

    assert stats.chisquare(table.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("power", [1, 2])
def test_independence_across_steps_and_factors(cube, power):
    rows = cube.reshape(12, -1) ** power
    correlation = np.corrcoef(rows)
    n_paths = rows.shape[1]

    assert np.abs(correlation - np.eye(12)).max() < 4.5 / np.sqrt(n_paths)


@pytest.mark.parametrize("lag", [1, 2, 255, 256, 512, 4096])
@pytest.mark.parametrize("power", [1, 2])
def test_independence_across_paths(sample, lag, power):
    values = sample**power
    correlation = np.corrcoef(values[:-lag], values[lag:])[0, 1]

    assert abs(correlation) < 4.5 / np.sqrt(N)


def test_independence_across_seeds():
    one, other = (
        normals(seed=seed, n_paths=200_000, n_steps=1, n_factors=1).ravel() for seed in (1, 2)
    )

    assert abs(np.corrcoef(one, other)[0, 1]) < 4.5 / np.sqrt(200_000)


def test_seed_words_are_not_confused():
    low = normals(seed=1, n_paths=4, n_steps=1, n_factors=1)
    high = normals(seed=2**32, n_paths=4, n_steps=1, n_factors=1)

    assert (low != high).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, r"seed must be an integer in \[0, 18446744073709551615\], got -1"),
        ({"seed": 2**64}, "seed must be an integer .*, got 18446744073709551616"),
        ({"seed": True}, "seed must be an integer .*, got True"),
        ({"seed": 1.0}, "seed must be an integer .*, got 1.0"),
        ({"n_paths": 0}, "n_paths must be an integer of at least 1, got 0"),
        ({"n_steps": 0}, "n_steps must be an integer of at least 1, got 0"),
        ({"n_factors": -2}, "n_factors must be an integer of at least 1, got -2"),
        ({"first_path": -1}, "first_path must be an integer in .*, got -1"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {"seed": 1, "n_paths": 1, "n_steps": 1, "n_factors": 1} | changes
    with pytest.raises(ValueError, match=message):
        normals(**arguments)


@pytest.mark.parametrize(
    ("counter", "key", "message"),
    [
        ([0, 0, 0], [0, 0], "counter must have 4 words, got 3"),
        ([0, 0, 0, 0], [0], "key must have 2 words, got 1"),
        ([0, 2**32, 0, 0], [0, 0], r"counter\[1\] must be an integer in \[0, 4294967295\]"),
    ],
)
def test_bad_words(counter, key, message):
    with pytest.raises(ValueError, match=message):
        philox4x32(counter, key)


def test_largest_seed_and_numpy_integers():
    assert np.isfinite(normals(seed=2**64 - 1, n_paths=2, n_steps=1, n_factors=1)).all()
    np.testing.assert_array_equal(
        normals(seed=np.int64(6), n_paths=2, n_steps=1, n_factors=1),
        normals(seed=6, n_paths=2, n_steps=1, n_factors=1),
    )
