r"""European options on a price that jumps (Merton 1976): a Poisson mixture of Black's formula.

.. math::

    \sum_{n \ge 0} e^{-\Lambda}\frac{\Lambda^n}{n!}\,
    \mathrm{Black}\big(F e^{-\Lambda k}(1 + k)^n,\ K,\ w + n s^2\big), \qquad
    k = e^{m + s^2/2} - 1 .

Given n jumps the price is lognormal. The sum ends where what is left out is below 1e-16 of the
forward and of the strike.
"""

from __future__ import annotations

import numpy as np

from montecarlo import checks, portable
from montecarlo.black import Kind, black76

_NEGLIGIBLE = 1e-16
_MOST_JUMPS = 10_000.0
# The log of a price that counts as nothing beside any other, and is not zero yet.
_SMALLEST = -600.0


def jump_diffusion_option(
    *,
    forward: float,
    strike: float,
    diffusion_variance: float,
    expected_jumps: float,
    jump_mean: float,
    jump_volatility: float,
    discount_factor: float,
    kind: Kind,
) -> float:
    r"""Return the value of a European option under Merton's jump-diffusion.

    Parameters
    ----------
    forward, strike
        :math:`F` and :math:`K`, above 0, currency per unit.
    diffusion_variance
        :math:`w`, of the log price at the fixing without jumps, at least 0.
    expected_jumps
        :math:`\Lambda`, until the fixing, between 0 and 10,000.
    jump_mean, jump_volatility
        :math:`m` and :math:`s`, of one jump of the log price.
    discount_factor
        From the payment date to today.
    kind
        ``"call"`` or ``"put"``.

    Returns
    -------
    float
        Currency per unit.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: R. C. Merton, "Option pricing when underlying stock returns are discontinuous",
    Journal of Financial Economics 3, 1976.

    Examples
    --------
    Without jumps it is Black's formula:

    >>> terms = {"forward": 100.0, "strike": 110.0, "discount_factor": 0.95, "kind": "put"}
    >>> jumps = {"jump_mean": 0.1, "jump_volatility": 0.3}
    >>> round(
    ...     jump_diffusion_option(diffusion_variance=0.04, expected_jumps=0.0, **jumps, **terms), 6
    ... )
    13.57741
    """
    spot = checks.positive("forward", forward)
    mean_number = checks.between("expected_jumps", expected_jumps, 0.0, _MOST_JUMPS)
    m = checks.finite("jump_mean", jump_mean)
    s = checks.non_negative("jump_volatility", jump_volatility)
    w = checks.non_negative("diffusion_variance", diffusion_variance)
    log_growth = m + 0.5 * s * s
    compensator = mean_number * float(portable.expm1(log_growth))
    # The forwards weigh jumps as if they came more often, or less.
    most = mean_number * max(1.0, float(portable.exp(log_growth)))
    n_terms = int(most + 12.0 * np.sqrt(most) + 40.0)
    n = np.arange(n_terms)
    log_factorial = np.concatenate([[0.0], np.cumsum(portable.log(np.maximum(n[1:], 1)))])
    log_rate = float(portable.log(mean_number)) if mean_number > 0.0 else -1e4
    log_chance = n * log_rate - mean_number - log_factorial
    is_kept = (log_chance > -700.0) & (
        (log_chance > np.log(_NEGLIGIBLE) - 20.0)
        | (log_chance + n * log_growth - compensator > np.log(_NEGLIGIBLE) - 20.0)
    )
    n, chance = n[is_kept], portable.exp(log_chance[is_kept])
    values = black76(
        forward=spot * portable.exp(np.maximum(n * log_growth - compensator, _SMALLEST)),
        strike=strike,
        total_variance=w + n * s * s,
        discount_factor=discount_factor,
        kind=kind,
    )
    return float(np.sum(chance * values))
