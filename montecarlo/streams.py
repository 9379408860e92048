"""Independent streams of random numbers from one seed, each with a label of its own.

The normals of a simulation are drawn under the seed itself. What a model draws beside them (when
it jumps, which state of the market it enters) comes from another key, made of the seed and a
label, so that it is the same whatever stands beside it, and two models that share a label share
their events.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.elementary import log
from montecarlo.inverse_normal import inverse_normal
from montecarlo.jit import kernel
from montecarlo.philox import key_of, philox4x32

_SHIFT = np.uint64(11)
_SPACING = 2.0**-53


def stream_key(seed: int, label: str) -> npt.NDArray[np.uint64]:
    """Return the generator's key of one stream, its two 32-bit words each held in 64 bits.

    Parameters
    ----------
    seed
        Of the simulation, an integer in ``[0, 2**64)``.
    label
        Name of the stream, such as ``"ndpr jumps"``.

    Raises
    ------
    ValueError
        When the seed is out of range or the label is empty.

    Examples
    --------
    >>> [key.tolist() == stream_key(7, "ndpr jumps").tolist()
    ...  for key in (stream_key(7, "ndpr jumps"), stream_key(7, "dy jumps"))]
    [True, False]
    """
    checks.name("label", label)
    counter = np.frombuffer(hashlib.sha256(label.encode()).digest()[:16], dtype="<u4")
    words = philox4x32(counter, key_of(seed))
    return words[:2].astype(np.uint64)


@kernel
def open_uniform(word: np.uint64) -> float:
    """Return the uniform of the upper 53 bits, strictly between 0 and 1."""
    return (float(word >> _SHIFT) + 0.5) * _SPACING


@kernel
def unit_exponential(word: np.uint64) -> float:
    """Return an exponential variable of mean 1."""
    return -log(open_uniform(word))


@kernel
def standard_normal(word: np.uint64) -> float:
    """Return a standard normal variable."""
    return inverse_normal(open_uniform(word))
