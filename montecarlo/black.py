r"""Closed forms for options on a forward, and on the geometric mean of several prices.

Black (1976): with :math:`w = \sigma^2 T` the total variance of the log price,

.. math::

    C = D\,[F N(d_1) - K N(d_2)], \qquad P = D\,[K N(-d_2) - F N(-d_1)], \qquad
    d_{1,2} = \frac{\ln(F/K)}{\sqrt w} \pm \tfrac12\sqrt w .
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks
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


def geometric_average_option(
    *,
    log_means: npt.ArrayLike,
    log_covariance: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount_factor: npt.ArrayLike,
    kind: Kind,
    weights: npt.ArrayLike | None = None,
) -> FloatArray:
    r"""Return the value of an option on the weighted geometric mean of lognormal prices.

    .. math::

        G = \prod_i P_i^{w_i}, \qquad
        \ln G \sim N(m, v), \quad m = \sum_i w_i m_i, \quad v = w^\top\Sigma w, \qquad
        \text{value} = \mathrm{Black}(e^{m + v/2}, K, v, D)

    Parameters
    ----------
    log_means
        :math:`m_i`, means of the log prices at the fixings, shape (n_fixings,).
    log_covariance
        :math:`\Sigma`, shape (n_fixings, n_fixings).
    strike, discount_factor, kind
        As for :func:`black76`.
    weights
        :math:`w_i`, shape (n_fixings,); equal ones that sum to 1 by default.

    Returns
    -------
    ndarray
        Currency per unit, of the shape of ``strike`` and ``discount_factor`` broadcast.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    One fixing is a plain option:

    >>> geometric_average_option(
    ...     log_means=[np.log(100.0) - 0.02], log_covariance=[[0.04]], strike=110.0,
    ...     discount_factor=0.95, kind="put",
    ... ).round(6)
    np.float64(13.57741)
    """
    means = checks.finite_array("log_means", log_means)
    n = means.size
    covariance = checks.finite_array("log_covariance", log_covariance, n_dimensions=2)
    if covariance.shape != (n, n):
        msg = f"log_covariance must have shape ({n}, {n}), got {covariance.shape}"
        raise ValueError(msg)
    share = np.full(n, 1.0 / n) if weights is None else checks.finite_array("weights", weights)
    checks.same_length("weights", share, "log_means", n)
    mean = float(share @ means)
    variance = float(share @ covariance @ share)
    return black76(
        forward=np.exp(mean + 0.5 * variance),
        strike=strike,
        total_variance=variance,
        discount_factor=discount_factor,
        kind=kind,
    )


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
