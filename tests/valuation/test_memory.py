"""What samples cost: 8 bytes a path where they are kept, and little more while they are read."""

import tracemalloc

import numpy as np
import pytest

import contracts
from contracts.exposure_statistics import paid_statistics
from contracts.fingerprint import _samples_digest
from montecarlo import expected_shortfall, quantile_standard_error, quantiles

RNG = np.random.default_rng(8)
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


def allocated(work):
    """Return the most that was allocated at once by the second of two calls, and its result."""
    work()
    tracemalloc.start()
    try:
        result = work()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


def on_whole_arrays(samples, budgets):
    """The statistics by formulas over all groups at once, with temporaries of that size."""

    def error(values):
        n_paths = values.shape[1]
        with np.errstate(all="ignore"):
            return values.astype(float).std(axis=1, ddof=min(1, n_paths - 1)) / np.sqrt(n_paths)

    over = samples - budgets[:, None]
    points = np.array([quantiles(row, LEVELS) for row in samples])
    is_over = np.where(np.isnan(budgets)[:, None], np.nan, over > 0.0)
    names = ["paid_p05", "paid_p25", "paid_p50", "paid_p75", "paid_p95"]
    return dict(zip(names, points.T, strict=True)) | {
        "standard_error_paid_p95": quantile_standard_error(samples, 0.95),
        "paid_expected_shortfall_95": expected_shortfall(samples, 0.95),
        "standard_error_shortfall_95": error(np.maximum(samples - points[:, [-1]], 0.0))
        / (1.0 - 0.95),
        "probability_of_payment": (samples > 0.0).mean(axis=1),
        "standard_error_probability": error(samples > 0.0),
        "probability_exceeds": is_over.mean(axis=1),
        "standard_error_exceeds": error(is_over),
        "expected_excess": np.maximum(over, 0.0).mean(axis=1),
        "standard_error_excess": error(np.maximum(over, 0.0)),
    }


@pytest.mark.parametrize("n_paths", [2, 3, 8, 1000, 4097, 300_001])
def test_group_by_group_is_all_at_once_to_the_bit(n_paths):
    samples = np.maximum(RNG.normal(1e8, 1e8, (5, n_paths)), 0.0)
    budgets = np.array([1e8, np.nan, 0.0, 3.1e8, samples[4, 0]])
    found, expected = paid_statistics(samples, budgets), on_whole_arrays(samples, budgets)

    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_a_single_path_has_no_error():
    found = paid_statistics(np.array([[3.0]]), np.array([2.0]))

    assert found["paid_p95"] == found["paid_expected_shortfall_95"] == 3.0
    assert (found["expected_excess"], found["probability_exceeds"]) == (1.0, 1.0)
    assert all(np.isnan(values[0]) for name, values in found.items() if "error" in name)


def test_exposure_takes_one_row_more_than_its_samples():
    n_groups, n_paths = 12, 300_000
    samples = np.maximum(RNG.normal(1e8, 1e8, (n_groups, n_paths)), 0.0)
    budgets = np.full(n_groups, 1e8)
    peak, _ = allocated(lambda: paid_statistics(samples, budgets))

    # One row of 8 bytes a path, and what a quantile takes: not twelve rows, or twenty-four.
    assert peak < 10 * n_paths


@pytest.fixture(scope="module")
def priced():
    """Return the most allocated while valuing, beyond what half the paths take, and the value."""
    # The first of all may compile, and few paths are cut otherwise: memory of their own.
    value(20_000)
    small, _ = allocated(lambda: value(420_000))
    peak, valuation = allocated(lambda: value(840_000))
    return (peak - small) / 420_000, valuation


def value(n_paths):
    return contracts.value("lynas-jare", n_paths=n_paths, seed=3, n_threads=1, quantiles="total")


def test_a_deal_takes_eight_bytes_a_path(priced):
    bytes_a_path, valuation = priced

    assert valuation.samples.nbytes == 8 * 840_000
    assert 7.9 < bytes_a_path < 8.5


@pytest.mark.parametrize(
    "read",
    [lambda v: v.summary(), lambda v: v.to_dict(), _samples_digest, lambda v: v.cashflows()],
    ids=["summary", "document", "fingerprint", "cashflows"],
)
def test_reading_a_valuation_copies_no_samples(priced, read):
    peak, _ = allocated(lambda: read(priced[1]))

    # A copy of the samples would be 8 bytes a path.
    assert peak < 2 * 840_000
