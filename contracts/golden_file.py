"""The golden file: a valuation's inputs and results as JSON, enough to value it again anywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts.whole_file import refuse_target, write_whole
from montecarlo.sampling import Method, Ordering, Precision, Sampling

FORMAT: Literal["offtake golden 1"] = "offtake golden 1"
FAULTS_PRINTED = 5
LARGEST = 20_000_000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Figures(_Part):
    """What is compared of a leg or of the total, in the deal's currency, in full precision."""

    pv: float
    standard_error: float = Field(ge=0.0)
    expected_amount: float
    expected_amount_error: float = Field(ge=0.0)


class Drawn(_Part):
    """How paths were drawn: the fields of :class:`montecarlo.Sampling`."""

    method: Method = "random"
    precision: Precision = "double"
    spot_only: bool = True
    n_points: int | None = None
    ordering: Ordering = "auto"

    @model_validator(mode="after")
    def _is_a_sampling(self) -> Self:
        self.sampling()
        return self

    def sampling(self) -> Sampling:
        """Return it as a plan takes it."""
        return Sampling(**self.model_dump())


class Inputs(_Part):
    """One set of terms, and where to look for them again.

    ``place`` is ``"built-in"``, a path relative to the golden file, or ``"held here"``.
    """

    name: str
    place: str
    terms: dict[str, Any]


class Golden(_Part):
    """A recorded valuation.

    Attributes
    ----------
    deal, market
        The terms of both.
    perspective, measure, n_paths, seed, sampling
        How they were valued; files without ``sampling`` are of plain valuations.
    tolerance
        In combined standard errors, for a comparison under other versions.
    fingerprint, versions, vector_extensions
        Of the inputs, of the packages and of the machine.
    total, legs
        The results.
    """

    format: Literal["offtake golden 1"] = FORMAT
    deal: Inputs
    market: Inputs
    perspective: str
    measure: Literal["pricing", "physical"]
    n_paths: int = Field(ge=2)
    seed: int = Field(ge=0)
    sampling: Drawn = Drawn()
    tolerance: float = Field(gt=0.0)
    fingerprint: str
    versions: dict[str, str]
    vector_extensions: list[str]
    total: Figures
    legs: dict[str, Figures]


def read(file: str | os.PathLike[str]) -> Golden:
    """Read a golden file.

    Raises
    ------
    ValueError
        Naming the file and what is wrong with it.
    FileNotFoundError
        When there is none.
    """
    path = Path(file)
    if not path.exists():
        message = f"{path}: there is no such golden file"
        raise FileNotFoundError(message)
    if not path.is_file() or path.stat().st_size > LARGEST:
        message = f"{path}: a golden file must be a file of at most {LARGEST:,} bytes"
        raise ValueError(message)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        message = f"{path} must be a golden file, which is JSON: {error}"
        raise ValueError(message) from None
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        message = f"{path} must be a golden file with format {FORMAT!r}, got {found!r}"
        raise ValueError(message)
    try:
        return Golden.model_validate(content)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        shown = "; ".join(faults[:FAULTS_PRINTED])
        more = len(faults) - FAULTS_PRINTED
        message = f"{path} is a damaged golden file: {shown}" + (
            f"; and {more} more faults" if more > 0 else ""
        )
        raise ValueError(message) from None


def write(golden: Golden, file: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Write a golden file whole or not at all; an existing one only when forced.

    Raises
    ------
    ValueError
        When the file exists and ``force`` is false.
    OSError
        When the folder cannot be written; the file is then as it was.
    """
    path = Path(file)
    refuse_target(path, force=force)
    write_whole(json.dumps(golden.model_dump(), indent=1, allow_nan=False) + "\n", path)
    return path
