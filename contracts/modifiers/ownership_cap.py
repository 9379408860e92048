r"""Ownership cap: a holder may not own more than a stated part of the company.

With cap :math:`\lambda` and :math:`D` shares outstanding, the holder may receive at most

.. math::

   \bar N = \lambda D \;\text{(outstanding)} \qquad\text{or}\qquad
   \bar N = \tfrac{\lambda}{1-\lambda} D \;\text{(diluted: its own new shares count too)}

Counted legs take their shares in the order listed; a leg keeps
:math:`f = \min\!\left(1, (\bar N - N_{\text{before}})^+ / N\right)` of its amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts import checks
from contracts.conventions import FloatArray, Observed
from contracts.periods import Periods
from contracts.protocols import Apply, Context


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipCap:
    """Scale an equity leg down to the shares its holder may own.

    Shares above the cap are taken to be worth nothing to the holder, a simplification that
    understates them: they would stay as preferred stock or unexercised rights.

    Parameters
    ----------
    limit
        Largest part of the company, above 0 and below 1.
    shares_outstanding
        Shares against which the part is measured.
    basis
        ``"outstanding"`` or ``"diluted"``.
    counted
        Names of the legs that count, in the order in which they take their shares.

    Examples
    --------
    >>> cap = OwnershipCap(
    ...     limit=0.199, shares_outstanding=163.48e6, basis="outstanding",
    ...     counted=("preferred", "warrant"),
    ... )
    >>> round(cap.allowed_shares / 1e6, 2)
    32.53
    """

    limit: float
    shares_outstanding: float
    basis: Literal["outstanding", "diluted"]
    counted: tuple[str, ...]

    def __post_init__(self) -> None:
        below_one = 0.0 < checks.finite(self.limit, "limit") < 1.0
        checks.require(below_one, "limit", "be between 0 and 1", self.limit)
        checks.positive(self.shares_outstanding, "shares_outstanding")
        checks.one_of(self.basis, ("outstanding", "diluted"), "basis")
        distinct = len(set(self.counted)) == len(self.counted) > 0
        checks.require(distinct, "counted", "name each leg once", self.counted)

    @property
    def reads(self) -> tuple[str, ...]:
        """Nothing but the amounts."""
        return ()

    @property
    def is_linear(self) -> bool:
        """Yes: the part that is kept does not depend on amounts."""
        return True

    @property
    def allowed_shares(self) -> float:
        """Most shares that the holder may own."""
        part = self.limit if self.basis == "outstanding" else self.limit / (1.0 - self.limit)
        return part * self.shares_outstanding

    def kept_of(self, leg: str, shares: Mapping[str, float]) -> float:
        """Return the part of a leg's shares that fits under the cap, given all legs' shares."""
        checks.require(leg in self.counted, "counted", f"name the leg {leg!r}", self.counted)
        before = sum(shares[name] for name in self.counted[: self.counted.index(leg)])
        room = max(self.allowed_shares - before, 0.0)
        return min(1.0, room / shares[leg])

    def bind(self, leg: str, periods: Periods, context: Context) -> Apply:
        """Fix the part that is kept."""
        factor = self.kept_of(leg, {name: context.shares(name) for name in self.counted})

        def apply(amounts: FloatArray, observed: Observed) -> FloatArray:
            return amounts * factor

        return apply
