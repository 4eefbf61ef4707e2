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
from typing import TYPE_CHECKING, Any, Self, TypeVar

from orc_lab import config
from orc_lab.errors import InvalidValue, NothingToRedo, NothingToUndo
from orc_lab.model import quick
from orc_lab.model.change import Edit
from orc_lab.model.clock import Clock
from orc_lab.model.codec import checked_values, parse
from orc_lab.model.entities import (
    CLOSED,
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
from orc_lab.store.uncollected import uncollected
from orc_lab.workbench import options, pipeline, record, sessions, trash, undo, weeks
from orc_lab.workbench.reader import Reader
from orc_lab.workbench.trash import Deleted
from orc_lab.workbench.watch import Subscriber, Watch

if TYPE_CHECKING:
    from orc_lab.workbench.past import PastWorkbench

E = TypeVar("E", bound=Entity)

_YEAR = 366 * 24 * 3600  # what was done before it was written down is told late, but not by more than that


class Workbench(Reader):
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
    def open(
        cls, path: str | os.PathLike[str] | None = None, *, durability: Durability = "full", reading: bool = False
    ) -> Self:
        """Open an existing database; raises DatabaseMissing, NotADatabase, SchemaTooNew or DatabaseLocked.

        With `reading` also where nothing can be written, on a full disk or a read-only medium: as it stood then.
        """
        path = config.database_path(os.fspath(path) if path else None)
        return cls(Database(path, durability=durability, reading=reading))

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

    def as_of(self, at: int, *, seq: int | None = None) -> "PastWorkbench":
        """Return this workbench as it was known at an instant, to be read and closed; see `PastWorkbench`."""
        from orc_lab.workbench.past import PastWorkbench

        return PastWorkbench.of(self, at, seq=seq)

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
                    self.user_id, self.device_id, self.sample = self.db.identity()  # a restore may bring another's
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

    def delete(self, kind: type[Entity], *ids: str, along: bool = False) -> None:
        """Remove rows, as one edit; what they held stays in the change log, and `restore` or undo brings it back.

        What can't be without them goes too (a todo's sessions, commitments and links); with `along` also the todos of
        a project and the parts of a todo, which else stay without it. Raises NotFound.
        """
        with self.edit(f"delete {kind.noun}" if len(ids) == 1 else f"delete {len(ids)} {kind.noun}s") as tx:
            trash.delete(self.db, tx, kind, ids, along=along)

    def taken_along(self, kind: type[Entity], *ids: str, along: bool = True) -> dict[str, int]:
        """Return what `delete` would take along with rows, by noun: how many todos, sessions, commitments, links."""
        return trash.taken_along(self.db, kind, ids, along=along)

    def trash(self, *, undone: bool = False, limit: int | None = None) -> list[Deleted]:
        """Return what was deleted and isn't back, the latest first; with `undone` also what an undo took away."""
        return trash.deleted(self.db, undone=undone, limit=limit)

    def restore(self, *ids: str) -> list[Deleted]:
        """Bring deleted things back, however long ago, with all that went with each; return what came back.

        What they belonged to stays away where it is gone itself. Raises NotFound for what was never deleted.
        """
        found = [trash.find(self.db, id) for id in ids]
        with self.edit(f"restore {found[0].kind.noun}" if len(ids) == 1 else f"restore {len(ids)} things") as tx:
            return trash.restore(self.db, tx, ids)

    def undo(self, *, steps: int = 1, edit: int | None = None, force: bool = False) -> list[Edit]:
        """Take back this person's last edits, or a named one (`Edit.tx`), each by a new edit; return those taken back.

        All of them or none: raises NothingToUndo, or ChangedSince (naming both values) where a later edit would be
        lost, unless forced; NotFound for an edit that isn't there.
        """
        if edit is None:
            edits = change_log.undoable(self.db, limit=steps)
        else:
            edits = [undo.named(self.db, edit, again=False)]
        if not edits:
            raise NothingToUndo
        return self._take_back(edits, force=force)

    def redo(self, *, steps: int = 1, edit: int | None = None, force: bool = False) -> list[Edit]:
        """Do again what was undone last, or a named edit; return the edits done again.

        A new edit ends what can be done again without naming it. Raises NothingToRedo, else as `undo`.
        """
        if edit is None:
            edits = change_log.redoable(self.db, limit=steps)
        else:
            edits = [undo.named(self.db, edit, again=True)]
        if not edits:
            raise NothingToRedo
        return self._take_back(edits, force=force)

    def _take_back(self, edits: Sequence[Edit], *, force: bool) -> list[Edit]:
        firsts: list[Edit] = []
        inside = self._open is not None  # of a larger edit: then they are part of that one
        with uncollected(), self.edit(undo.label(self.db, edits[0]), undoes=edits[0].tx) as tx:
            for edit in edits:
                if firsts and not inside:
                    tx.follow(undo.label(self.db, edit), undoes=edit.tx)
                undo.check_last(self.db, edit, tx)
                undo.apply(self.db, tx, undo.plan(self.db, edit), force=force, steps=len(firsts))
                firsts.append(change_log.chain(self.db, edit.tx)[0])
        return firsts

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber(changes)` after each commit, one's own or another process's; return what ends it.

        After a restore it is called with no changes: everything may be different.
        """
        return self._watch.subscribe(subscriber)

    # Intentions, projects, todos

    def add_intention(self, title: str, **values: Any) -> Intention:
        """Add an intention: why you do several projects."""
        return self.create(Intention, title=title, **values)

    def add_project(self, title: str, **values: Any) -> Project:
        """Add a project."""
        return self.create(Project, title=title, **values)

    def project_titled(self, title: str) -> Project | None:
        """Return the project that has a title, whatever its case, None where there is none."""
        return next((one for one in self.find(Project) if one.title.casefold() == title.casefold()), None)

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

    def move(self, id: str, status: Status) -> Todo:
        """Bring a todo to where it is to stand, with all that follows: into this week's plan, or out of those of weeks
        that aren't over."""
        with self.edit("move todo") as tx:
            was = repository.get(self.db, Todo, id).status
            if status is Status.COMMITTED and was is not status:
                if was in CLOSED:
                    self.reopen(id)
                self.commit(id)
            elif was is not status:
                self.update(Todo, id, status=status)
                if status not in CLOSED and was in (Status.COMMITTED, *CLOSED):
                    weeks.take_out_of_all(self.db, tx, repository.get(self.db, Todo, id))
            return repository.get(self.db, Todo, id)

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
        if (known := self.project_titled(title)) is not None:
            return known.id
        project = parse(Project, self._defaults(Project, tx) | {"title": title})
        tx.insert(project)
        record.created(tx, project)
        return project.id

    def _check_past(self, at: int, todo: Todo) -> None:
        if not todo.created_at - _YEAR <= at <= time.time():
            when = "a moment that has passed, and at most a year before the todo was written down"
            written = options.wall_time(self.db, todo.created_at)
            raise InvalidValue("at", options.wall_time(self.db, at), f"{when} ({written})")
