r"""Statistics of what each group pays, one group at a time.

For a row of samples :math:`x` of :math:`n` paths, its quantiles :math:`q_p`, its expected
shortfall, and with a budget :math:`B`

.. math::

   \mathbb{P}(x > 0), \quad \mathbb{P}(x > B), \quad \mathbb{E}[(x - B)^+],
   \qquad \mathrm{se}(\mathrm{ES}_p) = \frac{\mathrm{se}(\overline{(x - q_p)^+})}{1 - p}

each with its standard error. The samples take 8 bytes a group and path; whatever the number of
groups, working on them takes one row more.
"""

from __future__ import annotations

import numpy as np

from contracts.conventions import PERCENTILES, FloatArray
from montecarlo.quantile import expected_shortfall, quantile_standard_error, quantiles

TAIL = 0.95


def paid_statistics(samples: FloatArray, budgets: FloatArray) -> dict[str, FloatArray]:
    """Return statistics of the payments of each group, each of shape ``(n_groups,)``.

    Parameters
    ----------
    samples
        Payments ``(n_groups, n_paths)``.
    budgets
        Appropriations ``(n_groups,)``; what depends on one is NaN where it is NaN.

    Examples
    --------
    Two groups of four paths; the first has an appropriation of 5.

    >>> found = paid_statistics(
    ...     np.array([[0.0, 4.0, 6.0, 10.0], [1.0, 1.0, 2.0, 4.0]]), np.array([5.0, np.nan])
    ... )
    >>> found["probability_of_payment"], found["probability_exceeds"], found["expected_excess"]
    (array([0.75, 1.  ]), array([0.5, nan]), array([1.5, nan]))
    """
    names = [f"paid_{name}" for name in PERCENTILES]
    names += ["standard_error_paid_p95", "paid_expected_shortfall_95"]
    names += ["standard_error_shortfall_95", "probability_of_payment"]
    names += ["standard_error_probability", "probability_exceeds", "standard_error_exceeds"]
    names += ["expected_excess", "standard_error_excess"]
    found = {name: np.full(samples.shape[0], np.nan) for name in names}
    room = np.empty(samples.shape[1])
    for group, (row, budget) in enumerate(zip(samples, budgets.tolist(), strict=True)):
        for name, value in _statistics(row, budget, room).items():
            found[name][group] = value
    return found


def _statistics(row: FloatArray, budget: float, room: FloatArray) -> dict[str, float]:
    points = quantiles(row, list(PERCENTILES.values())).tolist()
    found = {f"paid_{name}": point for name, point in zip(PERCENTILES, points, strict=True)}
    found["standard_error_paid_p95"] = float(quantile_standard_error(row, TAIL))
    found["paid_expected_shortfall_95"] = float(expected_shortfall(row, TAIL))
    _excess(row, points[-1], room)
    found["standard_error_shortfall_95"] = _error_of_mean(room) / (1.0 - TAIL)
    np.greater(row, 0.0, out=room)
    found["probability_of_payment"] = float(room.mean())
    found["standard_error_probability"] = _error_of_mean(room)
    if not np.isnan(budget):
        # Of the differences, so that a payment equal to the budget does not exceed it.
        _excess(row, budget, room)
        found["expected_excess"] = float(room.mean())
        np.greater(room, 0.0, out=room)
        found["probability_exceeds"] = float(room.mean())
        found["standard_error_exceeds"] = _error_of_mean(room)
        _excess(row, budget, room)
        found["standard_error_excess"] = _error_of_mean(room)
    return found


def _excess(row: FloatArray, level: float, out: FloatArray) -> None:
    np.subtract(row, level, out=out)
    np.maximum(out, 0.0, out=out)


def _error_of_mean(room: FloatArray) -> float:
    """Return the standard error of the mean of a row, which is destroyed; NaN for a single path.

    Step by step what ``room.std(ddof=1)`` does, to the bit, without its copy.
    """
    n_paths = room.shape[0]
    if n_paths == 1:
        return np.nan
    room -= room.mean()
    room *= room
    return float(np.sqrt(room.sum() / (n_paths - 1)) / np.sqrt(n_paths))
