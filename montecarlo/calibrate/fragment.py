"""A fit as YAML, to be pasted under a commodity of a market file, with all that defends it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from montecarlo.calibrate.horizons import HORIZONS
from montecarlo.calibrate.parameters import limit

if TYPE_CHECKING:
    from montecarlo.calibrate.fitted import Fit

WIDTH = 92


def fragment(fit: Fit) -> str:
    """Return the lines from ``model:`` on; see :meth:`montecarlo.calibrate.fitted.Fit.fragment`."""
    lines = ["model:", f"  kind: {fit.kind}"]
    remarks = _remarks(fit)
    for key, value in fit.model_terms().items():
        lines.extend(_term(key, value, 1, remarks.get(key, "")))
    lines.append("  note: >-")
    for sentence in provenance(fit):
        lines.extend(
            textwrap.wrap(
                sentence, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4,
                break_long_words=False, break_on_hyphens=False,
            )
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def provenance(fit: Fit) -> list[str]:
    """Return, in sentences, the data, window, method and day, warnings and overrides of a fit."""
    sentences = [
        f"Fitted on {fit.made_on} to {fit.name} in {fit.unit}, {fit.first_date} to "
        f"{fit.last_date}, {HORIZONS.get(fit.horizon, fit.horizon)} "
        f"({fit.n_observations} observations), by {fit.method}; "
        f"data sha256 {fit.data_hash[:16]}; log-likelihood {fit.log_likelihood:.3f}."
    ]
    if fit.notices:
        sentences.append(f"Prepared: {'; '.join(fit.notices)}.")
    seen = [item for item in fit.parameters if item.role == "observation"]
    stray = [item.text() for item in seen if item.name.startswith("measurement_error")]
    late = [item.text() for item in seen if not item.name.startswith("measurement_error")]
    if stray:
        sentences.append(f"Quotes stray from the model: {'; '.join(stray)}.")
    if late:
        sentences.append(f"Quotes follow the price late: {'; '.join(late)}.")
    others = [item.text() for item in fit.parameters if item.role == "physical"]
    if others:
        sentences.append(f"Real world, not in the model: {'; '.join(others)}.")
    half_life = fit.half_life
    if half_life:
        span = f" (95%: {limit(half_life.low)} to {limit(half_life.high)})"
        known = span if math.isfinite(half_life.low) else ""
        sentences.append(f"Half-life {half_life.value:.3g} months{known}.")
    sentences.extend(f"Override: {override.text()}." for override in fit.overrides)
    sentences.extend(f"Warning: {warning}." for warning in fit.warnings)
    return sentences


def _remarks(fit: Fit) -> dict[str, str]:
    remarks = {
        item.name: f"standard error {item.standard_error:.2g}, "
        f"95% {limit(item.low)} to {limit(item.high)} ({item.interval})"
        for item in fit.parameters
        if math.isfinite(item.standard_error)
    }
    return remarks | {
        override.name: f"set by hand, estimated {override.estimate:.4g}"
        for override in fit.overrides
    }


def _term(key: str, value: object, depth: int, remark: str) -> list[str]:
    indent = "  " * depth
    if isinstance(value, Mapping):
        lines = [f"{indent}{key}:"]
        for inner, entry in value.items():
            lines.extend(_term(str(inner), entry, depth + 1, ""))
        return lines
    comment = f"  # {remark}" if remark else ""
    return [f"{indent}{key}: {_scalar(value)}{comment}"]


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(f"{value:.6g}"))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_scalar(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_scalar(entry) for entry in value) + "]"
    return str(value)
