r"""Measure what each way of drawing paths gains under each price model, and write the page.

    python -m docs.variance [--paths 8192] [--repeats 40] [--page docs/variance-reduction.md]

The deal is a floor and an upside share on quarterly averages of monthly prices, at the money, for
five years. Each way values it ``repeats`` times from different seeds. The gain is how many times
fewer paths reach the same standard error,

.. math:: g = \frac{\sum_r \mathrm{se}_r^2 \text{ of plain paths}}{\sum_r \mathrm{se}_r^2},

and the mean of all repeats is held against that of the plain ones: |z| is the distance in
combined standard errors, which a bias would push beyond three.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contracts.market import Market
from contracts.market_sheet import build_market
from contracts.termsheet import build_deal
from contracts.valuing import value
from montecarlo.models.lognormal import LognormalModel

JUMPS = {"jump_intensity": 0.4, "jump_mean": 0.3, "jump_volatility": 0.2}


def past() -> dict[str, float]:
    """Return ten years of monthly prices, made up, with months that move thrice as much."""
    shocks = np.random.default_rng(1).standard_normal(120)
    turbulent = np.arange(120) % 40 < 12
    prices = 60.0 * np.exp(np.cumsum(np.where(turbulent, 0.15, 0.05) * shocks))
    return {f"{2015 + i // 12}-{i % 12 + 1:02d}": float(price) for i, price in enumerate(prices)}


MODELS: dict[str, dict[str, Any]] = {
    "gbm": {"kind": "gbm", "volatility": 0.33},
    "schwartz": {"kind": "schwartz", "mean_reversion": 0.3, "volatility": 0.33},
    "schwartz-smith": {
        "kind": "schwartz-smith",
        "mean_reversion": 1.5,
        "short_volatility": 0.35,
        "long_volatility": 0.15,
        "correlation": 0.3,
    },
    "n-factor": {
        "kind": "n-factor",
        "mean_reversion": [0.0, 0.8, 4.0],
        "volatility": [0.15, 0.25, 0.3],
        "correlation": [[1.0, 0.2, 0.1], [0.2, 1.0, -0.3], [0.1, -0.3, 1.0]],
    },
    "gibson-schwartz": {
        "kind": "gibson-schwartz",
        "volatility": 0.35,
        "yield_mean_reversion": 1.2,
        "yield_volatility": 0.3,
        "correlation": 0.7,
    },
    "inflation": {"kind": "inflation", "mean_reversion": 0.5, "volatility": 0.02},
    "merton": {"kind": "merton", "volatility": 0.2} | JUMPS,
    "jump-diffusion": {"kind": "jump-diffusion", "mean_reversion": 0.3, "volatility": 0.2} | JUMPS,
    "regime-switching": {
        "kind": "regime-switching",
        "mean_reversion": 0.5,
        "regimes": {
            "open trade": {"log_level": 0.0, "volatility": 0.2},
            "licences": {"log_level": 0.5, "volatility": 0.4},
            "embargo": {"log_level": 1.2, "volatility": 0.7},
        },
        "transitions": {
            "open trade": {"licences": 0.3},
            "licences": {"open trade": 0.8, "embargo": 0.3},
            "embargo": {"licences": 1.5},
        },
        "initial": "open trade",
    },
    "stochastic-volatility": {
        "kind": "stochastic-volatility",
        "initial_variance": 0.09,
        "long_run_variance": 0.11,
        "mean_reversion": 1.5,
        "volatility_of_variance": 0.6,
        "correlation": 0.3,
    },
    "bootstrap": {"kind": "bootstrap", "history": past(), "mean_block_length": 6.0},
}
"""One set of parameters for each kind of model; GBM is first, the others in order of the file."""

WAYS: dict[str, dict[str, Any]] = {
    "plain": {"control": False},
    "control": {"control": True},
    "antithetic": {"control": False, "sampling": "antithetic"},
    "antithetic, control": {"control": True, "sampling": "antithetic"},
    "Sobol": {"control": False, "sampling": "sobol"},
    "Sobol, control": {"control": True, "sampling": "sobol"},
}
"""Name -> arguments of :func:`contracts.value`."""

SUSPICIOUS = 4.0
"""|z| beyond which a pair is called biased: one in 16,000 by chance."""

MANY = 1_000_000
"""A gain beyond this says that the mean is known but for rounding."""

DEAL = {
    "deal": "at-the-money",
    "title": "A floor and an upside share at the forward price",
    "currency": "USD",
    "perspective": "producer",
    "parties": {
        "government": {
            "name": "A government",
            "role": "provider",
            "public": True,
            "agency": "An agency",
            "programme": "A programme",
            "fiscal_year_end": "September",
        },
        "producer": {"name": "A producer", "role": "producer", "public": False},
    },
    "schedules": {"quarters": {"start": "2026-01-01", "end": "2030-12-31", "frequency": "quarter"}},
    "observations": {
        "price": {
            "kind": "reference-price",
            "schedule": "quarters",
            "commodity": "metal",
            "pricing_dates": {"every": "month", "day": 15},
        },
        "sales": {
            "kind": "volume",
            "schedule": "quarters",
            "per": "quarter",
            "steps": {"2026-01-01": "100 t"},
        },
    },
    "legs": [
        {
            "name": "price floor",
            "kind": "floor",
            "payer": "government",
            "receiver": "producer",
            "schedule": "quarters",
            "reference_price": "price",
            "quantity": "sales",
            "strike": "60 USD/kg",
            "payment": {"lag_days": 30},
        },
        {
            "name": "upside share",
            "kind": "upside-share",
            "payer": "producer",
            "receiver": "government",
            "schedule": "quarters",
            "reference_price": "price",
            "quantity": "sales",
            "threshold": "60 USD/kg",
            "share": 0.3,
            "payment": {"lag_days": 30},
        },
    ],
}


def market_of(model: dict[str, Any]) -> Market:
    """Return a market with one price at 60 USD/kg, whatever the model."""
    return build_market(
        {
            "market": "one-metal",
            "title": "One metal",
            "valuation_date": "2026-01-01",
            "currency": "USD",
            "discount": {"name": "flat", "zero_rates": {"2027-01-01": 0.04}},
            "commodities": {
                "metal": {
                    "unit": "USD/kg",
                    "traded": False,
                    "forward_curve": {"2026-01-01": "60 USD/kg"},
                    "model": model,
                }
            },
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one way of drawing gave under one model.

    Parameters
    ----------
    mean, error
        Of all repeats together, and the standard error that the valuations state.
    spread
        The standard error of the same mean as the repeats themselves show it.
    gain
        Plain variance over this one, at the same number of paths.
    distance
        From the mean of plain paths, in combined standard errors.
    """

    model: str
    way: str
    mean: float
    error: float
    spread: float
    gain: float
    distance: float


def measure(model: str, *, n_paths: int, n_repeats: int) -> list[Measured]:
    """Value the deal in every way under one model, each repeat from a seed of its own."""
    deal, market = build_deal(DEAL), market_of(MODELS[model])
    found: list[Measured] = []
    for k, (way, arguments) in enumerate(WAYS.items()):
        seeds = range(1000 * k, 1000 * k + n_repeats)
        runs = [
            value(deal, market=market, n_paths=n_paths, seed=seed, quantiles="total", **arguments)
            for seed in seeds
        ]
        values = np.array([run.pv for run in runs])
        squares = np.array([run.standard_error for run in runs]) ** 2
        mean, error = float(values.mean()), math.sqrt(float(squares.sum())) / n_repeats
        first = found[0] if found else None
        combined = math.hypot(error, first.error) if first else math.inf
        found.append(
            Measured(
                model=model,
                way=way,
                mean=mean,
                error=error,
                spread=float(values.std(ddof=1)) / math.sqrt(n_repeats),
                gain=(first.error / error) ** 2 if first else 1.0,
                distance=(mean - first.mean) / combined if first else 0.0,
            )
        )
    return found


def control_of(model: str) -> str:
    """Return which control variate an average price has under a model."""
    built = market_of(MODELS[model]).commodity("metal").price_model()
    return "geometric twin" if isinstance(built, LognormalModel) else "the average itself"


def page(found: list[Measured], *, n_paths: int, n_repeats: int) -> str:
    """Return the page in Markdown.

    Examples
    --------
    >>> one = dict(model="gbm", mean=1.0, error=0.1, spread=0.1, distance=0.5)
    >>> rows = [Measured(way=way, gain=2.0, **one) for way in WAYS]
    >>> "| gbm | geometric twin | 2.0 |" in page(rows, n_paths=512, n_repeats=2)
    True
    """
    ways = list(WAYS)[1:]
    by_key = {(item.model, item.way): item for item in found}
    models = list(dict.fromkeys(item.model for item in found))
    head = ["model", "control", *ways, "largest \\|z\\|", "seen over stated error"]
    lines = [
        "# Variance reduction, model by model",
        "",
        "This page is made by `python -m docs.variance`; do not edit it.",
        "",
        f"A floor and an upside share on quarterly averages, at the money, five years; "
        f"{n_repeats} valuations of {n_paths:,} paths each way. A gain of 10 means that a tenth "
        f"of the paths reaches the same standard error; below 1 it takes more. |z| is how far the "
        f"mean of the worst of a model's ways lies from that of plain paths, in combined standard "
        f"errors. The last column divides the error that the scatter of the repeats shows by the "
        f"one that the valuations state, over all ways; {n_repeats} repeats know it to about "
        f"{100 / math.sqrt(2 * (n_repeats - 1) * len(WAYS)):.0f}%.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
    ]
    for model in models:
        mine = [by_key[model, way] for way in ways]
        everything = [item for item in found if item.model == model]
        squares = [(item.spread / item.error) ** 2 for item in everything]
        ratio = math.sqrt(sum(squares) / len(squares))
        worst = max(abs(item.distance) for item in mine)
        gains = [f"{item.gain:,.1f}" if item.gain < MANY else f"over {MANY:,}" for item in mine]
        lines.append(
            "| "
            + " | ".join([model, control_of(model), *gains, f"{worst:.1f}", f"{ratio:.2f}"])
            + " |"
        )
    lines += [
        "",
        "What does not apply, and why:",
        "",
        "- The geometric twin of an average has a closed form for lognormal prices only. Elsewhere "
        "the control is the average itself, whose mean is known whatever the model, with a slope "
        "from a pilot of another seed.",
        "- Antithetic pairs mirror the normals and share the rest: both paths of a pair jump, or "
        "change regime, on the same days, and pairs that repeat a history are independent. They "
        "halve what the normals bring, and repeat what events bring, so that they may lose where "
        "events are most of the risk.",
        "- Sobol points, with principal components or a Brownian bridge, go into the normals. "
        "Events are drawn as in plain paths; the error comes from the independent randomisations, "
        "events included.",
        "- Single precision is refused for prices that are not lognormal.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure all models and print the page, or write it."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--paths", type=int, default=8192)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    found = [
        item
        for model in MODELS
        for item in measure(model, n_paths=asked.paths, n_repeats=asked.repeats)
    ]
    text = page(found, n_paths=asked.paths, n_repeats=asked.repeats)
    if asked.page is None:
        print(text)  # noqa: T201
    else:
        asked.page.write_text(text, encoding="utf-8")
    biased = [item for item in found if abs(item.distance) > SUSPICIOUS]
    for item in biased:
        print(f"{item.model}, {item.way}: {item.distance:.1f} standard errors away")  # noqa: T201
    raise SystemExit(1 if biased else 0)


if __name__ == "__main__":
    main()
