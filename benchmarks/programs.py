"""What a program under measurement is, and what one run of it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What a run of a program computed.

    ``mean`` and ``standard_error`` are of the program's quantity; ``details`` are further numbers
    that a goal reads.
    """

    n_paths: int
    mean: float
    standard_error: float
    details: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class Program:
    """One row of the table.

    Parameters
    ----------
    name, workload
        What the row is called, and which of :mod:`benchmarks.terms` it values.
    run
        ``run(n_paths, **choice)`` returns an :class:`Answer`. All of its processor time counts.
    quantity
        What its mean estimates. Programs of one workload and quantity must agree. One of
        :data:`OWN` is a finding of its own, whose time says nothing.
    choices
        Settings, such as block sizes, of which the fastest is found and used.
    n_paths
        Paths of a full run; None: as many as take the time that a run should take.
    least_paths
        A run has at least so many paths, and a multiple of it.
    n_rounds
        It is run in no more rounds than this.
    absent
        Why it cannot run here; None where it can.
    """

    name: str
    workload: str
    run: Callable[..., Answer]
    quantity: str = "value"
    choices: tuple[Mapping[str, Any], ...] = field(default=({},))
    n_paths: int | None = None
    least_paths: int = 1024
    n_rounds: int | None = None
    absent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Family:
    """Programs that share a live child process.

    Parameters
    ----------
    name
        As ``--python NAME=PATH`` and ``--only NAME`` spell it.
    module
        Under :mod:`benchmarks`; it has ``programs()`` and ``VERSIONS``, the distributions whose
        versions are recorded. Distributions missing there make all its programs absent.
    pinned
        Whether libraries are held to one thread.
    """

    name: str
    module: str
    pinned: bool = True


OWN = ("bytes", "change")
"""Quantities that a program measures itself: bytes a path, a relative change."""

UNABLE = "-"
"""The workload of a family that could not even list its programs."""

FAMILIES = (
    Family(name="ours", module="ours.catalogue"),
    Family(name="numpy", module="peers.numpy_peer"),
    Family(name="mkl", module="peers.mkl_peer"),
    Family(name="torch", module="peers.torch_peer"),
    Family(name="jax", module="peers.jax_peer"),
    Family(name="quantlib", module="peers.quantlib_peer"),
    Family(name="financepy", module="peers.financepy_peer"),
    Family(name="tf", module="peers.tf_peer"),
    Family(name="ours-million", module="ours.million"),
    Family(name="numpy-million", module="peers.numpy_million"),
    Family(name="ours-threads", module="ours.two_threads", pinned=False),
)
