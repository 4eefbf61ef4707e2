"""A folder of one's own for each test, and `orc` as a function: what it printed and its exit code."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orc_lab.cli.main import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One command: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Orc = Callable[..., Ran]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    for name in ("ORC_DB", "COLUMNS", "TZ"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def orc(capfd: pytest.CaptureFixture[str]) -> Orc:
    """Run a command in this process: `orc("add", "Write")`."""

    def run(*words: Any) -> Ran:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code=code, out=out, err=err)

    return run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbench folder as `orc init` leaves it."""
    folder = tmp_path_factory.mktemp("made")
    assert main(["init", str(folder), "--zone", "Europe/Berlin"]) == 0
    return folder


@pytest.fixture
def own(made: Path, here: Path) -> Path:
    """A database of one's own in the folder we are in."""
    shutil.copytree(made, here, dirs_exist_ok=True)
    return here / "data" / "creation-os.db"


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbench folder that holds only the sample life."""
    folder = tmp_path_factory.mktemp("lived")
    assert main(["init", str(folder), "--demo"]) == 0
    return folder


@pytest.fixture
def sample(lived: Path, here: Path) -> Path:
    """The sample life in the folder we are in, and nothing of one's own."""
    shutil.copytree(lived, here, dirs_exist_ok=True)
    return here / "data" / "sample.db"
