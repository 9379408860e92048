"""The commands of ``offtake``, one file each; a file is imported when its command is asked for."""

COMMANDS = (
    "deals",
    "check",
    "timetable",
    "value",
    "exposure",
    "market",
    "calibrate",
    "backtest",
    "uncertainty",
    "schema",
    "doctor",
    "warmup",
    "golden",
)
"""In the order of ``offtake --help``. Each file holds a function, or a group, of its name."""
