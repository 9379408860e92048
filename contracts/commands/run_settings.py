"""What options say of a run: its market, its number of paths, what works on it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from contracts.run import DealLike, MarketLike


def hit(
    deals: Sequence[DealLike], market: str | None, shocks: list[str] | None
) -> MarketLike | None:
    """Return the market, with shocks if there are any."""
    if not shocks:
        return market
    from contracts.run import as_deal, common_market

    return common_market([as_deal(deal) for deal in deals], market).with_shock(*shocks)


def n_paths_of(text: str) -> int | Literal["auto"]:
    """Return what ``--paths`` says."""
    if text == "auto":
        return "auto"
    try:
        return int(text.replace("_", ""))
    except ValueError:
        message = f"--paths must be a whole number or auto, got {text!r}"
        raise ValueError(message) from None


def worked_on(cluster: str | None, n_threads: int | None) -> AbstractContextManager[Any]:
    """Return what yields the executor: a cluster, or none and help with the first run."""
    if cluster is None:
        from contracts.second_compiler import second_compiler

        return second_compiler(n_threads)
    from contracts.cluster import connected

    return connected(cluster)
