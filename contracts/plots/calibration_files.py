"""The pictures of a calibration, written into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.plots.against_history import extremes, history_fan
from contracts.plots.fitted import (
    fitted_history,
    residual_autocorrelation,
    residual_quantiles,
    residual_series,
    volatility_by_horizon,
)

if TYPE_CHECKING:
    from contracts.calibration import Calibration


def save_pictures(found: Calibration, folder: Path) -> list[Path]:
    """Write fit, residuals, volatility by horizon, fan and extremes as PNG files; return them.

    The folder is made if it is not there; files of the same names are replaced.
    """
    from contracts.simulated_history import simulate_history

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    # Without matplotlib, the message is that of the canvas.
    simulated = simulate_history(found.fit, found.history)
    axes = volatility_by_horizon(
        found.staleness, fits=(found.fit,) if "volatility" in found.fit else ()
    )
    written.append(_save(axes.figure, folder / "volatility_by_horizon.png"))
    figure, (above, below) = _panels(2, 1, (8.0, 6.4), [2.2, 1.0])
    fitted_history(found.history, found.fit, ax=above)
    residual_series(found.fit, ax=below)
    written.append(_save(figure, folder / "fit.png"))
    figure, (left, right) = _panels(1, 2, (11.0, 4.6))
    residual_quantiles(found.fit, ax=left)
    residual_autocorrelation(found.fit, ax=right)
    written.append(_save(figure, folder / "residuals.png"))
    axes = history_fan(simulated)
    written.append(_save(axes.figure, folder / "fan.png"))
    figure, (left, right) = _panels(1, 2, (11.0, 4.6))
    extremes(simulated, "maximum", ax=left)
    extremes(simulated, "drawdown", ax=right)
    written.append(_save(figure, folder / "extremes.png"))
    return written


def _panels(
    n_rows: int, n_columns: int, size: tuple[float, float], heights: list[float] | None = None
) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=150, layout="constrained")
    return figure, figure.subplots(n_rows, n_columns, height_ratios=heights, sharex=n_columns == 1)


def _save(figure: Any, file: Path) -> Path:  # noqa: ANN401
    figure.savefig(file)
    return file
