"""Real settlements: every UK contract for difference, day by day, July 2021 to December 2022.

Source: Low Carbon Contracts Company, actual CfD generation and payments, Open Government
Licence 3.0. The ledger is not part of the project: without it these tests are skipped.
"""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts.legs import Difference
from contracts.observations import IndexEscalation
from contracts.periods import Periods

LEDGER = Path(__file__).parents[3] / "shared" / "data" / "lccc_cfd_daily_ledger_2021h2_2022.csv.gz"
pytestmark = pytest.mark.skipif(not LEDGER.exists(), reason="the LCCC ledger is not here")


@pytest.fixture(scope="module")
def ledger():
    table = pd.read_csv(LEDGER, parse_dates=["date"])
    return table[(table["generation_mwh"] > 0) & table["weighted_ref_gbp_mwh"].notna()]


@pytest.fixture(scope="module")
def settled(ledger):
    """Amounts of our leg, one day a period."""
    leg = Difference(reference_price="r", quantity="q", strike="k", negative_prices="suspend")
    columns = {"r": "weighted_ref_gbp_mwh", "q": "generation_mwh", "k": "strike_gbp_mwh"}
    return leg.amounts({n: ledger[[c]].to_numpy(dtype=float) for n, c in columns.items()})[:, 0]


def test_days_settle_as_the_ledger_says(ledger, settled):
    # Reference prices carry four decimals and payments are rounded by the hour, so a day agrees
    # within 2 pounds; the exceptions are days with negative hours, of which the ledger has a sum.
    error = settled - ledger["payment_gbp"].to_numpy()

    assert np.mean(np.abs(error) <= 2.0) > 0.994
    # On the exceptions nothing is paid for the negative hours: never more than the formula.
    assert np.all(error[np.abs(error) > 2.0] > 0.0)


def test_the_state_was_paid_back_in_2022(ledger, settled):
    # 345.5 million pounds to the state in 2022; 0.9% of it are the negative hours.
    in_2022 = (ledger["date"].dt.year == 2022).to_numpy()
    reported = ledger["payment_gbp"].to_numpy()[in_2022].sum()

    assert reported == pytest.approx(-345_536_697.85, abs=0.01)
    assert settled[in_2022].sum() == pytest.approx(reported, rel=0.01)


def test_paying_on_averages_would_be_wrong(ledger, settled):
    """Average price times total output is not the payment: the reason to settle path by path."""
    generation = ledger["generation_mwh"].to_numpy()
    gap = (ledger["strike_gbp_mwh"] - ledger["weighted_ref_gbp_mwh"]).to_numpy()
    on_averages = gap.mean() * generation.sum()

    assert abs(on_averages / settled.sum() - 1.0) > 0.2


def test_strikes_change_on_the_first_of_april_and_on_no_other_day(ledger):
    by_day = ledger.pivot_table(index="date", columns="cfd_id", values="strike_gbp_mwh")
    moved = by_day.ffill().diff().abs().gt(1e-9).any(axis=1)
    days = [date.date() for date in by_day.index[moved]]

    # A contract that does not generate on the day is seen to move when it next does.
    assert min(days) == datetime.date(2022, 4, 1)
    before, after = by_day.loc[:"2022-03-31"], by_day.loc["2022-04-01":]
    assert before.max().sub(before.min()).max() == 0.0
    assert after.max().sub(after.min()).max() == 0.0

    class Rising:
        """An index that rises by the day."""

        def index(self, name, date):
            return 100.0 + (date - datetime.date(2021, 1, 1)).days

    daily = np.arange("2021-07-01", "2023-01-01", dtype="datetime64[D]")
    end = daily + np.timedelta64(1, "D")
    periods = Periods(start=daily, end=end, labels=tuple(str(date) for date in daily))
    rule = IndexEscalation(index="cpi", base_date=datetime.date(2021, 1, 1), reset=(4, 1))
    factors = rule.factors(periods.start, Rising())
    changed = daily[1:][np.diff(factors) != 0.0]

    assert [str(date) for date in changed] == ["2022-04-01"]
