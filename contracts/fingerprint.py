"""Fingerprints: the same hash means the same inputs."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from contracts.valuation import Valuation

CURVE_YEARS = np.arange(0.0, 50.25, 0.25)
"""Times at which curves are looked at."""

PACKAGES = ("offtake", "numpy", "scipy", "numba", "llvmlite", "pandas")


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(content, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(valuation: Valuation) -> str:
    """Return a hash of everything that decides the result but the versions."""
    return digest(
        {
            "deal": valuation.deal.terms,
            "market": valuation.market.terms,
            "parts": _parts(valuation),
            "is_controlled": valuation.is_controlled,
            "perspective": valuation.perspective,
            "measure": valuation.measure,
            "n_paths": valuation.plan.n_paths,
            "sampling": None if valuation.is_replay else asdict(valuation.plan.sampling),
            "seed": None if valuation.is_replay else valuation.plan.seed,
            "replayed_samples": _samples_digest(valuation) if valuation.is_replay else None,
        }
    )


def _parts(valuation: Valuation) -> dict[str, Any]:
    """Return what was valued as it stands in memory, which terms may not know of."""
    deal, market = valuation.deal, valuation.market
    return {
        "clauses": [repr(clause) for clause in deal.clauses],
        "observations": {name: repr(found) for name, found in deal.observations.items()},
        "schedules": {
            name: [str(periods.start.tolist()), str(periods.end.tolist())]
            for name, periods in deal.schedules.items()
        },
        "prices": {
            name: [
                repr(item.model),
                item.forward_curve(CURVE_YEARS).tolist(),
                *(repr(one) for one in item.shocks),
                *([repr(item.feedback)] if item.feedback else []),
            ]
            for name, item in market.simulated.items()
        },
        "discount": market.discount.discount_factor(CURVE_YEARS).tolist(),
    }


def _samples_digest(valuation: Valuation) -> str:
    return hashlib.sha256(np.ascontiguousarray(valuation.samples).data).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of everything that decides the bits of a result."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
