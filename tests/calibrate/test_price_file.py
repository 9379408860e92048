"""Prices from files: columns, units, tax, currency, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from contracts.price_conversion import read_tax, unit_factor
from contracts.price_file import read_history

TABLE = """date,low,high,note
2018-03-30,400,404,a
2018-05-31,410,416,b
2019-04-30,420,424,c
2024-01-31,500,510,d
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "oxide.csv"
    path.write_text(TABLE)
    return path


def written(tmp_path, text):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    return path


def test_weights_tax_currency_and_unit_by_hand(file):
    found = read_history(
        file,
        unit="1000 CNY/t",
        columns="low=0.5,high=0.5",
        vat="2018-01-01:0.17,2018-05-01:0.16,2019-04-01:0.13",
        fx=7.1,
        to="USD/kg",
    )

    # The middle in thousand CNY/t is the middle in CNY/kg.
    expected = np.array([402 / 1.17, 413 / 1.16, 422 / 1.13, 505 / 1.13]) / 7.1
    assert found.prices == pytest.approx(expected, rel=1e-14)
    assert (found.name, found.unit) == ("oxide", "USD/kg")
    assert found.source == "oxide.csv, low, high"
    for said in ("0.5 low + 0.5 high", "1.17 and 1.16 and 1.13", "one USD taken as 7.1 CNY"):
        assert any(said in notice for notice in found.notices)


def test_prices_stay_in_their_unit_unless_asked(file):
    assert read_history(file, unit="CNY/t", columns="low").prices[0] == 400.0
    assert read_history(file, unit="CNY/t", columns="low").unit == "CNY/t"
    thousand = read_history(file, unit="1000 CNY/t", columns="low")
    assert (thousand.unit, thousand.prices[0]) == ("CNY/t", pytest.approx(400_000.0))
    assert read_history(file, unit="CNY/t", columns="low", to="CNY/kg").prices[0] == 0.4


def test_exchange_rates_of_a_file_are_the_latest_known(file, tmp_path):
    rates = tmp_path / "fx.csv"
    rates.write_text("date,rate\n2018-03-29,6.3\n2018-05-31,6.4\n2019-04-29,6.7\n2024-01-02,7.1\n")
    found = read_history(file, unit="CNY/kg", columns="low", fx=str(rates), to="USD/kg")

    assert found.prices == pytest.approx([400 / 6.3, 410 / 6.4, 420 / 6.7, 500 / 7.1])
    assert any("on 1 dates it is more than 10 days old" in notice for notice in found.notices)


def test_averages_are_dated_on_the_last_day_of_their_period():
    table = pd.DataFrame({"month": ["2024-01", "2024-02", "2024-04"], "copper": [8.0, 8.5, 9.0]})
    months = read_history(table, unit="USD/kg", averaged="month")
    quarters = read_history(table.iloc[[0, 2]], unit="USD/kg", averaged="quarter")

    assert months.dates.astype(str).tolist() == ["2024-01-31", "2024-02-29", "2024-04-30"]
    assert quarters.dates.astype(str).tolist() == ["2024-03-31", "2024-06-30"]
    assert months.averaged == "month"


def test_column_with_a_comma_in_its_name():
    table = pd.DataFrame({"month": ["2024-01", "2024-02"], "oil, Brent": [80.0, 81.0], "x": 1.0})

    assert read_history(table, unit="USD/bbl", columns="oil, Brent").prices.tolist() == [80.0, 81.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "bad.csv must be a table"),
        ("date,mid\n", "bad.csv must have at least one line"),
        ("when,mid\n2024-01-31,5\n", "date column must be named, .* the table has when, mid"),
        ("date,mid\n31/01/2024,5\n", "dates must be dates .* got '31/01/2024' at row 1"),
        ("date,mid\n2024-01-31,5\n2024-02-29,n.q.\n", "mid must be numbers, got the text 'n.q.'"),
        ("date,mid\n2024-01-31,5\n2024-01-31,6\n", "one price a date, got 5.0 and 6.0 on 2024"),
        ("date,mid\n2024-01-31,\n", "at least one price"),
        ("date,mid,bid\n2024-01-31,5,4\n", "columns must name the price, .* mid, bid"),
    ],
)
def test_bad_file_is_refused_with_its_reason(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read_history(written(tmp_path, text), unit="USD/kg")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"columns": "lwo"}, "did you mean low"),
        ({"columns": "low=a"}, "weight of low must be a number, got 'a'"),
        ({"columns": "low=0.5,low=0.5"}, "columns must name each column once"),
        ({"columns": "note"}, "note must be numbers, got the text 'a'"),
        ({"columns": "low=inf"}, "weight of low must be a finite number"),
        ({"columns": "low", "date_column": "dates"}, "did you mean date"),
        ({"columns": "low", "vat": "13"}, r"13% is 0.13\), got '13'"),
        ({"columns": "low", "vat": "2018-05-01:0.16"}, "vat must be known on 2018-03-30"),
        ({"columns": "low", "vat": "0.17,0.16"}, "must have a date before each"),
        ({"columns": "low", "to": "USD/kg"}, "fx must say what one USD costs in CNY"),
        ({"columns": "low", "to": "USD/kg", "fx": "-7"}, "fx must be greater than 0"),
        ({"columns": "low", "to": "USD/kg", "fx": "none.csv"}, "fx must be a number or a CSV"),
        ({"columns": "low", "to": "CNY/kg", "fx": 7.1}, "both units are in CNY"),
        ({"columns": "low", "to": "USD/MWh", "fx": 7.1}, "to must be a price per kg"),
        ({"columns": "low", "to": "USD/ton", "fx": 7.1}, "short ton"),
    ],
)
def test_bad_option_is_refused_with_its_reason(file, more, said):
    with pytest.raises(ValueError, match=said):
        read_history(file, unit="CNY/t", **more)


def test_rates_must_rise_in_time():
    with pytest.raises(ValueError, match="vat must have rising dates"):
        read_tax("2019-04-01:0.13,2018-05-01:0.16")


def test_unit_must_be_a_price():
    with pytest.raises(ValueError, match="unit must be a price"):
        unit_factor("t")
