"""Plain data for JSON, which knows neither NaN nor infinity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def plain_json(value: Any) -> Any:  # noqa: ANN401
    """Return the same data with text for keys, and None for every number that is not finite.

    Parameters
    ----------
    value
        Mappings, lists, tuples, numbers, text and None, nested at will.

    Examples
    --------
    >>> plain_json({"pv": 2.5, "error": float("nan"), 2030: (1.0, float("inf"))})
    {'pv': 2.5, 'error': None, '2030': [1.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(entry) for entry in value]
    return value
