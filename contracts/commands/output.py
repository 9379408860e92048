"""How a command prints a document."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(document: Any) -> None:  # noqa: ANN401
    """Print a document as JSON and nothing else; a number that is none is an error."""
    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False, default=str) + "\n")
