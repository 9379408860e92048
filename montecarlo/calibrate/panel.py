r"""A panel of futures prices: dates by contracts, with gaps, and the time each has left."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.calibrate.cleaning import as_days, as_prices
from montecarlo.checks import FloatArray
from montecarlo.grid import DAYS_A_YEAR, DateArray

FEWEST_PRICES = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FuturesPanel:
    r"""Prices :math:`F(t, t + \tau)` of contracts with :math:`\tau` years left at date t.

    Either stitched series, each of one constant time left ("one month out"), or single contracts
    whose time left shrinks from date to date. NaN stands for a price that is missing.

    Parameters
    ----------
    name, unit
        Of the price: ``oil``, ``USD/bbl``.
    contracts
        (m,) names of the columns, all different.
    dates
        (n,) rising days.
    prices
        (n, m), above zero; NaN where one is missing.
    maturities
        Years left: (m,) for stitched series, (n, m) for single contracts.
    step
        Years from one date to the next, where the rows are to count as evenly spaced; by default
        the days between the dates over 365.
    source
        Where the prices come from, in words.

    Raises
    ------
    ValueError
        For dates that do not rise, a price that is not above zero, a price without the years it
        has left, or too few prices, naming date and contract.

    Examples
    --------
    >>> panel = FuturesPanel(
    ...     name="oil",
    ...     unit="USD/bbl",
    ...     contracts=["near", "far"],
    ...     dates=np.arange("2024-01", "2025-03", dtype="datetime64[M]").astype("datetime64[D]"),
    ...     prices=np.tile([[70.0, 68.0]], (14, 1)),
    ...     maturities=[1 / 12, 1.0],
    ... )
    >>> panel
    FuturesPanel('oil', 28 prices of 2 contracts in USD/bbl, 2024-01-01 to 2025-02-01)
    >>> panel.steps()[:2].round(4)
    array([0.0849, 0.0795])
    """

    name: str
    unit: str
    contracts: tuple[str, ...]
    dates: DateArray
    prices: FloatArray
    maturities: FloatArray
    step: float | None = None
    source: str = ""
    data_hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.name("unit", self.unit)
        names = checks.unique_names("contracts", [str(item) for item in self.contracts])
        days = as_days(self.dates)
        prices = _numbers("prices", self.prices)
        if prices.ndim != 2 or prices.shape != (days.size, len(names)):
            msg = f"prices must have shape ({days.size}, {len(names)}), got {prices.shape}"
            raise ValueError(msg)
        back = np.flatnonzero(np.diff(days) <= np.timedelta64(0, "D"))
        if back.size:
            first, second = days[back[0]], days[back[0] + 1]
            msg = f"dates must rise strictly, got {second} after {first}"
            raise ValueError(msg)
        maturities = _numbers("maturities", self.maturities)
        if maturities.shape not in (prices.shape, (len(names),)):
            msg = (
                f"maturities must have shape ({len(names)},) or {prices.shape}, got "
                f"{maturities.shape}"
            )
            raise ValueError(msg)
        self._check(days, names, prices, np.broadcast_to(maturities, prices.shape))
        if self.step is not None:
            checks.positive("step", self.step)
        text = hashlib.sha256(f"{self.unit}|{self.step}|{'|'.join(names)}|".encode())
        text.update(days.astype("<i8").tobytes())
        for array in (prices, maturities):
            array.flags.writeable = False
            text.update(array.astype("<f8").tobytes())
        days.flags.writeable = False
        object.__setattr__(self, "contracts", names)
        object.__setattr__(self, "dates", days)
        object.__setattr__(self, "prices", prices)
        object.__setattr__(self, "maturities", maturities)
        object.__setattr__(self, "data_hash", text.hexdigest())

    @staticmethod
    def _check(
        days: DateArray, names: Sequence[str], prices: FloatArray, maturities: FloatArray
    ) -> None:
        is_known = ~np.isnan(prices)
        for bad, rule, shown in (
            (is_known & ~((prices > 0.0) & np.isfinite(prices)), "must be above zero", prices),
            (
                is_known & ~((maturities >= 0.0) & np.isfinite(maturities)),
                "must have at least 0 years left where it has a price",
                maturities,
            ),
        ):
            where = np.argwhere(bad)
            if where.size:
                t, j = where[0]
                msg = f"price of {names[j]} on {days[t]} {rule}, got {float(shown[t, j])!r}"
                raise ValueError(msg)
        if int(is_known.sum()) < FEWEST_PRICES:
            msg = f"prices must number at least {FEWEST_PRICES}, got {int(is_known.sum())}"
            raise ValueError(msg)

    def __repr__(self) -> str:
        span = f"{self.dates[0]} to {self.dates[-1]}"
        count = f"{self.n_prices} prices of {len(self.contracts)} contracts in {self.unit}"
        return f"FuturesPanel({self.name!r}, {count}, {span})"

    @classmethod
    def from_frame(
        cls,
        frame: Any,  # noqa: ANN401
        *,
        name: str,
        unit: str,
        maturities: Any,  # noqa: ANN401
        dates: str = "date",
        step: float | None = None,
        source: str = "",
    ) -> FuturesPanel:
        """Return the panel of a pandas DataFrame: a column of dates, then one for each contract.

        Parameters
        ----------
        frame
            The prices.
        maturities
            Years left: a list with one number a contract, or a DataFrame with the same dates and
            columns.
        dates
            The column that holds the dates.

        Raises
        ------
        ValueError
            For a column that is not there, or tables whose dates or columns differ.
        """
        if dates not in frame.columns:
            known = ", ".join(str(label) for label in frame.columns)
            msg = f"column must be in the table ({known}), got {dates!r}"
            raise ValueError(msg)
        columns = [label for label in frame.columns if label != dates]
        if not columns:
            msg = f"table must have a column for each contract beside {dates}, got none"
            raise ValueError(msg)
        left, on = maturities, as_days(frame[dates].to_numpy())
        if hasattr(maturities, "columns"):
            absent = [str(label) for label in frame.columns if label not in maturities.columns]
            if absent:
                msg = f"maturities must have the columns of the prices, got none of {absent[0]!r}"
                raise ValueError(msg)
            others = as_days(maturities[dates].to_numpy())
            if not np.array_equal(on, others):
                msg = "maturities must have the dates of the prices, got others"
                raise ValueError(msg)
            left = _columns("years left of ", maturities, columns, on)
        return cls(
            name=name,
            unit=unit,
            contracts=tuple(str(label) for label in columns),
            dates=frame[dates].to_numpy(),
            prices=_columns("", frame, columns, on),
            maturities=left,
            step=step,
            source=source,
        )

    @property
    def n_prices(self) -> int:
        """How many prices there are, without those that are missing."""
        return int((~np.isnan(self.prices)).sum())

    @property
    def is_stitched(self) -> bool:
        """Whether each contract has the same time left on all dates."""
        return self.maturities.ndim == 1

    def steps(self) -> FloatArray:
        """Return the years between neighbouring dates, ``(n - 1,)``."""
        if self.step is not None:
            return np.full(self.dates.size - 1, self.step)
        return np.diff(self.dates).astype(np.float64) / DAYS_A_YEAR

    def years_left(self) -> FloatArray:
        """Return the years left of each price, ``(n, m)``."""
        return np.broadcast_to(self.maturities, self.prices.shape)


def _columns(what: str, frame: Any, columns: Sequence[Any], days: DateArray) -> FloatArray:  # noqa: ANN401
    """Return columns of numbers, ``(n, m)``; an entry that is none is named with its date."""
    return np.column_stack(
        [as_prices(f"{what}{label}", frame[label].to_numpy(), days) for label in columns]
    )


def _numbers(field_name: str, values: npt.ArrayLike) -> FloatArray:
    """Return a float64 copy, NaN where a number is missing."""
    try:
        return np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        msg = f"{field_name} must be numbers, NaN where one is missing, got {values!r:.80}"
        raise ValueError(msg) from None
