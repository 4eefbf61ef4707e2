"""The whole weekly review of the sample life, as a process, against papermill on an empty notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

from orc_lab.model.week import Week
from orc_lab.sample.life import make
from tests.bench.conftest import Compare

EMPTY = {
    "cells": [
        {"cell_type": "code", "id": "nothing", "execution_count": None, "metadata": {}, "outputs": [], "source": ""}
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def run(*words: str, here: Path) -> None:
    """Run a Python module as a process, with compiled modules, as a person has it."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-m", *words], cwd=here, env=env, capture_output=True, check=True)


def test_the_weekly_review(tmp_path: Path, compare: Compare) -> None:
    (tmp_path / "empty.ipynb").write_text(json.dumps(EMPTY), encoding="utf-8")
    (tmp_path / "data").mkdir()
    make(tmp_path / "data" / "sample.db", end=Week(2026, 46))
    found = compare(
        lambda: run("orc_lab", "review", here=tmp_path),
        lambda: run("papermill", "empty.ipynb", "out.ipynb", here=tmp_path),
        rounds=5,
        goal=2.5,
    )
    assert found.ratio <= 2.5
