r"""The one payoff kernel behind floors, caps, differences, shares and bands.

.. math::

   A_t = Q_t \left[ b\,(K_{0,t} - x_t)^+ + \sum_k s_k\,(x_t - K_{k,t})^+ \right]

with :math:`x_t` what is observed (price, revenue, EBITDA), :math:`K_{k,t}` the kinks, :math:`b`
the slope below the first kink and :math:`s_k` the slope that each kink adds above itself.
"""

import numpy as np

from contracts.conventions import FloatArray
from montecarlo.jit import kernel

_ONE: FloatArray = np.ones((1, 1))


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
    if observed.shape[1] == 1:
        observed = _widened(observed, quantity, kinks)
    out = np.empty(observed.shape)
    units = _ONE if quantity is None else quantity
    for position, (kink, slope) in enumerate(zip(kinks, above, strict=True)):
        is_last = position == len(kinks) - 1
        _add_kink(observed, kink, below, slope, units if is_last else _ONE, position == 0, out)
    return out


def _widened(
    observed: FloatArray, quantity: FloatArray | None, kinks: tuple[FloatArray, ...]
) -> FloatArray:
    """Repeat what is the same on every path where a kink or the quantity is not."""
    given = kinks if quantity is None else (*kinks, quantity)
    widest = max(array.shape[1] for array in given)
    return observed if widest == 1 else np.repeat(observed, widest, axis=1)


@kernel
def _add_kink(
    observed: FloatArray,
    kink: FloatArray,
    below: float,
    above: float,
    units: FloatArray,
    is_first: bool,
    out: FloatArray,
) -> None:
    """Write the amounts of the first kink, or add those of a further one; multiply by units."""
    n_periods, n_paths = out.shape
    kink_varies = kink.shape[1] > 1
    unit_varies = units.shape[1] > 1
    for t in range(n_periods):
        x, amount = observed[t], out[t]
        unit = 1.0 if unit_varies else units[t if units.shape[0] > 1 else 0, 0]
        if is_first and not kink_varies:
            # The common case in one pass. Below or above: one of the two slopes adds nothing.
            strike = kink[t, 0]
            for path in range(n_paths):
                gap = strike - x[path]
                amount[path] = unit * ((-above if gap < 0.0 else below) * gap)
            unit = 1.0
        elif is_first:
            level = kink[t]
            for path in range(n_paths):
                gap = level[path] - x[path]
                amount[path] = (-above if gap < 0.0 else below) * gap
        elif kink_varies:
            level = kink[t]
            for path in range(n_paths):
                gap = x[path] - level[path]
                amount[path] += above * (0.0 if gap < 0.0 else gap)
        else:
            strike = kink[t, 0]
            for path in range(n_paths):
                gap = x[path] - strike
                amount[path] += above * (0.0 if gap < 0.0 else gap)
        if unit_varies:
            unit_of = units[t]
            for path in range(n_paths):
                amount[path] = unit_of[path] * amount[path]
        elif unit != 1.0:
            for path in range(n_paths):
                amount[path] = unit * amount[path]
