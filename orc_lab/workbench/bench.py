"""The workbench: the one door for edits, and for reading rows back.

Every edit is one transaction with its activity and its change-log entry, durable when the call returns.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import TracebackType
from typing import Any, Self, TypeVar

from orc_lab import config
from orc_lab.errors import InvalidValue, NothingToUndo
from orc_lab.model import quick
from orc_lab.model.change import Change, Edit
from orc_lab.model.clock import Clock
from orc_lab.model.codec import checked_values, parse
from orc_lab.model.entities import (
    Activity,
    Capacity,
    Commitment,
    Entity,
    Intention,
    Project,
    ProjectStatus,
    Session,
    Setting,
    Status,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.ids import derived_id, new_id
from orc_lab.model.week import Week
from orc_lab.store import change_log, repository
from orc_lab.store.database import Database, Durability, Transaction
from orc_lab.store.database import create as create_database
from orc_lab.workbench import options, pipeline, record, sessions, undo, weeks
from orc_lab.workbench.watch import Subscriber, Watch

E = TypeVar("E", bound=Entity)

_YEAR = 366 * 24 * 3600  # what was done before it was written down is told late, but not by more than that


class Workbench:
    """A person's opened database. Close it, or use it in a `with` block."""

    def __init__(self, db: Database) -> None:
        self.db = db
        try:
            self.user_id, self.device_id, self.sample = db.identity()
        except BaseException:
            db.close()
            raise
        self._watch = Watch(db)
        self._open: Transaction | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None, *, durability: Durability = "full") -> Self:
        """Open an existing database; raises DatabaseMissing, NotADatabase, SchemaTooNew or DatabaseLocked."""
        return cls(Database(config.database_path(os.fspath(path) if path else None), durability=durability))

    @classmethod
    def init(cls, path: str | os.PathLike[str], *, sample: bool = False, zone: str = "UTC") -> Self:
        """Make a new database at a path and open it; raises DatabaseExists or NotWritable."""
        bench = cls(create_database(path, sample=sample))
        with bench.edit("init", actor="setup"):
            bench.set_setting("zone", zone, valid_from=0)
        return bench

    def close(self) -> None:
        """Close the database and end the watch for changes."""
        self._watch.close()
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    # Reading

    def get(self, kind: type[E], id: str) -> E:
        """Return a row; raises NotFound."""
        return repository.get(self.db, kind, id)

    def find(
        self,
        kind: type[E],
        *,
        order: str | Sequence[str] = "created_at",
        limit: int | None = None,
        offset: int = 0,
        **filters: Any,
    ) -> list[E]:
        """Return the rows that pass all filters, such as `status=["done"]`, `title__has="draft"`, `due_date__lt=day`.

        Endings: gt, gte, lt, lte, lte_or_empty, ne, has. A list means any of its values, None means empty.
        `order="-priority"` puts the largest first. Raises UnknownField.
        """
        return repository.find(self.db, kind, filters, order=order, limit=limit, offset=offset)

    def count(self, kind: type[Entity], **filters: Any) -> int:
        """Return how many rows pass the filters."""
        return repository.count(self.db, kind, filters)

    def resolve(self, kind: type[Entity], text: str) -> str:
        """Return the full id for an id or its last characters; raises NotFound or AmbiguousId."""
        return repository.resolve(self.db, kind, text)

    def activities(
        self, subject_id: str | None = None, *, since: int | None = None, limit: int | None = None
    ) -> list[Activity]:
        """Return what happened, newest first: to one row, or to all; `since` is an instant."""
        filters: dict[str, Any] = {} if subject_id is None else {"subject_id": subject_id}
        if since is not None:
            filters["occurred_at__gte"] = since
        return self.find(Activity, order=("-occurred_at", "-recorded_at", "-id"), limit=limit, **filters)

    def history(self, id: str) -> list[Change]:
        """Return everything that ever happened to a row, field by field, oldest first."""
        return change_log.of_row(self.db, id)

    def edits(self, limit: int = 20) -> list[Edit]:
        """Return the latest edits, newest first."""
        return change_log.edits(self.db, limit=limit)

    def settings(self, at: int | None = None) -> config.Settings:
        """Return the settings that held at an instant, or that hold now."""
        return options.settings(self.db, at)

    def clock(self, at: int | None = None) -> Clock:
        """Return the person's zone and day start as they held at an instant."""
        return options.clock(self.db, at)

    def today(self) -> date:
        """Return the person's day."""
        return self.clock().day(int(time.time()))

    # Editing, any kind

    @contextmanager
    def edit(
        self, label: str, *, actor: str = "person", origin: str = "local", undoes: int | None = None
    ) -> Iterator[Transaction]:
        """Give a transaction; edits made inside are one, under one label, undone together or failing together."""
        with self.db.lock:
            if self._open is not None:  # a verb used inside a larger edit is part of it
                with self._open.step():
                    yield self._open
                return
            with self.db.transaction(label, actor=actor, origin=origin, undoes=undoes) as self._open:
                try:
                    yield self._open
                finally:
                    self._open = None
        self._watch.deliver()

    def create(self, kind: type[E], **values: Any) -> E:
        """Add a row of any kind and return it; id, owner and times are filled in. Raises InvalidValue, UnknownField."""
        with self.edit(f"add {kind.noun}") as tx:
            entity = parse(kind, self._defaults(kind, tx) | values)
            tx.insert(entity)
            record.created(tx, entity)
        return entity

    def update(self, kind: type[E], id: str, **values: Any) -> E:
        """Set fields of a row and return it. For a todo, what follows from a new status or estimate follows."""
        checked = checked_values(kind, values)
        with self.edit(f"edit {kind.noun}") as tx:
            row = repository.get(self.db, kind, id)
            if isinstance(row, Todo):
                return pipeline.change(self.db, tx, row, checked)  # type: ignore[return-value]
            self._update_other(tx, row, checked)
            return repository.get(self.db, kind, id)

    def delete(self, kind: type[Entity], id: str) -> None:
        """Remove a row; what it held stays in the change log, and undo brings it back. Raises NotFound."""
        with self.edit(f"delete {kind.noun}") as tx:
            tx.delete(kind, id)
            record.write(tx, kind, id, "deleted")

    def undo(self, *, steps: int = 1, force: bool = False) -> list[Edit]:
        """Take back this person's last edits, each by a new edit; return the edits taken back.

        Raises NothingToUndo, or ChangedSince (naming both values) where a later edit would be lost, unless forced.
        """
        undone = []
        for _ in range(steps):
            edit = change_log.last_undoable(self.db)
            if edit is None:
                break
            with self.edit(f"undo {edit.label}", undoes=edit.tx) as tx:
                undo.apply(self.db, tx, undo.plan(self.db, edit), force=force)
            undone.append(edit)
        if not undone:
            raise NothingToUndo
        return undone

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber(changes)` after each commit, one's own or another process's; return what ends it."""
        return self._watch.subscribe(subscriber)

    # Intentions, projects, todos

    def add_intention(self, title: str, **values: Any) -> Intention:
        """Add an intention: why you do several projects."""
        return self.create(Intention, title=title, **values)

    def add_project(self, title: str, **values: Any) -> Project:
        """Add a project."""
        return self.create(Project, title=title, **values)

    def add_todo(self, title: str, **values: Any) -> Todo:
        """Add a todo; without a status it starts as far along as it is described."""
        values.setdefault("status", pipeline.entry_status(values.get("project_id"), values.get("estimated_hours")))
        return self.create(Todo, title=title, **values)

    def capture(self, text: str) -> Todo:
        """Add a todo in quick syntax, `Write draft +Thesis 2h !high @fri #deep`.

        The project is found by its title, whatever its case, or made; both are one edit. Raises InvalidValue.
        """
        line = quick.parse(text, self.today())
        with self.edit("add todo") as tx:
            project = self._project_named(tx, line.project) if line.project else None
            values: dict[str, Any] = {"title": line.title, "estimated_hours": line.hours, "tags": line.tags}
            values |= {"priority": line.priority} if line.priority else {}
            values |= {"due_date": line.due, "project_id": project}
            values["status"] = pipeline.entry_status(project, line.hours)
            todo = parse(Todo, self._defaults(Todo, tx) | values)
            tx.insert(todo)
            record.created(tx, todo)
        return todo

    def match(self, id: str, project_id: str) -> Todo:
        """Give a todo its project."""
        return self._move(id, "match todo", project_id=project_id, status=Status.MATCHED)

    def refine(self, id: str, **values: Any) -> Todo:
        """Make a todo clear: its title, its estimate."""
        return self._move(id, "refine todo", **values, status=Status.REFINED)

    def confirm(self, id: str) -> Todo:
        """Say that a todo is worth doing."""
        return self._move(id, "confirm todo", status=Status.CONFIRMED)

    def done(self, id: str, *, actual_hours: float | None = None, at: int | None = None) -> Todo:
        """Say that a todo is done, now or at an earlier instant, and how long it took in all."""
        hours = {} if actual_hours is None else {"actual_hours": actual_hours}
        if at is not None:
            self._check_past(at, repository.get(self.db, Todo, id))
        return self._move(id, "do todo", at=at, **hours, status=Status.DONE)

    def drop(self, id: str) -> Todo:
        """Decide not to do a todo."""
        return self._move(id, "drop todo", status=Status.DROPPED)

    def reopen(self, id: str) -> Todo:
        """Open a done or dropped todo again, as confirmed."""
        return self._move(id, "reopen todo", status=Status.CONFIRMED)

    def snooze(self, id: str, until: date | str) -> Todo:
        """Keep a todo out of the way until a day."""
        return self._move(id, "snooze todo", snoozed_until=until)

    def complete_project(self, id: str) -> Project:
        """Say that a project is finished."""
        return self.update(Project, id, status=ProjectStatus.COMPLETED)

    # Weeks

    def week(self) -> Week:
        """Return the person's week."""
        return Week.of(self.today())

    def goal(self, week: Week) -> WeeklyGoal | None:
        """Return a week's goal, or None where nothing was planned."""
        return repository.fetch(self.db, WeeklyGoal, weeks.goal_id(self.user_id, week))

    def set_goal(self, week: Week, **values: Any) -> WeeklyGoal:
        """Set a week's goal, reflection or self rating (1–5); the row is made where there was none."""
        checked = checked_values(WeeklyGoal, values)
        with self.edit("edit weekly goal") as tx:
            goal = weeks.ensure_goal(self.db, tx, self.user_id, week, self.clock())
            self._update_other(tx, goal, checked)
            return repository.get(self.db, WeeklyGoal, goal.id)

    def confirm_plan(self, week: Week) -> WeeklyGoal:
        """Freeze a week's plan now, if it isn't frozen already: later commitments count as unplanned."""
        with self.edit("confirm plan") as tx:
            goal = weeks.ensure_goal(self.db, tx, self.user_id, week, self.clock())
            self._update_other(tx, goal, {"freezes_at": min(goal.freezes_at, tx.now)})
            return repository.get(self.db, WeeklyGoal, goal.id)

    def commit(self, id: str, week: Week | None = None) -> Commitment:
        """Promise a todo for a week, by default the current one; raises InvalidValue for a closed todo."""
        with self.edit("commit todo") as tx:
            todo = repository.get(self.db, Todo, id)
            if not weeks.may_commit(todo):
                raise InvalidValue("status", str(todo.status), "an open todo to commit to; reopen it first")
            goal = weeks.ensure_goal(self.db, tx, self.user_id, week or self.week(), self.clock())
            return weeks.commit(self.db, tx, goal, todo)

    def uncommit(self, id: str, week: Week | None = None) -> Todo:
        """Take a todo out of a week's plan, by default the current one's."""
        with self.edit("uncommit todo") as tx:
            goal = weeks.goal_id(self.user_id, week or self.week())
            weeks.take_out(self.db, tx, goal, repository.get(self.db, Todo, id))
            return repository.get(self.db, Todo, id)

    def commitments(self, week: Week) -> list[Commitment]:
        """Return what was promised for a week."""
        return self.find(Commitment, weekly_goal_id=weeks.goal_id(self.user_id, week))

    # Sessions, capacity, settings

    def start(self, id: str, *, at: int | None = None) -> Session:
        """Start work on a todo; raises SessionOpen while other work runs on this device."""
        with self.edit("start work") as tx:
            todo = repository.get(self.db, Todo, id)
            return sessions.start(self.db, tx, todo, self.device_id, tx.now if at is None else at)

    def stop(self, *, ended_at: int | None = None) -> Session:
        """End the running work; raises NoSession, or LongSession where only the person knows when it ended."""
        with self.edit("stop work") as tx:
            return sessions.stop(self.db, tx, self.device_id, ended_at)

    def running(self) -> Session | None:
        """Return the session that runs on this device."""
        return sessions.running(self.db, self.device_id)

    def set_capacity(self, day: date, factor: float, why: str | None = None) -> Capacity:
        """Say how much of a usual day a day is: 0 for a holiday. Every forecast respects it."""
        id = derived_id("capacity", self.user_id, day.isoformat())
        if repository.fetch(self.db, Capacity, id) is not None:
            return self.update(Capacity, id, factor=factor, why=why)
        return self.create(Capacity, id=id, day=day, factor=factor, why=why)

    def capacity(self, week: Week) -> float:
        """Return how much of a usual week a week is: the mean factor of its seven days, 1 for a day without one."""
        days = self.find(Capacity, day__gte=week.monday.isoformat(), day__lte=week.sunday.isoformat())
        return 1 + sum(day.factor - 1 for day in days) / 7

    def set_setting(self, key: str, value: object, *, valid_from: int | None = None) -> Setting:
        """Set an option from an instant on, by default from now; raises UnknownField or InvalidValue."""
        checked = config.checked(key, value)
        clock = Clock(zone=str(checked)) if key == "zone" else Clock(day_start=str(checked))
        if key in ("zone", "day_start"):
            clock.local(0)  # raises for what is no zone or no time
        start = int(time.time()) if valid_from is None else valid_from
        return self.create(Setting, key=key, value=json.dumps(checked), valid_from=start)

    # How edits are made

    def _defaults(self, kind: type[Entity], tx: Transaction) -> dict[str, Any]:
        known = {"id": new_id(), "user_id": self.user_id, "created_at": tx.now, "updated_at": tx.now}
        return {name: value for name, value in known.items() if name in kind.__dataclass_fields__}

    def _move(self, id: str, label: str, *, at: int | None = None, **values: Any) -> Todo:
        checked = checked_values(Todo, values)
        with self.edit(label) as tx:
            return pipeline.change(self.db, tx, repository.get(self.db, Todo, id), checked, at)

    def _update_other(self, tx: Transaction, row: Entity, values: dict[str, Any]) -> None:
        if isinstance(row, Project) and "status" in values:
            finished = values["status"] is ProjectStatus.COMPLETED
            if finished != (row.status is ProjectStatus.COMPLETED):
                values = {"completed_at": tx.now if finished else None} | values
        tx.update(type(row), row.id, values)
        record.edited(tx, type(row), row.id, {name: getattr(row, name) for name in values}, values)

    def _project_named(self, tx: Transaction, title: str) -> str:
        for project in repository.find(self.db, Project, {}):
            if project.title.casefold() == title.casefold():
                return project.id
        project = parse(Project, self._defaults(Project, tx) | {"title": title})
        tx.insert(project)
        record.created(tx, project)
        return project.id

    def _check_past(self, at: int, todo: Todo) -> None:
        if not todo.created_at - _YEAR <= at <= time.time():
            when = "a moment that has passed, and at most a year before the todo was written down"
            written = options.wall_time(self.db, todo.created_at)
            raise InvalidValue("at", options.wall_time(self.db, at), f"{when} ({written})")
