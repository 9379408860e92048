r"""The normal distribution function of whole arrays, the same bits on every machine.

.. math::

    \Phi(-z) = e^{-z^2/2}\,\frac{h(t)}{z + 4}, \qquad t = \frac{z - 4}{z + 4}, \quad z \ge 0,
    \qquad\qquad \Phi(z) = 1 - \Phi(-z)

with :math:`h` smooth on :math:`-1 \le t \le 1`: its Chebyshev series, worked out from 60-digit
values of the complementary error function, falls below 1e-18 after the terms that stand here.
Only IEEE operations are used, and those of :mod:`montecarlo.portable`; nothing has to be imported
that takes longer to load than to use.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo import portable
from montecarlo.checks import FloatArray

SERIES = (
    0.9704512045660766,
    -0.7517088168395706,
    0.22219355567525104,
    -0.048517753260446085,
    0.006925920496242481,
    -0.00032059847439814995,
    -0.00010054739163210679,
    1.8903369019706965e-05,
    1.010356885474631e-06,
    -6.145334749397824e-07,
    -3.3810201200691756e-09,
    2.0686508061742833e-08,
    -1.1282603632469507e-10,
    -7.774015228388695e-10,
    -9.941424191404708e-12,
    3.174482949858303e-11,
    1.842480684470494e-12,
    -1.3128616466710965e-12,
    -1.7415362652654813e-13,
    4.9072740317044244e-14,
    1.2931384326165576e-14,
    -1.2180663521726341e-15,
    -8.052147372620933e-16,
    -2.8604941442616213e-17,
    4.057064424335354e-17,
    7.006400772814596e-18,
    -1.3396754030160358e-18,
)
""":math:`h(t) = \\sum_k c_k T_k(t)`."""

CENTRE = 4.0
_FARTHEST = 39.0
"""Beyond it the lower tail is zero."""


def normal_cdf(x: npt.ArrayLike) -> FloatArray:
    """Return the probability that a standard normal is at most ``x``, elementwise.

    Relative error below 2e-15 down to -37, where it is 6e-300; subnormal and then zero below.
    NaN passes through.

    Examples
    --------
    >>> normal_cdf([-1.96, 0.0, 1.96]).round(6)
    array([0.024998, 0.5     , 0.975002])
    >>> float(normal_cdf(-30.0))
    4.906713927148...e-198
    """
    at = np.asarray(x, dtype=np.float64)
    z = np.minimum(np.abs(at), _FARTHEST)
    t = (z - CENTRE) / (z + CENTRE)
    later, last = np.zeros_like(z), np.zeros_like(z)
    for coefficient in SERIES[:0:-1]:
        later, last = 2.0 * t * later - last + coefficient, later
    series = t * later - last + SERIES[0]
    # The square of a sixteenth is exact, and what is left of the exponent is small.
    near = np.rint(16.0 * z) / 16.0
    bell = portable.exp(-0.5 * near * near) * portable.exp(-0.5 * (z - near) * (z + near))
    tail = bell * (series / (z + CENTRE))
    return np.where(at > 0.0, 1.0 - tail, tail)
