"""Order statistics by replay: to the bit those of all samples at once, in little memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo import (
    Histogram,
    expected_shortfall,
    quantiles,
    replay_expected_shortfall,
    replay_order_statistics,
    replay_quantiles,
)
from montecarlo.order_statistics import Bracket, select, tail_means
from montecarlo.ranks import tail_boundary
from tests.montecarlo import adversarial
from tests.montecarlo.adversarial import SAMPLES, properties

RNG = np.random.default_rng(11)
LEVELS = [0.0, 0.001, 0.05, 0.25, 0.3, 0.5, 0.75, 0.95, 0.999, 1.0]


class Blocks:
    """Samples in blocks of a width; counts how often they were asked for."""

    def __init__(self, samples, width=977):
        self.samples, self.width, self.passes = samples, width, 0

    def __call__(self):
        self.passes += 1
        for start in range(0, self.samples.shape[1], self.width):
            yield self.samples[:, start : start + self.width]

    def counted(self):
        histogram = Histogram(self.samples.shape[0])
        for block in self():
            histogram.update(block)
        self.passes = 0
        return histogram


def same_bits(found, expected):
    np.testing.assert_array_equal(found, expected)
    # Equal zeros may differ in sign: neither way gives a negative one.
    assert not np.signbit(np.asarray(found)[np.asarray(found) == 0.0]).any()


@properties
@given(adversarial.rows(2), st.lists(st.floats(0.0, 1.0), min_size=1), st.integers(1, 50))
def test_quantiles_are_those_of_all_samples(samples, levels, limit):
    blocks = Blocks(samples, width=3)
    found = replay_quantiles(blocks.counted(), blocks, levels, limit=limit)

    same_bits(found, quantiles(samples, levels))


@properties
@given(adversarial.rows(2), st.floats(0.0, 1.0, exclude_max=True), st.integers(1, 50))
def test_shortfall_is_that_of_all_samples(samples, level, limit):
    blocks = Blocks(samples, width=3)
    found = replay_expected_shortfall(blocks.counted(), blocks, level, limit=limit)

    same_bits(found, expected_shortfall(samples, level))


@properties
@given(adversarial.arrays(adversarial.any_but_nan), st.data())
def test_order_statistics_are_those_of_a_sort(values, data):
    ranks = data.draw(st.lists(st.integers(0, values.size - 1)))
    blocks = Blocks(values[None, :], width=4)
    found = replay_order_statistics(blocks.counted(), blocks, ranks, limit=1)

    same_bits(found, np.sort(values)[ranks][None, :])


@pytest.mark.parametrize("limit", [1, 10, 300, 10**6])
@pytest.mark.parametrize("name", SAMPLES)
def test_hard_samples(name, limit):
    blocks = Blocks(SAMPLES[name][None, :])
    histogram = blocks.counted()

    same_bits(replay_quantiles(histogram, blocks, LEVELS, limit=limit)[0], hard(LEVELS, name))
    for level in (0.0, 0.3, 0.95, 0.9999):
        found = replay_expected_shortfall(histogram, blocks, level, limit=limit)
        same_bits(found[0], expected_shortfall(SAMPLES[name], level))


def hard(levels, name):
    return quantiles(SAMPLES[name], levels)


def test_outputs_of_many_scales_at_once():
    samples = np.stack([values[:4000] for values in SAMPLES.values() if values.size > 4000])
    blocks = Blocks(samples)
    histogram = blocks.counted()

    same_bits(replay_quantiles(histogram, blocks, LEVELS, limit=700), quantiles(samples, LEVELS))
    found = replay_expected_shortfall(histogram, blocks, 0.9, limit=700)
    same_bits(found, expected_shortfall(samples, 0.9))


def test_blocks_may_come_in_any_order_and_width():
    samples = RNG.standard_normal((2, 3000))
    histogram = Blocks(samples).counted()
    backwards = [samples[:, 2000:], samples[:, :1], samples[:, 1:2000]]

    same_bits(replay_quantiles(histogram, lambda: backwards, 0.3), quantiles(samples, 0.3))


def test_infinite_samples():
    samples = np.array([[-np.inf, 1.0, 2.0, 3.0, np.inf], [np.inf, np.inf, 1.0, -np.inf, 0.0]])
    blocks = Blocks(samples)
    histogram = blocks.counted()

    levels, expected = [0.0, 0.5, 0.9], [[-np.inf, 2.0, np.inf], [-np.inf, 1.0, np.inf]]

    same_bits(replay_quantiles(histogram, blocks, levels), expected)
    same_bits(quantiles(samples, levels), expected)
    assert replay_expected_shortfall(histogram, blocks, 0.5).tolist() == [np.inf, np.inf]
    assert np.isnan(replay_expected_shortfall(histogram, blocks, 0.0)).all()


def test_two_passes_in_all_when_the_bins_fit():
    blocks = Blocks(RNG.standard_normal((1, 100_000)))
    histogram = blocks.counted()

    replay_quantiles(histogram, blocks, LEVELS, limit=2000)
    assert blocks.passes == 1
    replay_expected_shortfall(histogram, blocks, 0.95, limit=2000)
    assert blocks.passes == 2


@pytest.mark.parametrize(("limit", "most"), [(2**10, 6), (2**16, 4)])
def test_few_passes_whatever_the_samples(limit, most):
    # All samples in one bin, and every double of a short range many times.
    values = 1.0 + RNG.integers(0, 2**13, 200_000) * 2.0**-52
    blocks = Blocks(values[None, :])
    histogram = blocks.counted()
    found = replay_quantiles(histogram, blocks, LEVELS, limit=limit)

    assert blocks.passes <= most
    same_bits(found[0], quantiles(values, LEVELS))


def test_a_constant_takes_no_room():
    blocks = Blocks(np.full((1, 50_000), 7.25))
    found = replay_quantiles(blocks.counted(), blocks, LEVELS, limit=100)

    assert (found == 7.25).all()
    found = replay_expected_shortfall(blocks.counted(), blocks, 0.999, limit=100)
    assert found.tolist() == [7.25]


def allocated(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("scale", [1e-4, 1.0])
def test_memory_is_bounded_by_the_limit(scale):
    # A million samples are 8 MB; a thousand kept, a thousand counts and a block are far less.
    blocks = Blocks(1.0 + scale * RNG.standard_normal((1, 1_000_000)))
    histogram = blocks.counted()
    room = 16 * 1000 + 200_000 + 3 * sum(table.nbytes for table in histogram._tables())
    replay_quantiles(histogram, blocks, LEVELS, limit=1000)

    assert room < 2_000_000
    assert allocated(lambda: replay_quantiles(histogram, blocks, LEVELS, limit=1000)) < room
    assert allocated(lambda: replay_expected_shortfall(histogram, blocks, 0.95, limit=1000)) < room


@pytest.mark.parametrize(
    "change",
    [lambda x: x[:, 1:], lambda x: np.hstack([x, x[:, :500]]), lambda x: x * 1.01],
)
@pytest.mark.parametrize("limit", [50, 10**6])
def test_other_samples_are_refused(change, limit):
    samples = RNG.standard_normal((1, 3000)) + 10.0
    histogram = Blocks(samples).counted()
    samples[0, 0] = np.sort(samples[0])[1500]
    histogram = Blocks(samples).counted()
    other = Blocks(change(samples))

    with pytest.raises(ValueError, match="replay must give the samples that were counted"):
        replay_quantiles(histogram, other, [0.2, 0.5, 0.8], limit=limit)


def test_other_samples_in_the_tail_are_refused():
    samples = np.arange(1.0, 1001.0)[None, :]
    histogram = Blocks(samples).counted()

    with pytest.raises(ValueError, match=r"output 0 has 50 above 950.*, got 49"):
        replay_expected_shortfall(histogram, Blocks(samples[:, :-1]), 0.95)


def test_bad_arguments():
    blocks = Blocks(np.arange(10.0)[None, :])
    histogram = blocks.counted()

    with pytest.raises(ValueError, match=r"ranks must be an integer in \[0, 9\], got 10"):
        replay_order_statistics(histogram, blocks, [10])
    with pytest.raises(ValueError, match="limit must be an integer of at least 1, got 0"):
        replay_quantiles(histogram, blocks, 0.5, limit=0)
    with pytest.raises(ValueError, match=r"levels must be between 0 and 1, got 2.0"):
        replay_quantiles(histogram, blocks, [0.5, 2.0])
    with pytest.raises(ValueError, match=r"level must be below 1, got 1.0"):
        replay_expected_shortfall(histogram, blocks, 1.0)
    with pytest.raises(ValueError, match="histogram must hold samples, got none"):
        replay_quantiles(Histogram(1), blocks, 0.5)


def test_blocks_of_too_few_outputs_are_refused():
    histogram = Blocks(np.ones((3, 4)) * np.arange(4.0)).counted()

    with pytest.raises(ValueError, match=r"replay must give blocks of shape \(3, n\), got"):
        replay_quantiles(histogram, lambda: [np.zeros((2, 4))], 0.5)


def test_select_without_a_histogram():
    # One bracket may hold all doubles: the passes then find the bins too.
    values = RNG.standard_normal(5000) * 10.0 ** RNG.integers(-300, 300, 5000)
    everything = [Bracket(output=0, low=0, bits=64, below=0, inside=5000)]
    ranks = [0, 1, 2499, 4998, 4999]
    found = select(lambda: [values], everything, [ranks], 40)

    assert found == [{rank: np.sort(values)[rank] for rank in ranks}]
    assert tail_boundary(5000, 0.9) == (500.0, 500, 4499)
    found = tail_means(lambda: [values], everything, 5000, 0.9, 40)
    same_bits(found[0], expected_shortfall(values, 0.9))
