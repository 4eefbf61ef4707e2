"""A person's database with a little of everything in it, closed, in a folder of its own."""

import shutil
from pathlib import Path

import pytest

from orc_lab.store import copies
from tests.backup import lives


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests end no computer's power; what a killed process leaves doesn't depend on this."""
    monkeypatch.setattr(copies, "to_disk", lambda path: None)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbench folder with a database in `data/`, closed."""
    folder = tmp_path_factory.mktemp("lived")
    lives.make(folder / "data" / "own.db")
    return folder


@pytest.fixture
def path(lived: Path, tmp_path: Path) -> Path:
    """The database of a workbench folder of this test's own."""
    shutil.copytree(lived, tmp_path / "here")
    return tmp_path / "here" / "data" / "own.db"
