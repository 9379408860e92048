r"""How paths are drawn: independent, in antithetic pairs, or from scrambled Sobol points.

.. math::

    \text{random:}\ \mathrm{se}^2 = \frac{s^2}{n}, \qquad
    \text{antithetic:}\ \mathrm{se}^2 = \frac{s^2_{\text{pair}}}{n/2}, \qquad
    \text{sobol:}\ \mathrm{se}^2 = \frac{s^2_{\text{randomisation}}}{R}

with :math:`s^2` the sample variance of a path, of the mean of a pair, and of the mean of one of R
independent randomisations. The last two never use the formula of independent paths: it would be
wrong by the whole gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from montecarlo import checks

Method: TypeAlias = Literal["random", "antithetic", "sobol"]
Ordering: TypeAlias = Literal["auto", "leading", "principal", "bridge", "time"]
Precision: TypeAlias = Literal["double", "single"]

SMALLEST_NET = 256
"""Points of a randomisation: a power of two, at least a granule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How paths are drawn.

    Parameters
    ----------
    method
        ``"random"``; ``"antithetic"``: path 2k + 1 is path 2k with every shock reversed; or
        ``"sobol"``: scrambled Sobol points, ``n_points`` for each of some randomisations.
    precision
        ``"double"``, or ``"single"``: prices are simulated in 32-bit floats, everything worked out
        from them in 64-bit ones. From Sobol points prices are simulated in 64 bits and then
        rounded.
    spot_only
        Draw one normal for each price and step, whatever the number of factors behind the price:
        the same law of the prices from other numbers. The factors themselves are then not known.
    n_points
        For ``"sobol"``: points of each randomisation, a power of two of at least 256.
    ordering
        For ``"sobol"``: what the first and best dimensions are spent on.

        - ``"leading"``: the leading principal components of the log prices, then a Brownian
          bridge, for at most 1,024 log prices (names times dates). Always as with ``spot_only``.
        - ``"principal"``: all principal components, for at most 512 log prices. No factors appear,
          as with ``spot_only``; the time of a path rises with the square of the log prices.
        - ``"bridge"``: the bisection of a Brownian bridge, for any number.
        - ``"time"``: the first steps.
        - ``"auto"``: ``"leading"`` up to 1,024 log prices, else ``"bridge"``. The source that the
          model's ``prepare`` returns says which, in ``ordering``.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> Sampling(method="sobol", n_points=1000)
    Traceback (most recent call last):
    ValueError: n_points must be a power of two of at least 256, got 1000
    """

    method: Method = "random"
    precision: Precision = "double"
    spot_only: bool = False
    n_points: int | None = None
    ordering: Ordering = "auto"

    def __post_init__(self) -> None:
        _one_of("method", self.method, get_args(Method))
        _one_of("precision", self.precision, get_args(Precision))
        _one_of("ordering", self.ordering, get_args(Ordering))
        if self.method == "sobol":
            n = checks.integer("n_points", self.n_points or 0, 1)
            if n < SMALLEST_NET or n & (n - 1):
                msg = f"n_points must be a power of two of at least {SMALLEST_NET}, got {n}"
                raise ValueError(msg)
        elif self.n_points is not None:
            msg = f"n_points must be left out with {self.method} sampling, got {self.n_points!r}"
            raise ValueError(msg)

    @classmethod
    def sobol(
        cls,
        n_paths: int,
        *,
        randomisations: int = 32,
        ordering: Ordering = "auto",
        spot_only: bool = False,
        precision: Precision = "double",
    ) -> Sampling:
        """Return Sobol sampling that fills ``n_paths`` with so many randomisations.

        Parameters
        ----------
        n_paths
            ``randomisations`` times a power of two of at least 256.
        randomisations
            At least 2. The standard error is estimated from so many numbers: from 32, to within
            an eighth.
        ordering, spot_only, precision
            As for the class.

        Raises
        ------
        ValueError
            Naming the nearest numbers of paths that would do.

        Examples
        --------
        >>> Sampling.sobol(65_536).n_points
        2048
        >>> Sampling.sobol(100_000)
        Traceback (most recent call last):
        ValueError: n_paths must be 32 randomisations times a power of two of at least 256, got \
100000; the nearest are 65536 and 131072
        """
        randomisations = checks.integer("randomisations", randomisations, 2)
        n_paths = checks.integer("n_paths", n_paths, 1)
        n_points = SMALLEST_NET
        while 2 * n_points * randomisations <= n_paths:
            n_points *= 2
        if n_points * randomisations != n_paths:
            msg = (
                f"n_paths must be {randomisations} randomisations times a power of two of at least "
                f"{SMALLEST_NET}, got {n_paths}; the nearest are {n_points * randomisations} and "
                f"{2 * n_points * randomisations}"
            )
            raise ValueError(msg)
        return cls(
            method="sobol",
            n_points=n_points,
            ordering=ordering,
            spot_only=spot_only,
            precision=precision,
        )

    @property
    def group(self) -> int:
        """Paths of the smallest set that is independent of the others."""
        if self.method == "sobol":
            return int(self.n_points or 0)
        return 2 if self.method == "antithetic" else 1

    def check_paths(self, n_paths: int) -> None:
        """Refuse a number of paths that does not fill whole pairs, or two randomisations."""
        if self.method == "antithetic" and n_paths % 2:
            msg = f"n_paths must be even with antithetic sampling, got {n_paths}"
            raise ValueError(msg)
        if self.method == "sobol" and (n_paths % self.group or n_paths < 2 * self.group):
            msg = (
                f"n_paths must be n_points ({self.group}) times at least 2 randomisations with "
                f"sobol sampling, got {n_paths}"
            )
            raise ValueError(msg)


def as_method(value: str) -> Method:
    """Return ``value``, or refuse what is no way of drawing paths.

    Examples
    --------
    >>> as_method("halton")
    Traceback (most recent call last):
    ValueError: sampling must be one of random, antithetic, sobol, got 'halton'
    """
    for method in get_args(Method):
        if value == method:
            found: Method = method
            return found
    msg = f"sampling must be one of {', '.join(get_args(Method))}, got {value!r}"
    raise ValueError(msg)


def as_precision(value: str) -> Precision:
    """Return ``value``, or refuse what is no precision.

    Examples
    --------
    >>> as_precision("half")
    Traceback (most recent call last):
    ValueError: precision must be one of double, single, got 'half'
    """
    for precision in get_args(Precision):
        if value == precision:
            found: Precision = precision
            return found
    msg = f"precision must be one of {', '.join(get_args(Precision))}, got {value!r}"
    raise ValueError(msg)


def only_independent(sampling: Sampling, model: str) -> None:
    """Refuse any other sampling than the plain one, for a model that has no shocks to arrange.

    Examples
    --------
    >>> only_independent(Sampling(method="antithetic"), "supplied paths")
    Traceback (most recent call last):
    ValueError: sampling must be left at 'random' in double precision for supplied paths, which \
have no shocks to arrange; got 'antithetic' in double precision
    """
    if sampling.method != "random" or sampling.precision != "double":
        msg = (
            f"sampling must be left at 'random' in double precision for {model}, which have no "
            f"shocks to arrange; got {sampling.method!r} in {sampling.precision} precision"
        )
        raise ValueError(msg)


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        msg = f"{field} must be one of {', '.join(allowed)}, got {value!r}"
        raise ValueError(msg)


INDEPENDENT = Sampling()
"""Independent paths in double precision, every factor drawn."""
