"""One tree of errors. Each class writes its own sentence: what happened, to which thing, and the next step."""

from __future__ import annotations

import errno
from collections.abc import Sequence


def in_bytes(size: float) -> str:
    """Return an amount of bytes in a unit that fits, `812 KB`; a unit is a thousand of the one before."""
    unit = "bytes"
    for larger in ("KB", "MB", "GB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 9.95 else f"{size:.1f} {unit}"


class OrcError(Exception):
    """Base of every error that orc_lab raises on purpose; its text is a sentence for the person."""


class NotFound(OrcError):
    """Nothing has this id."""

    def __init__(self, kind: str, id: str) -> None:
        own = {
            "project": "orc project list",
            "intention": "orc intention list",
            "recommendation": "orc today",
            "edit": "orc log",
            "deleted thing": "orc trash",
            "conflict": "orc sync conflicts",
        }
        listing = own.get(kind, "orc list")
        super().__init__(f"There is no {kind} with id {id!r}. List them with `{listing}` or check the id.")


class AmbiguousId(OrcError):
    """A shortened id fits several rows."""

    def __init__(self, kind: str, prefix: str, count: int) -> None:
        super().__init__(f"{prefix!r} fits {count} {kind}s. Give more characters of the id.")


class AlreadyExists(OrcError):
    """A row with this id is there already."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"A {kind} with id {id!r} exists already. Update it instead, or leave the id out.")


class InvalidValue(OrcError):
    """A value doesn't fit its field."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "…"
        super().__init__(f"{field} can't be {shown}: expected {expected}.")
        self.field = field


class UnknownField(OrcError):
    """A kind of row has no such field."""

    def __init__(self, kind: str, field: str, known: Sequence[str]) -> None:
        super().__init__(f"A {kind} has no field {field!r}. It has: {', '.join(known)}.")


class UnknownWeek(OrcError):
    """Not an ISO week, or one that its year doesn't have."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"{text!r} is not a week: {why}. Write it like 2026-W47.")


class FutureWeek(UnknownWeek):
    """A week that hasn't begun can't be looked back on."""

    def __init__(self, week: str, monday: str, current: str) -> None:
        OrcError.__init__(
            self, f"{week} begins on {monday}, which is still to come. The latest week to review is {current}."
        )


class DatabaseMissing(OrcError):
    """There is no database at the path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no database at {path}. Make one with `orc init`, or name one with --db or ORC_DB.")


class OnlySample(OrcError):
    """An edit was asked for where there is only the sample life."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"There is only the sample life here ({path}), and it stays as it is. Begin your own with `orc init`, "
            f"or edit the sample all the same with --db {path}."
        )


class DatabaseExists(OrcError):
    """A database is there already, and would have been overwritten."""

    def __init__(self, path: str) -> None:
        super().__init__(f"A database is there already: {path}. It was left as it is; choose another folder.")


class NotADatabase(OrcError):
    """The file isn't a database of orc_lab, or it is damaged."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} can't be read as an orc_lab database ({why}). Restore a backup or name another file.")


class DatabaseLocked(OrcError):
    """Another process held the database for longer than we wait."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__(
            f"{path} was locked by another program for {seconds:g} s. Nothing was changed; close it or try again."
        )


class SchemaTooNew(OrcError):
    """The database was written by a newer orc_lab."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(f"{path} has schema {found}, newer than this orc_lab knows ({known}). Upgrade the package.")


class DiskFull(OrcError):
    """The disk has no room."""

    def __init__(self, path: str) -> None:
        super().__init__(f"No room left on the disk of {path}. Nothing was changed; free some space and try again.")


class NoRoomForBackup(DiskFull):
    """The disk has no room for the copy that is made before something is changed, and what is kept free beside it."""

    def __init__(self, folder: str, needed: int, free: int, spare: int) -> None:
        OrcError.__init__(
            self,
            f"A backup needs {in_bytes(needed)}, and {in_bytes(spare)} are kept free beside it; the disk of {folder} "
            f"has {in_bytes(free)} free. Without a backup nothing is changed: free some space and try again.",
        )


class NoBackup(OrcError):
    """There is no backup to restore."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"There is no backup that opens in {folder}. Name a file, or make one with `orc backup`.")


class NotConfirmed(OrcError):
    """Something that can't be taken back was asked for, and nobody confirmed it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was not confirmed, so nothing was done. Confirm at a terminal, or with --yes.")


class DiskFailed(OrcError):
    """The system could not read or write; nobody knows yet whether the file is damaged."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"The disk of {path} failed ({why}). Nothing was changed; see whether it has room, and try again."
        )


class NotOpened(OrcError):
    """A database can't be opened where its folder can't be written."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} can't be opened: it or its folder can't be read and written, and while a database is open two "
            "files stand beside it. Check the permissions, or copy it to a folder of yours."
        )


class NotWritable(OrcError):
    """A file or folder can't be written."""

    def __init__(self, path: str, why: str = "read-only") -> None:
        super().__init__(f"{path} can't be written ({why}). Nothing was changed; check its permissions.")


class OutputExists(OrcError):
    """A file is there already where another was to be written."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is there already and was left as it is. Name another with --to, or add --force.")


class UnreadableFile(OrcError):
    """A file can't be read, or isn't in a format that we know."""

    def __init__(self, path: str, why: str, step: str) -> None:
        super().__init__(f"{path} can't be read: {why}. {step}")


class NeedsChoice(OrcError):
    """The person must choose; an option says so where nobody can be asked."""

    def __init__(self, what: str, option: str, choices: Sequence[str]) -> None:
        super().__init__(f"{what} Choose with {option}: {', '.join(choices)}.")
        self.what = what
        self.option = option
        self.choices = tuple(choices)


class NothingToUndo(OrcError):
    """No edit of this person is left to undo, or a named one is undone already."""

    def __init__(self, why: str = "There is nothing to undo.") -> None:
        super().__init__(f"{why} See what was done with `orc log`.")


class NothingToRedo(NothingToUndo):
    """Nothing was undone, or something new was done since."""

    def __init__(self) -> None:
        super().__init__("There is nothing to redo: nothing was undone since your last edit.")


class ChangedSince(OrcError):
    """Undo would overwrite a later value; both are named. Of several steps none was taken; `steps` could be."""

    def __init__(self, conflicts: Sequence[tuple[str, object, object]], *, steps: int = 0) -> None:
        listed = "; ".join(f"{field} is now {now!r}, undo would set {then!r}" for field, now, then in conflicts[:5])
        more = f"; and {len(conflicts) - 5:,} more" if len(conflicts) > 5 else ""
        which = "the step" if steps == 1 else f"the {steps:,} steps"
        before = f" No step was taken; {which} before this one can be, with --steps {steps}." if steps else ""
        super().__init__(f"Changed since: {listed}{more}. Undo the later edit first, or undo with --force.{before}")
        self.conflicts = tuple(conflicts)


class ChangedElsewhere(OrcError):
    """A page showed an earlier value, and what was asked on it would have overwritten the present one."""

    def __init__(self, title: str, field: str, now: object) -> None:
        shown = "empty" if now in (None, "") else repr(now)
        super().__init__(
            f"{title!r} was changed elsewhere meanwhile: its {field} is now {shown}. Nothing was overwritten; "
            "look at it and try again."
        )
        self.field = field


class SessionOpen(OrcError):
    """Work on something runs already on this device."""

    def __init__(self, title: str) -> None:
        super().__init__(f"Work on {title!r} is still running. Stop it first with `orc stop`.")


class NoSession(OrcError):
    """No work runs on this device."""

    def __init__(self) -> None:
        super().__init__("No work is running. Start some with `orc start ID`.")


class LongSession(OrcError):
    """A session ran so long that it may not all have been work: only the person knows."""

    def __init__(self, hours: float) -> None:
        super().__init__(
            f"The running session is {hours:.1f} h long. Say when the work ended (`orc stop --at 17:30`), "
            "or count it all (`orc stop --at now`)."
        )
        self.hours = hours


class InvalidQuery(OrcError):
    """A query to the mirror is wrong or would write."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The query failed: {why}")


class ReviewFailed(OrcError):
    """The notebook of a review or report didn't run to its end."""

    def __init__(self, why: str, log: str, what: str = "review") -> None:
        super().__init__(f"The {what} could not be executed: {why}. The notebook as far as it ran: {log}")


class MissingProgram(OrcError):
    """Something that has to be installed beside orc_lab isn't there."""

    def __init__(self, what: str, step: str) -> None:
        super().__init__(f"{what} is not installed. {step}")


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_ACCESS = frozenset(
    {
        errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG,
        errno.ENOENT, errno.ELOOP,  # a folder that can't be made, as in /proc, and links in a circle
    }
)  # fmt: skip


def of_system(error: OSError) -> OrcError | OSError:
    """Return what the system says of a file in our words: DiskFull or NotWritable; any other error as it is."""
    path = str(error.filename or "the output")
    if error.errno in _NO_ROOM:
        return DiskFull(path)
    if error.errno in _NO_ACCESS:
        return NotWritable(path, error.strerror or "not allowed")
    return error
