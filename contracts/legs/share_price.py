"""The one observation that equity legs share: a share price read on one day."""

from collections.abc import Mapping

from contracts.observations.pricing_dates import PricingDates
from contracts.observations.reference_price import ReferencePrice
from contracts.protocols import Observation

SHARE_PRICE = "share_price"


def share_price(share: str) -> Mapping[str, Observation]:
    """Observe a share on the last day of each period of the leg's own calendar."""
    rule = PricingDates(every="period-end")
    return {SHARE_PRICE: ReferencePrice(commodity=share, pricing_dates=rule)}
