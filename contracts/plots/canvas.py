"""What all pictures share: a figure without pyplot, colours, axes in plain money."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contracts.conventions import PERCENTILE_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, which colour-blind readers can tell apart.
BLUE = "#0072B2"
SKY = "#56B4E9"
GREEN = "#009E73"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
YELLOW = "#F0E442"
GREY = "#7F7F7F"
INK = "#222222"
LEGS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW, GREY)

BASE = "#E6EEF4"
WIDE_BAND = "#BBD7EA"
NARROW_BAND = "#6FA8D0"
WIDE_LABEL = f"{PERCENTILE_LABELS['p05']} to {PERCENTILE_LABELS['p95']}"
NARROW_LABEL = f"{PERCENTILE_LABELS['p25']} to {PERCENTILE_LABELS['p75']}"


def axes_for(ax: Axes | None, *, height: float = 4.6) -> Axes:
    """Return the axes to draw on: those given, or those of a new figure 8 inches wide.

    Raises
    ------
    ModuleNotFoundError
        Without matplotlib; the message names the extra that brings it.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        message = "pictures need matplotlib, which comes with: pip install 'offtake[plot]'"
        raise ModuleNotFoundError(message, name=error.name) from error
    figure = Figure(figsize=(8.0, height), dpi=150, layout="constrained")
    return figure.subplots()


def save(ax: Axes, file: Path) -> None:
    """Write the whole figure that some axes belong to."""
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.savefig(file)


def finish(ax: Axes, *, title: str, money_axis: str = "y") -> None:
    """Write the title, separate thousands, and leave out what carries no information."""
    from matplotlib.ticker import StrMethodFormatter

    ax.set_title(title, loc="left", fontsize=11, color=INK)
    axis = ax.yaxis if money_axis == "y" else ax.xaxis
    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    ax.grid(visible=True, axis="y" if money_axis == "y" else "x", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def legend_below(ax: Axes, *, columns: int, last: str = "") -> None:
    """Put the legend under the picture, where it hides nothing; ``last`` names its last entry."""
    handles, labels = ax.get_legend_handles_labels()
    entries = sorted(zip(labels, handles, strict=True), key=lambda entry: entry[0] == last)
    ax.legend(
        [handle for _, handle in entries],
        [label for label, _ in entries],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=columns,
        fontsize=8.0,
        columnspacing=1.5,
        frameon=False,
    )
