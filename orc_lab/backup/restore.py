"""Restore a backup: show what would be replaced, back that up, then replace it whole, whoever has it open."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orc_lab.backup import keep
from orc_lab.errors import NoBackup, NotADatabase, UnreadableFile, of_system
from orc_lab.store import copies, shelf
from orc_lab.store.copies import Contents, State
from orc_lab.store.shelf import Backup, Reason

LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a restore would do: the file, what it holds, and what stands now at the database's path.

    `now` is None where nothing can be read there. `passed_over` are newer backups that don't open, with the reason.
    """

    path: str
    file: str
    held: Contents
    state: State
    now: Contents | None
    passed_over: Sequence[tuple[Backup, str]] = ()

    @property
    def other_person(self) -> bool:
        """Whether the backup was made of another workbench than the one that it would replace."""
        return self.now is not None and self.now.user_id is not None and self.now.user_id != self.held.user_id

    @property
    def loses(self) -> bool:
        """Whether what stands there was edited after the backup was."""
        return self.now is not None and self.now.newest > self.held.newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did: what holds now, and where what it replaced is kept (None where there was nothing)."""

    plan: Plan
    contents: Contents
    replaced: Backup | None


def plan(path: str, named: str = LATEST) -> Plan:
    """Return what restoring a file, a backup by its name, or the latest that opens would do; nothing is changed.

    Raises NoBackup, UnreadableFile for a file that isn't there or is the database itself, NotADatabase and
    SchemaTooNew for what can't be restored from, and NotADatabase where the database's path holds something else.
    """
    state, now = copies.state(path)
    passed_over: Sequence[tuple[Backup, str]] = ()
    if named == LATEST and not os.path.exists(named):
        backup, passed_over = keep.newest_that_opens(path)
        if backup is None:
            raise NoBackup(shelf.folder_of(path))
        file = backup.path
    else:
        file = _found(path, named)
    return Plan(path=path, file=file, held=copies.check(file), state=state, now=now, passed_over=passed_over)


def _found(path: str, named: str) -> str:
    on_shelf = os.path.join(shelf.folder_of(path), named)
    file = named if os.path.exists(named) or not os.path.exists(on_shelf) else on_shelf
    if not os.path.isfile(file):
        raise UnreadableFile(file, "there is no such file", "List your backups with `orc backup --list`.")
    if os.path.exists(path) and os.path.samefile(file, path):
        raise UnreadableFile(file, "it is the database itself", "Name a backup; `orc backup --list` lists them.")
    return file


def restore(plan: Plan, *, carry: copies.Carry | None = None) -> Restored:
    """Do what a plan says. Other processes that have the database open go on with what was restored.

    What stood there is backed up first; `carry` takes over from it what isn't the backup's to say. Killed at any
    moment, the database is the old one or the new one, whole. Raises NoRoomForBackup, DiskFull, NotWritable or
    DatabaseLocked, and then nothing was replaced.
    """
    staged = shelf.staging(plan.path)
    folder = os.path.dirname(staged)
    label = f"restore the backup of {_day(plan.held.newest_edit)}"
    replaced: list[Backup] = []
    try:
        os.makedirs(folder, exist_ok=True)
        shelf.sweep(folder)
        copies.check_room(folder, 2 * copies.size(plan.file))  # made ready, then poured
        copies.stage(plan.file, staged)
        if plan.state in (State.MISSING, State.UNREADABLE):
            copies.settle(staged, label)
            if plan.state is State.UNREADABLE or _log_without_database(plan.path):
                replaced.append(shelf.set_aside(plan.path))
            copies.place(staged, os.path.realpath(plan.path))
        else:
            copies.pour(staged, plan.path, label, lambda: replaced.extend(_put_by(plan)), carry)
    except OSError as error:
        raise of_system(error) from None
    finally:
        shelf.unstage(staged)
    found = copies.state(plan.path)[1]
    if found is None:
        raise NotADatabase(plan.path, "what was restored can't be read back")
    return Restored(plan=plan, contents=found, replaced=replaced[0] if replaced else None)


def _put_by(plan: Plan) -> list[Backup]:
    """Back up what is about to be replaced; what isn't whole is put by as it is."""
    if plan.state is State.EMPTY:
        return []
    try:
        return [shelf.make(plan.path, Reason.RESTORE)]
    except NotADatabase:
        return [shelf.make(plan.path, Reason.DAMAGED)]


def _log_without_database(path: str) -> bool:
    return os.path.exists(os.path.realpath(path) + "-wal")


def _day(instant: int | None) -> str:
    return "nobody's edits" if instant is None else f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d %H:%M} UTC"
