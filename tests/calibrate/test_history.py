"""Price histories: what is repaired and said, what is refused and how."""

import datetime

import numpy as np
import pandas as pd
import pytest

from montecarlo.calibrate import PriceHistory, fit
from montecarlo.calibrate.history import periods

MONTHS = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]


def history(dates=MONTHS, prices=(50.0, 55.0, 52.0, 58.0, 57.0)):
    return PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=list(prices))


def test_clean_history_says_nothing():
    assert history().notices == ()


def test_unsorted_dates_are_sorted_and_said():
    mixed = history(
        dates=["2024-02-29", "2024-01-31", *MONTHS[2:]], prices=[55.0, 50.0, 52.0, 58.0, 57.0]
    )

    assert mixed.prices.tolist() == [50.0, 55.0, 52.0, 58.0, 57.0]
    assert "sorted, the first out of place is 2024-01-31" in mixed.notices[0]
    assert mixed.data_hash == history().data_hash


def test_exact_repetition_is_kept_once_and_said():
    twice = history(dates=[*MONTHS, "2024-03-31"], prices=[50.0, 55.0, 52.0, 58.0, 57.0, 52.0])

    assert len(twice) == 5
    assert any("1 repeated date" in notice and "2024-03-31" in notice for notice in twice.notices)


def test_conflicting_prices_of_a_date_are_refused():
    with pytest.raises(ValueError, match=r"one price a date, got 52\.0 and 53\.0 on 2024-03-31"):
        history(dates=[*MONTHS, "2024-03-31"], prices=[50.0, 55.0, 52.0, 58.0, 57.0, 53.0])


def test_missing_prices_are_left_out_and_said():
    gappy = history(prices=[50.0, np.nan, 52.0, np.nan, 57.0])

    assert len(gappy) == 3
    assert gappy.notices == ("2 of 5 prices are missing and left out, the first of 2024-02-29",)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_every_way_of_missing_is_missing(missing):
    assert len(history(prices=[50.0, missing, 52.0, 58.0, 57.0])) == 4


@pytest.mark.parametrize(
    ("prices", "factor"), [([5.0, 52.0, 51.0, 53.0, 54.0], 10.4), ([520.0, 52, 51, 53, 54], 0.1)]
)
def test_unit_jump_is_said_with_date_and_factor(prices, factor):
    jumped = history(prices=prices)

    assert f"multiplied by {factor:g} " in jumped.notices[0]
    assert "2024-01-31" in jumped.notices[0]
    assert "2024-02-29" in jumped.notices[0]


def test_text_is_refused_with_its_date():
    with pytest.raises(ValueError, match=r"ndpr must be numbers, got the text 'n/a' on 2024-02-29"):
        history(prices=[50.0, "n/a", 52.0, 58.0, 57.0])


@pytest.mark.parametrize("bad", [0.0, -3.0])
@pytest.mark.parametrize("kind", ["gbm", "schwartz"])
def test_log_models_refuse_what_is_not_positive_with_its_date(kind, bad):
    dates = np.datetime64("2024-01-01") + 7 * np.arange(12)
    prices = 50.0 + np.arange(12.0)
    prices[4] = bad
    held = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)

    with pytest.raises(ValueError, match=rf"above zero .* got {bad} on 2024-01-29"):
        fit(held, kind)


@pytest.mark.parametrize("kind", ["gbm", "schwartz"])
def test_one_price_is_refused(kind):
    one = PriceHistory(name="ndpr", unit="USD/kg", dates=["2024-01-31"], prices=[50.0])

    with pytest.raises(ValueError, match=r"ndpr must have at least \d prices .* got 1"):
        fit(one, kind)


@pytest.mark.parametrize("kind", ["gbm", "schwartz"])
def test_constant_price_is_refused(kind):
    dates = np.datetime64("2024-01-01") + 7 * np.arange(12)
    flat = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.full(12, 35.0))

    with pytest.raises(ValueError, match=r"ndpr must move .* got 35\.0 on all 12 dates"):
        fit(flat, kind)


def test_no_price_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one price, got none"):
        history(prices=[np.nan] * 5)


@pytest.mark.parametrize("dates", [[20240131] * 5, ["January"] * 5, [None] * 5, [45000.0] * 5])
def test_what_is_no_date_is_refused(dates):
    with pytest.raises(ValueError, match=r"dates must be dates such as .* row 1"):
        history(dates=dates)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"ndpr must be as long as dates \(5\), got shape \(2,\)"):
        history(prices=[50.0, 51.0])


def test_infinite_price_is_refused_with_its_date():
    with pytest.raises(ValueError, match="must be finite, got inf on 2024-02-29"):
        history(prices=[50.0, np.inf, 52.0, 58.0, 57.0])


def test_input_is_neither_kept_nor_changed():
    given = np.array([50.0, 55.0, 52.0, 58.0, 57.0])
    held = PriceHistory(name="ndpr", unit="USD/kg", dates=MONTHS, prices=given)
    given[0] = 1.0

    assert held.prices[0] == 50.0
    with pytest.raises(ValueError, match="read-only"):
        held.prices[0] = 2.0


def test_frame_and_series_give_the_same_history():
    frame = pd.DataFrame({"day": pd.to_datetime(MONTHS), "mid": [50.0, 55.0, 52.0, 58.0, 57.0]})

    a = PriceHistory.from_frame(frame, dates="day", prices="mid", name="ndpr", unit="USD/kg")
    b = PriceHistory.from_series(frame.set_index("day")["mid"], name="ndpr", unit="USD/kg")

    assert a.data_hash == b.data_hash == history().data_hash


def test_unknown_column_is_refused_with_those_there_are():
    frame = pd.DataFrame({"day": MONTHS, "mid": 1.0})

    with pytest.raises(ValueError, match=r"column must be in the table \(day, mid\), got 'price'"):
        PriceHistory.from_frame(frame, dates="day", prices="price", name="a", unit="USD/kg")


def test_hash_sees_each_number_and_the_unit():
    other = history(prices=[50.0, 55.0, 52.0, 58.0, 57.5])
    unit = PriceHistory(name="ndpr", unit="CNY/t", dates=MONTHS, prices=history().prices)

    assert len({history().data_hash, other.data_hash, unit.data_hash}) == 3


def test_window_takes_both_ends():
    inside = history().window("2024-02-29", datetime.date(2024, 4, 30))

    assert inside.prices.tolist() == [55.0, 52.0, 58.0]
    with pytest.raises(ValueError, match="window must hold a price"):
        history().window("2025-01-01")


def test_averages_and_last_quotes_by_hand():
    daily = PriceHistory(
        name="ndpr",
        unit="USD/kg",
        dates=["2024-01-02", "2024-01-15", "2024-01-31", "2024-02-01", "2024-02-28", "2024-03-04"],
        prices=[50.0, 53.0, 56.0, 60.0, 61.0, 70.0],
    )
    months = daily.averages("month")

    # (50 + 53 + 56) / 3 and (60 + 61) / 2; March has four days only.
    assert months.prices.tolist() == [53.0, 60.5]
    assert months.dates.astype(str).tolist() == ["2024-01-31", "2024-02-29"]
    assert months.averaged == "month"
    assert "2024-03-31 is left out" in months.notices[-1]
    assert daily.last_of("month").prices.tolist() == [56.0, 61.0]
    assert daily.last_of("week").prices.tolist() == [50.0, 53.0, 60.0, 61.0, 70.0]


def test_weeks_begin_on_monday():
    # 2024-03-03 is a Sunday, 2024-03-04 a Monday.
    days = np.array(["2024-03-03", "2024-03-04", "2024-03-10"], dtype="datetime64[D]")

    assert np.diff(periods(days, "week")).tolist() == [1, 0]


def test_unknown_horizon_and_kind_are_refused():
    with pytest.raises(ValueError, match="horizon must be one of daily, week, month"):
        fit(history(), "gbm", horizon="hourly")
    with pytest.raises(ValueError, match="model must be one of gbm"):
        fit(history(), "gmb")
