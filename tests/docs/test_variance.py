"""The page on variance reduction: every kind of model stands on it, and its numbers are right."""

import math
from pathlib import Path

import pytest

from contracts.specification.market_terms import AlternativeTerms
from contracts.specification.shape import models_by_kind
from docs.variance import MODELS, SUSPICIOUS, WAYS, control_of, measure, page

PAGE = Path(__file__).parents[2] / "docs" / "variance-reduction.md"
NOT_RANDOM = {"constant"}


def test_every_kind_of_model_stands_on_the_page():
    kinds = set(models_by_kind(AlternativeTerms.model_fields["model"].annotation)) - NOT_RANDOM
    text = PAGE.read_text(encoding="utf-8")

    assert set(MODELS) == kinds
    assert all(model["kind"] == name for name, model in MODELS.items())
    assert [name for name in MODELS if f"| {name} |" not in text] == []


@pytest.mark.parametrize("model", ["schwartz", "jump-diffusion"])
def test_a_small_run_is_unbiased_and_gains(model):
    found = {item.way: item for item in measure(model, n_paths=8192, n_repeats=4)}

    assert set(found) == set(WAYS)
    assert all(abs(item.distance) < SUSPICIOUS for item in found.values())
    # Four repeats of plain paths: the mean's error is half that of one.
    assert found["control"].gain > 4.0
    assert found["plain"].gain == 1.0
    assert math.isclose(found["control"].gain, (found["plain"].error / found["control"].error) ** 2)


def test_the_control_is_named():
    assert control_of("gbm") == "geometric twin"
    assert control_of("merton") == "the average itself"


def test_the_page_says_what_was_measured():
    found = measure("gbm", n_paths=8192, n_repeats=2)
    text = page(found, n_paths=8192, n_repeats=2)

    assert f"{found[2].gain:,.1f}" in text
