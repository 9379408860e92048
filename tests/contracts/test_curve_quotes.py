"""What was quoted, beside the curve: tables and a picture."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from contracts import plots
from contracts.amend import amend_market
from contracts.curve_quotes import quote_rows, quotes_of
from contracts.market_sheet import read_market

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def market():
    return read_market(HERE / "curves.yaml")


def test_every_quote_stands_beside_the_mean_of_the_curve(market):
    rows = dict(quote_rows(market, "gas"))

    assert list(rows) == ["2026-07", "2026-Q3", "2026-10-01 to 2027-03-31", "2027"]
    assert rows["2026-Q3"] == {
        "start": "2026-07-01",
        "end": "2026-09-30",
        "quoted": 32.0,
        "forward_curve": pytest.approx(32.0, rel=1e-13),
    }
    for row in rows.values():
        assert row["forward_curve"] == pytest.approx(row["quoted"], rel=1e-13)


def test_a_quote_that_others_imply_shows_its_rounding(market):
    changed = amend_market(
        market,
        {
            "commodities.gas.quotes.periods": {
                "2026-07": "31 USD/MWh", "2026-08": "32 USD/MWh", "2026-09": "34 USD/MWh",
                "2026-Q3": "32.32 USD/MWh",
            }
        },
    )  # fmt: skip
    row = dict(quote_rows(changed, "gas"))["2026-Q3"]

    # (31 x 31 + 31 x 32 + 30 x 34) / 92 = 32.3152.
    assert row["quoted"] == 32.32
    assert row["forward_curve"] == pytest.approx(2973 / 92, rel=1e-13)


def test_days_are_quotes_of_one_day(market):
    assert [quote.name for quote in quotes_of(market, "ore")] == ["2026-07-01", "2028-07-01"]
    assert quotes_of(market, "ore")[0].value == pytest.approx(0.105)
    # A real deck is in other money.
    assert quotes_of(market, "oxide") == []
    with pytest.raises(ValueError, match="commodity must be in the market"):
        quotes_of(market, "tin")


def test_the_table_behind_the_picture(market):
    table = plots.curve_table(market, "gas")
    days = table.index.to_numpy().astype("datetime64[D]")

    assert (str(days[0]), str(days[-1])) == ("2026-06-30", "2027-12-31")
    curve = market.commodity("gas").forward_curve(market.years(days))
    assert table[("forward_curve", "USD/MWh")].to_list() == curve.tolist()
    third = (days >= np.datetime64("2026-07-01")) & (days <= np.datetime64("2026-09-30"))
    assert table.loc[third, ("forward_curve", "USD/MWh")].mean() == pytest.approx(32.0, rel=1e-12)
    # Without a quote, ten years.
    assert len(plots.curve_table(market, "oxide")) == 3651
    with pytest.raises(
        ValueError, match=r"until must come after the valuation date \(2026-06-30\)"
    ):
        plots.curve_table(market, "gas", until="2026-06-30")


def test_the_picture_shows_bars_where_the_quotes_are(market):
    axes = plots.curve(market, "gas", ax=Figure().subplots())
    bars = axes.collections[0].get_segments()

    assert [segment[0][1] for segment in bars] == [31.5, 32.0, 41.0, 36.0]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["quotes, mean of the period", "forward curve (quoted)"]
    assert axes.get_title(loc="left") == "gas on 2026-06-30"
    assert axes.get_ylim()[0] == 0.0


def test_the_picture_of_an_assumption_shows_both_measures():
    import contracts

    market = contracts.load_market("critical-minerals-2026-06-30")
    axes = plots.curve(market, "ndpr-oxide", until="2030-06-30", ax=Figure().subplots())
    legend = [text.get_text() for text in axes.get_legend().get_texts()]

    assert legend == [
        "forward curve (an assumption)", "expected price, physical measure", "stated prices",
    ]  # fmt: skip
    # Five stated prices lie up to the last day shown.
    assert len(axes.lines[2].get_xdata()) == 5


def test_negative_prices_are_in_the_picture(market):
    axes = plots.curve(market, "power", ax=Figure().subplots())

    assert axes.get_ylim()[0] < -2.0
