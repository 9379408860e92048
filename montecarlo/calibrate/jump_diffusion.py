r"""Prices that jump, fitted by maximum likelihood of a Poisson mixture, on irregular dates.

The changes of the log price are a diffusion with some jumps
(:mod:`montecarlo.calibrate.jump_likelihood`). Such likelihoods have pitfalls, each bounded and
said here:

- **No limit.** Let the diffusion shrink onto one change, and the likelihood grows without end.
  The volatility therefore stays above a floor, a twentieth of that of Brownian motion fitted to
  the same changes. An estimate at the floor means that most quotes did not move, and is refused
  as a description of the price.
- **Many small jumps are a diffusion.** The intensity stays below one jump in a typical step.
- **Several hills.** The search starts from jumps beyond two, three and four robust deviations, up
  and down apart, and from jumps of no mean.
- **No parabola.** Jumps may be many and small or few and large: the likelihood is a ridge with
  several hills, and intervals from standard errors miss the truth too often. All intervals follow
  the likelihood itself, with what short histories and few jumps demand
  (:mod:`montecarlo.calibrate.jump_interval`). In 300 simulated
  histories each of eight kinds, from 300 months with jumps of two and a half monthly deviations to
  45 quarters with a dozen large ones, they held the truth in 92% to 99%, every parameter
  (``python -m docs.coverage``; ``docs/coverage.md``).
- **Few jumps.** Two jumps in a history say little of the next: the changes that probably were
  jumps are named, and a warning says how many there were.
- **Is there any jump at all?** Twice the difference of log-likelihoods against no jumps is not
  chi-squared, because mean and size of jumps mean nothing where there are none. Its probability
  under no jumps is found from simulated histories (``n_simulated``), or said not to be known.

Source: R. C. Merton, "Option pricing when underlying stock returns are discontinuous", Journal of
Financial Economics 3, 1976; N. M. Kiefer, "Discrete parameter variation: efficient estimation of a
switching regression model", Econometrica 46, 1978, for the likelihood without limit;
R. B. Davies, "Hypothesis testing when a nuisance parameter is present only under the
alternative", Biometrika 64, 1977.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample
from montecarlo.calibrate.jump_interval import held_parameters
from montecarlo.calibrate.jump_likelihood import JumpLikelihood
from montecarlo.calibrate.jump_search import Found, maximum, simulated_ratios
from montecarlo.calibrate.jump_setting import Setting, setting_of
from montecarlo.calibrate.maximum_likelihood import NORMAL_95, Maximum
from montecarlo.calibrate.ou import warnings_of_average
from montecarlo.calibrate.parameters import EstimatedParameter
from montecarlo.checks import FloatArray
from montecarlo.grid import DateArray

FEWEST_PRICES = 20
FEW_JUMPS = 5.0
PROBABLE = 0.5
MOST_NAMED = 12
MEANINGS = {
    "mean_reversion": ("1/yr", "share of a deviation that fades in a year, continuously"),
    "volatility": ("1/sqrt(yr)", "standard deviation of the log price in a year without jumps"),
    "jump_intensity": ("1/yr", "jumps a year"),
    "jump_mean": ("", "mean of one jump of the log price"),
    "jump_volatility": ("", "standard deviation of one jump of the log price"),
    "drift": ("1/yr", "growth of the mean price, jumps included, real world"),
    "long_run_log_mean": ("", "level to which the log price returns between jumps, real world"),
}


def fit_merton(
    history: PriceHistory,
    *,
    horizon: str = "daily",
    n_simulated: int = 0,
    is_interval_found: bool = True,
) -> Fit:
    r"""Return Merton's jump-diffusion fitted to a history.

    ``volatility``, ``jump_intensity``, ``jump_mean`` and ``jump_volatility`` are the terms of the
    model, ``drift`` is the real-world growth of the mean price.

    Parameters
    ----------
    history
        At least 20 prices above zero, on any dates.
    horizon
        What is taken from it; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.
    n_simulated
        How many histories without jumps are simulated and fitted to find how probable the
        likelihood ratio is without jumps; some tenths of a second each; 0 for none.
    is_interval_found
        Whether the intervals are found, which takes most of the time.

    Raises
    ------
    ValueError
        For too few prices, a constant one, or one that is not above zero, naming its date.

    Examples
    --------
    Small moves either way, and three large ones up in ten years of months:

    >>> moves = 0.02 * np.cos(2.0 * np.arange(120.0))
    >>> moves[[20, 61, 99]] = 0.5
    >>> dates = np.datetime64("2010-01-31") + 30 * np.arange(121)
    >>> prices = 50.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)
    >>> fit = fit_merton(history)
    >>> round(fit["jump_intensity"].value * 120 * 30 / 365, 2), round(fit["jump_mean"].value, 2)
    (3.0, 0.5)
    """
    taken = sample(history, horizon)
    logs = taken.for_log_model(FEWEST_PRICES)
    setting = setting_of("merton", logs, taken.steps())
    return _fit(
        history,
        taken,
        setting,
        horizon=horizon,
        n_simulated=n_simulated,
        is_interval_found=is_interval_found,
    )


def fit_jump_diffusion(
    history: PriceHistory,
    *,
    horizon: str = "daily",
    n_simulated: int = 0,
    is_interval_found: bool = True,
) -> Fit:
    r"""Return the mean-reverting jump-diffusion fitted to a history.

    As :func:`fit_merton`, with ``mean_reversion``, and the real-world ``long_run_log_mean`` in the
    place of the drift. In histories of some decades mean reversion is estimated too high, see
    :mod:`montecarlo.calibrate.ou`; its interval allows for that, and includes zero where the
    history cannot tell.

    Parameters
    ----------
    history, horizon, n_simulated, is_interval_found
        As for :func:`fit_merton`.

    Raises
    ------
    ValueError
        As for :func:`fit_merton`.

    Examples
    --------
    >>> dates = np.datetime64("2010-01-31") + 30 * np.arange(161)
    >>> logs = 4.0 + 0.1 * np.sin(1.3 * np.arange(161.0) ** 2)
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))
    >>> fit_jump_diffusion(history).kind
    'jump-diffusion'
    """
    taken = sample(history, horizon)
    logs = taken.for_log_model(FEWEST_PRICES)
    setting = setting_of("jump-diffusion", logs, taken.steps())
    return _fit(
        history,
        taken,
        setting,
        horizon=horizon,
        n_simulated=n_simulated,
        is_interval_found=is_interval_found,
    )


def _fit(
    history: PriceHistory,
    taken: PriceHistory,
    setting: Setting,
    horizon: str,
    n_simulated: int,
    is_interval_found: bool,
) -> Fit:
    checks.integer("n_simulated", n_simulated, 0)
    likelihood = JumpLikelihood(np.log(taken.prices), taken.steps(), setting.most_intense)
    found = maximum(setting, likelihood)
    peak = found.peak
    parameters = _estimates(setting, likelihood, found, is_interval_found)
    fitted = setting.stated.read(peak.values)
    ratio = max(0.0, 2.0 * (peak.log_likelihood - likelihood.total(setting.plain)))
    simulated = simulated_ratios(setting, likelihood, n_simulated)
    chances = likelihood.chance_of_jump(fitted)
    return Fit(
        kind=setting.kind,
        name=history.name,
        unit=history.unit,
        parameters=parameters,
        covariance=peak.covariance,
        log_likelihood=peak.log_likelihood,
        n_observations=likelihood.steps.size,
        method=_method(setting),
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=likelihood.residuals(fitted),
        residual_dates=taken.dates[1:],
        warnings=(
            *_warnings(peak, setting, chances, taken),
            *_warnings_of_reversion(parameters, taken),
            *_warning_of_ratio(ratio, simulated),
            *taken.clock_warnings(),
            *warnings_of_average(taken),
        ),
        notices=(*taken.notices, _named_jumps(chances, taken.dates)),
        starts=peak.starts,
    )


def _method(setting: Setting) -> str:
    given = ""
    if setting.kind == "jump-diffusion":
        given = (
            ", given the first price, what is left of a jump at the end of its step matched in "
            "mean and variance"
        )
    return (
        f"maximum likelihood of a Poisson mixture of normals{given}; volatility at least "
        f"{setting.floor:.2g}, jumps at most {setting.most_intense:.3g} a year"
    )


def _estimates(
    setting: Setting, likelihood: JumpLikelihood, found: Found, is_interval_found: bool
) -> tuple[EstimatedParameter, ...]:
    physical = ("drift", "long_run_log_mean")
    peak, said = found.peak, []
    held = held_parameters(setting, likelihood, found)
    for i, parameter in enumerate(peak.parameters):
        unit, meaning = MEANINGS[parameter.name]
        low, high, how = math.nan, math.nan, "not found"
        if is_interval_found:
            low, high = held[i].interval(_reach(found, i))
            how = "profile likelihood"
            if parameter.name == "mean_reversion":
                # The slowest that is tried stands for none.
                low = 0.0 if low <= parameter.low else low
                how += ", simulated bounds"
        said.append(
            EstimatedParameter(
                name=parameter.name,
                value=float(peak.values[i]),
                unit=unit,
                standard_error=float(peak.standard_errors[i]),
                low=low,
                high=high,
                interval=how,
                role="physical" if parameter.name in physical else "model",
                meaning=meaning,
            )
        )
    return tuple(said)


def _reach(found: Found, i: int) -> float:
    """Return where the end of an interval may be, on the scale without limits."""
    parameter = found.peak.parameters[i]
    place = parameter.unlimited(float(found.peak.values[i]))
    error = float(found.peak.standard_errors[i]) / max(parameter.slope(place), 1e-300)
    return min(max(NORMAL_95 * error, 0.01), 3.0) if math.isfinite(error) else 1.0


def _warnings(
    peak: Maximum, setting: Setting, chances: FloatArray, taken: PriceHistory
) -> tuple[str, ...]:
    values: Mapping[str, float] = peak.by_name()
    said = list(peak.warnings)
    still = float(np.mean(np.diff(taken.prices) == 0.0))
    if values["volatility"] < 1.5 * setting.floor:
        said.append(
            f"volatility lies at its floor ({setting.floor:.2g}), below which the likelihood has "
            f"no limit: {100.0 * still:.0f}% of quotes did not move, and every move then looks "
            "like a jump; fit at a longer horizon"
        )
    if values["jump_intensity"] > 0.8 * setting.most_intense:
        said.append(
            "jumps come at nearly every step: they cannot be told from the diffusion, nor their "
            "intensity from their size"
        )
    total = float(np.sum(chances))
    if total < FEW_JUMPS:
        said.append(
            f"the jumps rest on about {total:.1f} changes in {taken.years()[-1]:.1f} years: their "
            "intensity, mean and size say little beyond these"
        )
    return tuple(said)


def _warnings_of_reversion(
    parameters: tuple[EstimatedParameter, ...], taken: PriceHistory
) -> tuple[str, ...]:
    found = [item for item in parameters if item.name == "mean_reversion" and item.low == 0.0]
    return tuple(
        f"mean_reversion is weakly identified: its 95% interval, 0 to {item.high:.2g} a year, "
        f"includes none; {taken.years()[-1]:.1f} years cannot tell it from jumps that stay"
        for item in found
    )


def _warning_of_ratio(ratio: float, simulated: FloatArray) -> tuple[str, ...]:
    if simulated.size:
        # One more on both sides: the history itself is one that could have come.
        chance = (1 + int(np.sum(simulated >= ratio))) / (simulated.size + 1)
        if chance <= 0.05:
            return ()
        return (
            f"jumps are not established: a likelihood ratio of {ratio:.1f} or more comes in "
            f"{100.0 * chance:.0f}% of {simulated.size} simulated histories without jumps",
        )
    return (
        f"the likelihood ratio against no jumps is {ratio:.1f}; it is not chi-squared, and how "
        "probable it is without jumps is not known: ask with n_simulated",
    )


def _named_jumps(chances: FloatArray, dates: DateArray) -> str:
    where = np.flatnonzero(chances > PROBABLE)
    if not where.size:
        return "no single change was more probably a jump than not"
    likely = where[np.argsort(-chances[where], kind="stable")][:MOST_NAMED]
    named = ", ".join(str(dates[1:][i]) for i in np.sort(likely))
    more = f" and {where.size - likely.size} more" if where.size > likely.size else ""
    return f"changes that probably were jumps: to {named}{more}"
