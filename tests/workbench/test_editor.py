"""A person edits, deletes, undoes, redoes and restores at random; a list of states knows what has to be there then."""

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from orc_lab.errors import NothingToRedo, NothingToUndo, OrcError
from orc_lab.model.entities import (
    Activity,
    Commitment,
    Entity,
    ForecastRecord,
    Intention,
    Link,
    Origin,
    Project,
    Session,
    Status,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from tests.store import laws

KINDS: tuple[type[Entity], ...] = (Intention, Project, Todo, Link, WeeklyGoal, Commitment, Session)
WEEK = Week(2026, 47)
PICK = st.integers(0, 30)
State = dict[type[Entity], dict[str, dict[str, object]]]


class Editor(RuleBasedStateMachine):
    """The model is what any editor keeps: the states before each edit that stands, and those that were undone."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "own.db"
        shutil.copyfile(self.template, path)
        self.wb = Workbench.open(path, durability="normal")
        self.wb.db.conn.execute("PRAGMA synchronous = OFF")
        self.state = self.rows()
        self.before: list[State] = []
        self.after: list[State] = []

    def teardown(self) -> None:
        end = self.state
        count = len(self.before)
        if count:
            assert len(self.wb.undo(steps=1000)) == count
            assert self.rows() == self.before[0]
            laws.hold(self.wb.db)
            assert len(self.wb.redo(steps=count)) == count
        assert self.rows() == end
        laws.hold(self.wb.db)
        assert self.wb.db.rows("PRAGMA foreign_key_check") == []
        self.wb.close()
        self.folder.cleanup()

    def rows(self) -> State:
        return {kind: laws.captured_rows(self.wb.db, kind) for kind in KINDS}

    def some(self, kind: type[Entity], pick: int) -> str:
        ids = list(self.state[kind])
        return ids[pick % len(ids)] if ids else "missing"

    def edited(self) -> None:
        """Note what an edit made, if it wrote anything."""
        if self.wb.head() > self.head:
            self.before.append(self.state)
            self.after.clear()
            self.state = self.rows()

    def edit(self, act: Any) -> None:
        self.head = self.wb.head()
        with suppress(OrcError):  # not every edit is possible then, and those that aren't leave no trace
            act(self.wb)
        self.edited()

    @rule(pick=PICK)
    def add(self, pick: int) -> None:
        self.edit(lambda wb: wb.capture(f"Task {pick} +Project{pick % 2} {1 + pick % 8}h #a"))

    @rule(pick=PICK)
    def add_a_part(self, pick: int) -> None:
        self.edit(lambda wb: wb.add_todo(f"Part {pick}", parent_id=self.some(Todo, pick)))

    @rule(pick=PICK)
    def link(self, pick: int) -> None:
        blocker, blocked = self.some(Todo, pick), self.some(Todo, pick + 1)
        self.edit(lambda wb: wb.create(Link, blocker_id=blocker, blocked_id=blocked))

    @rule(pick=PICK, status=st.sampled_from(Status))
    def change(self, pick: int, status: Status) -> None:
        values = {"status": status, "title": f"Title {pick}", "estimated_hours": pick / 4 or None}
        self.edit(lambda wb: wb.update(Todo, self.some(Todo, pick), **values))

    @rule(pick=PICK)
    def move(self, pick: int) -> None:
        self.edit(lambda wb: wb.match(self.some(Todo, pick), self.some(Project, pick + 1)))

    @rule(pick=PICK)
    def commit(self, pick: int) -> None:
        self.edit(lambda wb: wb.commit(self.some(Todo, pick), WEEK + pick % 2))

    @rule(pick=PICK)
    def work(self, pick: int) -> None:
        def both(wb: Workbench) -> None:
            with wb.edit("work"):
                wb.start(self.some(Todo, pick), at=int(time.time()) - 60)
                wb.stop()

        self.edit(both)

    @rule(pick=PICK)
    def change_many(self, pick: int) -> None:
        def many(wb: Workbench) -> None:
            with wb.edit("many"):
                for id in self.state[Todo]:
                    wb.update(Todo, id, description=f"at {pick}", priority="high" if pick % 2 else "low")
                wb.add_todo("among them")
                wb.delete(Todo, self.some(Todo, pick), along=True)

        self.edit(many)

    @rule(pick=PICK)
    def bring(self, pick: int) -> None:
        def bring(wb: Workbench) -> None:
            with wb.edit("import", origin="import") as tx:
                id = f"i{pick}-{wb.head()}"
                row = Todo(id=id, user_id="u", title="Old", created_at=5, updated_at=5)
                told = Activity(id=id, subject="todos", subject_id=id, kind="status", occurred_at=5, recorded_at=5)
                tx.insert(row, at=5)
                tx.insert(told, at=5)
                tx.update(Todo, id, {"title": "Less old"}, at=6)

        self.edit(bring)

    @rule(kind=st.sampled_from(KINDS), pick=PICK, along=st.booleans())
    def delete(self, kind: type[Entity], pick: int, along: bool) -> None:
        self.edit(lambda wb: wb.delete(kind, self.some(kind, pick), along=along))

    @rule()
    def agents_note(self) -> None:
        """Nothing of the agents is a step of the person's, nor does it end what can be done again."""
        row = ForecastRecord(
            id=f"f{self.wb.head()}", model="m", subject="todos", unit="hours", quantiles="{}", basis="history",
            inputs_hash="", as_of=5, made_at=5, origin=Origin.LIVE,
        )  # fmt: skip
        with self.wb.edit("keep forecasts", actor="agent") as tx:
            tx.insert(row)

    @rule(steps=st.integers(1, 3))
    def undo(self, steps: int) -> None:
        if not self.before:
            with pytest.raises(NothingToUndo):
                self.wb.undo(steps=steps)
        else:
            for _ in self.wb.undo(steps=steps):
                self.after.append(self.state)
                self.state = self.before.pop()

    @rule(steps=st.integers(1, 3))
    def redo(self, steps: int) -> None:
        if not self.after:
            with pytest.raises(NothingToRedo):
                self.wb.redo(steps=steps)
        else:
            for _ in self.wb.redo(steps=steps):
                self.before.append(self.state)
                self.state = self.after.pop()

    @precondition(lambda self: self.wb.trash())
    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        trash = self.wb.trash()
        wanted = trash[pick % len(trash)]
        state = self.state
        self.edit(lambda wb: wb.restore(wanted.id))
        for kind in KINDS:
            assert self.state[kind].keys() >= state[kind].keys()
        if self.state is not state and wanted.id in self.state[wanted.kind]:
            lost = {"project_id", "parent_id", "intention_id"}  # what may be gone itself
            now = self.state[wanted.kind][wanted.id]
            assert {field for field, value in wanted.values.items() if now[field] != value} <= lost

    @invariant()
    def what_is_there_is_what_the_model_says(self) -> None:
        assert self.rows() == self.state


def test_a_person_at_random(template: Path) -> None:
    Editor.template = template
    run_state_machine_as_test(Editor, settings=settings(max_examples=12, stateful_step_count=20, deadline=None))
