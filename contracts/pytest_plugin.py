"""Goldens in your own test suite: the ``offtake_golden`` fixture.

.. code-block:: python

    def test_our_floor(offtake_golden):
        valuation = contracts.value("deals/our-floor.yaml", n_paths=20_000, seed=1)
        offtake_golden(valuation, "goldens/our-floor.json")

Write the files once, and again after a change that is meant, with
``pytest --offtake-golden-record``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contracts.golden import GoldenResult
    from contracts.valuation import Valuation

OPTION = "--offtake-golden-record"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes goldens."""
    parser.getgroup("offtake").addoption(
        OPTION,
        action="store_true",
        default=False,
        help="write the golden files of the offtake_golden fixture instead of comparing",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say so when goldens are written, for then their tests cannot fail."""
    return f"offtake: goldens are recorded ({OPTION})" if config.getoption(OPTION) else None


@pytest.fixture
def offtake_golden(
    request: pytest.FixtureRequest,
) -> Callable[[Valuation, str | os.PathLike[str]], GoldenResult | None]:
    """Compare a valuation with a golden file beside the test, and fail with what differs.

    The returned function takes the valuation and the path of the file, relative to the folder of
    the test. It returns a :class:`contracts.golden.GoldenResult`, or ``None`` after recording.
    """
    is_recording = bool(request.config.getoption(OPTION))
    folder = request.path.parent

    def compare(valuation: Valuation, file: str | os.PathLike[str]) -> GoldenResult | None:
        from contracts import golden, golden_file

        path = folder / Path(file)
        if is_recording:
            path.parent.mkdir(parents=True, exist_ok=True)
            golden.record(valuation, path, force=True)
            return None
        if not path.exists():
            pytest.fail(f"{path} does not exist; pytest {OPTION} writes it", pytrace=False)
        result = golden.compare(valuation, golden_file.read(path))
        if not result.passed:
            pytest.fail(f"{path}: {result.message}", pytrace=False)
        return result

    return compare
