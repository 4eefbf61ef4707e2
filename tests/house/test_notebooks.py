"""Notebooks stay thin: what they show is computed, and tested, in the rooms."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.house.checks import ROOT, not_thin

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "week = None"}


def test_there_are_notebooks() -> None:
    assert "weekly_review" in {notebook.stem for notebook in NOTEBOOKS}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin(notebook: Path) -> None:
    assert not_thin(notebook) == []


@pytest.mark.parametrize(
    ("name", "cells", "finding"),
    [
        ("week", [PARAMETERS, {"source": "a\nb"}], None),
        ("week", [{"source": "a"}], "0 cells are tagged parameters"),
        ("week", [PARAMETERS, PARAMETERS], "2 cells are tagged parameters"),
        ("welcome", [{"source": "a"}], None),
        ("week", [PARAMETERS, {"source": "a\n" * 7}], "has 7 lines"),
        ("week", [PARAMETERS, {"outputs": [{}]}], "keeps its outputs"),
        ("week", [PARAMETERS, {"execution_count": 3}], "keeps its execution count"),
    ],
)
def test_a_thick_notebook_is_found(tmp_path: Path, name: str, cells: list[dict[str, Any]], finding: str | None) -> None:
    blank = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": None}
    notebook = tmp_path / f"{name}.ipynb"
    content = {"metadata": {}, "cells": [{**blank, **cell} for cell in cells]}
    notebook.write_text(json.dumps(content), encoding="utf-8")
    found = not_thin(notebook)
    assert (finding is None and not found) or (finding is not None and len(found) == 1 and finding in found[0])
