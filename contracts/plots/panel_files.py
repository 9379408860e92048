"""The pictures of a calibration to futures prices, written into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contracts.plots import canvas
from contracts.plots.panel import panel_curves, panel_errors, panel_factors

if TYPE_CHECKING:
    from contracts.panel_calibration import PanelCalibration


def save_panel_pictures(found: PanelCalibration, folder: Path) -> list[Path]:
    """Write curves, errors and factors as PNG files; return them.

    The folder is made if it is not there; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "curves.png": panel_curves(found),
        "errors.png": panel_errors(found),
        "factors.png": panel_factors(found)[0],
    }
    for name, axes in pictures.items():
        canvas.save(axes, folder / name)
    return [folder / name for name in pictures]
