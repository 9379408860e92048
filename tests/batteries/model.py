"""The battery of every price model: inherit, set three attributes, and the rest follows.

``model`` is the model under test, ``grid`` the dates (irregular, so that no two steps are equal)
and ``name`` the price to look at. A model of random prices inherits ``RandomModelBattery`` and
sets ``flat_model`` too: the same model with volatility zero.
"""

import numpy as np
import pytest

from montecarlo import Plan, simulate, simulate_paths

N_PATHS = 40_000
SEED = 20250709
STANDARD_ERRORS = 4.0


class Prices:
    """Keep every price of one name on every path."""

    def __init__(self, name, n_dates):
        self.name = name
        self.n_outputs = self.n_kept = n_dates

    def __call__(self, block):
        return block.price[self.name].copy()


class ModelBattery:
    model = None
    grid = None
    name = None

    def closed_form(self, method, *arguments):
        """A closed form of the price looked at; a joint model takes its name first."""
        if len(self.model.names) > 1:
            return getattr(self.model, method)(self.name, *arguments)
        return getattr(self.model, method)(*arguments)

    def paths(self, measure="pricing", n_paths=N_PATHS, model=None):
        drawn = simulate_paths(
            model or self.model, self.grid, n_paths=n_paths, seed=SEED, measure=measure
        )
        return drawn[self.name]

    def run(self, **plan):
        functional = Prices(self.name, self.grid.n_dates)
        return simulate(self.model, self.grid, functional, Plan(seed=SEED, **plan))

    def test_fixture_tells_dates_apart(self):
        times = self.grid.times
        forward = self.closed_form("forward", times)

        assert len(set(np.diff(times, prepend=0.0).round(12))) == times.size
        assert len(set(forward.round(12))) == times.size

    def test_mean_is_forward(self):
        prices = self.paths()
        expected = self.closed_form("forward", self.grid.times)
        error = STANDARD_ERRORS * prices.std(axis=1, ddof=1) / np.sqrt(N_PATHS)

        assert (np.abs(prices.mean(axis=1) - expected) <= error + 1e-13 * np.abs(expected)).all()

    def test_physical_mean(self):
        prices = self.paths("physical")
        expected = self.closed_form("expected_spot", self.grid.times, "physical")
        error = STANDARD_ERRORS * prices.std(axis=1, ddof=1) / np.sqrt(N_PATHS)

        assert (np.abs(prices.mean(axis=1) - expected) <= error + 1e-13 * np.abs(expected)).all()

    def test_premia_are_finite_and_named_apart(self):
        """A model lists its risk factors; without any premium both measures agree."""
        factors = self.closed_form("risk_premia")
        times = self.grid.times
        pricing = self.closed_form("expected_spot", times, "pricing")
        physical = self.closed_form("expected_spot", times, "physical")

        assert len({factor.name for factor in factors}) == len(factors)
        assert all(np.isfinite(factor.risk_premium) for factor in factors)
        assert (physical == pricing).all() or any(factor.risk_premium for factor in factors)

    def test_no_number_is_lost(self):
        prices = self.paths()

        assert np.isfinite(prices).all()

    @pytest.mark.parametrize("n_threads", [1, 2, 5])
    @pytest.mark.parametrize("block_size", [256, 768, 1024])
    def test_blocks_and_threads_change_no_bit(self, n_threads, block_size):
        n_paths = 70_001
        one = self.run(n_paths=n_paths, block_size=512, n_threads=1)
        other = self.run(n_paths=n_paths, block_size=block_size, n_threads=n_threads)

        for field in ("mean", "variance", "standard_error", "samples"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))

    def test_a_path_does_not_depend_on_how_many(self):
        np.testing.assert_array_equal(
            self.paths(n_paths=10_000)[:, :1000], self.paths(n_paths=1000)
        )


class RandomModelBattery(ModelBattery):
    flat_model = None

    def log_covariance(self, first, second):
        if len(self.model.names) > 1:
            return self.model.log_covariance(self.name, self.name, first, second)
        return self.model.log_autocovariance(first, second)

    def test_measures_differ_by_a_factor(self):
        ratio = self.paths("physical", 512) / self.paths("pricing", 512)
        expected = self.closed_form("expected_spot", self.grid.times, "physical") / (
            self.closed_form("forward", self.grid.times)
        )

        np.testing.assert_allclose(ratio, np.broadcast_to(expected[:, None], ratio.shape), 1e-13)
        assert np.abs(expected - 1.0).max() > 1e-3

    def test_log_covariance_of_every_pair_of_dates(self):
        log_prices = np.log(self.paths())
        times = self.grid.times
        expected = self.log_covariance(times[:, None], times[None, :])
        sample = np.cov(log_prices)
        variance = np.diag(expected)
        # The sample covariance of Gaussians has variance (c_ii c_jj + c_ij^2) / n.
        error = np.sqrt((np.outer(variance, variance) + expected**2) / N_PATHS)

        assert (np.abs(sample - expected) <= STANDARD_ERRORS * error + 1e-15).all()

    def test_log_price_is_gaussian(self):
        log_price = np.log(self.paths()[-1])
        z = (log_price - log_price.mean()) / log_price.std()

        assert abs((z**3).mean()) < STANDARD_ERRORS * np.sqrt(6.0 / N_PATHS)
        assert abs((z**4).mean() - 3.0) < STANDARD_ERRORS * np.sqrt(24.0 / N_PATHS)

    def test_log_mean(self):
        log_prices = np.log(self.paths())
        times = self.grid.times
        variance = self.log_covariance(times, times)
        expected = np.log(self.closed_form("forward", times)) - 0.5 * variance
        error = STANDARD_ERRORS * np.sqrt(variance / N_PATHS) + 1e-13

        assert (np.abs(log_prices.mean(axis=1) - expected) <= error).all()

    def test_volatility_zero_is_the_curve(self):
        prices = self.paths(n_paths=300, model=self.flat_model)
        expected = self.closed_form("forward", self.grid.times)

        np.testing.assert_array_equal(prices, np.broadcast_to(expected[:, None], prices.shape))

    def test_seeds_differ(self):
        one = simulate_paths(self.model, self.grid, n_paths=100, seed=1)[self.name]
        other = simulate_paths(self.model, self.grid, n_paths=100, seed=2**32 + 1)[self.name]

        assert (one != other).mean() > 0.9

    def test_every_path_is_its_own_and_positive(self):
        prices = self.paths()

        assert (prices > 0.0).all()
        assert len(np.unique(prices[-1])) == N_PATHS
