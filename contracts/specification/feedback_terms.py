"""What the market makes of volumes that are sold under a floor."""

from contracts.specification.measures import Price
from contracts.specification.scalars import Date, NotNegative, Prose, Share
from contracts.specification.sheet import Sheet


class FeedbackTerms(Sheet):
    """A price below the floor is drawn towards it; the forward curve is that without support."""

    strike: Price | dict[Date, Price]
    """The floor; or a floor from each date on, the first holding before it too."""
    floored_share: Share | dict[Date, Share]
    """Share of the supply that makes this price which is sold under the floor; or one from each
    date on, and none before the first."""
    response: NotNegative
    """Elasticity of the floored supply below the floor over that of demand."""
    note: Prose | None = None
