"""Sobol points: scipy's, evenly spread, and scrambled with an honest error."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import qmc

from montecarlo import SobolPoints, direction_numbers, normal_quantiles, philox4x32
from montecarlo.directions import TABLE_DIMENSIONS, TABLE_NUMBERS, numbers_from_scipy
from montecarlo.jit import python_source
from montecarlo.sobol import sobol_normals, sobol_uniforms

HALF = 2.0**-53


def gray(n_points, first=0):
    """Return the natural index of each of scipy's points."""
    i = np.arange(first, first + n_points)
    return i ^ (i >> 1)


@pytest.mark.parametrize("n_dimensions", [1, 2, 3, 13, 337])
def test_points_are_those_of_scipy(n_dimensions):
    n = 2**13
    expected = qmc.Sobol(n_dimensions, scramble=False).random(n)
    u = SobolPoints.unscrambled(n_dimensions).uniforms(n_points=n) - HALF

    np.testing.assert_array_equal(u[:, gray(n)].T, expected)


def test_points_far_out_are_those_of_scipy():
    engine = qmc.Sobol(40, scramble=False)
    first = 2**21 - 37
    engine.fast_forward(first)
    points = SobolPoints.unscrambled(40)
    expected = engine.random(74)
    u = np.stack(
        [points.uniforms(n_points=1, first_point=int(i))[:, 0] - HALF for i in gray(74, first)]
    )

    np.testing.assert_array_equal(u, expected)


def test_a_high_dimension_is_that_of_scipy():
    directions = direction_numbers(4000)
    engine = qmc.Sobol(4000, scramble=False)
    engine.fast_forward(2**16 + 12345)
    expected = engine.random(1)[0]
    i = (2**16 + 12345) ^ ((2**16 + 12345) >> 1)
    digits = np.zeros(4000, dtype=np.uint64)
    for k in range(17):
        if i >> k & 1:
            digits ^= directions[:, k]

    np.testing.assert_array_equal(digits * 2.0**-52, expected)


def test_direction_numbers_do_not_depend_on_how_many_are_asked_for():
    many = direction_numbers(340)
    for n_dimensions in (1, 2, 3, 4, 37, 338):
        np.testing.assert_array_equal(direction_numbers(n_dimensions), many[:n_dimensions])
    # Number k ends at digit k: the matrix of each dimension is triangular.
    lowest = many & (~many + np.uint64(1))
    np.testing.assert_array_equal(lowest, np.broadcast_to(lowest[0], many.shape))


def test_the_file_of_direction_numbers_is_that_of_scipy():
    n = TABLE_DIMENSIONS
    expected = numbers_from_scipy(n, TABLE_NUMBERS)

    np.testing.assert_array_equal(direction_numbers(n)[:, :TABLE_NUMBERS], expected)
    # One more dimension is beyond the file.
    np.testing.assert_array_equal(direction_numbers(n + 1)[:n], direction_numbers(n))


def test_the_file_spares_the_import_of_statistics():
    code = (
        "import sys, montecarlo\n"
        f"montecarlo.direction_numbers({TABLE_DIMENSIONS})\n"
        "assert 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


@pytest.mark.parametrize("n_points", [1, 31, 32, 33, 1000, 2**40])
def test_fewer_points_take_less_scrambling_and_are_the_same(n_points):
    whole = SobolPoints.scrambled(40, seed=3, randomisation=1)
    part = SobolPoints.scrambled(40, seed=3, randomisation=1, n_points=n_points)
    n = part.directions.shape[1]

    assert 2 ** (n - 1) >= n_points
    assert n <= 6 or 2 ** (n - 2) < n_points
    np.testing.assert_array_equal(part.directions, whole.directions[:, :n])
    np.testing.assert_array_equal(part.shift, whole.shift)
    first = max(n_points - 200, 0)
    last = {"n_points": n_points - first, "first_point": first}
    np.testing.assert_array_equal(part.uniforms(**last), whole.uniforms(**last))
    with pytest.raises(ValueError, match=r"first_point must be an integer in \[0, \d+\]"):
        part.uniforms(n_points=1, first_point=2 ** (n - 1))


def test_a_scrambled_engine_of_scipy_is_reproduced_from_its_points():
    n_dimensions, n = 7, 2**10
    engine = qmc.Sobol(n_dimensions, scramble=True, bits=52, rng=np.random.default_rng(3))
    expected = engine.random(n)
    digits = (expected * 2.0**52).astype(np.uint64)
    directions = np.zeros((n_dimensions, 52), dtype=np.uint64)
    previous = np.zeros(n_dimensions, dtype=np.uint64)
    for k in range(10):
        previous = previous ^ digits[2**k] ^ digits[0]
        directions[:, k] = previous
    points = SobolPoints(directions=directions, shift=digits[0])

    np.testing.assert_array_equal(
        points.uniforms(n_points=n)[:, gray(n)].T - HALF, expected.astype(np.float64)
    )


def test_scrambling_is_a_triangular_matrix_and_a_shift():
    """Worked out again from the generator's words, one digit at a time."""
    seed, randomisation, d = 2**40 + 9, 5, 11
    points = SobolPoints.scrambled(d + 1, seed=seed, randomisation=randomisation)
    plain = direction_numbers(d + 1)
    words = []
    for call in range(27):
        counter = [call, randomisation, d, 0x536F626C]
        a, b, c, e = (int(w) for w in philox4x32(counter, [seed % 2**32, seed >> 32]))
        words += [(a << 32 | b) >> 12, (c << 32 | e) >> 12]
    matrix = np.zeros((52, 52), dtype=int)
    for column in range(52):
        for row in range(column, 52):
            matrix[row, column] = row == column or words[column] >> (51 - row) & 1
    for k in (0, 1, 7, 31, 51):
        digits = np.array([int(plain[d, k]) >> (51 - row) & 1 for row in range(52)])
        product = matrix @ digits % 2

        assert int(points.directions[d, k]) == sum(
            int(b) << (51 - r) for r, b in enumerate(product)
        )
    assert int(points.shift[d]) == words[52]


@pytest.mark.parametrize("first_point", [0, 1024, 3 * 1024, 2**40])
@pytest.mark.parametrize("is_scrambled", [False, True])
def test_an_aligned_block_has_one_point_in_every_interval(first_point, is_scrambled):
    n = 1024
    points = (
        SobolPoints.scrambled(60, seed=8, randomisation=2)
        if is_scrambled
        else SobolPoints.unscrambled(60)
    )
    cells = np.sort(np.floor(points.uniforms(n_points=n, first_point=first_point) * n), axis=1)

    np.testing.assert_array_equal(cells, np.broadcast_to(np.arange(n), cells.shape))


def test_the_first_two_dimensions_are_a_net():
    """One point in each box of area 1/256, whichever its shape."""
    u, v = SobolPoints.scrambled(2, seed=4, randomisation=0).uniforms(n_points=256)
    for a in range(9):
        boxes = np.floor(u * 2**a) * 2 ** (8 - a) + np.floor(v * 2 ** (8 - a))

        assert np.unique(boxes).size == 256


def test_numbers_depend_on_nothing_but_seed_randomisation_dimension_and_point():
    whole = SobolPoints.scrambled(9, seed=3, randomisation=1)
    few = SobolPoints.scrambled(4, seed=3, randomisation=1)
    z = whole.normals(n_points=500, first_point=70)
    for first, n in ((70, 1), (71, 31), (96, 64), (127, 200), (569, 1)):
        part = few.normals(n_points=n, first_point=first)

        np.testing.assert_array_equal(part, z[:4, first - 70 : first - 70 + n])
    np.testing.assert_array_equal(z, normal_quantiles(whole.uniforms(n_points=500, first_point=70)))


def test_seeds_and_randomisations_differ():
    digits = {
        int(SobolPoints.scrambled(1, seed=seed, randomisation=r).shift[0])
        for seed in (0, 1, 2**32, 2**64 - 1)
        for r in (0, 1, 2**32 - 1)
    }

    assert len(digits) == 12


def test_uniforms_are_odd_multiples_strictly_inside():
    u = SobolPoints.unscrambled(5).uniforms(n_points=64)

    assert u.min() == HALF
    assert (np.mod(u / HALF, 2.0) == 1.0).all()
    directions = direction_numbers(1)[0]
    out = np.empty(1)
    sobol_uniforms(directions, np.uint64(2**52 - 1), np.uint64(0), out)
    assert out[0] == 1.0 - HALF


def test_each_point_by_itself_is_uniform_over_randomisations():
    n = 4096
    u = np.array(
        [
            SobolPoints.scrambled(3, seed=77, randomisation=r).uniforms(n_points=1, first_point=5)
            for r in range(n)
        ]
    )[:, :, 0]
    counts = np.stack([np.bincount((u[:, d] * 16).astype(int), minlength=16) for d in range(3)])
    chi_squared = ((counts - n / 16) ** 2 / (n / 16)).sum(axis=1)
    # 37.7 is the 99.9% quantile of chi-squared with 15 degrees of freedom.
    assert (chi_squared < 37.7).all()
    assert np.abs(np.corrcoef(u.T) - np.eye(3)).max() < 4.0 / math.sqrt(n)


def test_normals_of_a_block_have_the_moments_of_a_normal():
    z = SobolPoints.scrambled(200, seed=6, randomisation=0).normals(n_points=2**12)

    np.testing.assert_allclose(z.mean(axis=1), 0.0, atol=3e-3)
    np.testing.assert_allclose((z**2).mean(axis=1), 1.0, atol=2e-2)


def smooth(u):
    """Return a product over dimensions whose mean over the unit cube is one."""
    weight = 1.0 / (1.0 + np.arange(u.shape[0]))
    return np.prod(1.0 + weight[:, None] * (np.exp(u) - (math.e - 1.0)), axis=0)


def means(n_points, randomisations):
    return np.array(
        [
            smooth(
                SobolPoints.scrambled(6, seed=5, randomisation=r).uniforms(n_points=n_points)
            ).mean()
            for r in randomisations
        ]
    )


def test_the_error_of_a_smooth_mean_falls_faster_than_one_over_n():
    spread = [float(np.sqrt(np.mean((means(2**k, range(64)) - 1.0) ** 2))) for k in (6, 9, 12)]

    assert spread[0] / spread[1] > 8.0
    assert spread[1] / spread[2] > 8.0
    assert spread[2] < 1e-4


def test_the_spread_over_randomisations_is_an_honest_error():
    """The score of the truth, over 60 lots of 16 randomisations, follows Student's t with 15."""
    lots = means(256, range(16 * 60)).reshape(60, 16)
    score = (lots.mean(axis=1) - 1.0) / (lots.std(axis=1, ddof=1) / 4.0)
    # Variance 15/13; the bounds are 4 standard errors of a mean and of a variance over 60.
    assert abs(score.mean()) < 4.0 * math.sqrt(15 / 13 / 60)
    assert 0.3 < score.var() < 2.2
    assert (np.abs(score) > 2.131).mean() < 0.17


@pytest.mark.parametrize("first_point", [0, 64, 2**51 - 70])
def test_compiled_is_its_python_source(first_point):
    points = SobolPoints.scrambled(2, seed=1, randomisation=0)
    arguments = (points.directions[1], points.shift[1], np.uint64(first_point))
    compiled, interpreted = np.empty(70), np.empty(70)
    for function in (sobol_uniforms, sobol_normals):
        function(*arguments, compiled)
        python_source(function)(*arguments, interpreted)

        np.testing.assert_array_equal(compiled, interpreted)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_dimensions": 0}, r"n_dimensions must be an integer in \[1, 21201\], got 0"),
        ({"n_dimensions": 21_202}, r"n_dimensions must be an integer in \[1, 21201\], got 21202"),
        ({"n_dimensions": 2.0}, r"n_dimensions must be an integer in \[1, 21201\], got 2\.0"),
        ({"seed": -1}, r"seed must be an integer in .*, got -1"),
        ({"seed": True}, "seed must be an integer in .*, got True"),
        ({"randomisation": 2**32}, "randomisation must be an integer in .*, got 4294967296"),
        ({"n_points": 0}, "n_points must be an integer in .*, got 0"),
        ({"n_points": 2**51 + 1}, "n_points must be an integer in .*, got 2251799813685249"),
        ({"randomisation": -1}, "randomisation must be an integer in .*, got -1"),
    ],
)
def test_errors_of_scrambling(arguments, message):
    good = {"n_dimensions": 2, "seed": 1, "randomisation": 0}
    with pytest.raises(ValueError, match=message):
        SobolPoints.scrambled(**(good | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_points": 0}, "n_points must be an integer in .*, got 0"),
        ({"n_points": 4, "first_point": -1}, "first_point must be an integer in .*, got -1"),
        ({"n_points": 4, "first_point": 2**51 - 3}, "first_point must be .*, got 2251799813685245"),
    ],
)
def test_errors_of_points(arguments, message):
    points = SobolPoints.unscrambled(1)
    for method in (points.uniforms, points.normals):
        with pytest.raises(ValueError, match=message):
            method(**arguments)


def test_direction_numbers_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        direction_numbers(2)[0, 0] = 1
