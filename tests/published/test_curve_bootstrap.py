"""Published values that forward curves from quotes must reproduce."""

import pytest

from montecarlo import bootstrap_forward_curve
from montecarlo.grid import year_fraction


@pytest.mark.parametrize("day", ["2020-02-01", "2020-02-29", "2020-03-01", "2020-03-31"])
@pytest.mark.parametrize("order", [1, -1])
def test_january_inside_a_quarter(day, order):
    """README of cmdty/curves: January 2020 at 19.05 and the quarter at 17.22 leave 16.27450.

    Printed to five decimals; by days it is (91 x 17.22 - 31 x 19.05) / 60 = 16.2745 exactly.
    """
    quotes = dict([("2020-01", 19.05), ("2020-Q1", 17.22)][::order])
    curve = bootstrap_forward_curve("2019-12-31", quotes, shape="step")

    assert float(curve(float(year_fraction("2019-12-31", day)))) == pytest.approx(16.2745, abs=1e-9)
