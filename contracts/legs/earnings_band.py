r"""Earnings band: a guaranteed level of earnings, and a sharing of what exceeds it.

.. math::

   A_t = \beta \, (T_t - X_t)^+ - \sum_k \alpha_k \,
         \min\!\left( (X_t - L_{k,t})^+, w_{k,t} \right),
   \qquad L_{0,t} = T_t,\; L_{k+1,t} = L_{k,t} + w_{k,t}

with :math:`X_t` earnings, :math:`T_t` the threshold, :math:`\beta` the guaranteed share of a
shortfall, :math:`w_k` the width of band :math:`k` above the threshold (the last is open) and
:math:`\alpha_k` the share of it that flows back.
"""

from dataclasses import dataclass

from contracts import checks
from contracts.conventions import FloatArray, Observed
from contracts.legs.piecewise_linear import piecewise_linear
from contracts.payoff import Payoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A slice of earnings above the threshold.

    Parameters
    ----------
    width
        Name of the observation that gives its width in money; ``None`` for the open last one.
    share
        Part of the slice that flows back to the guarantor, 0 to 1.

    Examples
    --------
    >>> Band(width=None, share=0.5).share
    0.5
    """

    width: str | None
    share: float

    def __post_init__(self) -> None:
        checks.share(self.share, "band.share")


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsBand:
    """A floor on revenue or EBITDA with tranches above it, from guarantor to producer.

    Parameters
    ----------
    earnings, threshold
        Names of the observations to read; each ``(n_periods, n_paths)`` or ``(n_periods, 1)``.
    shortfall_share
        Part of a shortfall that is made good, 0 to 1.
    bands
        Slices above the threshold, from the threshold up; only the last may be open.

    Examples
    --------
    The 10X guarantee in its first year, in millions: 140 guaranteed, the first 30 of excess to
    the guarantor, then half.

    >>> import numpy as np
    >>> leg = EarningsBand(
    ...     earnings="ebitda", threshold="t", shortfall_share=1.0,
    ...     bands=(Band(width="first", share=1.0), Band(width=None, share=0.5)),
    ... )
    >>> leg.amounts(
    ...     {
    ...         "ebitda": np.array([[90.0, 140.0, 165.0, 210.0]]),
    ...         "t": np.array([[140.0]]),
    ...         "first": np.array([[30.0]]),
    ...     }
    ... )
    array([[ 50.,   0., -25., -50.]])
    """

    earnings: str
    threshold: str
    shortfall_share: float
    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        checks.share(self.shortfall_share, "shortfall_share")
        open_bands = [k for k, band in enumerate(self.bands[:-1]) if band.width is None]
        checks.require(not open_bands, "bands", "be open only at the end", open_bands)

    @property
    def reads(self) -> tuple[str, ...]:
        """Earnings, threshold and the widths of the bands."""
        widths = tuple(band.width for band in self.bands if band.width is not None)
        return (self.earnings, self.threshold, *widths)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from guarantor to producer."""
        payoff = self.payoff(observed)
        earned = observed[self.earnings]
        return piecewise_linear(earned, None, payoff.kinks, below=payoff.below, above=payoff.above)

    def payoff(self, observed: Observed) -> Payoff:
        """Return the terms of the amount, piecewise linear in earnings."""
        level = observed[self.threshold]
        kinks, slopes = [level], []
        shared = 0.0
        for band in self.bands:
            slopes.append(shared - band.share)
            shared = band.share
            if band.width is not None:
                level = level + observed[band.width]
                kinks.append(level)
        if len(kinks) > len(slopes):
            # Above a last band that is closed nothing is shared.
            slopes.append(shared)
        return Payoff(
            of=self.earnings,
            quantity=None,
            kinks=tuple(kinks),
            below=self.shortfall_share,
            above=tuple(slopes),
        )
