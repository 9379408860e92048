"""Price floors, contracts for difference and offtake deals: terms in, values and exposure out.

>>> import contracts
>>> deal = contracts.load("mp-materials")
>>> deal.currency
'USD'
"""

from typing import TYPE_CHECKING, Any

__dist__ = "offtake"
__version__ = "0.1.0"

# Heavy modules are imported on first use, so that importing the package stays quick.
_WHERE = {
    "Deal": "contracts.deal",
    "Market": "contracts.market",
    "TermSheetError": "contracts.errors",
    "Valuation": "contracts.valuation",
    "deals": "contracts.catalogue",
    "exposure": "contracts.public_exposure",
    "load": "contracts.catalogue",
    "load_market": "contracts.catalogue",
    "markets": "contracts.catalogue",
    "portfolio_table": "contracts.portfolio",
    "pricing_grid": "contracts.run",
    "simulated_prices": "contracts.run",
    "under_other_models": "contracts.other_models",
    "value": "contracts.valuing",
    "value_portfolio": "contracts.portfolio",
    "value_together": "contracts.valuing",
}

__all__ = [
    "Deal",
    "Market",
    "TermSheetError",
    "Valuation",
    "deals",
    "exposure",
    "load",
    "load_market",
    "markets",
    "portfolio_table",
    "pricing_grid",
    "simulated_prices",
    "under_other_models",
    "value",
    "value_portfolio",
    "value_together",
]

if TYPE_CHECKING:
    from contracts.catalogue import deals, load, load_market, markets
    from contracts.deal import Deal
    from contracts.errors import TermSheetError
    from contracts.market import Market
    from contracts.other_models import under_other_models
    from contracts.portfolio import portfolio_table, value_portfolio
    from contracts.public_exposure import exposure
    from contracts.run import pricing_grid, simulated_prices
    from contracts.valuation import Valuation
    from contracts.valuing import value, value_together


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _WHERE:
        message = f"module 'contracts' has no attribute {name!r}"
        raise AttributeError(message)
    import importlib

    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
