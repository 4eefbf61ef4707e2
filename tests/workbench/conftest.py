"""A workbench on a fresh database, on a Monday morning that passes only when a test says so."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from orc_lab.model.clock import Clock
from orc_lab.model.entities import Activity
from orc_lab.workbench.bench import Workbench

CLOCK = Clock(zone="Europe/Berlin")
MONDAY = CLOCK.instant(datetime(2026, 11, 16, 9, 0))  # of 2026-W47


class Now:
    """The time that the workbench sees, in seconds; it stands still."""

    def __init__(self) -> None:
        self.at = MONDAY

    def time(self) -> float:
        return float(self.at)

    def passes(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> int:
        """Let time pass, and return what it is then."""
        self.at += int(86400 * days + 3600 * hours + 60 * minutes)
        return self.at


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    clock = Now()
    for module in ("store.database", "workbench.bench", "workbench.reader", "workbench.options"):
        monkeypatch.setattr(f"orc_lab.{module}.time", clock)
    return clock


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "new.db"
    Workbench.init(path, zone="Europe/Berlin").close()
    return path


@pytest.fixture
def wb(tmp_path: Path, template: Path, now: Now) -> Iterator[Workbench]:
    shutil.copyfile(template, tmp_path / "own.db")
    with Workbench.open(tmp_path / "own.db", durability="normal") as bench:
        yield bench


def told(wb: Workbench, id: str) -> list[tuple[str, object, object]]:
    """What the activities tell of a row, oldest first: kind, old, new."""
    return [(a.kind, a.old, a.new) for a in wb.find(Activity, subject_id=id, order=("occurred_at", "id"))]
