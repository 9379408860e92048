"""The histogram: counts by hand, merges in any order, bounds and errors, bytes."""

import itertools
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo import Histogram
from montecarlo.bins import BIN_BITS, bounds
from montecarlo.ranks import order_keys, values_of
from tests.montecarlo import adversarial
from tests.montecarlo.adversarial import HARD, SAMPLES, properties

RNG = np.random.default_rng(5)


def of(*blocks):
    blocks = [np.atleast_2d(np.asarray(block, dtype=np.float64)) for block in blocks]
    histogram = Histogram(blocks[0].shape[0])
    for block in blocks:
        histogram.update(block)
    return histogram


@properties
@given(adversarial.arrays(adversarial.any_but_nan))
def test_keys_have_the_order_of_the_doubles(values):
    keys = order_keys(values)

    np.testing.assert_array_equal(np.sort(values), values[np.argsort(keys)])
    np.testing.assert_array_equal(keys[:, None] < keys, values[:, None] < values)
    np.testing.assert_array_equal(values_of(keys), values)
    assert not np.signbit(values_of(keys)[values == 0.0]).any()


def test_counts_by_hand():
    # Ten bits of mantissa: between 1 and 2 a bin is 1/1024 wide.
    step = 1.0 / 1024.0
    bins, counts = of([1.0, 1.0 + 0.9 * step, 1.0 + step, -1.0, 0.0, -0.0, 5e-324]).bins()
    low, high = bounds(bins)

    assert counts.tolist() == [1, 3, 2, 1]
    assert low.tolist()[1:] == [0.0, 1.0, 1.0 + step]
    assert high[2] == np.nextafter(1.0 + step, 0.0)
    assert high[0] == -1.0
    assert low[0] == np.nextafter(-1.0 - step, 0.0)


def test_infinities_stand_alone():
    histogram = of([np.inf, -np.inf, 1.7976931348623157e308, np.inf])
    low, high = bounds(histogram.bins()[0])

    assert histogram.bins()[1].tolist() == [1, 1, 2]
    assert (low[0], high[0]) == (-np.inf, -np.inf)
    assert high[1] == 1.7976931348623157e308
    assert (low[2], high[2]) == (np.inf, np.inf)
    assert histogram.quantiles([0.0, 1.0]).tolist() == [[-np.inf, np.inf]]


@properties
@given(adversarial.rows(3, adversarial.any_but_nan))
def test_every_sample_is_in_its_bin(samples):
    histogram = of(samples)
    for output, row in enumerate(samples):
        bins, counts = histogram.bins(output)
        expected, sizes = np.unique(order_keys(row) >> np.uint64(64 - BIN_BITS), return_counts=True)

        np.testing.assert_array_equal(bins, expected)
        np.testing.assert_array_equal(counts, sizes)


three_parts = st.tuples(*[adversarial.rows(2, adversarial.any_but_nan)] * 3)


@properties
@given(three_parts)
def test_merging_is_commutative_and_associative(parts):
    whole = of(np.concatenate(parts, axis=1))
    for order in itertools.permutations(parts):
        left, right = of(order[0]), of(order[1])
        left.merge(right)
        left.merge(of(order[2]))
        right = of(order[1])
        right.merge(of(order[2]))
        other = of(order[0])
        other.merge(right)

        assert left == other == whole
        assert left.to_bytes() == whole.to_bytes()


def test_merging_an_empty_one_changes_nothing():
    histogram, same = of([1.0, 2.0]), of([2.0, 1.0])
    histogram.merge(Histogram(1))
    empty = Histogram(1)
    empty.merge(same)

    assert histogram == empty == same


def test_merging_leaves_the_other_alone():
    one, other = of([1.0]), of([2.0, 3.0])
    before = other.to_bytes()
    one.merge(other)
    one.update(np.array([2.0]))

    assert other.to_bytes() == before


def test_blocks_do_not_matter():
    samples = RNG.standard_normal((4, 5000)) * 1e9
    whole = of(samples)
    for width in (1, 7, 1024):
        parts = Histogram(4)
        for start in range(0, 5000, width):
            parts.update(samples[:, start : start + width])

        assert parts == whole


def test_many_outputs_share_room():
    # Each output has another scale, so that pages are made while counting, again and again.
    scales = 10.0 ** np.arange(-150.0, 150.0)
    samples = RNG.standard_normal((300, 200)) * scales[:, None]
    histogram = of(samples)

    for output in (0, 17, 299):
        assert of(samples[output]).bins()[0].tolist() == histogram.bins(output)[0].tolist()
        assert histogram.bins(output)[1].sum() == 200


def test_columns_beyond_the_paths_are_ignored():
    histogram = Histogram(2)
    histogram.update(np.array([[1.0, 2.0, np.nan], [3.0, 4.0, np.nan]]), 2)

    assert histogram == of([[1.0, 2.0], [3.0, 4.0]])
    assert histogram.n_samples == 2


@properties
@given(adversarial.arrays(), st.floats(0.0, 1.0))
def test_bracket_holds_the_quantile(values, level):
    with np.errstate(all="ignore"):
        place = (values.size - 1) * level
        lower, upper = np.sort(values)[[int(place), min(int(place) + 1, values.size - 1)]]
    low, high = of(values).bracket(level)

    assert low[0] <= lower <= upper <= high[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_quantiles_are_within_their_error(name):
    values = SAMPLES[name]
    levels = np.linspace(0.0, 1.0, 101)
    found = of(values).quantiles(levels)[0]
    ordered = np.sort(values)
    places = (values.size - 1) * levels
    low = ordered[places.astype(int)]
    high = ordered[np.minimum(places.astype(int) + 1, values.size - 1)]
    weight = places - places.astype(int)
    exact = low * (1.0 - weight) + high * weight
    size = np.maximum(np.abs(low), np.abs(high))

    assert (np.abs(found - exact) <= size / 2048.0 * (1.0 + 1e-9) + 2.0**-1032).all()
    # Of one sign and normal: relative to the quantile itself.
    plain = (low > 1e-300) | (high < -1e-300)
    assert (np.abs(found - exact)[plain] <= np.abs(exact)[plain] / 2048.0 * (1.0 + 1e-9)).all()


def test_zero_is_found_exactly():
    assert of(SAMPLES["half zero"]).quantiles(0.3)[0] == 0.0
    assert of([0.0, -0.0, -5e-324, 5e-324]).quantiles([0.0, 0.5, 1.0]).tolist() == [[0.0] * 3]


def test_shapes_of_quantiles():
    histogram = of(RNG.standard_normal((3, 50)))

    assert histogram.quantiles(0.5).shape == (3,)
    assert histogram.quantiles([0.1, 0.5]).shape == (3, 2)
    assert histogram.quantiles([]).shape == (3, 0)


def test_memory_does_not_grow_with_the_paths():
    # A million samples as a thousandth of them: the same few hundred pages of 256 bytes.
    histogram = Histogram(1)
    for _ in range(20):
        histogram.update(1e9 + 1e8 * RNG.standard_normal(50_000))
    n_bytes = sum(table.nbytes for table in histogram._tables())

    assert histogram.n_samples == 10**6
    assert n_bytes < 200_000
    assert len(histogram.to_bytes()) < 6_000


@properties
@given(adversarial.rows(2, adversarial.any_but_nan))
def test_bytes_and_back(samples):
    histogram = of(samples)
    again = Histogram.from_bytes(histogram.to_bytes())

    assert again == histogram
    assert again.to_bytes() == histogram.to_bytes()
    again.update(samples)
    histogram.merge(histogram)
    assert again == histogram


def test_bytes_of_an_empty_one():
    assert Histogram.from_bytes(Histogram(3).to_bytes()) == Histogram(3)


PAYLOAD = of([[1.0, 2.0, 2.0, -7.0], [0.0, 5.0, 1e300, np.inf]]).to_bytes()


@properties
@given(st.integers(0, len(PAYLOAD) - 1), st.integers(1, 255))
def test_an_altered_byte_is_refused(position, change):
    payload = bytearray(PAYLOAD)
    payload[position] ^= change

    with pytest.raises(ValueError, match="payload must be"):
        Histogram.from_bytes(bytes(payload))


@properties
@given(st.integers(0, len(PAYLOAD) - 1))
def test_a_payload_cut_short_is_refused(length):
    with pytest.raises(ValueError, match="payload must be"):
        Histogram.from_bytes(PAYLOAD[:length])
    with pytest.raises(ValueError, match="payload must be"):
        Histogram.from_bytes(PAYLOAD + PAYLOAD[length:])


@properties
@given(st.binary(max_size=80))
def test_any_bytes_are_refused(payload):
    with pytest.raises(ValueError, match="payload must be"):
        Histogram.from_bytes(payload)


def payload(n_outputs, n_samples, n_cells, steps, counts, *, version=1):
    """Return a payload with a right checksum, right or wrong in everything else."""
    columns = np.array([steps, counts], dtype="<u8").view(np.uint8).reshape(-1, 8)
    whole = struct.pack("<4sHxxIQQ", b"mchi", version, n_outputs, n_samples, n_cells)
    whole += zlib.compress(columns.T.tobytes())
    return whole + struct.pack("<I", zlib.crc32(whole))


ONE = 0x2FFC00  # the bin of 1.0


def test_payload_by_hand():
    assert Histogram.from_bytes(payload(1, 3, 2, [ONE, 1], [2, 1])) == of([1.0, 1.0, 1.001])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((1, 3, 2, [ONE, 1], [2, 2]), "an output has not 3 samples"),
        ((2, 3, 2, [ONE, 1], [2, 1]), "an output has not 3 samples"),
        ((1, 0, 1, [ONE], [1]), "an output has not 0 samples"),
        ((1, 3, 0, [], []), "an output has not 3 samples"),
        ((1, 3, 2, [ONE, 0], [2, 1]), "bins that no sample falls into"),
        ((1, 3, 2, [ONE, 1], [3, 0]), "bins that no sample falls into"),
        ((1, 3, 1, [ONE + (1 << 22)], [3]), "bins that no sample falls into"),
        ((1, 3, 1, [0], [3]), "bins that no sample falls into"),
        ((1, 3, 1, [(1 << 22) - 1], [3]), "bins that no sample falls into"),
        ((1, 3, 3, [ONE, 1], [2, 1]), "3 bins in 32 bytes"),
        ((1, 3, 1, [ONE, 1], [2, 1]), "1 bins in 17 bytes"),
        ((0, 3, 1, [ONE], [3]), "0 outputs of 3 samples"),
        ((2**21, 3, 1, [ONE], [3]), "2097152 outputs of 3 samples"),
        ((1, 2**63, 1, [ONE], [3]), "outputs of 9223372036854775808 samples"),
        ((1, 3, 2**60, [ONE], [3]), "in 1152921504606846976 bins"),
        ((1, 2**62, 5, [ONE, 1, 1, 1, 1], [2**62] * 5), "an output has not"),
    ],
)
def test_an_impossible_payload_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        Histogram.from_bytes(payload(*arguments))


def test_another_version_is_refused():
    with pytest.raises(ValueError, match="payload must be of version 1, got version 2"):
        Histogram.from_bytes(payload(1, 3, 1, [ONE], [3], version=2))


def test_nan_is_refused_and_nothing_counted():
    histogram = of([HARD, HARD])
    before = histogram.to_bytes()
    bad = np.array([HARD, HARD])
    bad[1, 4] = np.nan

    with pytest.raises(ValueError, match="NaN, got nan in output 1 at path 4 of the block"):
        histogram.update(bad)
    assert histogram.to_bytes() == before


@pytest.mark.parametrize("shape", [(), (3, 5), (2, 2, 2), (5,)])
def test_bad_shape(shape):
    with pytest.raises(ValueError, match=r"samples must be of shape \(2, n\), got"):
        Histogram(2).update(np.zeros(shape))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"n_outputs must be an integer in .*, got 0"):
        Histogram(0)
    with pytest.raises(ValueError, match=r"n_paths must be an integer in \[0, 3\], got 4"):
        Histogram(1).update(np.zeros(3), 4)
    with pytest.raises(ValueError, match=r"output must be an integer in \[0, 1\], got 2"):
        Histogram(2).bins(2)
    with pytest.raises(ValueError, match="other must have 2 outputs, got 1"):
        Histogram(2).merge(Histogram(1))
    for level in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"levels? must be"):
            of([1.0]).quantiles(level)
        with pytest.raises(ValueError, match="level must be"):
            of([1.0]).bracket(level)


def test_nothing_counted():
    with pytest.raises(ValueError, match="histogram must hold samples, got none"):
        Histogram(1).quantiles(0.5)
    with pytest.raises(ValueError, match="histogram must hold samples, got none"):
        Histogram(1).bracket(0.5)
