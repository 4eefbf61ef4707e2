"""`orc` as a process against `python -c pass`: what a person waits for at each command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orc_lab.workbench.bench import Workbench
from tests.bench.conftest import Compare

ROUNDS = 31
ORC = Path(sys.executable).with_name("orc")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database, and Python as a person has it: with compiled modules."""
    monkeypatch.delenv("ORC_DB", raising=False)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "compiled"))
    monkeypatch.chdir(tmp_path)
    Workbench.init("data/creation-os.db", zone="Europe/Berlin").close()
    return tmp_path


def process(*words: str) -> None:
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True, env=os.environ)


def bare() -> None:
    process(sys.executable, "-c", "pass")


@pytest.mark.skipif(not ORC.exists(), reason="The orc command is not installed in this environment.")
@pytest.mark.parametrize(
    ("words", "goal"),
    [
        (["--help"], 4.0),
        (["--version"], 4.0),
        (["add", "Write draft +Thesis 2h !high @fri #deep"], 7.0),
        (["list"], None),
    ],
    ids=["help", "version", "add", "list"],
)
def test_a_command_starts_at_once(here: Path, compare: Compare, words: list[str], goal: float | None) -> None:
    found = compare(lambda: process(str(ORC), *words), bare, rounds=ROUNDS, goal=goal, warmup=3)
    assert goal is None or found.ratio <= goal
