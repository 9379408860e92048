r"""Payment terms: when an amount turns into money.

In arrears, the amount of period :math:`t` is paid :math:`\ell` days after its last day. With
advances, :math:`n` payments of :math:`\phi X_t` fall at the ends of :math:`n` equal parts of the
period and a true-up settles the rest:

.. math:: F_{t,k} = \phi X_t, \qquad F_{t,\text{true-up}} = A_t - n \phi X_t
"""

from dataclasses import dataclass

import numpy as np

from contracts import checks
from contracts.conventions import DateArray, FloatArray, IntArray, Observed
from contracts.periods import Periods, add_months


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Money paid during the period on account of what will be owed at its end.

    Parameters
    ----------
    fraction
        Part of the base that each advance pays.
    of
        Name of the observation that is the base, money.
    payments
        Advances in each period.

    Examples
    --------
    >>> Advance(fraction=0.25, of="threshold", payments=4).fraction * 140.0
    35.0
    """

    fraction: float
    of: str
    payments: int

    def __post_init__(self) -> None:
        checks.share(self.fraction, "advance.fraction")
        whole = isinstance(self.payments, int) and self.payments >= 1
        checks.require(whole, "advance.payments", "be a whole number, 1 or more", self.payments)


@dataclass(frozen=True, eq=False)
class FlowDates:
    """One row a flow: its payment date, the period it settles and its label."""

    payment_date: DateArray
    period: IntArray
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """Payment in arrears, with or without advances and a true-up.

    Parameters
    ----------
    lag_days
        Days from the last day of a period to its payment (of the true-up, with advances).
    advance
        Advances during the period, or ``None``.

    Examples
    --------
    A year guaranteed at 140, advanced by quarter; 50 turns out to be owed.

    >>> import datetime
    >>> year = Periods.regular(
    ...     start=datetime.date(2029, 1, 1), end=datetime.date(2029, 12, 31), frequency="year"
    ... )
    >>> terms = PaymentTerms(lag_days=60, advance=Advance(fraction=0.25, of="t", payments=4))
    >>> [str(date) for date in terms.flow_dates(year).payment_date]
    ['2029-03-31', '2029-06-30', '2029-09-30', '2029-12-31', '2030-03-01']
    >>> terms.flows(np.array([[50.0]]), {"t": np.array([[140.0]])})[:, 0]
    array([ 35.,  35.,  35.,  35., -90.])
    """

    lag_days: int
    advance: Advance | None = None

    def __post_init__(self) -> None:
        whole = isinstance(self.lag_days, int) and self.lag_days >= 0
        checks.require(whole, "lag_days", "be a whole number, zero or more", self.lag_days)

    @property
    def reads(self) -> tuple[str, ...]:
        """The base of the advances."""
        return () if self.advance is None else (self.advance.of,)

    def flow_dates(self, periods: Periods) -> FlowDates:
        """Return when each flow is paid, period by period."""
        settled = periods.last_day + np.timedelta64(self.lag_days, "D")
        if self.advance is None:
            rows = np.arange(len(periods))
            return FlowDates(settled, rows, periods.labels)
        n = self.advance.payments
        dates: list[np.datetime64] = []
        labels: list[str] = []
        for t, label in enumerate(periods.labels):
            dates += [_part_end(periods.start[t], periods.end[t], k, n) for k in range(1, n + 1)]
            dates.append(settled[t])
            labels += [f"{label} advance {k}" for k in range(1, n + 1)]
            labels.append(f"{label} true-up")
        return FlowDates(
            np.array(dates, dtype="datetime64[D]"),
            np.repeat(np.arange(len(periods)), n + 1),
            tuple(labels),
        )

    def settling_rows(self, n_periods: int) -> IntArray:
        """Return ``(n_periods,)`` the flow that moves one for one with each period's amount.

        Examples
        --------
        >>> PaymentTerms(lag_days=30).settling_rows(3)
        array([0, 1, 2])
        >>> advance = Advance(fraction=0.25, of="t", payments=4)
        >>> PaymentTerms(lag_days=60, advance=advance).settling_rows(3)
        array([ 4,  9, 14])
        """
        each = 1 if self.advance is None else self.advance.payments + 1
        return np.arange(n_periods, dtype=np.int64) * each + (each - 1)

    def flows(self, amounts: FloatArray, observed: Observed) -> FloatArray:
        """Return the flows, ``(n_flows, n_paths)``, from amounts ``(n_periods, n_paths)``."""
        if self.advance is None:
            return amounts
        n = self.advance.payments
        each = self.advance.fraction * observed[self.advance.of]
        n_periods, n_paths = amounts.shape[0], max(amounts.shape[1], each.shape[1])
        out = np.empty((n_periods, n + 1, n_paths))
        out[:, :n] = each[:, None, :]
        out[:, n] = amounts - n * each
        return out.reshape(n_periods * (n + 1), n_paths)


def _part_end(start: np.datetime64, end: np.datetime64, part: int, parts: int) -> np.datetime64:
    """Return the last day of one of the equal parts of a period, by months where they divide."""
    months = int((end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64))
    if add_months(start, months) == end and months % parts == 0:
        return add_months(start, months // parts * part) - np.timedelta64(1, "D")
    days = int((end - start).astype(np.int64)) * part // parts
    return start + np.timedelta64(days - 1, "D")
