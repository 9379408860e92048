"""The machine a result was made on: what decides its last bits."""


def vector_extensions() -> tuple[str, ...]:
    """Return the vector instructions that numpy uses here, by its own names for them.

    Kernels give the same bits on every machine; sums that numpy and its linear algebra make may
    differ in the last bit between machines with other instructions.

    Examples
    --------
    >>> all(isinstance(name, str) for name in vector_extensions())
    True
    """
    import numpy as np

    configuration = np.show_config(mode="dicts") or {}
    extensions = configuration.get("SIMD Extensions", {})
    return tuple(extensions.get("baseline", ())) + tuple(extensions.get("found", ()))
