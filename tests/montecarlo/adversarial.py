"""Samples that break careless statistics: ties, extremes, tiny and huge, both zeros."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

HARD = [
    0.0, -0.0, 5e-324, -5e-324, -1e-320, 1e-310, 2.0**-1032, -(2.0**-1022), 1e-300,
    1.0, -1.0, 1.0 + 2.0**-52, 1.0 - 2.0**-53, 1.0 + 2.0**-10, -1.5, 1e9, 1e9 + 2.0**-23,
    1e308, -1e308, 1.7976931348623157e308, -1.7976931348623157e308, 3.0, 1e-9,
]  # fmt: skip

properties = settings(deadline=None, derandomize=True, max_examples=60)

finite = st.one_of(
    st.sampled_from(HARD),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(0.999, 1.001),
    st.integers(-3, 3).map(float),
)
any_but_nan = st.one_of(finite, st.sampled_from([np.inf, -np.inf]))


def arrays(elements=finite, *, least=1, most=60):
    return hnp.arrays(np.float64, st.integers(least, most), elements=elements)


def rows(n_outputs, elements=finite, *, least=1, most=40):
    shape = st.tuples(st.just(n_outputs), st.integers(least, most))
    return hnp.arrays(np.float64, shape, elements=elements)


# Named, for tests that go through all of them: a few thousand samples each.
RNG = np.random.default_rng(77)
SAMPLES = {
    "one": np.array([-3.5]),
    "constant": np.full(5000, 1e9),
    "zeros of both signs": np.where(np.arange(5000) % 3 == 0, 0.0, -0.0),
    "half zero": np.maximum(RNG.standard_normal(5000), 0.0),
    "narrow": 1e9 + RNG.standard_normal(5000),
    "adjacent doubles": 1.0 + RNG.integers(0, 7, 5000) * 2.0**-52,
    "both signs": RNG.standard_normal(5000) * 1e8,
    "wide": np.exp(100.0 * RNG.standard_normal(5000)) * RNG.choice([-1.0, 1.0], 5000),
    "huge": RNG.choice([-1.0, 1.0], 5000) * RNG.uniform(1e308, 1.7e308, 5000),
    "subnormal": RNG.integers(-40, 40, 5000) * 5e-324,
    "few values": RNG.choice([-2.0, 0.0, 1.0, 7.5], 5000),
    "hard": np.tile(HARD, 200),
}
