"""Notebooks run from top to bottom, and are kept without outputs."""

import importlib.util
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
N_PICTURES = {"01_price_a_floor": 2, "02_mp_materials": 2, "03_choose_a_price_model": 8}


def test_there_are_notebooks():
    assert [file.stem for file in NOTEBOOKS] == list(N_PICTURES)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_is_kept_without_outputs(file):
    notebook = nbformat.read(file, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert len(code) > 3
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_first_cell_shows_seed_and_versions(file):
    notebook = nbformat.read(file, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")

    assert "SEED = " in first.source
    assert "__version__" in first.source


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_runs(file, tmp_path):
    notebook = nbformat.read(file, as_version=4)
    run = nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )

    run.execute()

    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == N_PICTURES[file.stem]


def test_a_false_assertion_is_seen(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("assert 1 == 2")])

    with pytest.raises(nbclient.exceptions.CellExecutionError, match="AssertionError"):
        nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()


def test_picture_of_the_readme_is_drawn_from_the_deal(tmp_path):
    script = ROOT / "docs" / "exposure_picture.py"
    spec = importlib.util.spec_from_file_location("exposure_picture", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    module.draw(tmp_path / "exposure.png", n_paths=512)

    kept = module.PICTURE.read_bytes()
    drawn = (tmp_path / "exposure.png").read_bytes()
    png = b"\x89PNG\r\n\x1a\n"
    assert drawn.startswith(png)
    assert kept.startswith(png)
    # Width and height stand in the header: the same size, whatever the pixels.
    assert drawn[16:24] == kept[16:24]
