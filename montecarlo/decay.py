"""How fast what happened fades, added up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo import portable
from montecarlo.checks import FloatArray


def integrated_decay(rate: npt.ArrayLike, time: npt.ArrayLike) -> FloatArray:
    r"""Return :math:`\int_0^t e^{-ks}\,ds = (1 - e^{-kt})/k`, and t where k is zero.

    Examples
    --------
    >>> integrated_decay([0.0, 2.0], 0.5).round(6)
    array([0.5    , 0.31606])
    """
    k, t = np.broadcast_arrays(
        np.asarray(rate, dtype=np.float64), np.asarray(time, dtype=np.float64)
    )
    safe = np.where(k == 0.0, 1.0, k)
    return np.where(k == 0.0, t, -portable.expm1(-safe * t) / safe)
