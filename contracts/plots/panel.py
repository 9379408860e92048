"""Pictures of factors fitted to futures prices: curves over quotes, errors, factors over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.checks import require
from contracts.conventions import DateArray, FloatArray
from contracts.plots import canvas
from contracts.tables import with_units
from montecarlo.calibrate.term_structure import PanelRows
from montecarlo.grid import DateLike, as_dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from contracts.panel_calibration import PanelCalibration
    from montecarlo.calibrate.fitted import Fit
    from montecarlo.calibrate.panel import FuturesPanel

N_POINTS = 60
MOST_CONTRACTS = 24
"""Stitched series up to so many have an error each; else errors are by years left."""
BAND = 2.0
"""Half the width of the band round a factor, in standard errors."""
COLOURS = (canvas.BLUE, canvas.VERMILION, canvas.GREEN, canvas.ORANGE, canvas.PURPLE, canvas.SKY)


def panel_curves_table(
    found: PanelCalibration, *, dates: Sequence[DateLike] | None = None
) -> pd.DataFrame:
    """Return the quotes of a few dates, and the futures prices of the filtered factors.

    Parameters
    ----------
    found
        A calibration to futures prices; its curves are those of the estimates.
    dates
        Of the panel; by default the first and the last, and those whose curve falls and rises the
        most from the nearest quote to the farthest.
    """
    panel, parts = found.panel, []
    for day, t in _positions(found, dates):
        known = ~np.isnan(panel.prices[t])
        left = panel.years_left()[t][known]
        parts.append(
            pd.DataFrame(
                {
                    "date": day,
                    "contract": np.array(panel.contracts)[known],
                    "years_left": left,
                    "quoted": panel.prices[t][known],
                    "fitted": _curve(found, t, left),
                }
            )
        )
    table = pd.concat(parts).sort_values(["date", "years_left"]).set_index(["date", "contract"])
    units = {"years_left": "yr", "quoted": panel.unit, "fitted": panel.unit}
    return with_units({name: table[name] for name in units}, units, table.index)


def panel_curves(
    found: PanelCalibration, *, dates: Sequence[DateLike] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the curve of the filtered factors over the quotes of a few dates."""
    table = panel_curves_table(found, dates=dates).droplevel("unit", axis=1)
    axes = canvas.axes_for(ax)
    longest = float(table["years_left"].max())
    for k, (day, t) in enumerate(_positions(found, dates)):
        colour, part = COLOURS[k % len(COLOURS)], table.loc[pd.Timestamp(day)]
        left = np.linspace(0.0, 1.03 * longest, N_POINTS)
        axes.plot(left, _curve(found, t, left), color=colour, linewidth=1.4, label=str(day))
        axes.plot(
            part["years_left"], part["quoted"], color=colour, linewidth=0.0, marker="o",
            markersize=4.5, markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
    axes.plot(
        [], [], color=canvas.INK, linewidth=0.0, marker="o", markersize=4.5, label="quotes"
    )  # fmt: skip
    axes.set_xlim(left=0.0)
    axes.set_xlabel("years to delivery")
    axes.set_ylabel(found.panel.unit)
    canvas.finish(axes, title=f"{found.panel.name}: curves of {found.fit.kind} over the quotes")
    canvas.legend_below(axes, columns=5, last="quotes")
    return axes


def panel_errors_table(found: PanelCalibration) -> pd.DataFrame:
    """Return how far prices lie from the filtered factors, by contract or by years left.

    Log price less that of the factors: its mean, root mean square, 5th and 95th percentile, and
    the error that the fit reckons with.
    """
    rows, names, bins = found.rows, *_bins(found.panel)
    date = np.repeat(np.arange(found.panel.dates.size), np.diff(rows.first))
    residual = found.filtered.residuals[date, rows.contract]
    fit = _estimates(found)
    stated = np.array([fit[f"measurement_error[{group}]"].value for group in rows.groups])
    parts = {}
    for k, name in enumerate(names):
        inside = bins == k
        if not inside.any():
            continue
        low, high = np.quantile(residual[inside], [0.05, 0.95])
        parts[name] = {
            "years_left": rows.years_left[inside].mean(),
            "n_prices": int(inside.sum()),
            "mean": residual[inside].mean(),
            "root_mean_square": np.sqrt(np.mean(residual[inside] ** 2)),
            "p05": low,
            "p95": high,
            "measurement_error": np.sqrt(np.mean(stated[rows.group[inside]] ** 2)),
        }
    label = "contract" if _is_by_contract(found.panel) else "years left"
    index = pd.Index(list(parts), name=label)
    table = pd.DataFrame(list(parts.values()), index=index).sort_values("years_left", kind="stable")
    units = dict.fromkeys(table.columns, "1") | {"years_left": "yr"}
    return with_units({name: table[name] for name in table.columns}, units, table.index)


def panel_errors(found: PanelCalibration, *, ax: Axes | None = None) -> Axes:
    """Draw how far prices lie from the filtered factors, beside the error of the fit."""
    table = panel_errors_table(found).droplevel("unit", axis=1)
    axes = canvas.axes_for(ax)
    at, percent = np.arange(len(table)), 100.0 * table
    axes.vlines(
        at, percent["p05"], percent["p95"], color=canvas.NARROW_BAND, linewidth=9.0,
        label="5th to 95th percentile",
    )  # fmt: skip
    axes.plot(at, percent["mean"], color=canvas.INK, linewidth=0.0, marker="_", markersize=12.0,
              markeredgewidth=1.8, label="mean")  # fmt: skip
    axes.plot(at, percent["root_mean_square"], color=canvas.BLUE, linewidth=0.0, marker="o",
              markersize=5.0, label="root mean square")  # fmt: skip
    axes.plot(at, percent["measurement_error"], color=canvas.VERMILION, linewidth=0.0, marker="x",
              markersize=6.0, label="error of the fit")  # fmt: skip
    axes.axhline(0.0, color=canvas.GREY, linewidth=0.8)
    labels = [
        f"{name}\n{_months(years)}" if _is_by_contract(found.panel) else str(name)
        for name, years in zip(table.index, table["years_left"], strict=True)
    ]
    axes.set_xticks(at, labels, fontsize=8.0, rotation=0 if len(labels) <= MOST_FLAT else 60)
    axes.margins(x=0.6 / len(at))
    axes.set_ylabel("price over that of the factors, %")
    canvas.finish(axes, title=f"{found.panel.name}: what {found.fit.kind} leaves over")
    if len(labels) <= MOST_FLAT:
        canvas.legend_below(axes, columns=4)
    else:
        axes.legend(fontsize=8.0, frameon=False, ncols=4)
    return axes


MOST_FLAT = 10
"""More labels than these are turned."""


def panel_factors_table(found: PanelCalibration) -> pd.DataFrame:
    """Return the nearest quote, and each factor by date: so far, after the fact, with errors.

    The first factor is the level of the log price, which is given as a price; what fades multiplies
    it, and is given as what it adds, 0.25 for a quarter.
    """
    panel, filtered = found.panel, found.filtered
    left = np.where(np.isnan(panel.prices), np.inf, panel.years_left())
    # A date may hold no price at all.
    nearest = panel.prices[np.arange(panel.dates.size), left.argmin(axis=1)]
    columns: dict[str, FloatArray] = {"nearest_quote": nearest}
    units = {"nearest_quote": panel.unit}
    for i, name in enumerate(_names(found)):
        level = np.exp if i == 0 else np.expm1
        spread = BAND * filtered.standard_errors[:, i]
        columns |= {
            name: level(filtered.states[:, i]),
            f"{name}_low": level(filtered.states[:, i] - spread),
            f"{name}_high": level(filtered.states[:, i] + spread),
            f"{name}_after_the_fact": level(filtered.smoothed_states[:, i]),
        }
        new = [key for key in columns if key not in units]
        units |= dict.fromkeys(new, panel.unit if i == 0 else "1")
    return with_units(columns, units, pd.DatetimeIndex(panel.dates, name="date"))


def panel_factors(
    found: PanelCalibration, *, axes: Sequence[Axes] | None = None
) -> tuple[Axes, ...]:
    """Draw the level as a price with the nearest quote, and each fading factor below it."""
    table = panel_factors_table(found).droplevel("unit", axis=1)
    names = _names(found)
    if axes is None:
        first = canvas.axes_for(None, height=2.0 + 2.0 * len(names))
        figure = first.figure
        first.remove()
        axes = list(np.atleast_1d(figure.subplots(len(names), 1, sharex=True)))
    require(len(axes) == len(names), "axes", f"be {len(names)}, one for each factor", len(axes))
    for i, (name, on) in enumerate(zip(names, axes, strict=True)):
        scale, colour = (1.0 if i == 0 else 100.0), COLOURS[i % len(COLOURS)]
        part = scale * table[[name, f"{name}_low", f"{name}_high", f"{name}_after_the_fact"]]
        on.fill_between(
            table.index, part[f"{name}_low"], part[f"{name}_high"], color=colour, alpha=0.2,
            linewidth=0, label=f"±{BAND:g} standard errors",
        )  # fmt: skip
        if i == 0:
            on.plot(table.index, table["nearest_quote"], color=canvas.GREY, linewidth=0.9,
                    label="nearest quote")  # fmt: skip
        else:
            on.axhline(0.0, color=canvas.GREY, linewidth=0.8)
        on.plot(
            table.index,
            part[name],
            color=colour,
            linewidth=1.4,
            label=f"{name}, from prices so far",
        )
        on.plot(table.index, part[f"{name}_after_the_fact"], color=canvas.INK, linewidth=0.8,
                linestyle=":", label="from all prices")  # fmt: skip
        shown = part[name].to_numpy()
        if i == 0:
            shown = np.concatenate([shown, table["nearest_quote"].to_numpy()])
        # The first dates, of which next to nothing is known, are not to set the scale.
        low, high = np.nanquantile(shown, [0.0, 1.0])
        margin = 0.12 * (high - low)
        on.set_ylim(low - margin, high + margin)
        on.margins(x=0.01)
        on.set_ylabel(found.panel.unit if i == 0 else "% over the level")
        what = (
            "the lasting level, as a price"
            if i == 0
            else f"{name}, which fades{_half_life(found, i)}"
        )
        canvas.finish(on, title=f"{found.panel.name}: {what}")
        on.legend(fontsize=8.0, frameon=False, ncols=4, loc="best")
    return tuple(axes)


def _months(years: float) -> str:
    """Return years as months.

    >>> _months(1 / 12), _months(0.75)
    ('1 month', '9 months')
    """
    told = f"{12.0 * years:.3g}"
    return f"{told} month" if told == "1" else f"{told} months"


def _half_life(found: PanelCalibration, i: int) -> str:
    name = "mean_reversion" if found.fit.kind == "schwartz-smith" else f"mean_reversion[{i}]"
    months = 12.0 * np.log(2.0) / _estimates(found)[name].value
    return f" by half in {months:.2g} months"


def _names(found: PanelCalibration) -> tuple[str, ...]:
    n = found.filtered.states.shape[1]
    return ("level", *(("deviation",) if n == 2 else (f"deviation {i}" for i in range(1, n))))


def _positions(
    found: PanelCalibration, dates: Sequence[DateLike] | None
) -> list[tuple[np.datetime64, int]]:
    """Return the dates to be drawn, each with its place in the panel."""
    panel = found.panel
    counts = (~np.isnan(panel.prices)).sum(axis=1)
    if dates is None:
        # Dates with few quotes show little, and so do the first, while the factors are unknown.
        full = np.flatnonzero(2 * counts >= counts.max())
        full = full[full >= min(found.filtered.states.shape[1], full[-1])]
        slope = [_slope(panel, int(t)) for t in full]
        chosen = {full[0], full[-1], full[np.argmin(slope)], full[np.argmax(slope)]}
        return [(panel.dates[t], int(t)) for t in sorted(chosen)]
    wanted: DateArray = as_dates("dates", dates)
    places = []
    for day in wanted:
        at = np.flatnonzero(panel.dates == day)
        require(at.size == 1 and counts[at[0]] > 0, "dates", "have prices in the panel", str(day))
        places.append((day, int(at[0])))
    return places


def _slope(panel: FuturesPanel, t: int) -> float:
    """Return the log of the farthest price of a date over the nearest, 0 for one price."""
    known = np.flatnonzero(~np.isnan(panel.prices[t]))
    left = panel.years_left()[t][known]
    far, near = panel.prices[t][known[left.argmax()]], panel.prices[t][known[left.argmin()]]
    return float(np.log(far / near))


def _curve(found: PanelCalibration, t: int, left: FloatArray) -> FloatArray:
    """Return the futures prices of the factors at a date, ``(n,)``, without error."""
    fit = _estimates(found)
    states = tuple(found.filtered.states[t].tolist())
    model = replace(fit, structure={**fit.structure, "states": states}).to_model(fit.name)
    curve: FloatArray = model.expected_spot(left, "pricing")  # type: ignore[attr-defined]
    return curve


def _estimates(found: PanelCalibration) -> Fit:
    """Return the fit without its overrides, by which the factors were filtered."""
    fit = found.fit
    estimated = {item.name: item.estimate for item in fit.overrides}
    parameters = tuple(
        replace(item, value=estimated.get(item.name, item.value)) for item in fit.parameters
    )
    return replace(fit, parameters=parameters, overrides=())


def _is_by_contract(panel: FuturesPanel) -> bool:
    return panel.is_stitched and len(panel.contracts) <= MOST_CONTRACTS


def _bins(
    panel: FuturesPanel,
) -> tuple[tuple[str, ...], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return the names of the bins of errors, and the bin of each price, ``(k,)``."""
    if _is_by_contract(panel):
        rows = PanelRows.of(panel, error_groups=panel.contracts)
    else:
        rows = PanelRows.of(panel, error_edges=(0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0))
    return rows.groups, rows.group
