"""Every built-in deal through the battery, and one deal with every kind of leg."""

import datetime
from importlib import resources

import numpy as np
import pytest

import contracts
from contracts.legs import (
    KINDS,
    Band,
    Clip,
    ConvertiblePreferred,
    Difference,
    EarningsBand,
    FixedAmount,
    FixedPrice,
    Floor,
    Loan,
    UpsideShare,
    Warrant,
)
from contracts.modifiers import Advance, BudgetCap, Gate, OwnershipCap
from contracts.observations import Earnings, Event, FixedEscalation, InterestRate, Schedule, Volume
from tests.batteries.deal import DealBattery
from tests.valuation.small import (
    average_price,
    by_period,
    clause,
    commodity,
    deal,
    market,
    quarters,
    steps,
)

DEALS = sorted(
    item.name.removesuffix(".yaml")
    for item in (resources.files("contracts") / "deals").iterdir()
    if item.name.endswith(".yaml")
)


class TestEveryBuiltInDeal(DealBattery):
    @pytest.fixture(scope="class", params=DEALS)
    @classmethod
    def deal(cls, request):
        return contracts.load(request.param)

    @pytest.fixture(scope="class")
    @classmethod
    def market(cls, deal):
        return contracts.load_market(deal.market)

    def test_it_is_listed(self, deal):
        assert deal.name in contracts.deals()


class TestMaterialsAYearOn(DealBattery):
    """The same terms with three quarters behind: fixed, settled and paid flows among the rest."""

    @pytest.fixture(scope="class")
    @classmethod
    def deal(cls):
        return contracts.load("mp-materials")

    @pytest.fixture(scope="class")
    @classmethod
    def market(cls):
        return contracts.load_market("critical-minerals-2026-06-30")


PERIODS = quarters("2025-04-01", "2028-02-20")
ISSUED = datetime.date(2025, 7, 11)
LATER = datetime.date(2030, 7, 11)


def everything():
    """A deal with every kind of leg and modifier, running for one quarter already."""
    n = len(PERIODS)
    owned = OwnershipCap(
        limit=0.15, shares_outstanding=100.0, basis="diluted", counted=("preferred", "warrant")
    )
    preferred = ConvertiblePreferred(
        shares=2.0,
        stated_value=100.0,
        dividend=0.07,
        compounding=4,
        conversion_price=20.0,
        issue_date=ISSUED,
        conversion_date=LATER,
        share="share",
        settlement="greater-of-claim",
    )
    warrant = Warrant(
        shares=9.0, strike=25.0, issue_date=ISSUED, expiry=LATER, share="share", style="european"
    )
    loan = Loan(
        principal=1000.0,
        drawn=datetime.date(2025, 6, 30),
        maturity=datetime.date(2029, 6, 30),
        rate="coupon",
        frequency="half-year",
        amortisation="annuity",
    )
    back = {"payer": "mine", "receiver": "state"}
    return deal(
        clause(
            "floor",
            Floor(reference_price="r", quantity="q", strike="k"),
            lag_days=45,
            modifiers=[BudgetCap(limit=2500.0, per="fiscal-year", fiscal_year_end=9, used=500.0)],
        ),
        clause(
            "share",
            UpsideShare(reference_price="r", quantity="q", threshold="k", share=0.3),
            lag_days=30,
            modifiers=[Gate(event="open"), BudgetCap(limit=400.0, per="calendar-year")],
            **back,
        ),
        clause(
            "swap",
            Difference(reference_price="r", quantity="q", strike="k", negative_prices="cap"),
            modifiers=[BudgetCap(limit=900.0, per="contract-year", reverse_limit=700.0)],
        ),
        clause("sales", FixedPrice(quantity="q", strike="k"), lag_days=10),
        clause("collar", Clip(reference_price="lagged", quantity="q", lower="a", upper="b")),
        clause(
            "guarantee",
            EarningsBand(
                earnings="ebitda",
                threshold="k2",
                shortfall_share=0.9,
                bands=(Band(width="w", share=1.0), Band(width=None, share=0.5)),
            ),
            lag_days=60,
            advance=Advance(fraction=0.25, of="k2", payments=3),
        ),
        clause("price", FixedAmount(amount=400.0, pay_date=ISSUED)),
        clause("loan", loan, **back),
        clause("preferred", preferred, modifiers=[owned], **back),
        clause("warrant", warrant, modifiers=[owned], **back),
        periods=PERIODS,
        r=average_price(),
        lagged=average_price(every="week", day=3, lag_months=1),
        q=Volume(steps=((datetime.date(2025, 1, 1), 40.0),), per="year", delay_months=2),
        k=Schedule(
            steps=((datetime.date(2025, 1, 1), 110.0),),
            escalation=FixedEscalation(rate=0.02, base_date=datetime.date(2025, 1, 1)),
        ),
        a=steps(("2025-01-01", 60.0)),
        b=by_period(PERIODS, 130.0 + np.arange(n)),
        open=Event(event_date=datetime.date(2026, 5, 10), partial_period="pro-rata"),
        ebitda=Earnings(
            measure="ebitda", quantity="q", reference_price="r", price_share=0.5, premium=-7.0
        ),
        k2=by_period(PERIODS, 420.0 + 3.0 * np.arange(n)),
        w=steps(("2025-01-01", 50.0)),
        coupon=InterestRate(benchmark="10y", spread=0.01, fixing_date=datetime.date(2025, 6, 30)),
    )


class TestADealWithEveryLeg(DealBattery):
    @pytest.fixture(scope="class")
    @classmethod
    def deal(cls):
        return everything()

    @pytest.fixture(scope="class")
    @classmethod
    def market(cls):
        published = [
            ("2025-02-01", "2025-04-30", 88.0),
            ("2025-05-01", "2025-06-30", 97.0),
            ("2025-07-01", "2025-07-09", 93.0),
        ]
        return market(
            commodity("metal", price=100.0, volatility=0.35, risk_premium=0.02),
            commodity("share", price=22.0, volatility=0.6, drift=0.04),
            fixings={"metal": published},
            correlation={("metal", "share"): 0.4},
            rates={"10y": ((datetime.date(2025, 6, 30), 0.0433),)},
        )

    def test_it_has_every_kind(self, deal):
        assert {type(clause.leg) for clause in deal.clauses} == set(KINDS.values())


def test_a_deal_that_reads_no_price_replays():
    """A loan alone: nothing is simulated, and nothing is needed to replay it."""
    one = deal(clause("price", FixedAmount(amount=400.0, pay_date=LATER)))
    flat = market(rate=0.05)
    prices = contracts.simulated_prices(one, market=flat, n_paths=10, seed=1)

    v = contracts.value(one, market=flat, n_paths=10, seed=1)

    assert v.pv == pytest.approx(-400.0 * np.exp(-0.05 * (LATER - flat.valuation_date).days / 365))
    assert v.standard_error == 0.0
    assert contracts.value(one, market=flat, prices=prices).pv == v.pv
