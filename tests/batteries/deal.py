"""The battery of every deal: inherit, and give a ``deal`` and a ``market`` fixture.

Identities only: nothing here knows a price or an amount, so it holds for any terms.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

import contracts
from contracts.modifiers import OwnershipCap
from contracts.run import pricing_grid, simulated_prices
from montecarlo import TimeGrid

FLOW_ARRAYS = ("flow_amounts", "flow_errors", "year_amounts", "year_errors")


def same(first, second, *, sign=1.0):
    """Every number of two valuations is the same, to the bit, up to the sign of amounts."""
    assert second.pv == sign * first.pv
    assert second.standard_error == first.standard_error
    assert second.expected_amount == sign * first.expected_amount
    assert np.array_equal(second.samples, sign * first.samples)
    assert np.array_equal(second.year_amounts, sign * first.year_amounts)
    for ours, theirs in zip(first.legs, second.legs, strict=True):
        assert theirs.pv == sign * ours.pv
        assert theirs.standard_error == ours.standard_error
        assert np.array_equal(theirs.flow_amounts, sign * ours.flow_amounts)
        assert np.array_equal(theirs.flow_errors, ours.flow_errors)
        assert (theirs.samples is None) == (ours.samples is None)
        if ours.samples is not None:
            assert np.array_equal(theirs.samples, sign * ours.samples)


def on_the_curve(deal, market):
    """One path: every price on its forward curve, on the dates that the deal reads."""
    names, dates = pricing_grid(deal, market)
    times = TimeGrid(market.valuation_date, dates).times
    return {name: market.commodity(name).forward_curve(times)[:, None] for name in names}


def parts_of(deal):
    """The deal leg by leg; legs that share an ownership cap stay together."""
    capped = [c for c in deal.clauses if any(isinstance(m, OwnershipCap) for m in c.modifiers)]
    alone = [[c] for c in deal.clauses if c not in capped]
    return [replace(deal, clauses=tuple(part)) for part in [*alone, capped] if part]


class DealBattery:
    n_paths = 1500
    seed = 20250709

    def value(self, deal, market, **settings):
        settings = {"n_paths": self.n_paths, "seed": self.seed, **settings}
        return contracts.value(deal, market=market, **settings)

    def test_it_prints_its_timetable(self, deal):
        table = deal.timetable()

        assert len(table) >= len(deal.clauses)
        assert len(str(table).splitlines()) > 2
        assert table["payment_date"].is_monotonic_increasing
        assert set(table["leg"]) == {clause.name for clause in deal.clauses}
        assert (table["payment_date"] >= table["start"]).all()
        assert (
            table["last_pricing_date"].dropna() <= table["end"][table["pricing_dates"] > 0]
        ).all()

    def test_it_values_and_exposes(self, deal, market):
        v = self.value(deal, market)

        assert np.isfinite([v.pv, v.standard_error, v.expected_amount]).all()
        assert v.samples.shape == (self.n_paths,)
        assert v.summary().index[-1] == "total"
        assert np.isfinite(v.cashflows().select_dtypes("number").to_numpy()).all()
        assert len(v.by_year()) == len(v.years)
        assert json.loads(json.dumps(v.to_dict()))["pv"] == v.pv
        for by in (["fiscal_year", "agency"], ["leg"], ["commodity", "counterparty", "deal"]):
            table = v.exposure(by=by)

            assert len(table) >= 2
            assert np.isfinite(table["physical", "expected_paid", deal.currency]).all()

    def test_means_are_the_means_of_the_samples(self, deal, market):
        v = self.value(deal, market, control=False)
        scale = np.abs(v.samples).max()

        assert v.pv == pytest.approx(v.samples.mean(), abs=1e-12 * scale)
        error = v.samples.std(ddof=1) / np.sqrt(self.n_paths)
        assert v.standard_error == pytest.approx(error, rel=1e-9, abs=1e-12 * scale)

    def test_a_replay_reproduces_the_run(self, deal, market):
        v = self.value(deal, market, control=False)
        prices = simulated_prices(deal, market=market, n_paths=self.n_paths, seed=self.seed)

        again = self.value(deal, market, prices=prices, seed=1, n_paths=7)

        same(v, again)
        assert again.is_replay
        assert again.fingerprint() != v.fingerprint()

    def test_deal_and_mirror_sum_to_zero(self, deal, market):
        first, second = deal.parties
        same(
            self.value(deal, market, perspective=first),
            self.value(deal, market, perspective=second),
            sign=-1.0,
        )

    def test_legs_sum_to_the_deal_path_by_path(self, deal, market):
        v = self.value(deal, market)
        each = [leg.pv if leg.samples is None else leg.samples for leg in v.legs]
        gross = sum(np.abs(item) for item in each)

        np.testing.assert_allclose(sum(each), v.samples, rtol=0, atol=1e-13 * gross.max())
        assert sum(leg.pv for leg in v.legs) == pytest.approx(v.pv, abs=1e-12 * gross.max())
        years = sum(leg.year_amounts for leg in v.legs)
        np.testing.assert_allclose(years, v.year_amounts, rtol=1e-9, atol=1e-9 * gross.max())

    def test_years_hold_the_flows_paid_in_them(self, deal, market):
        v = self.value(deal, market)

        for leg in v.legs:
            years = leg.payment_dates.astype("datetime64[Y]").astype(int) + 1970
            expected = [leg.flow_amounts[years == year].sum() for year in v.years]
            scale = np.abs(leg.flow_amounts).sum()
            np.testing.assert_allclose(leg.year_amounts, expected, rtol=1e-9, atol=1e-9 * scale)
            assert set(years) <= set(v.years)

    def test_a_deal_is_the_sum_of_its_parts(self, deal, market):
        prices = simulated_prices(deal, market=market, n_paths=self.n_paths, seed=self.seed)
        _, dates = pricing_grid(deal, market)
        whole = self.value(deal, market, prices=prices)
        legs = {}
        for part in parts_of(deal):
            names, some = pricing_grid(part, market)
            rows = np.searchsorted(dates, some)
            mine = {name: prices[name][rows] for name in names}
            # What no price can change needs no paths.
            v = self.value(part, market, **({"prices": mine} if names else {}))
            legs.update({leg.clause.name: leg for leg in v.legs})

        for leg in whole.legs:
            apart = legs[leg.clause.name]
            assert apart.pv == leg.pv
            assert np.array_equal(apart.flow_amounts, leg.flow_amounts)
            if leg.samples is not None:
                assert np.array_equal(apart.samples, leg.samples)

    def test_timetable_totals_are_the_value_under_a_constant_model(self, deal, market):
        v = self.value(deal, market, prices=on_the_curve(deal, market))
        flows = {
            (leg.clause.name, label): amount
            for leg in v.legs
            for label, amount in zip(leg.flow_labels, leg.flow_amounts, strict=True)
        }
        table = deal.timetable()
        amounts = np.array([flows.pop(k) for k in zip(table["leg"], table["period"], strict=True)])
        dates = table["payment_date"].to_numpy().astype("datetime64[D]")
        is_due = dates > np.datetime64(market.valuation_date)
        worth = amounts * market.discount_factors(dates) * is_due
        scale = np.abs(amounts).sum()

        assert not flows
        assert v.pv == pytest.approx(worth.sum(), abs=1e-12 * scale)
        assert v.expected_amount == pytest.approx(amounts[is_due].sum(), abs=1e-12 * scale)
        for leg in v.legs:
            mine = (table["leg"] == leg.clause.name).to_numpy()
            assert leg.pv == pytest.approx(worth[mine].sum(), abs=1e-12 * scale)
            paid = amounts[mine & ~is_due].sum()
            assert leg.paid_to_date == pytest.approx(paid, abs=1e-12 * scale)

    @pytest.mark.parametrize("n_threads", [2, 5])
    def test_threads_change_no_bit(self, deal, market, n_threads):
        same(
            self.value(deal, market, n_threads=1, n_paths=5000),
            self.value(deal, market, n_threads=n_threads, n_paths=5000),
        )

    def test_threads_change_no_bit_of_the_exposure(self, deal, market):
        one, five = (self.value(deal, market, n_threads=n).exposure() for n in (1, 5))

        assert one.equals(five)

    def test_the_first_paths_of_a_longer_run_are_the_shorter_run(self, deal, market):
        short = self.value(deal, market, n_paths=1000)
        long = self.value(deal, market, n_paths=10_000)

        assert np.array_equal(long.samples[:1000], short.samples)
        for ours, theirs in zip(short.legs, long.legs, strict=True):
            if ours.samples is not None:
                assert np.array_equal(theirs.samples[:1000], ours.samples)

    def test_another_seed_gives_other_paths(self, deal, market):
        v, other = self.value(deal, market), self.value(deal, market, seed=self.seed + 1)

        assert not np.array_equal(v.samples, other.samples)
        assert v.fingerprint() != other.fingerprint()
        # Five, for this is tried for many deals.
        assert abs(v.pv - other.pv) <= 5.0 * np.hypot(v.standard_error, other.standard_error)

    def test_one_path(self, deal, market):
        v = self.value(deal, market, n_paths=1)

        assert np.isfinite(v.pv)
        assert np.isnan(v.standard_error)
        assert v.samples.shape == (1,)

    def test_quantiles_of_the_total_only(self, deal, market):
        full, lean = self.value(deal, market), self.value(deal, market, quantiles="total")

        assert lean.pv == full.pv
        assert np.array_equal(lean.samples, full.samples)
        assert [leg.pv for leg in lean.legs] == [leg.pv for leg in full.legs]
        assert all(leg.samples is None for leg in lean.legs)
