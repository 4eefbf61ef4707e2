"""The notebook by itself: it runs cell by cell, in a checkout and installed, on what ORC_DB names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orc_lab.errors import NotFound
from orc_lab.review import notebooks
from orc_lab.review.weekly import SECTIONS


def test_it_runs_as_nbval_runs_it(database: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q",
         str(notebooks.path("weekly_review"))],
        cwd=notebooks.folder().parent,
        env={**os.environ, "ORC_DB": str(database)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 passed" in done.stdout


def test_it_shows_every_section() -> None:
    cells = json.loads(notebooks.path("weekly_review").read_text(encoding="utf-8"))["cells"]
    source = "".join("".join(cell["source"]) for cell in cells)
    assert [key for key in SECTIONS if f'view.section(review, "{key}")' not in source] == []


def test_an_installed_package_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "orc_lab"
    (package / "notebooks").mkdir(parents=True)
    (package / "notebooks" / "weekly_review.ipynb").write_text("{}")
    monkeypatch.setattr(notebooks, "_PACKAGE", package)
    assert notebooks.path("weekly_review") == package / "notebooks" / "weekly_review.ipynb"
    with pytest.raises(NotFound, match="no notebook with id 'none'"):
        notebooks.path("none")
