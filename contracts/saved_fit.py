"""A fit in a file: written once, read again to the last bit, and refused where it was changed.

The file is JSON, which holds numbers and text and cannot run. It is either the fit alone
(``offtake calibrate --write-fit``) or all that a calibration says (``--json``), with the fit under
``fit``.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.calibration_document import FORMAT, digest_of, fit_document
from contracts.checks import require
from contracts.whole_file import write_whole
from montecarlo.calibrate.fitted import Fit, Override, Start
from montecarlo.calibrate.fitted_dates import FittedDates
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.kinds import KINDS
from montecarlo.calibrate.parameters import EstimatedParameter, Role

LARGEST = 20_000_000
FAULTS_PRINTED = 5
HALF_LIFE = "half_life"
"""A row of the table that follows from another and is worked out again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SavedFit:
    """A fit that was read from a file, without its residuals.

    Parameters
    ----------
    fit
        As it was saved.
    dates
        Of its history, for a bootstrap; None where they were not saved.
    """

    fit: Fit
    dates: FittedDates | None


def save_fit(
    fit: Fit, file: str | os.PathLike[str], *, history: PriceHistory | None = None
) -> None:
    """Write a fit as JSON, whole or not at all; a file of that name is replaced.

    Parameters
    ----------
    fit
        What is saved, with overrides and their reasons.
    file
        Where.
    history
        What was fitted: its dates are saved too, so that a bootstrap can be made of the fit.

    Examples
    --------
    >>> import tempfile
    >>> from montecarlo.calibrate import fit
    >>> days = np.datetime64("2010-01-01") + 30 * np.arange(100)
    >>> prices = np.exp(4.0 + 0.1 * np.cumsum((-1.0) ** np.arange(100)))
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)
    >>> found = fit(history, "gbm")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_fit(found, Path(folder, "fit.json"), history=history)
    ...     again = read_fit(Path(folder, "fit.json")).fit
    >>> again.values == found.values
    True
    """
    text = json.dumps(fit_document(fit, history=history), indent=1, allow_nan=False)
    write_whole(text + "\n", file)


def read_fit(file: str | os.PathLike[str]) -> SavedFit:
    """Read a fit, alone or within what ``offtake calibrate --json`` printed.

    Raises
    ------
    ValueError
        Naming the file, the field, the rule and the value; for a number that was changed too.
    FileNotFoundError
        When there is no such file.
    """
    path = Path(file)
    if not path.exists():
        message = f"{path}: there is no such fit"
        raise FileNotFoundError(message)
    if not path.is_file() or path.stat().st_size > LARGEST:
        message = f"{path}: a fit must be a file of at most {LARGEST:,} bytes"
        raise ValueError(message)
    try:
        # Some editors put a mark of the encoding at the beginning.
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        message = f"{path} must be a fit, which is JSON: {error}"
        raise ValueError(message) from None
    if isinstance(content, dict) and isinstance(content.get("fit"), dict):
        content = content["fit"]
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        message = (
            f"{path} must be a fit written by offtake calibrate with --write-fit or --json, its "
            f"format {FORMAT!r}, got {found!r}"
        )
        raise ValueError(message)
    try:
        return _made(_Document.model_validate(content), content)
    except ValidationError as error:
        faults = [_told(fault) for fault in error.errors()]
        more = len(faults) - FAULTS_PRINTED
        shown = "; ".join(faults[:FAULTS_PRINTED])
        message = f"{path}: {shown}" + (f"; and {more} more faults" if more > 0 else "")
    except ValueError as error:
        message = f"{path}: {error}"
    raise ValueError(message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the entries of an object; one that is given twice would show a reader another fit."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        require(name not in found, "each entry", "be given once", name)
        found[name] = value
    return found


def _told(fault: Any) -> str:  # noqa: ANN401
    where = ""
    for part in fault["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    rule = re.sub("^(Input|String|List) should ", "must ", fault["msg"])
    if fault["type"] == "missing":
        return f"{where} must be given, got none"
    return f"{where} {rule}, got {fault['input']!r:.80}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class _Row(_Part):
    parameter: str = Field(min_length=1)
    value: float
    unit: str
    standard_error: float | None
    low: float | None
    high: float | None
    interval: str
    role: Role
    meaning: str


class _Start(_Part):
    values: dict[str, float]
    log_likelihood: float | None


class _Override(_Part):
    name: str
    estimate: float
    value: float
    reason: str = Field(min_length=1)


class _Dates(_Part):
    days: list[str]
    first_price: float
    averaged: Literal["", "month", "quarter"]
    clock: Literal["calendar", "weekdays"]


class _Document(_Part):
    kind: str
    name: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    horizon: str
    method: str
    made_on: str
    data_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    first_date: str
    last_date: str
    last_price: float = Field(gt=0.0)
    n_observations: int = Field(ge=1)
    log_likelihood: float
    parameters: list[_Row] = Field(min_length=1)
    no_lower_limit: list[str]
    no_upper_limit: list[str]
    covariance: list[list[float | None]]
    starts: list[_Start]
    structure: dict[str, Any]
    overrides: list[_Override]
    warnings: list[str]
    notices: list[str]
    dates: _Dates | None
    sha256: str


def _made(told: _Document, content: dict[str, Any]) -> SavedFit:
    """Return the fit that a document tells of."""
    if told.kind not in KINDS:
        message = f"kind must be one of {', '.join(KINDS)}, got {told.kind!r}"
        raise ValueError(message)
    rows = [row for row in told.parameters if row.parameter != HALF_LIFE]
    names = [row.parameter for row in rows]
    require(len(set(names)) == len(names), "parameters", "be named once each", names)
    _check_names("no_lower_limit", told.no_lower_limit, names)
    _check_names("no_upper_limit", told.no_upper_limit, names)
    _check_names("overrides", [item.name for item in told.overrides], names)
    found = Fit(
        kind=told.kind,
        name=told.name,
        unit=told.unit,
        parameters=tuple(_parameter(row, told) for row in rows),
        covariance=_covariance(told.covariance, len(rows)),
        log_likelihood=told.log_likelihood,
        n_observations=told.n_observations,
        method=told.method,
        horizon=told.horizon,
        data_hash=told.data_sha256,
        first_date=np.datetime64(_day("first_date", told.first_date)),
        last_date=np.datetime64(_day("last_date", told.last_date)),
        last_price=told.last_price,
        residuals=np.empty(0),
        residual_dates=np.empty(0, dtype="datetime64[D]"),
        warnings=tuple(told.warnings),
        notices=tuple(told.notices),
        starts=tuple(
            Start(values=start.values, log_likelihood=_known(start.log_likelihood))
            for start in told.starts
        ),
        overrides=tuple(Override(**item.model_dump()) for item in told.overrides),
        made_on=_day("made_on", told.made_on),
        structure={key: _frozen(value) for key, value in told.structure.items()},
    )
    try:
        found.model_terms()
    except (KeyError, TypeError, AttributeError) as error:
        message = f"parameters and structure must be those of {told.kind}, got none of {error}"
        raise ValueError(message) from None
    if told.sha256 != digest_of(content):
        message = (
            f"sha256 must be that of the other entries ({digest_of(content)[:16]}), for a fit is "
            "not to be changed in its file: set a parameter with offtake calibrate --override; "
            f"got {told.sha256[:16]!r}"
        )
        raise ValueError(message)
    dates = None
    if told.dates is not None:
        dates = FittedDates(
            dates=np.array([_day("dates.days", day) for day in told.dates.days], "datetime64[D]"),
            first_price=told.dates.first_price,
            averaged=told.dates.averaged,
            clock=told.dates.clock,
            data_hash=told.data_sha256,
        )
    return SavedFit(fit=found, dates=dates)


def _parameter(row: _Row, told: _Document) -> EstimatedParameter:
    name = row.parameter
    return EstimatedParameter(
        name=name,
        value=row.value,
        unit=row.unit,
        standard_error=_known(row.standard_error),
        low=-math.inf if name in told.no_lower_limit else _known(row.low),
        high=math.inf if name in told.no_upper_limit else _known(row.high),
        interval=row.interval,
        role=row.role,
        meaning=row.meaning,
    )


def _covariance(rows: list[list[float | None]], most: int) -> np.ndarray[Any, Any]:
    k = len(rows)
    rule = f"be square, of at least one and at most the {most} parameters"
    lengths = [len(row) for row in rows]
    require(1 <= k <= most and all(length == k for length in lengths), "covariance", rule, lengths)
    found = np.array([[_known(entry) for entry in row] for row in rows]).reshape(k, k)
    diagonal = np.diag(found)
    require(
        not (diagonal < 0.0).any(), "covariance", "have no negative variance", diagonal.tolist()
    )
    # A covariance that was inverted is symmetric to rounding only.
    with np.errstate(invalid="ignore"):
        gap = np.abs(found - found.T) > 1e-6 * np.sqrt(np.outer(diagonal, diagonal))
    require(not gap.any(), "covariance", "be symmetric", rows)
    return found


def _check_names(field: str, given: list[str], names: list[str]) -> None:
    for name in given:
        require(name in names, field, f"name parameters ({', '.join(names)})", name)


def _day(field: str, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        message = f"{field} must be a date as 2025-07-10, got {text!r}"
        raise ValueError(message) from None


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _frozen(value: Any) -> Any:  # noqa: ANN401
    """Return lists as the tuples they were."""
    return tuple(_frozen(entry) for entry in value) if isinstance(value, list) else value
