r"""The statistical tests of the generator: what is counted against what independence makes expect.

Each gives one p-value, uniform between 0 and 1 if the numbers are what they should be: for a
chi-squared statistic the probability of a larger one (so that a value near 1, too even, is as
suspect as one near 0), for a sum or a count the two-sided one. Moments go by the Hermite
polynomials, whose means are uncorrelated and have variance m!/n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt
from scipy import integrate, special, stats

from docs.generator_counts import BINS_A_UNIT, N_BINS, N_SUM_CELLS, CountArray, Tally
from docs.generator_draws import WordArray, fill_words
from montecarlo.checks import FloatArray
from montecarlo.philox import key_of

TAILS = (4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0)
EDGES: FloatArray = np.arange(1, N_BINS) / BINS_A_UNIT - 8.0
_RADIUS_OCTETS = (3, 4, 5, 6, 7)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One test: its statistic in words, its p-value, and whether it enters the second level.

    Tests that look at the same thing as others, or at counts too small to be uniform, do not.
    """

    design: str
    family: str
    test: str
    statistic: str
    p: float
    is_independent: bool = True

    @property
    def two_sided(self) -> float:
        """Return the p-value for being too near 0 or too near 1."""
        return min(1.0, 2.0 * min(self.p, 1.0 - self.p)) if self.statistic[0] == "X" else self.p


def chi_squared(counts: npt.NDArray[np.int64], n_constraints: int = 1) -> tuple[str, float]:
    """Return statistic and p-value of counts in equally probable cells.

    Examples
    --------
    Expected are 10 each; (4 + 0 + 4) / 10 = 0.8 on two degrees of freedom.

    >>> chi_squared(np.array([8, 10, 12]))[0]
    'X2(2) = 0.8'
    """
    expected = counts.sum() / counts.size
    statistic = float(((counts - expected) ** 2).sum() / expected)
    freedom = counts.size - n_constraints
    return f"X2({freedom}) = {statistic:.1f}", float(stats.chi2.sf(statistic, freedom))


def from_scores(scores: FloatArray) -> tuple[str, float]:
    """Return statistic and p-value of the sum of squares of independent standard scores."""
    statistic = float((scores**2).sum())
    return f"X2({scores.size}) = {statistic:.1f}", float(stats.chi2.sf(statistic, scores.size))


def score(z: float) -> tuple[str, float]:
    """Return statistic and two-sided p-value of a standard score."""
    return f"z = {z:.2f}", float(2.0 * stats.norm.sf(abs(z)))


def hermite_scores(power_sums: FloatArray, n: int) -> FloatArray:
    r"""Return the standard scores of the means of He_1, He_2, ..., from the sums of powers.

    Examples
    --------
    Of -1 and 1 the second power is 1 on average, so that the mean of z^2 - 1 is nought.

    >>> hermite_scores(np.array([0.0, 2.0]), 2).tolist()
    [0.0, 0.0]
    """
    powers = np.append(n, power_sums) / n
    scores = []
    for m in range(1, power_sums.size + 1):
        polynomial = np.polynomial.hermite_e.herme2poly([0.0] * m + [1.0])
        mean = float((polynomial * powers[: m + 1]).sum())
        scores.append(mean * np.sqrt(n / factorial(m)))
    return np.array(scores)


def anderson_darling_p(statistic: float) -> float:
    """Return the probability of a larger statistic, for a known law and many draws.

    Source: T. W. Anderson and D. A. Darling, "A test of goodness of fit", Journal of the American
    Statistical Association 49, 1954.

    Examples
    --------
    >>> round(anderson_darling_p(2.492), 4), round(anderson_darling_p(3.878), 4)
    (0.05, 0.01)
    """
    total = 0.0
    for j in range(12):
        a = (4 * j + 1) ** 2 * np.pi**2 / (8.0 * statistic)

        def integrand(w: float, a: float = a) -> float:
            return float(np.exp(statistic / (8.0 * (w * w + 1.0)) - a * w * w - a))

        part, _ = integrate.quad(integrand, 0.0, np.inf)
        total += float(special.binom(-0.5, j)) * (4 * j + 1) * part
    return float(np.clip(1.0 - np.sqrt(2.0 * np.pi) / statistic * total, 0.0, 1.0))


def _seen(count: int, expected: float) -> str:
    return f"{count:,} of {expected:,.1f}" if expected >= 10.0 else f"{count:,} of {expected:.2g}"


def outcomes(tally: Tally) -> Iterator[Outcome]:
    """Yield every test of one design."""
    for family, tests in (
        ("law", _law(tally)),
        ("tails", _tails(tally)),
        ("pairs", _pairs(tally)),
        ("orders", _orders(tally)),
        ("240 together", _sums(tally)),
        ("words", _words(tally)),
    ):
        for test, (statistic, p), is_independent in tests:
            yield Outcome(
                design=tally.design.name,
                family=family,
                test=test,
                statistic=statistic,
                p=p,
                is_independent=is_independent,
            )


_Test = tuple[str, tuple[str, float], bool]


def _law(tally: Tally) -> Iterator[_Test]:
    n = int(tally.bins.sum())
    for m, z in enumerate(hermite_scores(tally.moments, n), start=1):
        yield f"moment {m}", score(z), True
    yield "1,024 cells", chi_squared(tally.positions.sum(axis=0)), False
    for m in range(4):
        yield f"1,024 cells, step = 4k+{m}", chi_squared(tally.positions[m]), True
    below = tally.bins.cumsum()[:-1]
    law = special.ndtr(EDGES)
    distance = float(np.abs(below / n - law).max() * np.sqrt(n))
    yield (
        "Kolmogorov-Smirnov",
        (f"D sqrt(n) = {distance:.3f}", float(special.kolmogorov(distance))),
        False,
    )
    # The integral of n (F_n - F)^2 / (F (1 - F)) dF over the bins' edges.
    integrand = n * (below / n - law) ** 2 / (law * special.ndtr(-EDGES))
    squared = float(integrate.trapezoid(integrand, law))
    yield "Anderson-Darling", (f"A2 = {squared:.3f}", anderson_darling_p(squared)), False


def _tails(tally: Tally) -> Iterator[_Test]:
    n = int(tally.bins.sum())
    for sigma in TAILS:
        i = int((8.0 - sigma) * BINS_A_UNIT)
        for side, count in (("below -", tally.bins[:i].sum()), ("above ", tally.bins[-i:].sum())):
            law = stats.binom(n, special.ndtr(-sigma))
            p = min(1.0, 2.0 * float(min(law.cdf(count), law.sf(count - 1))))
            yield f"{side}{sigma:g}", (_seen(int(count), float(law.mean())), p), False


def _pairs(tally: Tally) -> Iterator[_Test]:
    deviations = np.sqrt([1.0, 4.0, 2.0, 2.0])
    for name, table in tally.pairs.items():
        yield f"64 x 64 cells of {name}", chi_squared(table), True
        scores = tally.products[name] / deviations / np.sqrt(table.sum())
        yield f"correlations of {name}", from_scores(scores), True


def _orders(tally: Tally) -> Iterator[_Test]:
    for name, counts in tally.orderings.items():
        yield f"120 orderings of five {name}", chi_squared(counts), True
    for name, (changed, n) in tally.changes.items():
        z = (changed - 0.5 * n) / np.sqrt(0.25 * n)
        yield f"runs of one sign over {name}", score(float(z)), True


def _sums(tally: Tally) -> Iterator[_Test]:
    n = int(tally.sums.sum())
    for m, z in enumerate(hermite_scores(tally.sum_moments[:4], n), start=1):
        # The first is the mean of all normals once more.
        yield f"sum, moment {m}", score(z), m > 1
    for name, counts in (
        ("sum", tally.sums),
        ("largest", tally.maxima),
        ("smallest", tally.minima),
    ):
        yield f"{name}, {N_SUM_CELLS} cells", chi_squared(counts), True


def bit_scores(octets: CountArray) -> FloatArray:
    """Return the standard score of each bit's frequency, from counts of a byte's values.

    Examples
    --------
    Four bytes of nought and four of one: the lowest bit is even, the others never set.

    >>> counts = np.zeros(256, dtype=int)
    >>> counts[:2] = 8
    >>> bit_scores(counts).tolist()
    [0.0, -4.0, -4.0, -4.0, -4.0, -4.0, -4.0, -4.0]
    """
    n = octets.sum()
    is_set = (np.arange(256)[:, None] >> np.arange(8)) & 1
    scores: FloatArray = ((octets[:, None] * is_set).sum(axis=0) - 0.5 * n) / np.sqrt(0.25 * n)
    return scores


def _words(tally: Tally) -> Iterator[_Test]:
    scores = [bit_scores(octets) for octets in tally.octets]
    radius = np.concatenate([scores[m] for m in _RADIUS_OCTETS])
    angle = np.concatenate([scores[m] for m in range(8) if m not in _RADIUS_OCTETS])
    yield "bits of the radius", from_scores(radius), False
    yield "bits of the angle", from_scores(angle), False
    for m, octets in enumerate(tally.octets):
        kind = "radius" if m in _RADIUS_OCTETS else "angle"
        yield f"byte {m} ({kind})", chi_squared(octets), True
    yield "256 x 256, first bytes of radius and angle", chi_squared(tally.leading), True
    yield "256 x 256, last bytes of radius and angle", chi_squared(tally.trailing), True


def equal_spacings(points: WordArray) -> int:
    """Return how many spacings between sorted points are there already, over rows.

    Examples
    --------
    Spacings of 1, 3, 5, 8 are 2, 2, 3: one repeats another.

    >>> equal_spacings(np.array([[5, 1, 8, 3]], dtype=np.uint64))
    1
    """
    spacings = np.sort(np.diff(np.sort(points, axis=1), axis=1), axis=1)
    return int((np.diff(spacings, axis=1) == 0).sum())


def repeats(points: WordArray) -> int:
    """Return how many points of each row are there already, over rows.

    Examples
    --------
    >>> repeats(np.array([[5, 1, 5, 5], [1, 2, 3, 4]], dtype=np.uint64))
    2
    """
    return int((np.diff(np.sort(points, axis=1), axis=1) == 0).sum())


def poisson(count: int, expected: float) -> tuple[str, float]:
    """Return statistic and two-sided p-value of a count of rare events."""
    law = stats.poisson(expected)
    p = min(1.0, 2.0 * float(min(law.cdf(count), law.sf(count - 1))))
    return _seen(count, expected), p


def word_outcomes(seed: int, *, n_rows: int) -> Iterator[Outcome]:
    """Yield tests of the raw words: birthday spacings, collisions, repeats at the extremes.

    Each row is of 2**22 words of 64 bits.
    With m points in d places expect m^3/4d equal spacings, and m - d (1 - (1 - 1/d)^m) repeats.
    """
    spacings, halves, collisions = 0, [0, 0], [0, 0]
    m, m_half = 2**22, 2**12
    words = np.empty((32, 2, 2, m // 128), dtype=np.uint64)
    for i in range(n_rows):
        first = np.uint64(i * words.shape[-1])
        fill_words(key_of(seed), first, np.uint64(0), np.uint64(0), words)
        spacings += equal_spacings(words.reshape(1, -1))
        for k, shift in enumerate((32, 0)):
            half = ((words.reshape(-1) >> np.uint64(shift)) & np.uint64(2**32 - 1))[: m // 4]
            collisions[k] += repeats(half.reshape(1, -1))
            halves[k] += equal_spacings(half.reshape(-1, m_half))
    n_half = n_rows * m // 4
    places = 2.0**32
    n = m // 4
    expected = n + places * np.expm1(n * np.log1p(-1.0 / places))
    tests = [("birthday spacings, 64 bits", poisson(spacings, n_rows * m**3 / 2.0**66))]
    for k, name in enumerate(("upper", "lower")):
        tests += [
            (
                f"birthday spacings, {name} 32 bits",
                poisson(halves[k], n_half // m_half * m_half**3 / (4.0 * places)),
            ),
            (f"collisions, {name} 32 bits", poisson(collisions[k], n_rows * expected)),
        ]
    extreme = extreme_words()
    tests.append(("repeats at the extremes", poisson(repeats(extreme), extreme.size**2 / 2.0**65)))
    for test, (statistic, p) in tests:
        yield Outcome(
            design="words",
            family="raw words",
            test=test,
            statistic=statistic,
            p=p,
            is_independent=test != "repeats at the extremes",
        )


def extreme_words() -> WordArray:
    """Return the words of counters and keys near nought, near powers of two, and at the ends."""
    starts = (0, 2**31 - 64, 2**32 - 64, 2**40, 2**63 - 129)
    few = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 32, 255, 256, 2**16, 2**31, 2**32 - 1]
    found = []
    for seed in (0, 1, 2, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 2, 2**64 - 1):
        for start in starts:
            for quad in few:
                for factor in few:
                    words = np.empty((1, 1, 2, 128), dtype=np.uint64)
                    fill_words(
                        key_of(seed), np.uint64(start), np.uint64(quad), np.uint64(factor), words
                    )
                    found.append(words.reshape(-1))
    return np.concatenate(found).reshape(1, -1)
