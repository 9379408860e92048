r"""Goldens: regression tests on valuations.

A golden is checked in two tiers. Under the same versions on the same kind of machine every figure
must be equal to the last bit. Under others each must satisfy

.. math:: |x - x'| \le k \sqrt{s^2 + s'^2}

with :math:`x, x'` the recorded and the new figure, :math:`s, s'` their standard errors and
:math:`k` the recorded tolerance; a figure without error must agree up to rounding, and standard
errors within a factor of two.
"""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contracts import golden_file
from contracts.golden_file import Drawn, Figures, Golden
from contracts.golden_inputs import changed_terms, inputs_of, read_deal, read_market

if TYPE_CHECKING:
    from contracts.leg_value import LegValue
    from contracts.valuation import Valuation

TOLERANCE = 4.0
ROUNDING = 1e-9
ERROR_RATIO = 2.0
CHANGES_PRINTED = 20
TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that is not what was recorded; ``distance`` is in combined standard errors."""

    leg: str
    figure: str
    recorded: float
    found: float
    distance: float

    def __str__(self) -> str:
        size = f"{self.distance:.3g} combined standard errors"
        if math.isinf(self.distance):
            size = "without a standard error to explain it"
        return f"{self.leg}: {self.figure} was {self.recorded!r}, is {self.found!r} ({size})"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenResult:
    """The outcome of a check.

    Attributes
    ----------
    passed, is_bit_equal
        Whether it holds, and whether to the last bit.
    message
        What was found, in sentences.
    changed_inputs
        Each term that is not what was recorded, with both values.
    changed_versions
        Each package, and the machine, that is not what was recorded.
    differences
        Figures that are not bit-equal, the furthest first.
    """

    passed: bool
    is_bit_equal: bool
    message: str
    changed_inputs: tuple[str, ...] = ()
    changed_versions: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


def record(
    valuation: Valuation,
    file: str | os.PathLike[str],
    *,
    force: bool = False,
    tolerance: float = TOLERANCE,
) -> Path:
    """Write a golden file of a valuation.

    Parameters
    ----------
    valuation
        A simulated one of at least two paths.
    file
        Where to write; an existing file is replaced only when ``force`` is true.
    tolerance
        In combined standard errors, for a comparison under other versions.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        When the file exists, or the valuation cannot be made again from what a golden holds.
    """
    return golden_file.write(_golden(valuation, Path(file), tolerance), file, force=force)


def check(file: str | os.PathLike[str], *, n_threads: int | None = None) -> GoldenResult:
    """Value a golden's deal again and compare.

    The deal and the market are read again from where they came from, so that a term changed
    since is found; if they came from nowhere that exists, the golden's own copies are valued.
    """
    from contracts.valuing import value

    path = Path(file)
    golden = golden_file.read(path)
    deal, market = read_deal(golden.deal, path), read_market(golden.market, path)
    changed = [
        *changed_terms("deal", golden.deal.terms, deal.terms),
        *changed_terms("market", golden.market.terms, market.terms),
    ]
    if changed:
        return _inputs_changed(golden, changed)
    valuation = value(
        deal,
        market=market,
        perspective=golden.perspective,
        measure=golden.measure,
        n_paths=golden.n_paths,
        seed=golden.seed,
        sampling=golden.sampling.sampling(),
        n_threads=n_threads,
    )
    return compare(valuation, golden)


def compare(valuation: Valuation, golden: Golden) -> GoldenResult:
    """Compare a valuation with a golden: inputs first, then every figure."""
    changed = _changed_inputs(valuation, golden)
    if changed:
        return _inputs_changed(golden, changed)
    versions = _changed_versions(golden)
    if not versions and valuation.fingerprint() != golden.fingerprint:
        rule = "fingerprint: recorded inputs do not hash to it; was the file edited?"
        return _inputs_changed(golden, [rule])
    found = _figures(valuation)
    recorded = [(TOTAL, golden.total), *golden.legs.items()]
    if [leg for leg, _ in found] != [leg for leg, _ in recorded]:
        return _inputs_changed(golden, [f"legs: were {list(golden.legs)}"])
    differences = sorted(
        (
            difference
            for (leg, before), (_, now) in zip(recorded, found, strict=True)
            for difference in _differences(leg, before, now)
        ),
        key=lambda difference: -difference.distance,
    )
    return _judge(golden, versions, tuple(differences))


def _judge(
    golden: Golden, versions: tuple[str, ...], differences: tuple[Difference, ...]
) -> GoldenResult:
    deal = golden.deal.name
    under = f"other versions ({', '.join(versions)})" if versions else "the same versions"
    if not differences:
        message = f"{deal}: passed, bit-equal under {under}"
    elif not versions:
        message = (
            f"{deal}: failed, {len(differences)} figures are not bit-equal under {under}; "
            f"the worst is {differences[0]}"
        )
    else:
        worst = differences[0]
        outcome = "passed, within" if worst.distance <= golden.tolerance else "failed, beyond"
        message = (
            f"{deal}: {outcome} {golden.tolerance:g} combined standard errors under {under}; "
            f"the worst is {worst}"
        )
    passed = not differences or (bool(versions) and differences[0].distance <= golden.tolerance)
    return GoldenResult(
        passed=passed,
        is_bit_equal=not differences,
        message=message,
        changed_versions=versions,
        differences=differences,
    )


def _inputs_changed(golden: Golden, changed: list[str]) -> GoldenResult:
    shown = "".join(f"\n  {change}" for change in changed[:CHANGES_PRINTED])
    more = len(changed) - CHANGES_PRINTED
    message = f"{golden.deal.name}: failed, inputs are not those recorded:{shown}"
    return GoldenResult(
        passed=False,
        is_bit_equal=False,
        message=message + (f"\n  and {more} more" if more > 0 else ""),
        changed_inputs=tuple(changed),
    )


def _golden(valuation: Valuation, path: Path, tolerance: float) -> Golden:
    from contracts.catalogue import load, load_market
    from contracts.fingerprint import versions
    from contracts.machine import vector_extensions

    name = valuation.deal.name
    if not (valuation.is_controlled or valuation.is_replay):
        message = f"{valuation.deal.name} must be valued with control=True to be recorded"
        raise ValueError(message)
    if valuation.is_replay:
        message = f"{name}: prices must come from a model to be recorded, got supplied paths"
        raise ValueError(message)
    errors = [valuation.standard_error, *(leg.standard_error for leg in valuation.legs)]
    if math.isnan(sum(errors)):
        rule = "must have a standard error to be recorded (two paths or more)"
        message = f"{name}: every leg {rule}, got {valuation.plan.n_paths} paths"
        raise ValueError(message)
    if not tolerance > 0.0:
        message = f"tolerance must be positive, got {tolerance}"
        raise ValueError(message)
    (_, total), *legs = _figures(valuation)
    return Golden(
        deal=inputs_of(valuation.deal, path, load),
        market=inputs_of(valuation.market, path, load_market),
        perspective=valuation.perspective,
        measure=valuation.measure,
        n_paths=valuation.plan.n_paths,
        seed=valuation.plan.seed,
        sampling=Drawn(**asdict(valuation.plan.sampling)),
        tolerance=tolerance,
        fingerprint=valuation.fingerprint(),
        versions=versions(),
        vector_extensions=list(vector_extensions()),
        total=total,
        legs=dict(legs),
    )


def _figures(valuation: Valuation) -> list[tuple[str, Figures]]:
    parts: list[tuple[str, Valuation | LegValue]] = [(TOTAL, valuation)]
    parts += [(leg.clause.name, leg) for leg in valuation.legs]
    return [
        (name, Figures(**{figure: float(getattr(part, figure)) for figure in Figures.model_fields}))
        for name, part in parts
    ]


def _differences(leg: str, before: Figures, now: Figures) -> list[Difference]:
    differences = []
    for figure in Figures.model_fields:
        recorded, found = getattr(before, figure), getattr(now, figure)
        if recorded == found:
            continue
        if figure in ("standard_error", "expected_amount_error"):
            of = "pv" if figure == "standard_error" else "expected_amount"
            distance = _error_distance(recorded, found, getattr(before, of))
        else:
            error = "standard_error" if figure == "pv" else "expected_amount_error"
            combined = math.hypot(getattr(before, error), getattr(now, error))
            distance = _distance(recorded, found, combined)
        differences.append(
            Difference(leg=leg, figure=figure, recorded=recorded, found=found, distance=distance)
        )
    return differences


def _distance(recorded: float, found: float, combined_error: float) -> float:
    """Return how far two figures are apart in combined standard errors, beyond rounding.

    Examples
    --------
    >>> _distance(10.0, 15.0, 2.5), _distance(10.0, 10.0 + 1e-12, 0.0), _distance(10.0, 11.0, 0.0)
    (2.0, 0.0, inf)
    """
    gap = abs(found - recorded)
    if gap <= ROUNDING * max(abs(recorded), abs(found)):
        return 0.0
    return gap / combined_error if combined_error > 0.0 else math.inf


def _error_distance(recorded: float, found: float, figure: float) -> float:
    """Return 0 for standard errors within a factor of each other, infinity otherwise.

    Errors that are rounding of their figure are equal: a control may leave no more than that.

    Examples
    --------
    >>> _error_distance(2.0, 3.0, 1e6), _error_distance(1e-9, 7e-9, 1e6), _error_distance(2, 5, 1)
    (0.0, 0.0, inf)
    """
    smaller, larger = sorted((recorded, found))
    is_close = larger <= max(ERROR_RATIO * smaller, ROUNDING * abs(figure))
    return 0.0 if is_close else math.inf


def _changed_versions(golden: Golden) -> tuple[str, ...]:
    from contracts.fingerprint import versions
    from contracts.machine import vector_extensions

    now = {**versions(), "vector extensions": "+".join(vector_extensions())}
    before = {**golden.versions, "vector extensions": "+".join(golden.vector_extensions)}
    return tuple(
        f"{name} {before.get(name, 'absent')} -> {now.get(name, 'absent')}"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    )


def _changed_inputs(valuation: Valuation, golden: Golden) -> list[str]:
    plan = valuation.plan
    pairs = [
        ("perspective", golden.perspective, valuation.perspective),
        ("measure", golden.measure, valuation.measure),
        ("n_paths", golden.n_paths, plan.n_paths),
        ("seed", golden.seed, plan.seed),
    ]
    changed = [f"{name}: was {was}, is {now}" for name, was, now in pairs if was != now]
    if valuation.is_replay:
        changed.append("prices: were simulated, are supplied paths")
    was_drawn = golden.sampling.model_dump()
    is_drawn = was_drawn if valuation.is_replay else asdict(plan.sampling)
    return [
        *changed,
        *changed_terms("sampling", was_drawn, is_drawn),
        *changed_terms("deal", golden.deal.terms, valuation.deal.terms),
        *changed_terms("market", golden.market.terms, valuation.market.terms),
    ]
