r"""Gate: an amount that is owed only from an event on.

.. math:: A'_t = G_t \, A_t
"""

from dataclasses import dataclass

from contracts.conventions import FloatArray, Observed
from contracts.periods import Periods
from contracts.protocols import Apply, Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Multiply by the indicator of an event.

    Parameters
    ----------
    event
        Name of the observation, ``(n_periods, 1)`` or ``(n_periods, n_paths)``, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> Gate(event="full-capacity").gated(
    ...     np.array([[18.0], [18.0]]), {"full-capacity": np.array([[0.0], [1.0]])}
    ... )
    array([[ 0.],
           [18.]])
    """

    event: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The event."""
        return (self.event,)

    @property
    def is_linear(self) -> bool:
        """Yes."""
        return True

    def gated(self, amounts: FloatArray, observed: Observed) -> FloatArray:
        """Return the amounts after the gate."""
        return amounts * observed[self.event]

    def bind(self, leg: str, periods: Periods, context: Context) -> Apply:
        """Nothing depends on the calendar."""
        return self.gated
