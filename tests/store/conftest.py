"""A fresh database, and a second connection to it as any SQLite tool would make one."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orc_lab.store.database import Database, create


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.db"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, closed: copying it is ten times as fast as making one."""
    path = tmp_path_factory.mktemp("template") / "new.db"
    create(path, user_id="u", device_id="d").close()
    return path


@pytest.fixture
def db(path: Path, template: Path) -> Iterator[Database]:
    shutil.copyfile(template, path)
    with Database(path, durability="normal") as database:
        yield database


@pytest.fixture
def shell(db: Database) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(db.path, isolation_level=None)) as connection:
        yield connection
