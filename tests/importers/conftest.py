"""A person's workbench in Berlin, and what an import into it brings."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orc_lab.importers import run
from orc_lab.importers.record import Options
from orc_lab.importers.report import Report
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW

Bring = Callable[..., Report]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, closed: copying it is ten times as fast as making one."""
    path = tmp_path_factory.mktemp("template") / "new.db"
    Workbench.init(path, zone="Europe/Berlin").close()
    return path


@pytest.fixture
def bench(tmp_path: Path, template: Path) -> Iterator[Workbench]:
    shutil.copyfile(template, tmp_path / "own.db")
    with Workbench.open(tmp_path / "own.db", durability="normal") as opened:
        yield opened


@pytest.fixture
def bring(bench: Workbench) -> Bring:
    """Import a file, or bytes, as of NOW; keywords are those of Options and of run.plan."""

    def brought(given: Any, *, format: str | None = None, name: str | None = None, **options: Any) -> Report:
        chosen = Options(**options)
        return run.commit(bench, run.plan(bench, given, format=format, name=name, options=chosen, now=NOW))

    return brought
