"""Pictures show what their tables hold, in full words, without pyplot."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import contracts
from contracts import plots

N_PATHS = 512


@pytest.fixture(scope="module")
def valuation():
    return contracts.value("mp-materials", n_paths=N_PATHS, seed=3)


@pytest.fixture(scope="module")
def exposure(valuation):
    return valuation.exposure(by=["fiscal_year"])


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def own_axes():
    return Figure().subplots()


# Five paths on two dates: with five samples the 25th percentile is the second smallest,
# the 5th lies a fifth of the way from the smallest to it.
PRICES = np.array([[10.0, 20.0, 30.0, 40.0, 60.0], [70.0, 60.0, 80.0, 90.0, 110.0]])
DATES = ["2026-01-31", "2026-04-30"]


def test_fan_table_by_hand():
    table = plots.fan_table(PRICES, DATES, unit="USD/kg", forward=[31.0, 79.0], strike=75.0)
    flat = table.droplevel("unit", axis=1)

    assert {unit for _, unit in table.columns} == {"USD/kg"}
    assert flat["p05"].tolist() == pytest.approx([12.0, 62.0])
    assert flat["p25"].tolist() == [20.0, 70.0]
    assert flat["p50"].tolist() == [30.0, 80.0]
    assert flat["p95"].tolist() == pytest.approx([56.0, 106.0])
    assert flat["mean"].tolist() == [32.0, 82.0]
    # Both rows deviate by -22, -12, -2, 8, 28: squares add to 1480; over 4, and over 5 paths, 74.
    assert flat["standard_error"].tolist() == pytest.approx([74.0**0.5] * 2)
    assert flat["forward_curve"].tolist() == [31.0, 79.0]
    assert flat["strike"].tolist() == [75.0, 75.0]


@pytest.mark.parametrize("dates", [DATES[:1], [*DATES, "2026-07-31"]])
def test_fan_refuses_other_dates_than_rows(dates):
    with pytest.raises(ValueError, match="dates must hold one date for each of the 2 rows"):
        plots.fan_table(PRICES, dates, unit="USD/kg")


def test_fan_draws_on_the_axes_given():
    ax = own_axes()

    drawn = plots.fan(PRICES, DATES, unit="USD/kg", forward=31.0, strike=75.0, ax=ax)

    assert drawn is ax
    assert ax.get_ylabel() == "USD/kg"
    assert legend(ax) == [
        "5th percentile (P95 exceedance) to 95th percentile (P5 exceedance)",
        "25th percentile (P75 exceedance) to 75th percentile (P25 exceedance)",
        "median",
        "forward curve",
        "strike",
    ]
    assert ax.get_lines()[0].get_ydata().tolist() == [30.0, 80.0]


def test_exposure_fan_table_is_the_table_without_the_total(exposure):
    shown = plots.exposure_fan_table(exposure)

    assert len(shown.columns) == 10
    pd.testing.assert_frame_equal(shown, exposure.iloc[:-1][shown.columns], check_index_type=False)


def test_exposure_fan_shows_its_table_in_millions(exposure):
    ax = plots.exposure_fan(exposure)
    table = plots.exposure_fan_table(exposure).droplevel([0, 2], axis=1) / 1e6
    tops = {round(p.get_y() + p.get_height(), 6) for p in ax.patches}
    marks = {
        collection.get_label(): [segment[0][1] for segment in collection.get_segments()]
        for collection in ax.collections
    }

    assert ax.get_ylabel() == "USD million"
    assert {round(top, 6) for top in table["paid_p95"]} <= tops
    assert {round(top, 6) for top in table["paid_p75"]} <= tops
    assert marks["expected payments"] == table["expected_paid"].tolist()
    assert marks["maximum obligation (prices at zero)"] == table["maximum_obligation"].tolist()
    assert "appropriation" not in legend(ax)


def test_exposure_fan_shows_the_appropriation():
    table = contracts.value("australia-cis-collar", n_paths=N_PATHS).exposure(by=["fiscal_year"])

    ax = plots.exposure_fan(table)

    assert ax.get_ylabel() == "AUD million"
    assert "appropriation" in legend(ax)


def test_exposure_fan_refuses_other_groups(valuation):
    table = valuation.exposure(by=["fiscal_year", "agency"])

    with pytest.raises(ValueError, match="table must be grouped by fiscal_year alone"):
        plots.exposure_fan(table)


def test_cashflows_stack_to_the_total(valuation):
    ax = plots.cashflows(valuation)
    table = plots.cashflows_table(valuation).droplevel("unit", axis=1) / 1e6
    legs = table[[leg.clause.name for leg in valuation.legs]]
    tops, feet = dict.fromkeys(table.index, 0.0), dict.fromkeys(table.index, 0.0)
    for patch in ax.patches:
        year = round(patch.get_x() + patch.get_width() / 2)
        ends = (patch.get_y(), patch.get_y() + patch.get_height())
        tops[year], feet[year] = max(tops[year], *ends), min(feet[year], *ends)

    assert list(tops.values()) == pytest.approx(legs.clip(lower=0.0).sum(axis=1).tolist())
    assert list(feet.values()) == pytest.approx(legs.clip(upper=0.0).sum(axis=1).tolist())
    (marks,) = (line for line in ax.get_lines() if line.get_label() == "total")
    assert marks.get_ydata().tolist() == table["total"].tolist()
    assert legend(ax)[-1] == "total"
    assert "USD million, US Department of Defense" in ax.get_ylabel()


def test_waterfall_runs_down_to_the_net(valuation):
    table = plots.waterfall_table(valuation).droplevel("unit", axis=1)
    ax = plots.waterfall(valuation)

    assert (table["start"].iloc[1:-1].to_numpy() == table["end"].iloc[:-2].to_numpy()).all()
    assert table["end"].iloc[-2] == pytest.approx(table["net"].iloc[-1])
    assert table["net"].tolist() == valuation.headline()["net"].iloc[:, 0].tolist()
    assert [patch.get_width() for patch in ax.patches] == pytest.approx(
        (table["net"] / 1e6).tolist()
    )
    assert ax.texts[0].get_text() == "-400.0"


def test_money_has_no_si_prefix(valuation, exposure):
    for ax in (plots.cashflows(valuation), plots.exposure_fan(exposure)):
        assert ax.yaxis.get_major_formatter()(2500.0) == "2,500"


def test_every_picture_has_a_table():
    for name, (picture, table) in plots.PLOTS.items():
        assert picture.__name__ == name
        assert table.__name__ == f"{name}_table"
        assert {name, f"{name}_table"} <= set(plots.__all__)


def test_missing_matplotlib_names_the_extra(monkeypatch, exposure):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'offtake\[plot\]'"):
        plots.exposure_fan(exposure)


def test_pyplot_is_left_alone(tmp_path):
    code = (
        "import sys, contracts.plots as p, numpy as np\n"
        "assert 'matplotlib' not in sys.modules\n"
        "p.fan(np.ones((2, 3)), ['2026-01-31', '2026-04-30'], unit='USD/kg')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
