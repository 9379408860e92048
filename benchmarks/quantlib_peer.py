"""QuantLib's C++ Monte Carlo engine: forty average-price puts on geometric Brownian motion.

The engine simulates each option on its own, over its three fixings only, in compiled code; it
values the floors without the upside share. That is less work a path than ours.
"""

from __future__ import annotations

import math
import time

from benchmarks.workload import FORWARD, N_QUARTERS, RATE, STRIKE, VOLATILITY, Result


def available():
    try:
        import QuantLib  # noqa: F401
    except ImportError:
        return False
    return True


def run_w2(n_paths):
    import QuantLib

    today = QuantLib.Date(1, 1, 2025)
    QuantLib.Settings.instance().evaluationDate = today
    counter = QuantLib.Actual365Fixed()
    calendar = QuantLib.NullCalendar()

    def flat(rate):
        return QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, rate, counter))

    volatility = QuantLib.BlackVolTermStructureHandle(
        QuantLib.BlackConstantVol(today, calendar, VOLATILITY, counter)
    )
    spot = QuantLib.QuoteHandle(QuantLib.SimpleQuote(FORWARD))
    process = QuantLib.BlackScholesMertonProcess(spot, flat(RATE), flat(RATE), volatility)
    options = []
    for quarter in range(N_QUARTERS):
        fixings = [today + round(365 * (3 * quarter + m) / 12) for m in (1, 2, 3)]
        option = QuantLib.DiscreteAveragingAsianOption(
            QuantLib.Average.Arithmetic,
            0.0,
            0,
            fixings,
            QuantLib.PlainVanillaPayoff(QuantLib.Option.Put, STRIKE),
            QuantLib.EuropeanExercise(fixings[-1]),
        )
        option.setPricingEngine(
            QuantLib.MCDiscreteArithmeticAPEngine(
                process, "pseudorandom", requiredSamples=n_paths, seed=42 + quarter
            )
        )
        options.append(option)
    started = time.process_time()
    for option in options:
        option.NPV()
    return Result(
        seconds=time.process_time() - started,
        n_paths=n_paths,
        mean=math.nan,
        standard_error=math.nan,
    )
