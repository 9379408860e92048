"""How much is simulated unless somebody says otherwise; nothing is imported here."""

DEFAULT_PATHS = 200_000
DEFAULT_SEED = 20250709
ROUNDING_PATHS = 8192
"""Paths on which single precision is compared with double, or all where there are fewer."""
