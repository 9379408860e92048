"""The battery of models that are not lognormal: what holds whatever the law.

Set what :class:`~tests.batteries.model.ModelBattery` asks for, and ``flat_model``: the same model
with nothing random in it.
"""

import numpy as np

from montecarlo import GBM, Joint, Sampling, TimeGrid, simulate_paths
from tests.batteries.model import N_PATHS, SEED, STANDARD_ERRORS, ModelBattery


class TransformedModelBattery(ModelBattery):
    flat_model = None

    def drawn(self, sampling, n_paths=16_384):
        return simulate_paths(self.model, self.grid, n_paths=n_paths, seed=SEED, sampling=sampling)[
            self.name
        ]

    def test_log_mean(self):
        for measure in ("pricing", "physical"):
            log_prices = np.log(self.paths(measure))
            expected = self.model.log_mean(self.grid.times, measure)
            error = log_prices.std(axis=1, ddof=1) / np.sqrt(N_PATHS)

            assert (np.abs(log_prices.mean(axis=1) - expected) <= STANDARD_ERRORS * error).all()

    def test_log_covariance_of_every_pair_of_dates(self):
        for measure in ("pricing", "physical"):
            log_prices = np.log(self.paths(measure))
            centred = log_prices - log_prices.mean(axis=1, keepdims=True)
            times = self.grid.times
            expected = self.model.log_autocovariance(times[:, None], times[None, :], measure)
            for i in range(times.size):
                products = centred[i] * centred
                error = products.std(axis=1, ddof=1) / np.sqrt(N_PATHS)
                gap = np.abs(products.mean(axis=1) - expected[i])

                assert (gap <= STANDARD_ERRORS * error + 1e-15).all()

    def test_variance(self):
        prices = self.paths()
        squares = (prices - self.model.forward(self.grid.times)[:, None]) ** 2
        error = squares.std(axis=1, ddof=1) / np.sqrt(N_PATHS)
        gap = np.abs(squares.mean(axis=1) - self.model.variance(self.grid.times))

        assert (gap <= STANDARD_ERRORS * error).all()

    def test_nothing_random_is_the_curve(self):
        prices = self.paths(n_paths=300, model=self.flat_model)
        expected = self.flat_model.forward(self.grid.times)

        np.testing.assert_allclose(prices, np.broadcast_to(expected[:, None], prices.shape), 1e-13)

    def test_antithetic_pairs_have_the_forward_for_a_mean(self):
        pairs = self.drawn(Sampling(method="antithetic"))
        means = 0.5 * (pairs[:, ::2] + pairs[:, 1::2])
        error = means.std(axis=1, ddof=1) / np.sqrt(means.shape[1])
        gap = np.abs(means.mean(axis=1) - self.model.forward(self.grid.times))

        assert (gap <= STANDARD_ERRORS * error).all()
        assert (pairs[:, ::2] != pairs[:, 1::2]).any()

    def test_sobol_points_have_the_forward_for_a_mean(self):
        n_points = 512
        prices = self.drawn(Sampling(method="sobol", n_points=n_points))
        means = prices.reshape(self.grid.n_dates, -1, n_points).mean(axis=2)
        error = means.std(axis=1, ddof=1) / np.sqrt(means.shape[1])
        gap = np.abs(means.mean(axis=1) - self.model.forward(self.grid.times))

        # 32 means: a t variable of 31 degrees, so six errors where a normal has four.
        assert (gap <= 6.0 * error).all()

    def test_first_in_a_joint_model_has_the_same_paths(self):
        other = GBM(name="other", volatility=0.3, spot=5.0, drift=0.0)
        joint = Joint(models=[self.model, other], correlation=[[1.0, 0.4], [0.4, 1.0]])
        alone = self.paths(n_paths=600)
        together = simulate_paths(joint, self.grid, n_paths=600, seed=SEED)

        assert set(together) == {self.name, "other"}
        np.testing.assert_array_equal(together[self.name], alone)

    def test_last_in_a_joint_model_keeps_its_law(self):
        other = GBM(name="other", volatility=0.3, spot=5.0, drift=0.0)
        joint = Joint(models=[other, self.model], correlation=[[1.0, 0.4], [0.4, 1.0]])
        prices = simulate_paths(joint, self.grid, n_paths=N_PATHS, seed=SEED)[self.name]
        error = prices.std(axis=1, ddof=1) / np.sqrt(N_PATHS)
        gap = np.abs(prices.mean(axis=1) - self.model.forward(self.grid.times))

        assert (gap <= STANDARD_ERRORS * error).all()

    def test_dates_between_change_no_law(self):
        """The same end date, reached in one step and in many."""
        end = self.grid.times[-1]
        fine = TimeGrid.from_times(np.linspace(end / 40, end, 40))
        one = simulate_paths(self.model, TimeGrid.from_times([end]), n_paths=N_PATHS, seed=1)
        many = simulate_paths(self.model, fine, n_paths=N_PATHS, seed=2)
        x, y = np.log(one[self.name][-1]), np.log(many[self.name][-1])
        for power in (1, 2, 3):
            error = np.hypot((x**power).std(), (y**power).std()) / np.sqrt(N_PATHS)

            assert abs((x**power).mean() - (y**power).mean()) <= STANDARD_ERRORS * error
