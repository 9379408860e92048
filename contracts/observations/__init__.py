"""What is seen: prices, quantities, strikes, events, earnings, rates."""

from contracts.observations.earnings import Earnings
from contracts.observations.escalation import FixedEscalation, IndexEscalation
from contracts.observations.event import Event
from contracts.observations.interest_rate import InterestRate
from contracts.observations.pricing_dates import PricingDates
from contracts.observations.reference_price import Conversion, ReferencePrice
from contracts.observations.schedule import Schedule
from contracts.observations.volume import Ramp, Volume
from contracts.protocols import Observation

KINDS: dict[str, type[Observation]] = {
    "earnings": Earnings,
    "event": Event,
    "interest-rate": InterestRate,
    "reference-price": ReferencePrice,
    "schedule": Schedule,
    "volume": Volume,
}

__all__ = [
    "KINDS",
    "Conversion",
    "Earnings",
    "Event",
    "FixedEscalation",
    "IndexEscalation",
    "InterestRate",
    "PricingDates",
    "Ramp",
    "ReferencePrice",
    "Schedule",
    "Volume",
]
