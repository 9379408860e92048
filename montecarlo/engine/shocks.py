"""Shocks on simulated prices: when they come, how long they last, what they multiply."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.elementary import exp
from montecarlo.engine.intensity import Intensity, time_on
from montecarlo.jit import kernel
from montecarlo.philox import LOW, SHIFT_WORD, philox_words
from montecarlo.shock import Shock
from montecarlo.streams import standard_normal, unit_exponential


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShockTransform:
    """Multiplies prices by a shock.

    Parameters
    ----------
    shock
        What happens.
    key
        Of the random numbers (:func:`montecarlo.streams.stream_key`).
    times
        Of the rows, years, shape (n_dates,).
    scale
        What prices are multiplied by besides, (n_dates,).
    is_mirrored
        Whether an odd path has the shocks of the even path before it.
    """

    shock: Shock
    key: npt.NDArray[np.uint64]
    times: FloatArray
    scale: FloatArray
    is_mirrored: bool

    def workspace(self, n_paths: int) -> None:
        """Return nothing: a shock is worked off path by path."""

    def apply(self, first_path: int, rows: tuple[FloatArray, ...], workspace: None) -> None:
        """Multiply ``rows[0]`` by the shock."""
        shock = self.shock
        never = Intensity(times=(0.0,), rates=(0.0,))
        clock = never if shock.intensity is None else Intensity.of(shock.intensity, "intensity")
        multiply_by_shocks(
            self.key,
            np.uint64(first_path),
            np.uint64(self.is_mirrored),
            math.inf if shock.start is None else shock.start,
            clock.clock(),
            shock.log_multiplier,
            shock.multiplier_volatility,
            shock.spell,
            shock.duration is None,
            math.inf if shock.recovery is None else shock.recovery,
            self.times,
            self.scale,
            rows[0],
        )


@kernel
def multiply_by_shocks(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    halved: np.uint64,
    start: float,
    clock: FloatArray,
    log_multiplier: float,
    volatility: float,
    spell: float,
    is_exponential: bool,
    recovery: float,
    times: FloatArray,
    scale: FloatArray,
    prices: FloatArray,
) -> None:
    """Multiply prices (n_dates, n) by scale and shocks; shock k comes from counter k.

    The start of a random shock is infinite; so is the recovery of one that ends at once.
    """
    n_dates, n_paths = prices.shape
    for t in range(n_dates):
        for j in range(n_paths):
            prices[t, j] *= scale[t]
    for j in range(n_paths):
        path = (first_path + np.uint64(j)) >> halved
        shown = 0.0
        count = np.uint64(0)
        while True:
            when, size = philox_words(
                path & LOW, path >> SHIFT_WORD, count, np.uint64(0), key[0], key[1]
            )
            begin = start
            if start == math.inf:
                shown += unit_exponential(when)
                begin = time_on(clock, shown)
            elif count > 0:
                break
            if begin > times[n_dates - 1]:
                break
            lasts = spell
            if is_exponential:
                word, _ = philox_words(
                    path & LOW, path >> SHIFT_WORD, count, np.uint64(1), key[0], key[1]
                )
                lasts *= unit_exponential(word)
            count += np.uint64(1)
            log_size = log_multiplier
            if volatility > 0.0:
                log_size += volatility * standard_normal(size)
            factor = exp(log_size)
            end = begin + lasts
            for t in range(np.searchsorted(times, begin), n_dates):
                if times[t] < end:
                    prices[t, j] *= factor
                elif recovery < math.inf:
                    prices[t, j] *= exp(log_size * exp(-recovery * (times[t] - end)))
                else:
                    break
