"""QuantLib's C++ Monte Carlo engine: forty average-price puts on geometric Brownian motion.

The engine simulates each option on its own, over its three fixings only, in compiled code; it
values the floors without the upside share. That is less work a path than W2 asks for.
"""

from __future__ import annotations

import math

from benchmarks import terms
from benchmarks.programs import Answer, Program

VERSIONS = ("QuantLib",)


def run(n_paths):
    import QuantLib

    today = QuantLib.Date(
        terms.VALUATION_DATE.day, terms.VALUATION_DATE.month, terms.VALUATION_DATE.year
    )
    QuantLib.Settings.instance().evaluationDate = today
    counter = QuantLib.Actual365Fixed()
    calendar = QuantLib.NullCalendar()

    def flat(rate):
        return QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, rate, counter))

    volatility = QuantLib.BlackVolTermStructureHandle(
        QuantLib.BlackConstantVol(today, calendar, terms.VOLATILITY, counter)
    )
    spot = QuantLib.QuoteHandle(QuantLib.SimpleQuote(terms.FORWARD))
    process = QuantLib.BlackScholesMertonProcess(
        spot, flat(terms.RATE), flat(terms.RATE), volatility
    )
    mean, variance = 0.0, 0.0
    for quarter in range(terms.N_QUARTERS):
        dates = terms.PRICING_DATES[3 * quarter : 3 * quarter + 3]
        fixings = [QuantLib.Date(date.day, date.month, date.year) for date in dates]
        option = QuantLib.DiscreteAveragingAsianOption(
            QuantLib.Average.Arithmetic,
            0.0,
            0,
            fixings,
            QuantLib.PlainVanillaPayoff(QuantLib.Option.Put, terms.STRIKE),
            QuantLib.EuropeanExercise(fixings[-1]),
        )
        option.setPricingEngine(
            QuantLib.MCDiscreteArithmeticAPEngine(
                process, "pseudorandom", requiredSamples=n_paths, seed=42 + quarter
            )
        )
        # The engine discounts from the last fixing; payment is at the end of the quarter.
        lag = terms.PAYMENT_TIMES[quarter] - terms.TIMES[3 * quarter + 2]
        factor = terms.QUANTITY * math.exp(-terms.RATE * lag)
        mean += factor * option.NPV()
        variance += (factor * option.errorEstimate()) ** 2
    return Answer(n_paths=n_paths, mean=mean, standard_error=math.sqrt(variance))


def programs():
    return [
        Program(name="QuantLib C++ engine, floors alone", workload="W2", run=run, quantity="floors")
    ]
