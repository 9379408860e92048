"""Closed forms: QuantLib, limits, parity, bad input."""

import numpy as np
import pytest
import QuantLib

from montecarlo import black76, geometric_average_option

RNG = np.random.default_rng(4)
FORWARDS = RNG.uniform(20.0, 200.0, 60)
STRIKES = RNG.uniform(20.0, 200.0, 60)
VARIANCES = RNG.uniform(1e-4, 2.0, 60)
FACTORS = RNG.uniform(0.3, 1.1, 60)


@pytest.mark.parametrize(
    ("kind", "theirs"), [("call", QuantLib.Option.Call), ("put", QuantLib.Option.Put)]
)
def test_agrees_with_quantlib(kind, theirs):
    ours = black76(
        forward=FORWARDS,
        strike=STRIKES,
        total_variance=VARIANCES,
        discount_factor=FACTORS,
        kind=kind,
    )
    expected = [
        QuantLib.blackFormula(theirs, k, f, w**0.5, d)
        for f, k, w, d in zip(FORWARDS, STRIKES, VARIANCES, FACTORS, strict=True)
    ]

    np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-12)


def test_put_call_parity():
    call, put = (
        black76(
            forward=FORWARDS,
            strike=STRIKES,
            total_variance=VARIANCES,
            discount_factor=FACTORS,
            kind=kind,
        )
        for kind in ("call", "put")
    )

    np.testing.assert_allclose(call - put, FACTORS * (FORWARDS - STRIKES), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("forward", "strike", "call", "put"),
    [(110.0, 100.0, 9.0, 0.0), (100.0, 110.0, 0.0, 9.0), (100.0, 100.0, 0.0, 0.0)],
)
def test_no_variance_is_intrinsic(forward, strike, call, put):
    arguments = {"forward": forward, "strike": strike, "total_variance": 0.0}

    assert black76(**arguments, discount_factor=0.9, kind="call") == call
    assert black76(**arguments, discount_factor=0.9, kind="put") == put


def test_strike_zero():
    arguments = {"forward": 70.0, "strike": 0.0, "total_variance": 0.3, "discount_factor": 0.5}

    assert black76(**arguments, kind="call") == 35.0
    assert black76(**arguments, kind="put") == 0.0


def test_small_variance_runs_into_the_limit():
    value = black76(
        forward=100.0, strike=110.0, total_variance=1e-12, discount_factor=1.0, kind="put"
    )
    assert float(value) == pytest.approx(10.0, rel=1e-14)


def test_arguments_broadcast():
    value = black76(
        forward=[[90.0], [120.0]],
        strike=[100.0, 110.0, 120.0],
        total_variance=0.04,
        discount_factor=1.0,
        kind="put",
    )
    assert value.shape == (2, 3)


def test_geometric_average_against_simulation():
    covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
    means = np.array([4.5, 4.7])
    weights = np.array([0.3, 0.7])
    exact = geometric_average_option(
        log_means=means,
        log_covariance=covariance,
        weights=weights,
        strike=105.0,
        discount_factor=0.9,
        kind="put",
    )
    logs = RNG.multivariate_normal(means, covariance, size=400_000) @ weights
    pay = 0.9 * np.maximum(105.0 - np.exp(logs), 0.0)

    assert abs(pay.mean() - float(exact)) < 4.0 * pay.std() / np.sqrt(pay.size)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"forward": 0.0}, "forward must be finite and greater than 0, got 0.0"),
        ({"forward": np.nan}, "forward must be finite and greater than 0, got nan"),
        ({"strike": -1.0}, "strike must be finite and at least 0, got -1.0"),
        ({"total_variance": -0.1}, "total_variance must be finite and at least 0, got -0.1"),
        ({"discount_factor": 0.0}, "discount_factor must be finite and greater than 0, got 0.0"),
        ({"kind": "floor"}, "kind must be 'call' or 'put', got 'floor'"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {
        "forward": 1.0,
        "strike": 1.0,
        "total_variance": 1.0,
        "discount_factor": 1.0,
        "kind": "put",
    }
    with pytest.raises(ValueError, match=message):
        black76(**(arguments | changes))


def test_bad_average():
    with pytest.raises(ValueError, match=r"log_covariance must have shape \(2, 2\), got \(1, 1\)"):
        geometric_average_option(
            log_means=[1.0, 2.0],
            log_covariance=[[1.0]],
            strike=1.0,
            discount_factor=1.0,
            kind="put",
        )
    with pytest.raises(ValueError, match=r"weights must be as long as log_means \(1\), got 2"):
        geometric_average_option(
            log_means=[1.0],
            log_covariance=[[1.0]],
            weights=[0.5, 0.5],
            strike=1.0,
            discount_factor=1.0,
            kind="put",
        )
