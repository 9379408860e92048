"""Reports: what a person reads, by the file that makes them."""

REPORTS: dict[str, str] = {
    "exposure": "public exposure, on a terminal",
    "listings": "what is built in, timetables, checks and findings, on a terminal",
    "notebook": "a valuation, in a notebook",
    "terminal": "a valuation, on a terminal",
}
"""File in this folder -> what it reports."""
