"""Every notebook runs from top to bottom, holds no output and defines no function: what it shows is the library's."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_stored_without_outputs(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_defines_nothing(notebook):
    """What is worth a function is worth a place in the library, where it is tested."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not re.search(r"^\s*(async\s+def|def|class)\s", cell.source, re.MULTILINE), cell.source


def test_runs(notebook, tmp_path):
    where = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=900, kernel_name="python3", resources=where)
    client.execute()
    errors = [output for cell in notebook.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert errors == []
