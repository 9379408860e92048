"""The battery of every leg: inherit, set three attributes, and the rest follows.

``leg`` is the leg under test, ``observed`` what it reads (full arrays, no two entries equal, so
that a wrong index is always seen) and ``formula`` its amount for one period and one path, written
again in plain numbers from the contract rather than from the code. ``hand_worked`` holds cells
whose arithmetic is in a comment; ``rises_in``, ``falls_in`` and ``quantity`` say which way the
amount moves.
"""

import itertools
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

import contracts.legs.piecewise_linear as shared_kernels
import montecarlo
from contracts.protocols import KinkedLeg
from montecarlo.jit import python_source

KERNELS = ("_add_kink",)


def seen(**arrays):
    """What a leg reads, by name; frozen, since a class attribute is shared by all tests."""
    return MappingProxyType({name: np.array(values) for name, values in arrays.items()})


def formula_of(battery, observed):
    """The formula at every cell: ``(n_periods, n_paths)``."""
    arrays = list(observed.values())
    n_periods, n_paths = arrays[0].shape
    return np.array(
        [
            [
                battery.formula(**{name: float(array[t, p]) for name, array in observed.items()})
                for p in range(n_paths)
            ]
            for t in range(n_periods)
        ]
    )


def same_bits(first, second):
    assert first.shape == second.shape
    assert first.tobytes() == second.tobytes()


class LegBattery:
    leg = None
    observed = None
    hand_worked = ()
    price = None
    """Name of what is simulated: a price or earnings."""
    quantity = None
    size_field = None
    """Field of the leg that scales it, where no quantity is observed."""
    rises_in = ()
    falls_in = ()

    @staticmethod
    def formula(**observed):
        raise NotImplementedError

    def amounts(self, **changed):
        return self.leg.amounts({**self.observed, **changed})

    def resized(self, factor):
        larger = factor * getattr(self.leg, self.size_field)
        return replace(self.leg, **{self.size_field: larger}).amounts(self.observed)

    def test_the_fixture_has_no_two_equal_entries(self):
        entries = np.concatenate([array.ravel() for array in self.observed.values()])

        assert len(np.unique(entries)) == len(entries)
        assert set(self.leg.reads) == set(self.observed)

    def test_hand_worked_numbers(self):
        amounts = self.amounts()

        assert self.hand_worked
        for (t, path), worked in self.hand_worked:
            assert amounts[t, path] == pytest.approx(worked, rel=1e-13, abs=1e-9)

    def test_every_cell_is_the_formula(self):
        amounts = self.amounts()

        np.testing.assert_allclose(
            amounts, formula_of(self, self.observed), rtol=1e-13, atol=1e-9, strict=True
        )
        assert amounts.dtype == np.float64

    def test_its_payoff_is_its_amounts(self):
        """What the control variate is made of: kinks, slopes and the amount at the first kink."""
        if not isinstance(self.leg, KinkedLeg):
            assert self.has_no_payoff
            return
        payoff = self.leg.payoff(self.observed)
        x = self.observed[payoff.of]
        total = payoff.below * np.maximum(payoff.kinks[0] - x, 0.0)
        total = total + (0.0 if payoff.base is None else payoff.base)
        for kink, slope in zip(payoff.kinks, payoff.above, strict=True):
            total = total + slope * np.maximum(x - kink, 0.0)
        total = total * (1.0 if payoff.quantity is None else payoff.quantity)
        amounts = self.amounts()
        holds = x >= payoff.lowest

        assert holds.any()
        assert all(np.diff(np.stack(payoff.kinks), axis=0).ravel() >= 0.0)
        np.testing.assert_allclose(amounts[holds], total[holds], rtol=1e-12, atol=1e-9)
        assert not payoff.is_never_negative or np.all(amounts >= 0.0)

    has_no_payoff = False
    """Whether the leg reads no average price: nothing random, or a share (another control)."""

    def test_zero_volatility_is_intrinsic(self):
        forwards = np.abs(self.observed[self.price][:, 0]) + 1.0
        times = 0.25 * np.arange(1, len(forwards) + 1)
        model = montecarlo.GBM(
            name="x",
            volatility=0.0,
            forward_curve=montecarlo.ForwardCurve(times=times, values=forwards),
        )
        grid = montecarlo.TimeGrid.from_times(times)
        simulated = montecarlo.simulate_paths(model, grid, n_paths=3, seed=5)["x"]
        terms = {name: np.repeat(array[:, :1], 3, axis=1) for name, array in self.observed.items()}
        intrinsic = {**terms, self.price: np.repeat(forwards[:, None], 3, axis=1)}

        amounts = self.leg.amounts({**terms, self.price: simulated})

        np.testing.assert_allclose(amounts, formula_of(self, intrinsic), rtol=1e-12, atol=1e-6)

    def test_monotone(self):
        assert self.rises_in or self.falls_in
        for name, sign in [(n, 1.0) for n in self.rises_in] + [(n, -1.0) for n in self.falls_in]:
            before = self.amounts()
            for step in (0.01, 3.0, 40.0):
                after = self.amounts(**{name: self.observed[name] + step})

                assert np.all(sign * (after - before) >= 0.0), name
                assert np.any(sign * (after - before) > 0.0) or step < 40.0, name
                before = after

    def test_linear_in_quantity(self):
        if self.quantity is None:
            same_bits(self.resized(4.0), 4.0 * self.amounts())
            return
        quantity = self.observed[self.quantity]
        other = np.sqrt(np.abs(quantity)) + 1.0

        same_bits(self.amounts(**{self.quantity: 4.0 * quantity}), 4.0 * self.amounts())
        assert np.all(self.amounts(**{self.quantity: 0.0 * quantity}) == 0.0)
        np.testing.assert_allclose(
            self.amounts(**{self.quantity: quantity + other}),
            self.amounts() + self.amounts(**{self.quantity: other}),
            rtol=1e-12,
            atol=1e-9,
        )

    def test_periods_apart_and_together(self):
        together = self.amounts()
        n_periods = together.shape[0]
        apart = [
            self.leg.amounts({name: array[t : t + 1] for name, array in self.observed.items()})
            for t in range(n_periods)
        ]
        backwards = self.leg.amounts(
            {name: np.ascontiguousarray(array[::-1]) for name, array in self.observed.items()}
        )

        same_bits(np.concatenate(apart), together)
        same_bits(np.ascontiguousarray(backwards[::-1]), together)

    def test_paths_apart_and_together(self):
        together = self.amounts()
        apart = [
            self.leg.amounts(
                {name: array[:, p : p + 1].copy() for name, array in self.observed.items()}
            )
            for p in range(together.shape[1])
        ]

        same_bits(np.concatenate(apart, axis=1), together)

    def test_a_broadcast_column_equals_the_full_array(self):
        names = list(self.observed)
        n_paths = self.observed[names[0]].shape[1]
        for count in range(1, len(names) + 1):
            for chosen in itertools.combinations(names, count):
                columns = {n: np.ascontiguousarray(self.observed[n][:, :1]) for n in chosen}
                full = {n: np.repeat(column, n_paths, axis=1) for n, column in columns.items()}
                amounts = self.amounts(**columns)
                if amounts.shape[1] == 1:
                    # Nothing varies by path, so one column stands for all.
                    amounts = np.repeat(amounts, n_paths, axis=1)

                same_bits(amounts, self.amounts(**full))

    def test_inputs_are_untouched(self):
        before = {name: array.copy() for name, array in self.observed.items()}
        first = self.amounts()
        second = self.amounts()

        for name, array in self.observed.items():
            same_bits(array, before[name])
        same_bits(first, second)
        assert not any(np.shares_memory(first, array) for array in self.observed.values())

    def test_nan_passes_through_and_never_becomes_zero(self):
        clean = self.amounts()
        n_periods, n_paths = clean.shape
        for name in self.observed:
            holed = self.observed[name].copy()
            holed[n_periods - 1, n_paths - 2] = np.nan
            try:
                amounts = self.amounts(**{name: holed})
            except ValueError:
                assert name in self.refuses_nan_in
                continue

            assert np.isnan(amounts[-1, -2]), name
            amounts[-1, -2] = clean[-1, -2]
            same_bits(amounts, clean)

    refuses_nan_in = ()
    """Terms whose consistency is checked, so that NaN is refused instead of passed on."""

    def test_compiled_equals_its_python_source(self, monkeypatch):
        compiled = self.amounts()
        for name in KERNELS:
            monkeypatch.setattr(shared_kernels, name, python_source(getattr(shared_kernels, name)))

        same_bits(self.amounts(), compiled)

    def test_huge_quantities(self):
        if self.quantity is None:
            huge = self.resized(1e12)
        else:
            huge = self.amounts(**{self.quantity: 1e12 * self.observed[self.quantity]})

        assert np.all(np.isfinite(huge))
        np.testing.assert_allclose(huge, 1e12 * self.amounts(), rtol=1e-12, atol=1e-3)

    def test_zero_and_negative_prices(self):
        for shift in (0.0, -1.0):
            prices = 0.0 * self.observed[self.price] + shift * np.abs(self.observed[self.price])
            changed = {**self.observed, self.price: prices}

            np.testing.assert_allclose(
                self.leg.amounts(changed), formula_of(self, changed), rtol=1e-13, atol=1e-9
            )

    def test_one_path_one_period(self):
        one = {name: array[:1, :1].copy() for name, array in self.observed.items()}

        amounts = self.leg.amounts(one)

        assert amounts.shape == (1, 1)
        assert amounts[0, 0] == self.amounts()[0, 0]
