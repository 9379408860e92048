"""Draw docs/exposure.png, the picture of the README, from the built-in deal.

Run it again after a change that moves the figures: python docs/exposure_picture.py [FILE]
"""

import sys
from pathlib import Path

import contracts
from contracts import plots

PICTURE = Path(__file__).with_name("exposure.png")
TITLE = "MP Materials: what the US public may pay, by US fiscal year, undiscounted"


def draw(file: Path, *, n_paths: int = 200_000) -> None:
    """Value the deal at signing and write its exposure fan."""
    valuation = contracts.value("mp-materials", n_paths=n_paths)
    axes = plots.exposure_fan(valuation.exposure(by=["fiscal_year"]), title=TITLE)
    axes.set_xlabel("fiscal year (October to September)")
    # Without the writer's version the file changes only when the picture does.
    axes.figure.savefig(file, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
