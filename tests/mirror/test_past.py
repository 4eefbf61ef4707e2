"""A mirror of the past holds what a mirror made then held."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import isna

from orc_lab.mirror.duck import Mirror
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Activity, Commitment, Knowledge, Outcome, Project, Session, Setting, Status, Todo
from orc_lab.model.week import Week
from orc_lab.store.database import Transaction, create
from orc_lab.workbench import weeks
from orc_lab.workbench.bench import Workbench
from tests.mirror.alike import Rows, held
from tests.mirror.conftest import Lived

START = 1_600_000_000
GOAL = weeks.new_goal("me", Week(2020, 38), Clock(), START)


class Writer:
    """Writes what happened at an instant, dated, as an import does."""

    def __init__(self, tx: Transaction, at: int, number: int) -> None:
        self.tx, self.at, self.number = tx, at, number
        self.id = f"{at}-{number}"

    def add(self, todos: list[str]) -> None:
        hours = self.number / 4 if self.number % 2 else None
        todo = Todo(
            id=self.id,
            user_id="me",
            title="x",
            created_at=self.at,
            updated_at=self.at,
            adjusted_hours=hours,
            actual_hours=hours,
        )
        self.tx.insert(todo, at=self.at)
        told = Activity(
            id=self.id,
            subject="todos",
            subject_id=self.id,
            kind="status",
            new="dumped",
            occurred_at=self.at,
            recorded_at=self.at,
        )
        self.tx.insert(told, at=self.at)
        todos.append(self.id)

    def edit(self, todos: list[str]) -> None:
        if todos:
            values = {"title": f"title {self.number}", "adjusted_hours": self.number / 8 - 1, "status": Status.DONE}
            self.tx.update(Todo, todos[self.number % len(todos)], values, at=self.at)

    def work(self, todos: list[str]) -> None:
        if todos:
            todo = todos[self.number % len(todos)]
            session = Session(id=self.id, todo_id=todo, device_id="d", started_at=self.at - 3600)
            self.tx.insert(session, at=self.at)
            if self.number % 2:
                self.tx.update(Session, self.id, {"ended_at": self.at}, at=self.at)

    def promise(self, todos: list[str]) -> None:
        if todos:
            todo = todos[self.number % len(todos)]
            late = {"outcome": Outcome.DONE, "resolved_at": self.at} if self.number % 3 == 0 else {}
            made = Commitment(id=self.id, weekly_goal_id=GOAL.id, todo_id=todo, estimated_hours=2.5, created_at=self.at)
            self.tx.insert(made, at=self.at)
            self.tx.update(Commitment, self.id, late, at=self.at)

    def remove(self, todos: list[str]) -> None:
        if todos:
            self.tx.delete(Todo, todos.pop(self.number % len(todos)), at=self.at)

    def choose(self, _: list[str]) -> None:
        self.tx.insert(Setting(id=self.id, key="zone", value='"UTC"', valid_from=self.at), at=self.at)


STEPS: list[Callable[[Writer, list[str]], None]] = [
    Writer.add, Writer.edit, Writer.work, Writer.promise, Writer.remove, Writer.choose,
]  # fmt: skip


@settings(max_examples=8)
@given(st.lists(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20)), max_size=8), min_size=1, max_size=3))
def test_the_past_is_as_it_was(rounds: list[list[tuple[Callable[[Writer, list[str]], None], int]]]) -> None:
    seen: dict[int, Rows] = {}
    with TemporaryDirectory() as folder, create(Path(folder) / "life.db") as db:
        db.conn.execute("PRAGMA synchronous = OFF")
        todos: list[str] = []
        for day, steps in enumerate(rounds):
            at = START + day * 86400
            with db.transaction("import", origin="import") as tx:
                if day == 0:
                    tx.insert(GOAL, at=at)
                for number, (step, argument) in enumerate(steps):
                    step(Writer(tx, at, 100 * number + argument), todos)
            with Mirror(db) as mirror:
                seen[at] = held(mirror, ("updated_at",))
        for at, rows in seen.items():
            with Mirror.as_of(db, at + 5) as past:
                assert held(past, ("updated_at",)) == rows


FORECAST = """INSERT INTO forecasts
  (id, model, subject, unit, quantiles, basis, inputs_hash, as_of, made_at, origin, outcome, resolved_at)
  VALUES (?, 'm', 's', 'h', '{}', 'history', 'h', 1, ?, 'live', ?, ?)"""
ADVICE = """INSERT INTO recommendations
  (id, type, priority, title, actions, created_at, response, responded_at, outcome)
  VALUES ('r', 'optimization', 'low', 't', '[]', ?, ?, ?, ?)"""


def test_what_the_log_does_not_record_is_not_known_of_the_past(bench: Workbench) -> None:
    at = START
    with bench.edit("import", origin="import") as tx:
        tx.insert(Project(id="p", user_id="me", title="Thesis", created_at=at, updated_at=at), at=at)
    bench.db.rows("UPDATE projects SET health_score = 80, last_ai_update = ?, synced_at = ?", (at + 50, at + 60))
    bench.db.rows(FORECAST, ("f", at, 3.5, at + 50))
    bench.db.rows(FORECAST, ("g", at + 50, None, None))
    bench.db.rows(ADVICE, (at, "taken", at + 50, "better"))
    for version, when in ((1, at + 50), (2, at + 200)):
        with bench.edit("learn", actor="agent", origin="import") as tx:
            row = Knowledge(id="k", part="rules", name="r", value="{}", version=version, updated_at=when)
            if version == 1:
                tx.insert(row, at=when)
            else:
                tx.update(Knowledge, "k", {"version": version}, at=when)
    with Mirror.as_of(bench.db, at + 10) as past:
        assert past.sql("SELECT health_score, last_ai_update, synced_at FROM projects").isna().all(axis=None)
        assert past.sql("SELECT id FROM forecasts")["id"].to_list() == ["f"]
        assert past.sql("SELECT outcome, resolved_at FROM forecasts").isna().all(axis=None)
        assert past.sql("SELECT response, outcome FROM recommendations").isna().all(axis=None)
        assert past.sql("SELECT * FROM knowledge").empty
    with Mirror.as_of(bench.db, at + 100) as past:
        assert past.sql("SELECT health_score FROM projects")["health_score"].to_list() == [80]
        assert past.sql("SELECT outcome FROM forecasts ORDER BY id")["outcome"].to_list()[0] == 3.5
        assert past.sql("SELECT response FROM recommendations")["response"].to_list() == ["taken"]
        assert past.sql("SELECT version FROM knowledge")["version"].to_list() == [1]


def test_a_mirror_of_the_past_does_not_change(bench: Workbench) -> None:
    bench.add_todo("one")
    with Mirror.as_of(bench.db, 2**40) as past:
        bench.add_todo("two")
        assert past.refresh() == frozenset()
        assert past.sql("SELECT title FROM todos")["title"].to_list() == ["one"]


def test_before_everything_there_was_nothing(bench: Workbench) -> None:
    bench.add_todo("one")
    with Mirror.as_of(bench.db, 0) as past:
        assert {table.rows for table in past.tables()} == {0}


def test_a_workbench_of_the_past_says_the_same(lived: Lived) -> None:
    """Two ways to the same past: the views that hide the tables, and the mirror's own derivation."""
    with Workbench.open(lived.db.path) as bench:
        for weeks in (1, 9, 20):
            at = lived.now - weeks * 7 * 86_400
            with bench.as_of(at) as then, Mirror.as_of(lived.db, at) as past:
                rows = past.sql("SELECT id, title, status, round(actual_hours, 6) AS hours FROM todos")
                wanted = {row.id: (row.title, row.status, row.hours) for row in rows.itertuples()}
                found = {todo.id: (todo.title, todo.status.value, todo.actual_hours) for todo in then.find(Todo)}
                assert found.keys() == wanted.keys()
                for id, (title, status, hours) in found.items():
                    assert (title, status) == wanted[id][:2]
                    assert round(hours, 6) == wanted[id][2] if hours is not None else isna(wanted[id][2])


def test_what_is_imported_later_changes_nothing_before_an_entry_of_the_log(bench: Workbench) -> None:
    bench.add_todo("one")
    seq = bench.head()
    with bench.edit("import", origin="import") as tx:
        tx.insert(Todo(id="old", user_id="me", title="old", created_at=START, updated_at=START), at=START)
    with Mirror.as_of(bench.db, START + 5) as past:
        assert past.sql("SELECT id FROM todos")["id"].to_list() == ["old"]
    with Mirror.as_of(bench.db, START + 5, seq=seq) as past:
        assert past.sql("SELECT id FROM todos").empty
