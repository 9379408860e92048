"""Estimated seasons: against regressions done elsewhere, and against the truth of simulations."""

import numpy as np
import pytest

from montecarlo import estimate_seasonality

MONTHS = np.arange("2010-03", "2026-02", dtype="datetime64[M]")
DAYS = MONTHS.astype("datetime64[D]") + 14
TRUE = np.log([1.3, 1.2, 1.1, 1.0, 0.8, 0.7, 0.75, 0.9, 0.95, 1.05, 1.15, 1.25])
TRUE -= TRUE.mean()


def history(seed, volatility=0.3, months=MONTHS):
    rng = np.random.default_rng(seed)
    walk = np.cumsum(0.002 + volatility / np.sqrt(12) * rng.standard_normal(months.size))
    return 40.0 * np.exp(walk + TRUE[months.astype(int) % 12])


def cell_means(months, prices):
    """The same regression in other clothes: a mean for each change, added up along the year."""
    after = months[1:].astype(int) % 12
    change = np.diff(np.log(prices))
    dummies = np.eye(12)[after]
    coefficients, *_ = np.linalg.lstsq(dummies, change, rcond=None)
    # s_m - s_(m-1) = b_m less the drift, the mean of the twelve; their sum over the year is 0.
    levels = np.cumsum(coefficients - coefficients.mean())
    to_levels = np.tril(np.ones((12, 12))) @ (np.eye(12) - 1 / 12)
    centre = np.eye(12) - 1 / 12
    rest = change - dummies @ coefficients
    variance = rest @ rest / (change.size - 12) * np.linalg.inv(dummies.T @ dummies)
    linear = centre @ to_levels
    errors = np.sqrt(np.diag(linear @ variance @ linear.T))
    return levels - levels.mean(), errors, rest


def test_changes_agree_with_a_regression_on_dummies():
    prices = history(1)
    found = estimate_seasonality(DAYS, prices, method="changes")
    factors, errors, rest = cell_means(MONTHS, prices)

    assert found.log_factors == pytest.approx(factors, abs=1e-12)
    assert found.standard_errors == pytest.approx(errors, rel=1e-11)
    assert found.residual_volatility == pytest.approx(np.sqrt(12 * rest @ rest / (rest.size - 12)))
    assert found.n_observations == MONTHS.size - 1
    assert found.log_factors.sum() == pytest.approx(0.0, abs=1e-14)


def test_the_f_test_agrees_with_analysis_of_variance():
    from scipy.stats import f_oneway

    prices = history(2, volatility=0.9)
    after = MONTHS[1:].astype(int) % 12
    change = np.diff(np.log(prices))
    expected = f_oneway(*(change[after == month] for month in range(12)))

    assert estimate_seasonality(DAYS, prices, method="changes").p_value == pytest.approx(
        expected.pvalue, rel=1e-10
    )


def test_centred_means_by_hand():
    # A straight line has no deviation from its centred mean; a season on it stays.
    prices = np.exp(0.01 * np.arange(MONTHS.size) + TRUE[MONTHS.astype(int) % 12])
    found = estimate_seasonality(DAYS, prices, method="centred-mean")

    assert found.log_factors == pytest.approx(TRUE, abs=1e-13)
    assert found.standard_errors == pytest.approx(np.zeros(12), abs=1e-13)
    assert found.n_observations == MONTHS.size - 12
    assert found.p_value is None


def test_centred_means_agree_with_statsmodels():
    seasonal = pytest.importorskip("statsmodels.tsa.seasonal")
    prices = history(3)
    theirs = seasonal.seasonal_decompose(np.log(prices), period=12, model="additive")
    found = estimate_seasonality(DAYS, prices, method="centred-mean")

    first = int(MONTHS[0].astype(int)) % 12
    assert np.roll(theirs.seasonal[:12], first) == pytest.approx(found.log_factors, abs=1e-12)


def test_centred_means_agree_with_pandas():
    import pandas as pd

    logs = pd.Series(np.log(history(3)), index=pd.PeriodIndex(MONTHS, freq="M"))
    trend = logs.rolling(12).mean().rolling(2).mean().shift(-6)
    deviation = (logs - trend).dropna()
    groups = deviation.groupby(deviation.index.month)
    found = estimate_seasonality(DAYS, np.exp(logs.to_numpy()), method="centred-mean")

    means = groups.mean().to_numpy()
    assert found.log_factors == pytest.approx(means - means.mean(), abs=1e-12)
    assert found.standard_errors == pytest.approx(groups.sem().to_numpy(), rel=1e-9)


def test_intervals_cover_the_truth_as_often_as_they_say():
    covered = []
    for seed in range(150):
        found = estimate_seasonality(DAYS, history(seed), method="changes")
        covered.extend(np.abs(found.log_factors - TRUE) < 1.96 * found.standard_errors)

    # 150 histories of twelve factors that move together: 95% to within 3 errors of 0.95.
    assert 0.92 < np.mean(covered) < 0.98


def test_a_history_without_seasons_seldom_shows_any():
    p_values = [
        estimate_seasonality(
            DAYS, history(seed) / np.exp(TRUE[MONTHS.astype(int) % 12]), method="changes"
        ).p_value
        for seed in range(100)
    ]

    # Five of a hundred below 5%; binomially fewer than thirteen in 99.9% of trials.
    assert np.mean(np.array(p_values) < 0.05) < 0.13
    assert estimate_seasonality(DAYS, history(1), method="changes").p_value < 1e-6


def test_gaps_are_left_out():
    prices = history(4)
    keep = np.ones(MONTHS.size, dtype=bool)
    keep[[40, 41, 90]] = False
    found = estimate_seasonality(DAYS[keep], prices[keep], method="changes")

    # Three months gone take five changes with them.
    assert found.n_observations == MONTHS.size - 1 - 5
    assert found.log_factors == pytest.approx(TRUE, abs=0.15)
    centred = estimate_seasonality(DAYS[keep], prices[keep], method="centred-mean")
    assert centred.n_observations < MONTHS.size - 12 - 5


def test_the_estimate_makes_a_seasonality():
    found = estimate_seasonality(DAYS, history(5), method="changes")
    factors = found.seasonality().factors(np.array(["2030-01-10"], dtype="datetime64[D]"))

    assert factors == pytest.approx([np.exp(found.log_factors[0])], rel=1e-14)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, p: (d, np.where(np.arange(p.size) == 3, 0.0, p)), "got 0.0 on 2010-06-15"),
        (lambda d, p: (d, np.where(np.arange(p.size) == 3, -1.0, p)), "got -1.0 on 2010-06-15"),
        (lambda d, p: (d, np.where(np.arange(p.size) == 3, np.nan, p)), "nan at index 3"),
        (lambda d, p: (d[::-1], p), "one of each month, in order, got 2025-12-15 after 2026-01-15"),
        (lambda d, p: (np.append(d, d[-1] + 1), np.append(p, 1.0)), "got 2026-01-16 after 2026-01"),
        (lambda d, p: (d[:13], p[:13]), "at least 2 times, got 1 of January"),
        (lambda d, p: (d[:0], p[:0]), "at least 2 times, got 0 of January"),
        (lambda d, p: (d[:5], p), r"as long as dates \(5\)"),
    ],
)
@pytest.mark.parametrize("method", ["changes", "centred-mean"])
def test_what_is_wrong_is_named(change, message, method):
    dates, prices = change(DAYS, history(6))
    with pytest.raises(ValueError, match=message.replace("1 of", "[01] of")):
        estimate_seasonality(dates, prices, method=method)


def test_a_wrong_method_is_named():
    with pytest.raises(ValueError, match="must be 'changes' or 'centred-mean', got 'dummies'"):
        estimate_seasonality(DAYS, history(7), method="dummies")


def test_constant_prices_have_no_seasons():
    found = estimate_seasonality(DAYS, np.full(MONTHS.size, 7.0), method="changes")

    assert found.p_value == 1.0
    assert np.abs(found.log_factors).max() == 0.0
