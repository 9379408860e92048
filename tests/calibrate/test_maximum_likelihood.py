"""The search: hand arithmetic, limits, and parameters that cannot be told."""

import math

import numpy as np
import pytest
from scipy import stats

from montecarlo.calibrate import FreeParameter, maximise, sandwich

SAMPLE = np.random.default_rng(4).normal(2.0, 3.0, 400)
PLACE = FreeParameter(name="place")
SPREAD = FreeParameter(name="spread", low=0.0)


def densities(theta):
    return stats.norm.logpdf(SAMPLE, theta[0], theta[1])


def normal(theta):
    return float(np.sum(densities(theta)))


def test_normal_sample_by_hand():
    found = maximise(
        normal,
        parameters=[PLACE, SPREAD],
        starts=[{"place": 0, "spread": 1.0}, {"place": 9, "spread": 9}],
    )
    spread = SAMPLE.std()

    assert found.values == pytest.approx([SAMPLE.mean(), spread], rel=1e-5)
    assert found.standard_errors == pytest.approx(
        [spread / 20.0, spread / math.sqrt(800.0)], rel=1e-3
    )
    assert found.warnings == ()
    assert [start.log_likelihood for start in found.starts] == pytest.approx(
        [found.log_likelihood] * 2, abs=1e-4
    )


def test_best_of_two_hills_is_taken():
    found = maximise(
        lambda p: -min((p[0] - 1.0) ** 2, (p[0] + 4.0) ** 2 - 5.0),
        parameters=[PLACE],
        starts=[{"place": 1.4}, {"place": -3.0}],
    )

    assert found.values == pytest.approx([-4.0], abs=1e-5)
    assert [round(start.log_likelihood, 4) for start in found.starts] == [0.0, 5.0]


def test_parameter_without_effect_is_named():
    found = maximise(
        lambda p: normal(p[:2]),
        parameters=[PLACE, SPREAD, FreeParameter(name="jump_size")],
        starts=[{"place": 0.0, "spread": 1.0, "jump_size": 0.5}],
    )

    assert found.warnings == ("jump_size is not identified: the likelihood hardly changes with it",)
    assert math.isnan(found.standard_errors[2])
    assert np.isfinite(found.standard_errors[:2]).all()


def test_parameters_that_only_matter_together_are_named():
    found = maximise(
        lambda p: normal([p[0] + p[2], p[1]]),
        parameters=[PLACE, SPREAD, FreeParameter(name="shift")],
        starts=[{"place": 0.0, "spread": 1.0, "shift": 0.5}],
    )

    assert "place and shift are not identified" in found.warnings[0]
    assert np.isnan(found.standard_errors[[0, 2]]).all()
    assert np.isfinite(found.standard_errors[1])


def test_limit_is_said():
    found = maximise(
        lambda p: -p[0] + 0.0 * math.log(p[0]),
        parameters=[FreeParameter(name="mean_reversion", low=0.0)],
        starts=[{"mean_reversion": 1.0}],
    )

    assert "mean_reversion lies at its limit" in found.warnings[0]
    assert found.at_limit == ("mean_reversion",)


def test_sandwich_agrees_where_the_model_is_right():
    peak = maximise(normal, parameters=[PLACE, SPREAD], starts=[{"place": 0.0, "spread": 1.0}])
    robust = sandwich(peak, densities, n_lags=0)

    # Both estimate the same; 400 draws leave about 7% for the spread of a fourth moment.
    assert robust.standard_errors == pytest.approx(peak.standard_errors, rel=0.15)
    assert robust.standard_errors[0] == pytest.approx(SAMPLE.std() / 20.0, rel=1e-3)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (FreeParameter(name="a", low=0.0), 0.3),
        (FreeParameter(name="a", high=2.0), -7.0),
        (FreeParameter(name="a", low=-1.0, high=1.0), 0.9),
        (FreeParameter(name="a", scale=10.0), 35.0),
    ],
)
def test_scales_go_there_and_back_with_the_right_slope(parameter, value):
    place = parameter.unlimited(value)
    ends = [parameter.natural(place + step) for step in (1e-6, -1e-6)]

    assert parameter.natural(place) == pytest.approx(value, rel=1e-12)
    assert parameter.slope(place) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


def test_bad_starts_are_refused():
    with pytest.raises(ValueError, match="starts must hold at least one"):
        maximise(normal, parameters=[PLACE, SPREAD], starts=[])
    with pytest.raises(ValueError, match="start of spread must be between 0 and inf, got -1"):
        maximise(normal, parameters=[PLACE, SPREAD], starts=[{"place": 0.0, "spread": -1.0}])
    with pytest.raises(ValueError, match="must be finite at a start"):
        maximise(lambda p: math.nan, parameters=[PLACE], starts=[{"place": 0.0}])
