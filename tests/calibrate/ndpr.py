"""The assessed oxide prices of the shared folder, for tests that reproduce what they say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from montecarlo.calibrate import PriceHistory

FILE = Path(__file__).parents[3] / "shared" / "data" / "china_rare_earth_oxides_daily.csv"

needs_ndpr = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not in ../shared/data")


def ndpr_history():
    """Return 0.75 Nd + 0.25 Pr oxide, the middle of low and high, in 10,000 CNY/t with VAT."""
    table = pd.read_csv(FILE, parse_dates=["date"])
    neodymium = 0.5 * (table["nd2o3_low"] + table["nd2o3_high"])
    praseodymium = 0.5 * (table["pr6o11_low"] + table["pr6o11_high"])
    return PriceHistory(
        name="ndpr",
        unit="10 kCNY/t",
        dates=table["date"].to_numpy(),
        prices=np.asarray(0.75 * neodymium + 0.25 * praseodymium),
    )
