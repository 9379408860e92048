"""What is recorded and what is appropriated, whoever asks and however it is cut."""

import numpy as np
import pytest

import contracts
from contracts.public_exposure import samples_by_group

YEAR_ON = "critical-minerals-2026-06-30"


def with_bank(deal):
    bank = {"name": "A bank", "role": "lender", "public": False}
    return deal.amend({"parties": {**deal.terms["parties"], "bank": bank}})


def exposure(deal, *, by=("fiscal_year",), **settings):
    v = contracts.value(deal, n_paths=512, seed=3, market=YEAR_ON, **settings)
    return v.exposure(by=by)


def test_exposure_is_the_same_from_every_side():
    deal = with_bank(contracts.load("mp-materials"))
    ours = exposure(deal, perspective="government")

    # 400 for the stake, 150 lent, 51.016 + 42.273 paid and 17.580 due: 660.869 million.
    recorded = ours.loc["total", ("contract", "recorded", "USD")]
    assert recorded == pytest.approx(660.869e6, rel=1e-9)
    for side in ("producer", "bank"):
        assert exposure(deal, perspective=side).equals(ours)


def test_an_appropriation_is_not_counted_again_for_every_part():
    deal = contracts.load("mp-materials").amend(
        {"appropriations": [{"party": "government", "amount": "300 million USD"}]}
    )
    whole = exposure(deal)
    budget = ("contract", "appropriation", "USD")
    exceeds = ("physical", "probability_exceeds", "1")

    assert whole.loc[2030, budget] == 300e6
    assert 0.0 < whole.loc[2030, exceeds] < 1.0
    by_leg = exposure(deal, by=("fiscal_year", "leg"))
    assert by_leg.loc[2030, budget].isna().all()
    assert by_leg.loc[2030, exceeds].isna().all()
    # In fiscal year 2038 the department's agency is alone, in 2027 the loan's agency pays in too.
    by_agency = exposure(deal, by=("fiscal_year", "agency"))
    assert np.isnan(by_agency.loc[(2027, "US Department of Defense"), budget])
    assert by_agency.loc[(2038, "US Department of Defense"), budget] == 300e6


def test_standard_errors_stand_beside_what_is_estimated():
    table = exposure(contracts.load("mp-materials")).droplevel(
        ["probability_measure", "unit"], axis=1
    )
    row = table.loc[2030]
    p = row["probability_of_payment"]

    assert row["standard_error_probability"] == pytest.approx((p * (1 - p) / 511) ** 0.5, rel=1e-6)
    assert 0.0 < row["standard_error_paid_p95"] < row["paid_p95"] - row["paid_p50"]
    # A tail of 5% knows less than the whole.
    assert row["standard_error_shortfall_95"] > 0.0
    assert table.loc[2025, "standard_error_shortfall_95"] == 0.0


def test_the_error_of_a_tail_is_that_of_its_excess():
    """ES = q + E[(X - q)+] / 0.05, so its error is that of the excess over 0.05."""
    v = contracts.value("lynas-jare", n_paths=400, seed=3)
    _, samples = samples_by_group([v], by=["fiscal_year"])
    table = v.exposure(by=["fiscal_year"])
    table.columns = table.columns.get_level_values("statistic")
    paid, row = samples[5], table.iloc[5]
    excess = np.maximum(paid - np.quantile(paid, 0.95), 0.0)

    assert row["paid_p95"] == np.quantile(paid, 0.95)
    expected = excess.std(ddof=1) / 20.0 / 0.05
    assert row["standard_error_shortfall_95"] == pytest.approx(expected, rel=1e-9)
