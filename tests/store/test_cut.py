"""A change log into which another program has cut: the next edit goes on from there, and the law holds again."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import AlreadyExists
from orc_lab.model.entities import Intention
from orc_lab.store import change_log, cut, external
from orc_lab.store.database import Database
from tests.store import laws

CUTS = (
    "DELETE FROM change_log WHERE seq > {}",
    "DELETE FROM change_log WHERE seq < {}",
    "DELETE FROM change_log WHERE seq = {}",
    "DELETE FROM change_log WHERE op = 'insert' AND seq > {}",
    "DELETE FROM change_cell WHERE seq > {}",
    "DELETE FROM change_cell WHERE seq = {}",
    "DELETE FROM change_tx WHERE tx > {}",
    "DELETE FROM change_tx WHERE tx = {}",
)


def intention(id: int, title: str = "Live") -> Intention:
    return Intention(id=str(id), user_id="u", title=title, created_at=5, updated_at=5)


def fill(db: Database, count: int) -> None:
    """Add and change rows, an edit each."""
    for number in range(count):
        with db.transaction("add") as tx:
            tx.insert(intention(number))
        with db.transaction("edit") as tx:
            tx.update(Intention, str(number), {"title": f"Live {number}", "description": "well"})


def recorded(db: Database) -> dict[int, int]:
    """The entries of each edit, counted."""
    return {edit.tx: len(change_log.entries(db, edit.tx)) for edit in change_log.edits(db, limit=-1)}


@pytest.mark.parametrize("open_all_along", [False, True])
def test_an_edit_after_the_end_was_cut_off(db: Database, shell: sqlite3.Connection, open_all_along: bool) -> None:
    fill(db, 4)
    before = change_log.head(db)
    shell.execute("DELETE FROM change_log WHERE seq > 3")
    with db if open_all_along else Database(db.path, durability="normal") as again:
        with again.transaction("add") as tx:
            tx.insert(intention(9))
        laws.hold(again)
        new = change_log.of_row(again, "9")
        assert [(change.tx, dict(change.cells)["title"]) for change in new] == [(tx.tx, (None, "Live"))]
        assert new[0].seq > before, "a number isn't given twice"
        assert cut.loose_cells(again.conn) == (0, 0)
        (undone,) = change_log.undoable(again)
        assert (undone.tx, undone.label) == (tx.tx, "add")
        assert change_log.edits(again, limit=2)[1].actor == external.ORIGIN


def test_no_entry_takes_fields_that_are_left_for_its_own(db: Database, shell: sqlite3.Connection) -> None:
    fill(db, 1)  # its last entry changed the title and the description
    shell.execute("DELETE FROM change_log WHERE seq = (SELECT max(seq) FROM change_log)")
    with db.transaction("edit") as tx:
        tx.update(Intention, "0", {"title": "Another"})
    assert change_log.of_row(db, "0")[-1].cells == {"title": ("Live 0", "Another")}
    laws.hold(db)


def test_only_what_is_there_is_there_already(db: Database) -> None:
    fill(db, 1)
    with pytest.raises(AlreadyExists), db.transaction("add") as tx:
        tx.insert(intention(0))


def test_numbers_of_edits_that_are_gone_are_not_given_again(db: Database, shell: sqlite3.Connection) -> None:
    fill(db, 2)
    before = recorded(db)
    shell.execute("DELETE FROM change_tx")
    with db.transaction("add") as tx:
        tx.insert(intention(9))
    assert recorded(db) == before | {tx.tx: 1}
    assert {edit.label for edit in change_log.edits(db)} == {"add", cut.NAMELESS}
    assert [edit.tx for edit in change_log.undoable(db, limit=9)] == sorted([*before, tx.tx], reverse=True)


def test_who_made_an_edit_without_a_record_is_told_by_what_it_did(db: Database, shell: sqlite3.Connection) -> None:
    with db.transaction("init", actor="setup") as tx:
        tx.conn.execute("INSERT INTO settings VALUES ('s', 'zone', '\"UTC\"', 0)")
    with db.transaction("note", actor="agent") as tx:
        tx.conn.execute("INSERT INTO knowledge (id, part, name, value, updated_at) VALUES ('k', 'p', 'n', '1', 5)")
    fill(db, 1)
    before = [edit.actor for edit in change_log.edits(db)]
    shell.execute("DELETE FROM change_tx")
    cut.name_edits(shell)
    assert [edit.actor for edit in change_log.edits(db)] == before == ["person", "person", "agent", "setup"]


def test_entries_whose_number_was_given_again_belong_to_no_edit(db: Database, shell: sqlite3.Connection) -> None:
    fill(db, 2)
    head = change_log.head(db)
    shell.execute("DELETE FROM change_tx")
    shell.execute("INSERT INTO change_tx VALUES (1, 'person', 'later', NULL, 5, ?)", (head,))
    assert cut.loose_entries(shell) == (3, 1)
    cut.name_edits(shell)
    assert cut.loose_entries(shell) == (0, 0)
    assert recorded(db) == {1: 0, 2: 1, 3: 1, 4: 1}
    assert change_log.of_row(db, "0")[0].tx is None


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.tuples(st.sampled_from(CUTS), st.integers(0, 9)), min_size=1, max_size=3))
def test_after_any_cut_edits_go_on_and_mending_brings_the_law_back(
    tmp_path_factory: pytest.TempPathFactory, template: Path, cuts: list[tuple[str, int]]
) -> None:
    path = shutil.copyfile(template, tmp_path_factory.mktemp("cut") / "own.db")
    with Database(path, durability="normal") as db:
        db.conn.execute("PRAGMA synchronous = OFF")
        fill(db, 4)
        for sql, number in cuts:
            db.conn.execute(sql.format(number))
    with Database(path, durability="normal") as db:
        db.conn.execute("PRAGMA synchronous = OFF")
        with db.transaction("add") as tx:
            tx.insert(intention(9))
        (entry,) = change_log.entries(db, tx.tx)
        assert change_log.cells(db, [entry.seq])[entry.seq].keys() == {"user_id", "title", "created_at"}
        with db.transaction("mend"):
            cut.name_edits(db.conn)
            external.record(db.conn)
        laws.hold(db)
        assert cut.loose_cells(db.conn) == cut.loose_entries(db.conn) == (0, 0)
