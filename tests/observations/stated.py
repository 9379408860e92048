"""A context whose every answer is stated by the test."""

import datetime
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Stated:
    """What is known on the valuation date, as plain dictionaries."""

    valuation_date: datetime.date = datetime.date(2025, 7, 10)
    fixings: dict = field(default_factory=dict)
    grid: tuple = ()
    levels: dict = field(default_factory=dict)
    rates: dict = field(default_factory=dict)
    delivered: dict = field(default_factory=dict)
    share_counts: dict = field(default_factory=dict)

    def fixing(self, commodity, dates):
        return np.array([self.fixings[commodity][str(date)] for date in dates])

    def rows(self, dates):
        return np.array([self.grid.index(str(date)) for date in dates], dtype=np.int64)

    def index(self, name, date):
        return self.levels[name][date.isoformat()]

    def index_means(self, name, dates):
        return None

    def rate(self, name, date):
        return self.rates[name][date.isoformat()]

    def actual(self, observation, periods):
        known = self.delivered.get(observation, {})
        return np.array([known.get(label, np.nan) for label in periods.labels])

    def shares(self, leg):
        return self.share_counts[leg]


def column(bound):
    """What a bound observation sees that reads neither prices nor other observations."""
    seen = bound.observe({}, {})

    assert seen.shape[1] == 1
    return seen[:, 0]
