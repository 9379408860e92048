"""The kernels of regime switching: the chain by its own clock, the price that follows it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.elementary import exp, log
from montecarlo.jit import kernel
from montecarlo.philox import LOW, SHIFT_WORD, philox_words
from montecarlo.streams import open_uniform, standard_normal, unit_exponential

Words = npt.NDArray[np.uint64]
States = npt.NDArray[np.int64]


@kernel
def next_switch(
    starts: FloatArray, exits: FloatArray, regime: int, now: float, exponential: float
) -> float:
    """Return when a regime is left, its clock having to advance by ``exponential`` from now on.

    ``exits`` (n_pieces, n_regimes) holds from ``starts`` (n_pieces,) on; infinity means never.
    """
    left = exponential
    last = starts.shape[0] - 1
    for k in range(last):
        if starts[k + 1] > now:
            begin = max(starts[k], now)
            advance = exits[k, regime] * (starts[k + 1] - begin)
            if advance >= left:
                return float(begin + left / exits[k, regime])
            left -= advance
    if exits[last, regime] == 0.0:
        return math.inf
    return float(max(starts[last], now) + left / exits[last, regime])


@kernel
def entered_regime(
    starts: FloatArray, rates: FloatArray, exits: FloatArray, regime: int, at: float, uniform: float
) -> int:
    """Return the regime entered at a switch, each in proportion to its intensity then."""
    k = 0
    while k + 1 < starts.shape[0] and starts[k + 1] < at:
        k += 1
    rest = uniform * exits[k, regime]
    chosen = regime
    for j in range(rates.shape[2]):
        if rates[k, regime, j] > 0.0:
            chosen = j
            rest -= rates[k, regime, j]
            if rest < 0.0:
                break
    return chosen


@kernel
def first_regime(initial: FloatArray, uniform: float) -> int:
    """Return the regime at time zero."""
    rest = uniform
    chosen = 0
    for j in range(initial.shape[0]):
        if initial[j] > 0.0:
            chosen = j
            rest -= initial[j]
            if rest < 0.0:
                break
    return chosen


@kernel
def regime_rows(
    key: Words,
    first_path: np.uint64,
    starts: FloatArray,
    rates: FloatArray,
    exits: FloatArray,
    initial: FloatArray,
    times: FloatArray,
    out: States,
) -> None:
    """Write the regime of each date and path (n_dates, n); switch k comes from counter k."""
    n_dates, n_paths = out.shape
    for j in range(n_paths):
        path = first_path + np.uint64(j)
        count = np.uint64(0)
        when, which = philox_words(path & LOW, path >> SHIFT_WORD, count, count, key[0], key[1])
        regime = first_regime(initial, open_uniform(which))
        due = next_switch(starts, exits, regime, 0.0, unit_exponential(when))
        for t in range(n_dates):
            while due <= times[t]:
                count += np.uint64(1)
                when, which = philox_words(
                    path & LOW, path >> SHIFT_WORD, count, np.uint64(0), key[0], key[1]
                )
                regime = entered_regime(starts, rates, exits, regime, due, open_uniform(which))
                due = next_switch(starts, exits, regime, due, unit_exponential(when))
            out[t, j] = regime


@kernel
def follow_regimes(
    chain_key: Words,
    jump_key: Words,
    first_path: np.uint64,
    halved: np.uint64,
    starts: FloatArray,
    rates: FloatArray,
    exits: FloatArray,
    initial: FloatArray,
    jump_mean: FloatArray,
    jump_volatility: FloatArray,
    log_drift: FloatArray,
    variance: FloatArray,
    mean_reversion: float,
    times: FloatArray,
    scale: FloatArray,
    state: FloatArray,
    regimes: States,
    prices: FloatArray,
) -> None:
    """Turn rows exp(W) of a Brownian motion (n_dates, n) into prices that follow the regimes.

    ``state`` (3, n) is the log price, the next switch and W; ``regimes`` (2, n) the regime and
    the number of switches so far.
    """
    n_dates, n_paths = prices.shape
    level, due, walked = state[0], state[1], state[2]
    now, count = regimes[0], regimes[1]
    for j in range(n_paths):
        path = (first_path + np.uint64(j)) >> halved
        when, which = philox_words(
            path & LOW, path >> SHIFT_WORD, np.uint64(0), np.uint64(0), chain_key[0], chain_key[1]
        )
        level[j] = 0.0
        walked[j] = 0.0
        count[j] = 0
        now[j] = first_regime(initial, open_uniform(which))
        due[j] = next_switch(starts, exits, now[j], 0.0, unit_exponential(when))
    twice = 2.0 * mean_reversion
    before = 0.0
    for t in range(n_dates):
        step = times[t] - before
        unit = 1.0 / math.sqrt(step) if step > 0.0 else 0.0
        whole_fade = exp(-mean_reversion * step)
        whole_pull = (1.0 - whole_fade) / mean_reversion if mean_reversion > 0.0 else step
        whole_spread = (1.0 - exp(-twice * step)) / twice if mean_reversion > 0.0 else step
        row = prices[t]
        for j in range(n_paths):
            at = log(row[j])
            row[j] = (at - walked[j]) * unit
            walked[j] = at
        for j in range(n_paths):
            if due[j] > times[t]:
                spread = variance[now[j]] * whole_spread
                level[j] = whole_fade * level[j] + log_drift[now[j]] * whole_pull
            else:
                x = level[j]
                spread = 0.0
                since = before
                path = (first_path + np.uint64(j)) >> halved
                while True:
                    leaves = due[j] <= times[t]
                    stay = (due[j] if leaves else times[t]) - since
                    fade, pull, widen = 1.0, stay, stay
                    if mean_reversion > 0.0:
                        fade = exp(-mean_reversion * stay)
                        pull = (1.0 - fade) / mean_reversion
                        widen = (1.0 - fade * fade) / twice
                    x = fade * x + log_drift[now[j]] * pull
                    spread = fade * fade * spread + variance[now[j]] * widen
                    if not leaves:
                        break
                    since = due[j]
                    count[j] += 1
                    event = np.uint64(count[j])
                    when, which = philox_words(
                        path & LOW,
                        path >> SHIFT_WORD,
                        event,
                        np.uint64(0),
                        chain_key[0],
                        chain_key[1],
                    )
                    left = now[j]
                    now[j] = entered_regime(starts, rates, exits, left, since, open_uniform(which))
                    due[j] = next_switch(starts, exits, now[j], since, unit_exponential(when))
                    x += jump_mean[left, now[j]]
                    if jump_volatility[left, now[j]] > 0.0:
                        size, _ = philox_words(
                            path & LOW,
                            path >> SHIFT_WORD,
                            event,
                            np.uint64(0),
                            jump_key[0],
                            jump_key[1],
                        )
                        x += jump_volatility[left, now[j]] * standard_normal(size)
                level[j] = x
            level[j] += math.sqrt(spread) * row[j]
        for j in range(n_paths):
            row[j] = scale[t] * exp(level[j])
        before = times[t]
