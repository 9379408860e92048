r"""The one payoff kernel behind floors, caps, differences, shares and bands.

.. math::

   A_t = Q_t \left[ b\,(K_{0,t} - x_t)^+ + \sum_k s_k\,(x_t - K_{k,t})^+ \right]

with :math:`x_t` what is observed (price, revenue, EBITDA), :math:`K_{k,t}` the kinks, :math:`b`
the slope below the first kink and :math:`s_k` the slope that each kink adds above itself.
"""

import numpy as np

from contracts.conventions import FloatArray
from montecarlo.jit import kernel


def piecewise_linear(
    observed: FloatArray,
    quantity: FloatArray | None,
    kinks: tuple[FloatArray, ...],
    *,
    below: float,
    above: tuple[float, ...],
) -> FloatArray:
    """Return the amounts, ``(n_periods, n_paths)``.

    Parameters
    ----------
    observed
        :math:`x_t`, ``(n_periods, n_paths)``.
    quantity, kinks
        Each ``(n_periods, n_paths)``, or ``(n_periods, 1)`` when the same on every path;
        no quantity means 1.
    below
        Slope :math:`b` below the first kink.
    above
        Slope :math:`s_k` added above each kink; as many as kinks.

    Returns
    -------
    Amounts in the unit of quantity times ``observed``; NaN where an input is NaN.

    Examples
    --------
    A two-way difference at 110: pays 10 at 100, takes 5 at 115.

    >>> piecewise_linear(
    ...     np.array([[100.0, 115.0]]), None, (np.array([[110.0]]),), below=1.0, above=(-1.0,)
    ... )
    array([[10., -5.]])
    """
    widest = max(array.shape[1] for array in (observed, *kinks, *_given(quantity)))
    if observed.shape[1] < widest:
        observed = np.repeat(observed, widest, axis=1)
    out = np.empty((observed.shape[0], widest))
    is_single = len(kinks) == 1
    # One kink and one quantity a period: the quantity is multiplied in on the way.
    is_known = is_single and quantity is not None and quantity.shape[1] == 1
    units = quantity if is_known and quantity is not None else np.ones((1, 1))
    _first_kink(observed, kinks[0], below, above[0], units, out)
    for kink, slope in zip(kinks[1:], above[1:], strict=True):
        _further_kink(observed, kink, slope, out)
    if quantity is not None and not is_known:
        _scale(quantity, out)
    return out


def _given(array: FloatArray | None) -> tuple[FloatArray, ...]:
    return () if array is None else (array,)


@kernel
def _first_kink(
    observed: FloatArray,
    kink: FloatArray,
    below: float,
    above: float,
    units: FloatArray,
    out: FloatArray,
) -> None:
    n_periods, n_paths = out.shape
    varies = kink.shape[1] > 1
    for t in range(n_periods):
        x, amount = observed[t], out[t]
        unit = units[t, 0] if units.shape[0] > 1 else units[0, 0]
        if varies:
            level = kink[t]
            for path in range(n_paths):
                gap = level[path] - x[path]
                short = 0.0 if gap < 0.0 else gap
                excess = 0.0 if gap > 0.0 else -gap
                amount[path] = unit * (below * short + above * excess)
        else:
            strike = kink[t, 0]
            for path in range(n_paths):
                gap = strike - x[path]
                short = 0.0 if gap < 0.0 else gap
                excess = 0.0 if gap > 0.0 else -gap
                amount[path] = unit * (below * short + above * excess)


@kernel
def _further_kink(observed: FloatArray, kink: FloatArray, above: float, out: FloatArray) -> None:
    n_periods, n_paths = out.shape
    varies = kink.shape[1] > 1
    for t in range(n_periods):
        x, amount = observed[t], out[t]
        if varies:
            level = kink[t]
            for path in range(n_paths):
                gap = x[path] - level[path]
                amount[path] += above * (0.0 if gap < 0.0 else gap)
        else:
            strike = kink[t, 0]
            for path in range(n_paths):
                gap = x[path] - strike
                amount[path] += above * (0.0 if gap < 0.0 else gap)


@kernel
def _scale(quantity: FloatArray, out: FloatArray) -> None:
    n_periods, n_paths = out.shape
    varies = quantity.shape[1] > 1
    for t in range(n_periods):
        amount = out[t]
        if varies:
            units = quantity[t]
            for path in range(n_paths):
                amount[path] *= units[path]
        else:
            unit = quantity[t, 0]
            for path in range(n_paths):
                amount[path] *= unit
