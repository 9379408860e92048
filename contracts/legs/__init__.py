"""What is owed: one payoff clause a file."""

from contracts.legs.clip import Clip
from contracts.legs.convertible_preferred import ConvertiblePreferred
from contracts.legs.difference import Difference
from contracts.legs.earnings_band import Band, EarningsBand
from contracts.legs.fixed_amount import FixedAmount
from contracts.legs.fixed_price import FixedPrice
from contracts.legs.floor import Floor
from contracts.legs.loan import Loan
from contracts.legs.upside_share import UpsideShare
from contracts.legs.warrant import Warrant
from contracts.protocols import Leg

KINDS: dict[str, type[Leg]] = {
    "clip": Clip,
    "convertible-preferred": ConvertiblePreferred,
    "difference": Difference,
    "earnings-band": EarningsBand,
    "fixed-amount": FixedAmount,
    "fixed-price": FixedPrice,
    "floor": Floor,
    "loan": Loan,
    "upside-share": UpsideShare,
    "warrant": Warrant,
}

__all__ = [
    "KINDS",
    "Band",
    "Clip",
    "ConvertiblePreferred",
    "Difference",
    "EarningsBand",
    "FixedAmount",
    "FixedPrice",
    "Floor",
    "Loan",
    "UpsideShare",
    "Warrant",
]
