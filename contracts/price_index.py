"""A price index: published levels, then steady growth, or a model around that."""

from __future__ import annotations

import datetime
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.conventions import DAYS_IN_YEAR

if TYPE_CHECKING:
    from montecarlo import ForwardCurve

FARTHEST_YEARS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    r"""A price index: log-linear between published levels, growing steadily after the last.

    .. math:: I(d) = I_n (1 + g)^{(d - d_n)/365} \quad\text{after the last level } I_n

    With a model this is its mean under the pricing measure, and levels after the valuation date
    are random.

    Parameters
    ----------
    levels
        (date, level), dates increasing.
    growth
        Yearly growth after the last level, decimal.
    model
        ``kind`` and parameters of what moves it around that, or ``None``: it is certain.
    note
        Where it comes from.

    Examples
    --------
    >>> cpi = Index(
    ...     levels=((datetime.date(2025, 1, 1), 300.0), (datetime.date(2026, 1, 1), 309.0)),
    ...     growth=0.02,
    ... )
    >>> round(cpi.at(datetime.date(2027, 1, 1)), 2)
    315.18
    >>> cpi.at(datetime.date(2026, 1, 1))
    309.0
    """

    levels: tuple[tuple[datetime.date, float], ...]
    growth: float
    model: Mapping[str, Any] | None = None
    note: str = ""

    def at(self, date: datetime.date) -> float:
        """Return the level on a date; a date before the first level is refused."""
        dates = [known for known, _ in self.levels]
        position = bisect_right(dates, date) - 1
        if position < 0:
            message = f"index must be known on {date}, the first level is of {dates[0]}"
            raise ValueError(message)
        before, level = self.levels[position]
        if before == date:
            return level
        if position == len(dates) - 1:
            years = (date - before).days / DAYS_IN_YEAR
            return level * math.pow(1.0 + self.growth, years)
        after, next_level = self.levels[position + 1]
        share = (date - before).days / (after - before).days
        return math.exp((1.0 - share) * math.log(level) + share * math.log(next_level))

    def forward_curve(self, today: datetime.date) -> ForwardCurve:
        """Return the level from today on, as the curve around which it is simulated.

        Examples
        --------
        >>> cpi = Index(levels=((datetime.date(2025, 1, 1), 300.0),), growth=0.02)
        >>> cpi.forward_curve(datetime.date(2026, 1, 1))([0.0, 1.0]).round(2)
        array([306.  , 312.12])
        """
        from montecarlo import ForwardCurve

        ahead = {date: level for date, level in self.levels if date > today}
        last = max([today, *ahead])
        known = {today: self.at(today), **ahead}
        times = [(date - today).days / DAYS_IN_YEAR for date in known]
        # Log-linear to far out, as growth is steady.
        years = FARTHEST_YEARS - times[-1]
        end = self.at(last) * math.pow(1.0 + self.growth, years)
        return ForwardCurve(times=[*times, FARTHEST_YEARS], values=[*known.values(), end])
