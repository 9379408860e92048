"""How much is simulated unless somebody says otherwise; nothing is imported here."""

DEFAULT_PATHS = 200_000
DEFAULT_SEED = 20250709
