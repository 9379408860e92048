"""The statistical tests of docs/generator.py pass the generator, and each catches its fault.

A battery that passes everything would pass the generator too: so each fault below is planted in
the draws and must be caught, by the tests that are there for it.
"""

import dataclasses
import doctest
import json

import numpy as np
import pytest
from scipy import special, stats

from docs import generator, generator_counts, generator_draws, generator_tests
from docs.generator_counts import _MAXIMUM_EDGES, QUANTILES, Tally, tally
from docs.generator_draws import BLOCK, Design, designs, draw, stream
from docs.generator_tests import (
    Outcome,
    _tails,
    anderson_darling_p,
    chi_squared,
    equal_spacings,
    hermite_scores,
    outcomes,
    repeats,
    word_outcomes,
)
from montecarlo import normals, philox4x32

DESIGN = Design(name="test", seed=20250709, n_paths=1024)
# One in a hundred thousand for each of about eighty tests.
IMPROBABLE = 1e-5


def caught(source, design=DESIGN):
    """Return the names of the tests that a source of draws fails."""
    found = outcomes(tally(design, source=source))
    return {outcome.test for outcome in found if outcome.two_sided < IMPROBABLE}


def with_normals(change):
    """Return a source of draws with its normals changed, of shape (steps, factors, paths)."""

    def source(design, first_path):
        words, z = draw(design, first_path)
        return words, np.ascontiguousarray(change(z))

    return source


@pytest.mark.parametrize("method", ["double", "single", "inverse"])
def test_the_generator_passes(method):
    assert caught(draw, dataclasses.replace(DESIGN, method=method)) == set()


def test_what_is_drawn_is_what_simulations_draw():
    design = dataclasses.replace(
        DESIGN, seed=(11 << 32) + 13, first_quad=3, first_factor=2, n_factors=4
    )
    words, z = draw(design, 2**32 - 7)
    whole = normals(seed=design.seed, n_paths=BLOCK, n_steps=132, n_factors=6, first_path=2**32 - 7)
    known = philox4x32([2**32 - 7 + 5, 0, 4, 3], [13, 11]).astype(np.uint64)

    np.testing.assert_array_equal(z, whole[12:, 2:])
    assert words[1, 1, :, 5].tolist() == [
        int(known[0]) << 32 | int(known[1]),
        int(known[2]) << 32 | int(known[3]),
    ]


def shifted(z):
    return z + 0.008


def widened(z):
    return 1.005 * z


def skewed(z):
    return z + 0.004 * (z**2 - 1.0)


def heavy(z):
    # Of a million and more, thirty normals are thrown out past 5.
    z = z.copy()
    z[0, 0, :30] = np.linspace(5.1, 6.9, 30)
    return z


def granular(z):
    return np.round(z * 200.0) / 200.0


def sticky(z):
    z = z.copy()
    z[1::4] = np.sqrt(1.0 - 0.08**2) * z[1::4] + 0.08 * z[0::4]
    return z


def square_sticky(z):
    # Uncorrelated, but large where the last one was large.
    z = z.copy()
    z[2::4] = np.where(abs(z[0::4]) > 2.0, 1.05, 0.9976) * z[2::4]
    return z


def doubled_path(z):
    z = z.copy()
    z[:, :, 128:] = np.where(z[:, :, :128] > 2.5, z[:, :, :128], z[:, :, 128:])
    return z


def twin_factors(z):
    z = z.copy()
    z[:, 3] = np.sqrt(1.0 - 0.05**2) * z[:, 3] + 0.05 * z[:, 2]
    return z


def swapped_rows(z):
    # As if the counter's words for step and factor were added to one.
    n_steps, n_factors, _ = z.shape
    sums = np.arange(n_steps)[:, None] // 4 + np.arange(n_factors)
    return z[(4 * sums + np.arange(n_steps)[:, None] % 4) % n_steps, 0]


def drifting(z):
    # Each pair of neighbours is hardly correlated, the sum over 240 has twice its variance.
    whole = z.sum(axis=0, keepdims=True) / np.sqrt(len(z))
    return z + 0.4 * whole / np.sqrt(len(z))


def capped(z):
    # The largest of a path is brought down a little: a ten-thousandth of all normals.
    return np.where(z > 3.7, 3.7 - 0.2 * (z - 3.7), z)


def alternating(z):
    # A positive one is followed by a negative one slightly too often.
    z = z.copy()
    z[1::2] = np.where((z[0::2] > 0.0) & (abs(z[1::2]) < 0.1), -abs(z[1::2]), z[1::2])
    return z


def sorted_at_times(z):
    z = z.copy()
    z[:10, :, :40] = np.sort(z[:10, :, :40], axis=0)
    return z


@pytest.mark.parametrize(
    ("change", "catcher"),
    [
        (shifted, "moment 1"),
        (shifted, "sum, moment 1"),
        (widened, "moment 2"),
        (skewed, "moment 3"),
        (shifted, "Anderson-Darling"),
        (shifted, "Kolmogorov-Smirnov"),
        (heavy, "above 5"),
        (granular, "1,024 cells"),
        (sticky, "correlations of (step, step+1), step = 4k+0"),
        (sticky, "64 x 64 cells of (step, step+1), step = 4k+0"),
        (square_sticky, "correlations of (step, step+2), step = 4k+0"),
        (doubled_path, "64 x 64 cells of (path, path+128)"),
        (twin_factors, "correlations of (factor, factor+1), factor even"),
        (swapped_rows, "64 x 64 cells of (step/4, factor) against (factor, step/4)"),
        (drifting, "sum, moment 2"),
        (drifting, "sum, 256 cells"),
        (capped, "largest, 256 cells"),
        (alternating, "runs of one sign over steps"),
        (sorted_at_times, "120 orderings of five steps"),
    ],
)
def test_a_planted_fault_is_caught(change, catcher):
    assert catcher in caught(with_normals(change))


def test_normals_that_repeat_from_path_to_path():
    def source(design, first_path):
        words, z = draw(design, first_path)
        return words, np.ascontiguousarray(z.repeat(2, axis=2)[:, :, 100 : 100 + BLOCK])

    assert "64 x 64 cells of (path, path+1), path even" in caught(source)


def test_seeds_that_are_neighbours_in_all():
    def source(design, first_path):
        # The lowest bit of the seed is lost for one factor.
        words, z = draw(design, first_path)
        other = dataclasses.replace(design, seed=design.seed - design.seed % 2)
        z[:, 0] = draw(other, first_path)[1][:, 0]
        return words, z

    even = dataclasses.replace(DESIGN, seed=20250708)
    assert "correlations of (seed, seed+1)" in caught(source, even)


def test_words_of_which_only_52_bits_are_random():
    def source(design, first_path):
        words, z = draw(design, first_path)
        words &= ~np.uint64(0xFFF)
        return words, z

    assert {"byte 0 (angle)", "bits of the angle"} <= caught(source)


def test_radius_of_23_bits():
    def source(design, first_path):
        words, z = draw(design, first_path)
        angle = np.uint64(0xFFFFFF)
        top = np.uint64(2**64 - 2**41)
        return (words & top) | (words & angle), z

    assert {"bits of the radius", "byte 3 (radius)", "byte 4 (radius)"} <= caught(source)


def test_a_bit_that_is_set_too_often():
    def source(design, first_path):
        words, z = draw(design, first_path)
        words[:, :, :, ::32] |= np.uint64(2**30)
        return words, z

    assert {"bits of the radius", "byte 3 (radius)"} <= caught(source)


def test_radius_and_angle_that_share_bits():
    def source(design, first_path):
        words, z = draw(design, first_path)
        low = words[..., ::4]
        words[..., ::4] = (low & ~np.uint64(0xF)) | ((low >> np.uint64(24)) & np.uint64(0xF))
        return words, z

    assert caught(source) == {"256 x 256, last bytes of radius and angle"}


def test_radius_of_23_bits_in_the_tails():
    # Counts as of 1e12 normals with the law's own, then with a tail that ends at 5.77.
    whole = Tally(design=DESIGN)
    edges = np.arange(2**20 + 1) / 2**16 - 8.0
    lower = np.diff(np.round(1e12 * special.ndtr(edges[: 2**19 + 1])))
    whole.bins[:] = np.concatenate([lower, lower[::-1]])

    def tails():
        return {test for test, (_, p), _ in _tails(whole) if p < IMPROBABLE}

    assert tails() == set()
    whole.bins[abs(edges[:-1]) > np.sqrt(48.0 * np.log(2.0))] = 0
    assert {"below -6", "above 6"} <= tails()


def test_raw_words_pass():
    found = list(word_outcomes(20250709, n_rows=1))

    assert len(found) == 6
    assert min(outcome.two_sided for outcome in found) > IMPROBABLE


def test_spacings_and_repeats_of_a_lattice():
    # Equal steps: every spacing but the first repeats, no point does; then one point twice.
    lattice = (np.arange(4096, dtype=np.uint64) * np.uint64(2**52 + 1)).reshape(1, -1)

    assert equal_spacings(lattice) == 4094
    assert repeats(lattice) == 0
    assert repeats(np.append(lattice, lattice[:, 7:8], axis=1)) == 1


def test_quantiles_have_equal_shares():
    shares = np.diff(special.ndtr(np.concatenate([[-np.inf], QUANTILES])))

    np.testing.assert_allclose(shares, 1.0 / 1024.0, rtol=1e-12)
    # Of the largest of 240.
    np.testing.assert_allclose(np.diff(special.ndtr(_MAXIMUM_EDGES) ** 240), 1 / 256, rtol=1e-10)


def test_cells_and_bins_are_those_of_numpy():
    counted = tally(DESIGN)
    drawn = np.concatenate([draw(DESIGN, first)[1] for first in range(0, 1024, BLOCK)], axis=2)
    cells = np.searchsorted(QUANTILES, drawn, side="right")

    for m in range(4):
        expected = np.bincount(cells[m::4].ravel(), minlength=1024)
        np.testing.assert_array_equal(counted.positions[m], expected)
    np.testing.assert_array_equal(
        counted.bins, np.histogram(drawn, np.arange(2**20 + 1) / 2**16 - 8.0)[0]
    )
    assert counted.largest == abs(drawn).max()
    powers = [(drawn**m).sum() for m in range(1, 9)]
    np.testing.assert_allclose(counted.moments, powers, rtol=1e-9)
    assert counted.pairs["(seed, seed+1)"].sum() == drawn.size == DESIGN.n_draws


def test_pairs_are_disjoint():
    # Steps 120: lag 2 from step 4k+3 ends at 4 * 28 + 3 + 2 = 117, twenty-nine pairs.
    counted = tally(dataclasses.replace(DESIGN, n_paths=BLOCK))
    a_step = 10 * BLOCK

    assert counted.pairs["(step, step+1), step = 4k+0"].sum() == 30 * a_step
    assert counted.pairs["(step, step+1), step = 4k+3"].sum() == 29 * a_step
    assert counted.pairs["(step, step+2), step = 4k+1"].sum() == 30 * a_step
    assert counted.pairs["(step, step+2), step = 4k+3"].sum() == 29 * a_step
    assert counted.pairs["(path, path+1), path even"].sum() == 120 * 10 * 128
    assert counted.pairs["(path, path+1), path odd"].sum() == 120 * 10 * 127
    assert counted.pairs["(factor, factor+1), factor odd"].sum() == 120 * 4 * BLOCK


def test_p_values_by_another_way():
    values = stats.norm.rvs(size=1000, random_state=3)
    sums = np.array([values.sum(), (values**2).sum()])

    np.testing.assert_allclose(
        hermite_scores(sums, 1000),
        [values.mean() * 1000**0.5, (values**2 - 1.0).mean() * 500**0.5],
    )
    assert chi_squared(np.array([8, 10, 13]))[1] == pytest.approx(
        stats.chisquare([8, 10, 13]).pvalue
    )
    # The tenth, as a sum of chi-squares over j (j + 1) has it, simulated.
    assert anderson_darling_p(1.933) == pytest.approx(0.10, abs=2e-4)


def test_changes_of_sign_are_those_of_a_coin():
    counted = tally(DESIGN)
    found = {outcome.test: outcome.p for outcome in outcomes(counted)}
    for name, (changed, n) in counted.changes.items():
        exact = stats.binomtest(int(changed), int(n), 0.5).pvalue
        assert found[f"runs of one sign over {name}"] == pytest.approx(exact, rel=0.01)


def test_second_level_sees_what_no_test_sees():
    # None of these p-values is small, yet all together are far too good.
    found = [
        Outcome(design="", family="", test="", statistic="z = 0", p=p)
        for p in np.linspace(0.5, 1.0, 100)
    ]
    second = generator.second_level(found)

    assert second["bonferroni"] == 1.0
    assert second["kolmogorov_smirnov"] < 1e-9
    assert second["tenths"] < 1e-9
    assert generator.verdict(second) == "fail"
    even = [dataclasses.replace(o, p=2.0 * o.p - 1.0 + 1e-3) for o in found[:-1]]
    assert generator.verdict(generator.second_level(even)) == "pass"


def test_too_even_is_as_bad_as_too_uneven():
    even = Outcome(design="", family="", test="", statistic="X2(3) = 0.0", p=1.0 - 1e-9)
    counted = dataclasses.replace(even, statistic="3 of 2.9")

    assert even.two_sided == pytest.approx(2e-9)
    assert counted.two_sided == counted.p


def test_designs_reach_the_ends():
    found = {design.name: design for design in designs(1e9, 20250709)}
    edge = found["paths at 2**32"]

    assert found["main"].n_draws >= 1e9
    assert all(1e8 <= design.n_draws < 1.01e8 for design in list(found.values())[1:])
    assert edge.first_path < 2**32 < edge.first_path + edge.n_paths
    assert found["last seeds"].seed + 1 == 2**64 - 1


@pytest.mark.parametrize(("order", "second"), [("paths", [1, 0, 0, 0]), ("steps", [0, 0, 0, 1])])
def test_stream_of_words(order, second):
    words = np.frombuffer(next(stream(order, 7)), dtype="<u4")

    assert words[:4].tolist() == philox4x32([0, 0, 0, 0], [7, 0]).tolist()
    assert words[4:8].tolist() == philox4x32(second, [7, 0]).tolist()
    assert words.size == 512 * 30 * 2 * 4


@pytest.mark.parametrize("module", [generator, generator_counts, generator_draws, generator_tests])
def test_examples(module):
    assert doctest.testmod(module).failed == 0


def test_whole_run(tmp_path, capsys):
    file = tmp_path / "generator.json"

    assert generator.main(["--draws", "3e5", "--seed", "5", "--json", str(file)]) == 0
    report = json.loads(file.read_text(encoding="utf-8"))
    printed = capsys.readouterr().out

    assert report["n_draws"] >= 4.5e5
    assert {"python", "architecture", "numpy", "numba"} < set(report["versions"])
    assert all(size["is_within"] for size in report["designs"].values())
    assert report["second_level"]["n_tests"] == len(report["outcomes"])
    assert f"Verdict: {report['verdict']}" in printed
    assert "| Kolmogorov-Smirnov |" in printed
