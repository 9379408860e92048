r"""Black's closed form for options on a forward.

Black (1976): with :math:`w = \sigma^2 T` the total variance of the log price,

.. math::

    C = D\,[F N(d_1) - K N(d_2)], \qquad P = D\,[K N(-d_2) - F N(-d_1)], \qquad
    d_{1,2} = \frac{\ln(F/K)}{\sqrt w} \pm \tfrac12\sqrt w .
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.normal import normal_cdf

Kind: TypeAlias = Literal["call", "put"]
"""``call`` pays (P - K)+, ``put`` pays (K - P)+: a floor is a put."""


def black76(
    *,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    total_variance: npt.ArrayLike,
    discount_factor: npt.ArrayLike,
    kind: Kind,
) -> FloatArray:
    r"""Return the value of a European option on a lognormal price.

    Parameters
    ----------
    forward
        :math:`F`, above 0, currency per unit.
    strike
        :math:`K`, at least 0, currency per unit.
    total_variance
        :math:`w`, the variance of the log price at the fixing, at least 0: volatility squared
        times years. At 0 the value is intrinsic.
    discount_factor
        :math:`D`, from the payment date to today, above 0.
    kind
        ``"call"`` or ``"put"``.

    Returns
    -------
    ndarray
        Currency per unit, of the shape the arguments broadcast to.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3, 1976.

    Examples
    --------
    >>> value = black76(
    ...     forward=100.0, strike=110.0, total_variance=0.04, discount_factor=0.95, kind="put"
    ... )
    >>> float(value.round(6))
    13.57741
    """
    _check_kind(kind)
    f, k, w, d = np.broadcast_arrays(
        _all("forward", forward, lowest=0.0, is_open=True),
        _all("strike", strike, lowest=0.0, is_open=False),
        _all("total_variance", total_variance, lowest=0.0, is_open=False),
        _all("discount_factor", discount_factor, lowest=0.0, is_open=True),
    )
    sign = 1.0 if kind == "call" else -1.0
    is_plain = (w > 0.0) & (k > 0.0)
    deviation = np.sqrt(np.where(is_plain, w, 1.0))
    moneyness = np.log(f / np.where(is_plain, k, 1.0))
    upper = moneyness / deviation + 0.5 * deviation
    lower = upper - deviation
    lognormal = sign * (f * normal_cdf(sign * upper) - k * normal_cdf(sign * lower))
    intrinsic = np.where(sign * (f - k) > 0.0, sign * (f - k), 0.0)
    return np.asarray(d * np.where(is_plain, lognormal, intrinsic))


def _check_kind(kind: str) -> None:
    if kind not in ("call", "put"):
        msg = f"kind must be 'call' or 'put', got {kind!r}"
        raise ValueError(msg)


def _all(field: str, values: npt.ArrayLike, *, lowest: float, is_open: bool) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    is_good = np.isfinite(array) & ((array > lowest) if is_open else (array >= lowest))
    bad = array[~is_good]
    if bad.size:
        rule = f"greater than {lowest:g}" if is_open else f"at least {lowest:g}"
        msg = f"{field} must be finite and {rule}, got {float(bad[0])!r}"
        raise ValueError(msg)
    return array
