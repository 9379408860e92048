r"""The Brownian bridge: the first normals decide the large moves, the last ones the small.

Let the steps of a random walk have variances :math:`w_t`. The normal of a run of steps is

.. math:: y_{[l, r)} = \frac{\sum_{t=l}^{r-1} \sqrt{w_t}\,z_t}{\sqrt{W_{[l, r)}}},
          \qquad W_{[l, r)} = \sum_{t=l}^{r-1} w_t .

The first normal is that of the whole walk. Each further one, :math:`x`, cuts a run at m into two,

.. math::

    y_{[l, m)} = c\,y_{[l, r)} + s\,x, \qquad y_{[m, r)} = s\,y_{[l, r)} - c\,x,
    \qquad c = \sqrt{W_{[l, m)} / W_{[l, r)}}, \quad s = \sqrt{W_{[m, r)} / W_{[l, r)}},

until every run is a single step. Each cut is a reflection of the plane, so that the map from
normals to step normals is orthogonal: independent standard normals stay so. The run whose cut
leaves the most open, :math:`W_{[l, m)} W_{[m, r)} / W_{[l, r)}`, is cut first; of equal ones, the
earliest. That is four multiplications a normal, whatever the number of steps.

A run's normal is kept in the row of its first step and a cut's in the row of step m, so that the
map works in place and ends with every normal in the row of its step.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.jit import fma, kernel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BrownianBridge:
    """The cuts of a walk in order of importance.

    Parameters
    ----------
    row
        Shape (n_steps,), int64: the row that the normal of each rank starts in, most important
        first.
    left, right
        Shape (n_steps - 1,), int64: the rows that each cut mixes, those of steps l and m.
    cosine, sine
        Shape (n_steps - 1,): c and s of each cut.
    """

    row: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    cosine: FloatArray
    sine: FloatArray


def brownian_bridge(n_steps: int, *, variances: npt.ArrayLike | None = None) -> BrownianBridge:
    """Return the cuts for a walk of ``n_steps`` steps.

    Parameters
    ----------
    n_steps
        At least 1.
    variances
        Of each step, positive, shape (n_steps,); equal ones if left out.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    Four steps: the whole, then the middle, then the middle of each half.

    >>> bridge = brownian_bridge(4)
    >>> bridge.row.tolist(), bridge.left.tolist(), bridge.right.tolist()
    ([0, 2, 1, 3], [0, 0, 2], [2, 1, 3])
    """
    n_steps = checks.integer("n_steps", n_steps, 1)
    steps = _variances(n_steps, variances)
    # Sums in order, step by step, so that they have the same bits everywhere.
    ends = [0.0]
    for variance in steps.tolist():
        ends.append(ends[-1] + variance)
    heap: list[tuple[float, int, int, int]] = []

    def offer(first: int, last: int) -> None:
        if last - first > 1:
            middle = (first + last) // 2
            before, after = ends[middle] - ends[first], ends[last] - ends[middle]
            heapq.heappush(heap, (-before * after / (before + after), first, middle, last))

    offer(0, n_steps)
    row, left, cosine, sine = [0], [], [], []
    while heap:
        _, first, middle, last = heapq.heappop(heap)
        whole = ends[last] - ends[first]
        row.append(middle)
        left.append(first)
        cosine.append((ends[middle] - ends[first]) / whole)
        sine.append((ends[last] - ends[middle]) / whole)
        offer(first, middle)
        offer(middle, last)
    return BrownianBridge(
        row=np.array(row, dtype=np.int64),
        left=np.array(left, dtype=np.int64),
        right=np.array(row[1:], dtype=np.int64),
        cosine=np.sqrt(np.array(cosine, dtype=np.float64)),
        sine=np.sqrt(np.array(sine, dtype=np.float64)),
    )


def _variances(n_steps: int, variances: npt.ArrayLike | None) -> FloatArray:
    if variances is None:
        return np.ones(n_steps)
    steps = checks.finite_array("variances", variances)
    checks.same_length("variances", steps, "n_steps", n_steps)
    bad = np.flatnonzero(steps <= 0.0)
    if bad.size:
        msg = (
            f"variances must be greater than 0, got {float(steps[bad[0]])!r} at index {int(bad[0])}"
        )
        raise ValueError(msg)
    return steps


@kernel
def bridge_in_place(
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    cosine: FloatArray,
    sine: FloatArray,
    rows: FloatArray,
) -> None:
    """Turn normals by importance into normals by step.

    ``rows`` is of shape (n_steps, n_paths); on entry, row ``row[k]`` of the bridge holds the
    normals of rank k; on return, row t holds those of step t.
    """
    for cut in range(left.shape[0]):
        c = cosine[cut]
        s = sine[cut]
        whole = rows[left[cut]]
        new = rows[right[cut]]
        for path in range(rows.shape[1]):
            y = whole[path]
            x = new[path]
            whole[path] = fma(c, y, s * x)
            new[path] = fma(s, y, -(c * x))
