"""Exposure fan: what the public may have to pay in each fiscal year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from contracts.checks import require
from contracts.conventions import PERCENTILE_LABELS
from contracts.plots import canvas
from contracts.reports.figures import scale_of, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STATISTICS = (
    "expected_paid",
    "standard_error_paid",
    "paid_p05",
    "paid_p25",
    "paid_p50",
    "paid_p75",
    "paid_p95",
    "recorded",
    "maximum_obligation",
    "appropriation",
)


def exposure_fan_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the part of an exposure table that the picture shows, without the total.

    Parameters
    ----------
    table
        What ``exposure(by=["fiscal_year"])`` returned, for one deal or several.
    """
    names = list(table.index.names)
    require(names == ["fiscal_year"], "table", "be grouped by fiscal_year alone", names)
    years = table.loc[[label != "total" for label in table.index]]
    years = years.set_index(pd.Index([int(year) for year in years.index], name="fiscal_year"))
    return years.loc[:, [column for column in years.columns if column[1] in STATISTICS]]


def exposure_fan(
    table: pd.DataFrame,
    *,
    title: str = "Public payments by fiscal year, undiscounted",
    ax: Axes | None = None,
) -> Axes:
    """Draw public payments by fiscal year: expected, percentiles, most that can be owed.

    Parameters
    ----------
    table
        What ``exposure(by=["fiscal_year"])`` returned, for one deal or several.
    title
        Written above the picture.
    ax
        Where to draw; a new Figure by default.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    shown = exposure_fan_table(table)
    currency = str(shown.columns[0][2])
    flat = shown.droplevel(["probability_measure", "unit"], axis=1)
    scale = scale_of(float(flat["maximum_obligation"].max()))
    flat = flat / scale
    axes = canvas.axes_for(ax)
    years = flat.index.to_numpy()
    bar: dict[str, Any] = {"width": 0.78, "linewidth": 0}
    if (flat["recorded"] > 0.0).any():
        label = "recorded: paid or already settled"
        axes.bar(years, flat["recorded"], color="#BDBDBD", label=label, **bar)
    likely = (flat["paid_p05"] - flat["recorded"]).clip(lower=0.0)
    if (likely > 0.0).any():
        label = f"up to the {PERCENTILE_LABELS['p05']}"
        axes.bar(years, likely, bottom=flat["recorded"], color=canvas.BASE, label=label, **bar)
    for low, high, colour, label in (
        ("paid_p05", "paid_p95", canvas.WIDE_BAND, canvas.WIDE_LABEL),
        ("paid_p25", "paid_p75", canvas.NARROW_BAND, canvas.NARROW_LABEL),
    ):
        height = flat[high] - flat[low]
        axes.bar(years, height, bottom=flat[low], color=colour, label=label, **bar)
    _marks(axes, years, flat["expected_paid"], canvas.BLUE, "expected payments")
    label = "maximum obligation (prices at zero)"
    _marks(axes, years, flat["maximum_obligation"], canvas.VERMILION, label, linestyle=(0, (2, 1)))
    if flat["appropriation"].notna().any():
        _marks(axes, years, flat["appropriation"], canvas.INK, "appropriation")
    axes.set_xticks(years, [str(year) for year in years])
    axes.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("fiscal year")
    axes.set_ylabel(unit_of(currency, scale))
    canvas.finish(axes, title=title)
    axes.tick_params(axis="x", length=0)
    canvas.legend_below(axes, columns=2)
    return axes


def _marks(
    axes: Axes,
    years: Any,  # noqa: ANN401
    heights: pd.Series,
    colour: str,
    label: str,
    linestyle: Any = "-",  # noqa: ANN401
) -> None:
    axes.hlines(
        heights, years - 0.39, years + 0.39, color=colour, linewidth=2.0, linestyle=linestyle,
        label=label,
    )  # fmt: skip
