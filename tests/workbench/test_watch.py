"""Subscribers are told of each change: one's own before the edit returns, another process's within a second."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from orc_lab.model.change import Change
from orc_lab.model.entities import Todo
from orc_lab.store.database import data_version_reader
from orc_lab.workbench.bench import Workbench

ROOT = Path(__file__).parents[2]


class Seen:
    """A subscriber that keeps the titles of each delivery."""

    def __init__(self) -> None:
        self.deliveries: list[list[str]] = []

    def __call__(self, changes: Sequence[Change]) -> None:
        self.deliveries.append([str(c.cells["title"][1]) for c in changes if c.table == "todos" and "title" in c.cells])

    def wait_for(self, deliveries: list[list[str]], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.deliveries != deliveries and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.deliveries == deliveries


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_an_own_edit_is_told_before_it_returns(wb: Workbench, seen: Seen) -> None:
    wb.add_todo("before")
    wb.subscribe(seen)
    wb.add_todo("first")
    assert seen.deliveries == [["first"]]
    with wb.edit("two"):
        wb.add_todo("second")
        wb.add_todo("third")
        assert seen.deliveries == [["first"]]
    assert seen.deliveries == [["first"], ["second", "third"]]


def test_nothing_is_told_of_what_did_not_happen(wb: Workbench, seen: Seen) -> None:
    wb.subscribe(seen)
    with pytest.raises(ZeroDivisionError), wb.edit("fails"):
        wb.add_todo(f"never {1 / 0}")
    time.sleep(0.3)
    assert seen.deliveries == []


def elsewhere(wb: Workbench, code: str) -> None:
    command = [sys.executable, "-c", f"import sys, sqlite3\n{code}", wb.db.path]
    subprocess.run(command, cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "code",
    [
        "from orc_lab.workbench.bench import Workbench\nwith Workbench.open(sys.argv[1]) as wb: wb.add_todo('theirs')",
        'with sqlite3.connect(sys.argv[1]) as shell: shell.execute("INSERT INTO todos '
        "(id, user_id, title, created_at, updated_at) VALUES ('1', 'u', 'theirs', 5, 5)\")",
    ],
    ids=["workbench", "shell"],
)
def test_another_processs_edit_is_told_within_a_second(wb: Workbench, seen: Seen, code: str) -> None:
    wb.subscribe(seen)
    elsewhere(wb, code)
    seen.wait_for([["theirs"]], seconds=1)
    wb.add_todo("mine")
    assert seen.deliveries == [["theirs"], ["mine"]]


def test_what_is_committed_before_the_watch_first_looks_is_told(
    wb: Workbench, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def slow(path: str) -> Iterator[Callable[[], int]]:
        with data_version_reader(path) as version:
            committed.wait()
            yield version

    committed = threading.Event()
    monkeypatch.setattr("orc_lab.workbench.watch.data_version_reader", slow)
    wb.subscribe(seen)
    with Workbench.open(wb.db.path) as other:
        other.add_todo("theirs")
    committed.set()
    seen.wait_for([["theirs"]], seconds=1)


def test_a_long_edit_of_another_process_is_waited_for(wb: Workbench, seen: Seen) -> None:
    wb.subscribe(seen)
    with Workbench.open(wb.db.path) as other:
        with other.edit("long"):
            other.add_todo("theirs")
            time.sleep(0.4)
            assert seen.deliveries == []
        seen.wait_for([["theirs"]], seconds=1)


def test_who_has_left_is_told_nothing_and_who_comes_hears_no_old_news(wb: Workbench, seen: Seen) -> None:
    stop = wb.subscribe(seen)
    wb.add_todo("first")
    stop()
    stop()
    wb.add_todo("second")
    later = Seen()
    wb.subscribe(later)
    wb.add_todo("third")
    assert (seen.deliveries, later.deliveries) == ([["first"]], [["third"]])


def test_the_same_subscriber_may_come_twice(wb: Workbench, seen: Seen) -> None:
    stop = wb.subscribe(seen)
    wb.subscribe(seen)
    wb.add_todo("first")
    stop()
    wb.add_todo("second")
    assert seen.deliveries == [["first"], ["first"], ["second"]]


def test_a_subscriber_that_fails_hinders_nobody(wb: Workbench, seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Sequence[Change]) -> None:
        raise ZeroDivisionError

    wb.subscribe(fails)
    wb.subscribe(seen)
    with caplog.at_level(logging.ERROR, "orc_lab"):
        todo = wb.add_todo("first")
    assert wb.get(Todo, todo.id).title == "first"
    assert seen.deliveries == [["first"]]
    assert "A subscriber to changes failed" in caplog.text


def test_a_subscriber_may_edit(wb: Workbench, seen: Seen) -> None:
    def answer(changes: Sequence[Change]) -> None:
        if any("title" in c.cells and c.cells["title"][1] == "question" for c in changes):
            wb.add_todo("answer")

    wb.subscribe(answer)
    wb.subscribe(seen)
    wb.add_todo("question")
    assert sorted(title for titles in seen.deliveries for title in titles) == ["answer", "question"]


def finished(act: Callable[[], object]) -> bool:
    """Whether `act` comes to its end within some seconds."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(timeout=10)
    return not thread.is_alive()


def test_who_holds_the_database_may_come_and_go(wb: Workbench, seen: Seen) -> None:
    wb.subscribe(seen)

    def inside_an_edit() -> None:
        with Workbench.open(wb.db.path) as other:
            other.add_todo("theirs")
        with wb.edit("long"):
            time.sleep(0.4)  # the watch has seen the other's edit and waits for the database
            wb.subscribe(Seen())()

    assert finished(inside_an_edit)
    seen.wait_for([["theirs"]], seconds=1)


def test_after_closing_nobody_is_told(wb: Workbench, seen: Seen) -> None:
    wb.subscribe(seen)
    path = wb.db.path
    wb.close()
    wb.close()
    with Workbench.open(path) as other:
        other.add_todo("theirs")
    assert seen.deliveries == []
    assert not [thread for thread in threading.enumerate() if thread.name == "orc-watch"]
