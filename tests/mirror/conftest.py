from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import Frames, frames
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week
from orc_lab.sample.life import make
from orc_lab.store.database import Database
from orc_lab.workbench.bench import Workbench

CLOCK = Clock(zone="Europe/Berlin", day_start="04:00")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench.init(tmp_path / "life.db", zone="Europe/Berlin") as bench:
        yield bench


@dataclass
class Lived:
    """Half a sample year, seen from its last Wednesday, and the instant of that."""

    db: Database
    mirror: Mirror
    now: int
    frames: Frames


@pytest.fixture(scope="package")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    path, last = tmp_path_factory.mktemp("lived") / "sample.db", Week(2026, 46)
    make(path, end=last, weeks=26, todos=450)
    now = last.start(CLOCK) + 60 * 3600
    with Database(path) as db, Mirror(db) as mirror:
        yield Lived(db=db, mirror=mirror, now=now, frames=frames(mirror, now, CLOCK))
