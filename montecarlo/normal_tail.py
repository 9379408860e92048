r"""The upper tail of the normal distribution for kernels, the same bits everywhere.

.. math::

    1 - \Phi(z) = e^{-z^2/2}\,\frac{h(t)}{z + 4}, \qquad t = \frac{z - 4}{z + 4}, \quad z \ge 0

with the series of :mod:`montecarlo.normal`. Its relative error is below 1e-14 up to 8, which no
normal drawn from 53 bits exceeds.
"""

from __future__ import annotations

from montecarlo.elementary import exp
from montecarlo.jit import kernel
from montecarlo.normal import CENTRE, SERIES

_N_TERMS = len(SERIES)
_FARTHEST = 39.0


@kernel
def normal_tail(x: float) -> float:
    """Return the probability that a standard normal is above ``x``; NaN passes through.

    Examples
    --------
    >>> round(normal_tail(1.96), 6), normal_tail(0.0), round(normal_tail(-1.96), 6)
    (0.024998, 0.5, 0.975002)
    """
    z = abs(x)
    z = _FARTHEST if z > _FARTHEST else z
    t = (z - CENTRE) / (z + CENTRE)
    later = 0.0
    last = 0.0
    for k in range(_N_TERMS - 1, 0, -1):
        following = 2.0 * t * later - last + SERIES[k]
        last = later
        later = following
    tail = exp(-0.5 * z * z) * ((t * later - last + SERIES[0]) / (z + CENTRE))
    return 1.0 - tail if x < 0.0 else tail
