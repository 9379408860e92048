"""The command ``offtake check``."""

from __future__ import annotations

from contracts.commands.options import DealName, MarketName


def check(deal: DealName, market: MarketName = None) -> None:
    """Check a term sheet with its market, or a market: every fault at once, with its line."""
    from contracts.catalogue import is_market_file, load, load_market
    from contracts.reports.listings import print_check
    from contracts.run import market_of

    if is_market_file(deal):
        print_check(None, load_market(deal))
        return
    loaded = load(deal)
    named = market or market_of(loaded)
    print_check(loaded, load_market(named) if named else None)
