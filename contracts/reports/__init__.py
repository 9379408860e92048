"""Reports: what a person reads, by the file that makes them."""

REPORTS: dict[str, str] = {
    "assumptions": "the terms and the market behind a valuation, as lines",
    "backtest": "a backtest, on a terminal",
    "calibration": "a fitted price model, on a terminal",
    "console": "the console and its tables",
    "curves": "how a market states a forward curve, as a line",
    "exposure": "public exposure, on a terminal",
    "figures": "money, errors and probabilities as text",
    "listings": "what is built in, timetables, checks and findings, on a terminal",
    "market": "a market with both its measures, on a terminal",
    "notebook": "a valuation, in a notebook",
    "other_models": "a value under other price models, on a terminal",
    "panel_calibration": "factors fitted to futures prices, on a terminal",
    "progress": "a line when compiling, a bar when it takes long",
    "terminal": "a valuation, on a terminal",
    "uncertainty": "a value whose parameters are not known, on a terminal",
}
"""File in this folder -> what it reports."""
