"""Each leg through the battery, with its formula in plain numbers and cells worked by hand."""

import datetime

import numpy as np
import pytest

from contracts.legs import (
    KINDS,
    Band,
    Clip,
    ConvertiblePreferred,
    Difference,
    EarningsBand,
    FixedAmount,
    FixedPrice,
    Floor,
    Loan,
    UpsideShare,
    Warrant,
)
from tests.batteries.leg import LegBattery, seen

PRICE = np.array(
    [
        [92.5, 131.25, 104.0, 109.5],
        [70.0, 118.0, 150.5, 87.25],
        [141.0, 60.75, 112.5, 99.0],
    ]
)
QUANTITY = np.array(
    [
        [1000.0, 1100.0, 1210.0, 1331.0],
        [1275.0, 1402.0, 1543.0, 1697.0],
        [840.0, 924.0, 1016.0, 1118.0],
    ]
)
STRIKE = np.array(
    [
        [110.0, 110.5, 111.0, 111.5],
        [112.2, 112.7, 113.2, 113.7],
        [114.4, 114.9, 115.4, 115.9],
    ]
)
ISSUE, EXPIRY = datetime.date(2025, 7, 11), datetime.date(2035, 7, 11)


class TestFloor(LegBattery):
    leg = Floor(reference_price="r", quantity="q", strike="k")
    observed = seen(r=PRICE, q=QUANTITY, k=STRIKE)
    price, quantity, rises_in, falls_in = "r", "q", ("k",), ("r",)
    hand_worked = (
        ((0, 0), 17500.0),  # 1000 x (110 - 92.5) = 1000 x 17.5
        ((1, 0), 53805.0),  # 1275 x (112.2 - 70) = 1275 x 42.2
        ((2, 0), 0.0),  # 141 is above 114.4
        ((2, 3), 18894.2),  # 1118 x (115.9 - 99) = 1118 x 16.9
    )

    @staticmethod
    def formula(r, q, k):
        return q * (k - r) if k > r else 0.0


class TestUpsideShare(LegBattery):
    leg = UpsideShare(reference_price="r", quantity="q", threshold="k", share=0.3)
    observed = seen(r=PRICE, q=QUANTITY, k=STRIKE)
    price, quantity, rises_in, falls_in = "r", "q", ("r",), ("k",)
    hand_worked = (
        ((0, 0), 0.0),  # 92.5 is below 110
        ((0, 1), 6847.5),  # 0.3 x 1100 x (131.25 - 110.5) = 330 x 20.75
        ((2, 0), 6703.2),  # 0.3 x 840 x (141 - 114.4) = 252 x 26.6
    )

    @staticmethod
    def formula(r, q, k):
        return 0.3 * q * (r - k) if r > k else 0.0


class TestDifference(LegBattery):
    leg = Difference(reference_price="r", quantity="q", strike="k", negative_prices="pay")
    observed = seen(r=PRICE, q=QUANTITY, k=STRIKE)
    price, quantity, rises_in, falls_in = "r", "q", ("k",), ("r",)
    hand_worked = (
        ((0, 0), 17500.0),  # 1000 x (110 - 92.5)
        ((0, 1), -22825.0),  # 1100 x (110.5 - 131.25) = -1100 x 20.75
        ((2, 0), -22344.0),  # 840 x (114.4 - 141) = -840 x 26.6
    )

    @staticmethod
    def formula(r, q, k):
        return q * (k - r)


POWER = np.array([[50.0, -10.0, 95.5], [-25.5, 0.5, 71.0]])
OUTPUT = np.array([[20.0, 21.0, 22.0], [23.0, 24.0, 25.0]])
AGREED = np.array([[80.0, 81.0, 82.0], [83.0, 84.0, 85.0]])


class TestDifferenceCappedAtTheStrike(LegBattery):
    leg = Difference(reference_price="r", quantity="q", strike="k", negative_prices="cap")
    observed = seen(r=POWER, q=OUTPUT, k=AGREED)
    price, quantity, rises_in, falls_in = "r", "q", ("k",), ("r",)
    hand_worked = (
        ((0, 0), 600.0),  # 20 x (80 - 50)
        ((0, 1), 1701.0),  # min(81 + 10, 81) = 81; 21 x 81
        ((1, 0), 1909.0),  # 23 x 83, not 23 x 108.5
        ((0, 2), -297.0),  # 22 x (82 - 95.5)
    )

    @staticmethod
    def formula(r, q, k):
        return q * min(k - r, k)


class TestDifferenceSuspended(LegBattery):
    leg = Difference(reference_price="r", quantity="q", strike="k", negative_prices="suspend")
    observed = seen(r=POWER, q=OUTPUT, k=AGREED)
    price, quantity, rises_in = "r", "q", ("k",)
    hand_worked = (
        ((0, 1), 0.0),  # the price of -10 suspends payment
        ((1, 1), 2004.0),  # 24 x (84 - 0.5) = 24 x 83.5
        ((0, 2), -297.0),  # 22 x (82 - 95.5)
    )

    @staticmethod
    def formula(r, q, k):
        return 0.0 if r < 0.0 else q * (k - r)


class TestFixedPrice(LegBattery):
    has_no_payoff = True
    leg = FixedPrice(quantity="q", strike="k")
    observed = seen(q=QUANTITY, k=STRIKE)
    price, quantity, rises_in = "k", "q", ("k", "q")
    hand_worked = (
        ((0, 0), 110000.0),  # 1000 x 110
        ((2, 0), 96096.0),  # 840 x 114.4
    )

    @staticmethod
    def formula(q, k):
        return q * k


class TestClip(LegBattery):
    leg = Clip(reference_price="r", quantity="q", lower="a", upper="b")
    observed = seen(r=PRICE, q=QUANTITY, a=STRIKE - 20.0, b=STRIKE + 15.0)
    price, quantity, rises_in = "r", "q", ("r", "q")
    refuses_nan_in = ("a", "b")
    hand_worked = (
        ((0, 0), 92500.0),  # 90 < 92.5 < 125: 1000 x 92.5
        ((0, 1), 138050.0),  # 131.25 is held at 125.5: 1100 x 125.5
        ((1, 0), 117555.0),  # 70 is lifted to 92.2: 1275 x 92.2
    )

    @staticmethod
    def formula(r, q, a, b):
        return q * (a if r < a else b if r > b else r)

    def test_limits_the_wrong_way_round_are_refused(self):
        with pytest.raises(ValueError, match="upper must not lie below lower"):
            self.amounts(a=self.observed["b"], b=self.observed["a"])


EARNINGS = np.array([[90.0, 139.5, 165.0, 210.0], [-12.0, 141.5, 171.5, 300.0]])
THRESHOLD = np.array([[140.0, 140.5, 141.0, 141.25], [142.8, 143.0, 143.25, 143.75]])
WIDTH = np.array([[30.0, 31.0, 32.0, 33.0], [34.0, 35.0, 36.0, 37.0]])


class TestEarningsBand(LegBattery):
    leg = EarningsBand(
        earnings="x",
        threshold="t",
        shortfall_share=1.0,
        bands=(Band(width="w", share=1.0), Band(width=None, share=0.5)),
    )
    observed = seen(x=EARNINGS, t=THRESHOLD, w=WIDTH)
    price, rises_in, falls_in = "x", ("t",), ("x", "w")
    hand_worked = (
        ((0, 0), 50.0),  # 140 - 90
        ((0, 1), 1.0),  # 140.5 - 139.5
        ((0, 2), -24.0),  # 165 - 141 = 24, all within the first 32
        ((0, 3), -50.875),  # 68.75 over: 33 + (68.75 - 33) / 2 = 33 + 17.875
        ((1, 0), 154.8),  # 142.8 + 12: a loss is made good in full
    )

    @staticmethod
    def formula(x, t, w):
        if x < t:
            return t - x
        return -(min(x - t, w) + 0.5 * max(x - t - w, 0.0))

    def test_linear_in_quantity(self):
        # Money in, money out: twice all the money is twice the amount.
        twice = self.amounts(**{name: 2.0 * array for name, array in self.observed.items()})

        np.testing.assert_array_equal(twice, 2.0 * self.amounts())

    def test_huge_quantities(self):
        huge = self.amounts(**{name: 1e12 * array for name, array in self.observed.items()})

        np.testing.assert_allclose(huge, 1e12 * self.amounts(), rtol=1e-12)

    def test_above_a_closed_last_band_nothing_more_is_shared(self):
        closed = EarningsBand(
            earnings="x",
            threshold="t",
            shortfall_share=0.9,
            bands=(Band(width="w", share=0.0), Band(width="v", share=0.5)),
        )
        # Threshold 140, a free band of 30, then half of the next 20, then nothing.
        read = {"x": np.array([[130.0, 165.0, 180.0, 190.0, 500.0]]), "t": np.array([[140.0]])}
        widths = {"w": np.array([[30.0]]), "v": np.array([[20.0]])}

        amounts = closed.amounts({**read, **widths})

        np.testing.assert_allclose(amounts, [[9.0, 0.0, -5.0, -10.0, -10.0]])

    def test_without_bands_it_is_a_floor_on_earnings(self):
        bare = EarningsBand(earnings="x", threshold="t", shortfall_share=1.0, bands=())

        amounts = bare.amounts({"x": EARNINGS, "t": THRESHOLD})

        np.testing.assert_array_equal(amounts, np.maximum(THRESHOLD - EARNINGS, 0.0))


class TestWarrant(LegBattery):
    has_no_payoff = True
    leg = Warrant(
        shares=1000.0, strike=30.0, issue_date=ISSUE, expiry=EXPIRY, share="s", style="american"
    )
    observed = seen(share_price=np.array([[12.5, 30.0, 41.25, 88.0]]))
    price, rises_in, size_field = "share_price", ("share_price",), "shares"
    hand_worked = (
        ((0, 0), 0.0),
        ((0, 1), 0.0),
        ((0, 2), 11250.0),  # 1000 x 11.25
        ((0, 3), 58000.0),  # 1000 x 58
    )

    @staticmethod
    def formula(share_price):
        return 1000.0 * max(share_price - 30.0, 0.0)


class TestConvertiblePreferred(LegBattery):
    has_no_payoff = True
    leg = ConvertiblePreferred(
        shares=100.0,
        stated_value=1000.0,
        dividend=0.08,
        compounding=4,
        conversion_price=25.0,
        issue_date=datetime.date(2025, 1, 1),
        conversion_date=datetime.date(2027, 1, 1),
        share="s",
        settlement="conversion-only",
    )
    observed = seen(share_price=np.array([[12.5, 25.0, 41.25, 88.0]]))
    price, rises_in, size_field = "share_price", ("share_price",), "shares"
    # Two years of 2% a quarter: 1.02^8 = 1.171659381002. 100,000 x 1.17165938 / 25 =
    # 4,686.637524 shares, times the price.
    hand_worked = (
        ((0, 0), 4686.637524009 * 12.5),
        ((0, 1), 117165.9381002),
    )

    @staticmethod
    def formula(share_price):
        return 100.0 * 1000.0 * 1.02**8 / 25.0 * share_price

    def test_hand_worked_numbers(self):
        amounts = self.amounts()

        for (t, path), worked in self.hand_worked:
            assert amounts[t, path] == pytest.approx(worked, rel=1e-11)


class TestConvertiblePreferredOrItsClaim(TestConvertiblePreferred):
    leg = ConvertiblePreferred(
        shares=100.0,
        stated_value=1000.0,
        dividend=0.08,
        compounding=4,
        conversion_price=25.0,
        issue_date=datetime.date(2025, 1, 1),
        conversion_date=datetime.date(2027, 1, 1),
        share="s",
        settlement="greater-of-claim",
    )
    hand_worked = (
        ((0, 0), 117165.9381002),  # 12.5 is below 25: the claim is worth more
        ((0, 2), 4686.637524009 * 41.25),
    )

    @staticmethod
    def formula(share_price):
        return 100.0 * 1000.0 * 1.02**8 * max(1.0, share_price / 25.0)


WITHOUT_PRICES = {FixedAmount, Loan}
"""Instruments whose flows are the same on every path; test_loan.py sums theirs by hand."""


def test_every_kind_is_covered():
    pending, covered = list(LegBattery.__subclasses__()), set()
    while pending:
        battery = pending.pop()
        covered.add(type(battery.leg))
        pending += battery.__subclasses__()

    assert covered | WITHOUT_PRICES == set(KINDS.values())
    assert not covered & WITHOUT_PRICES


def test_floor_less_cap_is_the_difference():
    read = {"r": PRICE, "q": QUANTITY, "k": STRIKE}
    floor = Floor(reference_price="r", quantity="q", strike="k").amounts(read)
    cap = UpsideShare(reference_price="r", quantity="q", threshold="k", share=1.0).amounts(read)
    swap = Difference(reference_price="r", quantity="q", strike="k", negative_prices="pay")

    np.testing.assert_array_equal(floor - cap, swap.amounts(read))
    assert np.all((floor == 0.0) | (cap == 0.0))


def test_a_clip_is_the_price_with_a_floor_and_a_cap():
    read = {"r": PRICE, "q": QUANTITY, "a": STRIKE - 20.0, "b": STRIKE + 15.0}
    clip = Clip(reference_price="r", quantity="q", lower="a", upper="b").amounts(read)
    floor = Floor(reference_price="r", quantity="q", strike="a").amounts(read)
    cap = UpsideShare(reference_price="r", quantity="q", threshold="b", share=1.0).amounts(read)

    np.testing.assert_allclose(clip, QUANTITY * PRICE + floor - cap, rtol=1e-13)


def test_an_earnings_band_is_a_floor_less_two_shares():
    read = {"x": EARNINGS, "t": THRESHOLD, "w": WIDTH, "one": np.ones((2, 1))}
    top = {**read, "u": THRESHOLD + WIDTH}

    def share(of, above):
        return UpsideShare(reference_price="x", quantity="one", threshold=above, share=of)

    floor = Floor(reference_price="x", quantity="one", strike="t").amounts(read)
    band = TestEarningsBand.leg.amounts(read)

    # All of what exceeds the threshold, less half of what exceeds the first band.
    expected = floor - share(1.0, "t").amounts(read) + share(0.5, "u").amounts(top)
    np.testing.assert_allclose(band, expected, rtol=1e-13)
