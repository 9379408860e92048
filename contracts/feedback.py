"""Feedback of support on a price: from the terms of a market file to what is simulated."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from contracts.conventions import DAYS_IN_YEAR

if TYPE_CHECKING:
    from contracts.specification.feedback_terms import FeedbackTerms
    from montecarlo import ForwardCurve
    from montecarlo.models.joint import Member

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFeedback:
    """How a price answers support: see :class:`montecarlo.SupportFeedback`.

    Parameters
    ----------
    strike, floored_share
        (years from the valuation date, value) from each time on.
    response
        Elasticity of the floored supply over that of demand.
    text
        One line for a reader.
    """

    strike: tuple[tuple[float, float], ...]
    floored_share: tuple[tuple[float, float], ...]
    response: float
    text: str


def market_feedback(terms: FeedbackTerms, unit: str, today: datetime.date) -> MarketFeedback:
    """Return the feedback of a commodity from its terms, with times in years.

    Examples
    --------
    >>> from contracts.specification.feedback_terms import FeedbackTerms
    >>> terms = FeedbackTerms(
    ...     strike="110 USD/kg", floored_share={"2027-01-01": 0.3}, response=0.5
    ... )
    >>> feedback = market_feedback(terms, "USD/kg", datetime.date(2026, 1, 1))
    >>> feedback.floored_share
    ((0.0, 0.0), (1.0, 0.3))
    >>> feedback.text
    'support draws prices below 110 USD/kg towards it: share 0.3 from 2027-01-01, response 0.5'
    """
    strikes = terms.strike if isinstance(terms.strike, dict) else {today: terms.strike}
    shares = terms.floored_share
    dated_shares = shares if isinstance(shares, dict) else {today: shares}
    floors = {date: price.value for date, price in strikes.items()}
    floor_words = _words(floors, unit, is_dated=isinstance(terms.strike, dict))
    share_words = _words(dated_shares, "", is_dated=isinstance(shares, dict))
    return MarketFeedback(
        strike=_from_today(floors, today, before=next(iter(floors.values()))),
        floored_share=_from_today(dated_shares, today, before=0.0),
        response=terms.response,
        text=(
            f"support draws prices below {floor_words} towards it: share {share_words}, "
            f"response {terms.response:g}"
        ),
    )


def with_feedback(model: Member, feedback: MarketFeedback | None) -> Member:
    """Return a model with the market's answer to support, or itself where there is none."""
    if feedback is None:
        return model
    from montecarlo import SupportFeedback

    return SupportFeedback(
        model=model,
        strike=_curve(feedback.strike),
        floored_share=_curve(feedback.floored_share),
        response=feedback.response,
    )


def _curve(steps: tuple[tuple[float, float], ...]) -> ForwardCurve:
    from montecarlo import ForwardCurve

    times, values = zip(*steps, strict=True)
    return ForwardCurve(times=times, values=values, interpolation="step")


def _from_today(
    dated: dict[datetime.date, float], today: datetime.date, *, before: float
) -> tuple[tuple[float, float], ...]:
    held = {0.0: before}
    for date, value in dated.items():
        # What began in the past holds today; the latest of those counts.
        held[max((date - today).days / DAYS_IN_YEAR, 0.0)] = value
    return tuple(held.items())


def _words(dated: dict[datetime.date, float], unit: str, *, is_dated: bool) -> str:
    tail = f" {unit}" if unit else ""
    if not is_dated:
        return f"{next(iter(dated.values())):g}{tail}"
    return ", ".join(f"{value:g}{tail} from {date}" for date, value in dated.items())
