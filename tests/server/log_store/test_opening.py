"""A store by its name: made once, by whoever comes first, and refused where it can't be one."""

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from orc_lab.server import accounts
from orc_lab.server.log_store.contract import LogStore, StoreNotOpened, StoreTooNew
from orc_lab.server.log_store.opening import open_store
from tests.server.conftest import NOON, every_store, new_database, shared_stores


def test_a_new_file_is_nobody_elses_to_read(tmp_path: Path) -> None:
    open_store(str(tmp_path / "s.db")).close()
    assert stat.S_IMODE((tmp_path / "s.db").stat().st_mode) == 0o600


@shared_stores
def test_its_secret_stays(store_name: str) -> None:
    first, second = open_store(store_name), open_store(store_name)
    try:
        assert first.secret == second.secret
        assert len(first.secret) == 32
    finally:
        first.close()
        second.close()


@shared_stores
def test_processes_that_begin_at_once_make_it_once(store_name: str) -> None:
    opened: list[LogStore] = []
    threads = [threading.Thread(target=lambda: opened.append(open_store(store_name))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.secret for store in opened}) == 1
    assert len(opened) == 6
    for store in opened:
        store.close()


def test_a_newer_store_is_refused(tmp_path: Path, postgres: str) -> None:
    import psycopg

    for name in (str(tmp_path / "s.db"), new_database(postgres)):
        open_store(name).close()
        if name.startswith("postgresql"):
            with psycopg.connect(name) as conn:
                conn.execute('UPDATE store SET "schema" = 99')
        else:
            with sqlite3.connect(name) as file:
                file.execute('UPDATE store SET "schema" = 99')
            file.close()
        with pytest.raises(StoreTooNew, match=r"schema 99, newer than this orc_lab knows \(1\)"):
            open_store(name)


def test_what_is_no_store_is_told_and_left_alone(tmp_path: Path) -> None:
    garbage = tmp_path / "s.db"
    garbage.write_bytes(b"PK\x03\x04 no database" * 99)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as conn:
        conn.execute("CREATE TABLE notes (text)")
    conn.close()
    before = garbage.read_bytes(), other.read_bytes()[:4096][100:]
    for path in (garbage, other, tmp_path, tmp_path / "no" / "folder.db"):
        with pytest.raises(StoreNotOpened, match="can't be opened"):
            open_store(str(path))
    assert (garbage.read_bytes(), other.read_bytes()[:4096][100:]) == before


def test_a_database_that_is_not_there_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    from orc_lab.server.log_store import postgres as module

    monkeypatch.setattr(module, "_WAIT", 0.5)
    with pytest.raises(StoreNotOpened) as error:
        open_store(f"postgresql://orc:hunter2@127.0.0.1:{1 + os.getpid() % 999}/orc")
    assert "hunter2" not in str(error.value)


@every_store
def test_removing_an_account_removes_everything_in_it(store: LogStore) -> None:
    for name in ("ann", "bob"):
        accounts.add_account(store, name, now=NOON)
        key = accounts.add_device(store, name, "laptop", now=NOON)
        accounts.put_bundle(store, accounts.hash_of(key), b"{}", over=0)
    accounts.remove_account(store, "ann")
    with store.reading() as tx:
        session = tx._session  # type: ignore[attr-defined]
        counts = [
            session.rows(f"SELECT count(*) FROM {table}")[0][0]
            for table in ("accounts", "devices", "bundles", "records")
        ]
    assert counts == [1, 1, 1, 0]
