"""Factors fitted to a file of futures prices: the fit, the factors behind it, what is left over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.calibration_document import calibration_document
from contracts.conventions import FloatArray
from contracts.price_conversion import unit_factor
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.futures import filter_panel, fit_n_factor, fit_schwartz_smith
from montecarlo.calibrate.panel import FuturesPanel
from montecarlo.calibrate.term_structure import FilteredPanel, PanelRows

if TYPE_CHECKING:
    import pandas as pd

DATE_COLUMNS = ("date", "day", "month", "time", "period")
COMPARED = (1, 2, 3)


@dataclass(frozen=True, kw_only=True, eq=False)
class PanelCalibration:
    """What ``offtake calibrate --maturities`` finds.

    Parameters
    ----------
    panel
        The prices.
    fit
        The model that was asked for.
    filtered
        The factors behind the prices under it, and residuals.
    rows
        The prices, each with the group of its error.
    compared
        Models of one, two and three factors on the same prices; empty unless asked for.
    """

    panel: FuturesPanel
    fit: Fit
    filtered: FilteredPanel
    rows: PanelRows
    compared: tuple[Fit, ...]

    def fragment(self) -> str:
        """Return the YAML to be pasted under a commodity of a market file."""
        return self.fit.fragment()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, for JSON: what is not known is null."""
        return calibration_document(
            self.panel,
            self.fit,
            warnings=self.fit.warnings,
            fragment=self.fragment(),
            contracts=list(self.panel.contracts),
            last_states=self.filtered.states[-1].tolist(),
            root_mean_square=self.filtered.root_mean_square,
            comparison=[
                {
                    "n_factors": item.structure["n_factors"],
                    "n_parameters": item.n_free,
                    "log_likelihood": item.log_likelihood,
                    "aic": item.aic,
                    "bic": item.bic,
                }
                for item in self.compared
            ],
        )


def calibrate_panel(
    panel: FuturesPanel,
    model: str,
    *,
    n_factors: int | None = None,
    error_edges: Sequence[float] | None = None,
    error_groups: Sequence[str] | None = None,
    is_compared: bool = False,
    is_quick: bool = False,
    overrides: Mapping[str, float] | None = None,
    reason: str = "",
) -> PanelCalibration:
    """Return a model fitted to futures prices, with the factors behind them.

    Parameters
    ----------
    panel
        Futures prices.
    model
        ``schwartz-smith`` or ``n-factor``.
    n_factors
        Of ``n-factor``: 3 by default.
    error_edges, error_groups
        Which prices share an error: years left at which one group ends and the next begins, or the
        group of each contract; see :meth:`montecarlo.calibrate.term_structure.PanelRows.of`.
    is_compared
        Whether to fit one, two and three factors too.
    is_quick
        Whether to leave out intervals that follow the likelihood, which take as long as the fit.
    overrides, reason
        Parameters set by hand, and why. The factors shown are those of the estimates.

    Raises
    ------
    ValueError
        For another model, or for a number of factors that it does not have.
    """
    if model == "schwartz-smith":
        if n_factors not in (None, 2):
            message = f"factors must be 2 for schwartz-smith, got {n_factors}"
            raise ValueError(message)
        found = fit_schwartz_smith(
            panel,
            error_edges=error_edges,
            error_groups=error_groups,
            is_interval_found=not is_quick,
        )
    elif model == "n-factor":
        found = fit_n_factor(
            panel,
            n_factors=3 if n_factors is None else n_factors,
            error_edges=error_edges,
            error_groups=error_groups,
            is_interval_found=not is_quick,
        )
    else:
        message = f"model must be schwartz-smith or n-factor for a panel, got {model!r}"
        raise ValueError(message)
    filtered = filter_panel(panel, found, error_edges=error_edges, error_groups=error_groups)
    rows = PanelRows.of(panel, error_edges=error_edges, error_groups=error_groups)
    compared = [
        fit_n_factor(
            panel,
            n_factors=n,
            error_edges=error_edges,
            error_groups=error_groups,
            is_interval_found=False,
        )
        for n in (COMPARED if is_compared else ())
    ]
    if overrides:
        found = found.overridden(reason=reason, **overrides)
    return PanelCalibration(
        panel=panel, fit=found, filtered=filtered, rows=rows, compared=tuple(compared)
    )


def read_panel(
    file: str | Path,
    *,
    unit: str,
    maturities: str,
    date_column: str | None = None,
    name: str | None = None,
    step: float | None = None,
) -> FuturesPanel:
    """Return the futures prices of a CSV file: a column of dates, then one for each contract.

    Parameters
    ----------
    file
        The prices, empty where one is missing.
    unit
        Of the prices, as ``USD/bbl``.
    maturities
        Time left of each column, as ``1m,5m,1.5y``; or a CSV file with the same header and dates
        and the years left of each price.
    date_column
        Column of the dates; one called date, day, month, time or period by default.
    name
        Of the price; the file's name by default.
    step
        Years from row to row, where they are to count as evenly spaced.

    Raises
    ------
    ValueError
        Naming the column, the rule and the value or its date.
    """
    unit_factor(unit)
    frame = _table(file)
    column = date_column or next(
        (str(label) for label in frame.columns if str(label).lower() in DATE_COLUMNS), ""
    )
    if not column:
        known = ", ".join(str(label) for label in frame.columns)
        message = f"{file} must have a column of dates (one of {known}); name it"
        raise ValueError(message)
    left: FloatArray | pd.DataFrame
    if maturities.lower().endswith(".csv"):
        left = _table(maturities)
    else:
        left = np.array([_years(text) for text in maturities.split(",")])
        if left.size != len(frame.columns) - 1:
            message = (
                f"maturities must be {len(frame.columns) - 1}, one for each contract of {file}, "
                f"got {left.size}"
            )
            raise ValueError(message)
    return FuturesPanel.from_frame(
        frame,
        name=name or Path(file).stem,
        unit=unit,
        maturities=left,
        dates=column,
        step=step,
        source=Path(file).name,
    )


def _table(file: str | Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(file)
    except FileNotFoundError:
        message = f"{file} must exist, got no such file"
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        message = f"{file} must be a CSV file with a header, got {error}"
    raise ValueError(message) from None


def _years(text: str) -> float:
    """Return the years of a text such as ``5m`` or ``1.5y``.

    Examples
    --------
    >>> _years("6m"), _years(" 1.5y")
    (0.5, 1.5)
    >>> _years("6")
    Traceback (most recent call last):
    ValueError: maturities must be months or years, as 5m or 1.5y, got '6'
    """
    told = text.strip().lower()
    months = {"m": 1.0, "y": 12.0}.get(told[-1:])
    try:
        number = float(told[:-1])
    except ValueError:
        number = math.nan
    if months is None or not math.isfinite(number):
        message = f"maturities must be months or years, as 5m or 1.5y, got {text.strip()!r}"
        raise ValueError(message)
    return number * months / 12.0
