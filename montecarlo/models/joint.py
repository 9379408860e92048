r"""Several prices together, their shocks correlated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.models.constant import Constant
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel
from montecarlo.models.protocol import BlockSource, Measure, RiskFactor
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Step, transformed
from montecarlo.sampling import INDEPENDENT, Sampling

Member: TypeAlias = LognormalModel | Constant | TransformedModel
"""A model of one price that can be a member of :class:`Joint`."""

_SYMMETRY = 1e-12
_SMALLEST_PIVOT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joint:
    r"""Models of single prices, with correlations between their instantaneous log returns.

    With :math:`\rho_{ab}` the correlation of the returns of prices a and b, and :math:`c_{ai}`
    that of factor i of price a with the whole return of a,

    .. math::

        dW_{ai}\,dW_{bj} = c_{ai}\,\rho_{ab}\,c_{bj}\,dt, \qquad
        c_{ai} = \frac{\sum_k \rho^{(a)}_{ik}\sigma_{ak}}
        {\big(\sum_{kl}\rho^{(a)}_{kl}\sigma_{ak}\sigma_{al}\big)^{1/2}}

    for factors of different prices, while those of one price keep their own correlation. The
    returns then have exactly the correlations asked for, and the factors' matrix is positive
    definite whenever the prices' is. A price without returns of its own, as an index that grows
    at a random rate, is correlated by the shocks of its first factor. The first price gets the
    same paths, to the bit, as alone.

    Where a price is not lognormal the correlation is that of its Gaussian row: its jumps and
    changes of regime are its own, and hidden drivers follow other prices through that row alone.

    Parameters
    ----------
    models
        Models of one price each, of different names.
    correlation
        Shape (n_names, n_names): symmetric, ones on the diagonal, positive definite. The row of
        a :class:`~montecarlo.models.constant.Constant` says nothing and may be zeros.

    Raises
    ------
    ValueError
        Naming the entry, or the pair of prices, that breaks the rule.

    Examples
    --------
    >>> from montecarlo.models.gbm import GBM
    >>> members = [
    ...     GBM(name=name, volatility=0.2, spot=10.0, drift=0.0) for name in ("nd", "pr", "dy")
    ... ]
    >>> Joint(models=members, correlation=[[1, 0.9, 0.8], [0.9, 1, -0.5], [0.8, -0.5, 1]])
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: correlation must be positive definite: ... between 0.458 and 0.982, got -0.5...
    """

    models: tuple[Member, ...]
    correlation: FloatArray

    def __init__(self, *, models: Sequence[Member], correlation: npt.ArrayLike) -> None:
        members = tuple(models)
        if not members:
            msg = "models must have at least one entry, got none"
            raise ValueError(msg)
        for i, model in enumerate(members):
            if not isinstance(model, LognormalModel | Constant | TransformedModel):
                msg = f"models[{i}] must be a model of one price, got {model!r}"
                raise ValueError(msg)
        names = checks.unique_names("names of models", [model.name for model in members])
        matrix = _correlation_matrix(names, correlation)
        if any(isinstance(model, TransformedModel) for model in members):
            # Lognormal prices need none of it, and it takes a while to import.
            from montecarlo.models.bootstrap import check_together

            check_together(members, matrix)
        matrix.setflags(write=False)
        object.__setattr__(self, "models", members)
        object.__setattr__(self, "correlation", matrix)

    @property
    def names(self) -> tuple[str, ...]:
        """The prices, in the order of the models."""
        return tuple(model.name for model in self.models)

    def model(self, name: str) -> Member:
        """Return the member of that name."""
        return self.models[self._index(name)]

    def forward(self, name: str, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price of one name, currency per unit."""
        return self.model(name).forward(times)

    def expected_spot(
        self, name: str, times: npt.ArrayLike, measure: Measure = "pricing"
    ) -> FloatArray:
        """Return the mean price of one name under a measure, currency per unit."""
        return self.model(name).expected_spot(times, measure)

    def risk_premia(self, name: str) -> tuple[RiskFactor, ...]:
        """Return the risk factors of one name, each with its premium."""
        return self.model(name).risk_premia()

    def log_covariance(
        self,
        first_name: str,
        second_name: str,
        first_times: npt.ArrayLike,
        second_times: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Return the covariance of two log prices, at the same times unless two are given."""
        a, b = self._index(first_name), self._index(second_name)
        later = first_times if second_times is None else second_times
        members = [self.models[a], self.models[b]]
        others = [member.name for member in members if isinstance(member, TransformedModel)]
        if not others:
            rows = [self.law().names.index(member.name) for member in members]
            return self.law().log_covariance(rows[0], rows[1], first_times, later)
        if a == b:
            return self.models[a].log_autocovariance(first_times, later)
        msg = f"the covariance of two prices must be of lognormal ones, got {others[0]}"
        raise ValueError(msg)

    def law(self) -> GaussianLaw:
        """Return the law of all factors, in the order of the models."""
        laws = [model.law() for model in self.models]
        ends = np.cumsum([0, *(law.volatility.size for law in laws)])
        matrix = np.eye(int(ends[-1]))
        shares = [_shares(law) for law in laws]
        for a, law in enumerate(laws):
            rows = slice(ends[a], ends[a + 1])
            matrix[rows, rows] = law.correlation
            for b in range(a):
                columns = slice(ends[b], ends[b + 1])
                block = shares[a][:, None] * shares[b][None, :] * self.correlation[a, b]
                matrix[rows, columns] = block
                matrix[columns, rows] = block.T
        return GaussianLaw(
            names=tuple(name for law in laws for name in law.names),
            forwards=tuple(forward for law in laws for forward in law.forwards),
            starts=np.concatenate(
                [[0], *(end + law.starts[1:] for end, law in zip(ends, laws, strict=False))]
            ).astype(np.int64),
            mean_reversion=np.concatenate([law.mean_reversion for law in laws]),
            volatility=np.concatenate([law.volatility for law in laws]),
            risk_premium=np.concatenate([law.risk_premium for law in laws]),
            correlation=matrix,
        )

    def prepare(
        self,
        grid: TimeGrid,
        *,
        seed: int,
        measure: Measure = "pricing",
        sampling: Sampling = INDEPENDENT,
    ) -> BlockSource:
        """Return a source of blocks for one grid, seed, measure and way of drawing."""
        steps: list[Step] = []
        for model in self.models:
            if isinstance(model, TransformedModel):
                steps += model.steps(grid, seed=seed, measure=measure, sampling=sampling)
        inner = self.law().source(grid, seed=seed, measure=measure, sampling=sampling)
        return transformed(inner, self.names, tuple(steps))

    def _index(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            msg = f"name must be one of {', '.join(self.names)}, got {name!r}"
            raise ValueError(msg) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Joint):
            return NotImplemented
        return self.models == other.models and np.array_equal(self.correlation, other.correlation)

    def __hash__(self) -> int:
        return hash((self.models, self.correlation.tobytes()))


def _shares(law: GaussianLaw) -> FloatArray:
    """Return the correlation of each factor with the whole return of the law's first price."""
    n_factors = law.volatility.size
    if n_factors == 1:
        return np.ones(1)
    pull = np.zeros(n_factors)
    for i in range(n_factors):
        for k in law.factors(0):
            pull[i] += law.correlation[i, k] * law.volatility[k]
    total = 0.0
    for i in law.factors(0):
        total += float(pull[i] * law.volatility[i])
    moving = np.flatnonzero(law.volatility)
    if total <= 0.0 and moving.size:
        # A price that moves smoothly: its first factor stands for it.
        return law.correlation[:, int(moving[0])].astype(np.float64)
    return pull / np.sqrt(total) if total > 0.0 else np.zeros(n_factors)


def _correlation_matrix(names: tuple[str, ...], values: npt.ArrayLike) -> FloatArray:
    matrix = checks.finite_array("correlation", values, n_dimensions=2)
    n = len(names)
    if matrix.shape != (n, n):
        msg = f"correlation must have shape ({n}, {n}), got {matrix.shape}"
        raise ValueError(msg)
    for i in range(n):
        if matrix[i, i] != 1.0:
            msg = f"correlation of {names[i]} with itself must be 1, got {float(matrix[i, i])!r}"
            raise ValueError(msg)
        for j in range(i):
            pair = f"correlation of the pair ({names[j]}, {names[i]})"
            checks.between(pair, matrix[i, j], -1.0, 1.0)
            if abs(matrix[i, j] - matrix[j, i]) > _SYMMETRY:
                msg = (
                    f"{pair} must be symmetric, got {float(matrix[j, i])!r} and "
                    f"{float(matrix[i, j])!r}"
                )
                raise ValueError(msg)
    _check_positive_definite(names, matrix)
    return matrix


def _check_positive_definite(names: tuple[str, ...], matrix: FloatArray) -> None:
    """Refuse a matrix that is not positive definite, naming the pair to look at.

    The names are taken in order; at the first whose pivot is not positive, the pair named is the
    one whose correlation is furthest outside what the other entries so far allow it to be.
    """
    n = len(names)
    lower = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            rest = matrix[i, j] - lower[i, :j] @ lower[j, :j]
            lower[i, j] = rest / lower[j, j]
        pivot = 1.0 - lower[i, :i] @ lower[i, :i]
        if pivot > _SMALLEST_PIVOT:
            lower[i, i] = np.sqrt(pivot)
            continue
        worst, low, high = _worst_pair(matrix[: i + 1, : i + 1])
        pair = f"({names[worst]}, {names[i]})"
        value = float(matrix[i, worst])
        if low > high:
            why = f"the others contradict each other already, {pair} at {value:g} too"
        else:
            why = f"the others leave {pair} between {low:.3g} and {high:.3g}, got {value:g}"
        msg = (
            f"correlation must be positive definite: {why}; nearest_correlation, on request, "
            "finds the nearest that is"
        )
        raise ValueError(msg)


def _worst_pair(matrix: FloatArray) -> tuple[int, float, float]:
    """Return the partner of the last name furthest outside its allowed interval, and that."""
    last = matrix.shape[0] - 1
    best: tuple[float, int, float, float] | None = None
    for j in range(last):
        others = [k for k in range(last) if k != j]
        inner = matrix[np.ix_(others, others)]
        to_j, to_last = matrix[others, j], matrix[others, last]
        weight_j = np.linalg.solve(inner, to_j) if others else to_j
        weight_last = np.linalg.solve(inner, to_last) if others else to_last
        centre = float(to_j @ weight_last)
        room = float((1.0 - to_j @ weight_j) * (1.0 - to_last @ weight_last))
        if room < 0.0 or 1.0 - to_last @ weight_last < 0.0:
            candidate = (-np.inf, j, np.inf, -np.inf)
        else:
            reach = float(np.sqrt(room))
            excess = abs(float(matrix[j, last]) - centre) - reach
            candidate = (excess, j, centre - reach, centre + reach)
        if best is None or candidate[0] > best[0]:
            best = candidate
    assert best is not None
    return best[1], best[2], best[3]
