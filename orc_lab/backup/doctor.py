"""All checks in order, and what can be mended. Looking changes nothing; before anything is mended, a backup is made."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from sqlite3 import Connection

from orc_lab.backup import around, inside, keep
from orc_lab.backup.finding import RESTORE, Finding, Level, ok, problem
from orc_lab.errors import DatabaseMissing, NotADatabase
from orc_lab.store import copies, examine, shelf
from orc_lab.store.copies import Contents, State
from orc_lab.store.shelf import Backup, Reason


class _StillDamaged(Exception):
    """Making the indexes anew was not enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every finding, and the backup that was made before something was mended (None where nothing was)."""

    database: str
    findings: Sequence[Finding]
    backup: Backup | None = None

    @property
    def healthy(self) -> bool:
        """Whether no problem is left."""
        return all(finding.level is not Level.PROBLEM for finding in self.findings)


def examined(path: str, *, ours: str, fix: bool = False) -> Report:
    """Return what is found of a database, mended where that was asked for and is possible; `ours` is orc_lab's version.

    Raises DatabaseMissing, NotADatabase for a file of another program, and what backing up raises: then nothing was
    mended. Mending the database is one transaction.
    """
    log = _log_size(path)
    state, held = copies.state(path)
    if state is State.MISSING:
        raise DatabaseMissing(path)
    findings = _inside(path, state)
    backup = None
    if fix and any(finding.mendable for finding in findings):
        backup = _backed_up(path)
        findings = _mended(path, findings)
    ours_surely = state in (State.WHOLE, State.DAMAGED)  # anything else may be a file of another program
    around_it = _around(path, held, log, fix=fix and ours_surely)
    return Report(database=path, findings=[*findings, *around_it, around.versions(ours)], backup=backup)


def _log_size(path: str) -> int:
    beside = os.path.realpath(path) + "-wal"
    return os.path.getsize(beside) if os.path.exists(beside) else 0


def _inside(path: str, state: State) -> list[Finding]:
    if state is State.UNREADABLE:
        return [problem("integrity", "SQLite can't read the file.", RESTORE)]
    if state is State.EMPTY:
        return [problem("integrity", "The file is empty.", RESTORE)]
    with examine.looking(path) as conn:
        return _looked(conn)


def _looked(conn: Connection) -> list[Finding]:
    findings = [inside.damage(conn)]
    if findings[0].level is Level.PROBLEM:
        return findings  # what is read from a damaged file proves nothing
    findings.append(inside.version(conn))
    if findings[-1].level is not Level.OK:
        return findings  # the other checks know this package's schema
    findings.append(inside.TABLES.look(conn))
    if not _known(conn):
        return findings  # they read those tables
    return [*findings, *(check.look(conn) for check in inside.CHECKS)]


def _known(conn: Connection) -> bool:
    """Whether the tables are there that the checks read."""
    return inside.version(conn).level is Level.OK and not examine.lacking(conn)


def _backed_up(path: str) -> Backup | None:
    with suppress(NotADatabase):
        return keep.back_up(path, Reason.FIX).backup
    return shelf.make(path, Reason.DAMAGED)  # what is to be mended is why no backup of it passes its check


def _mended(path: str, findings: Sequence[Finding]) -> list[Finding]:
    """Mend what can be, in the order of the checks, and look again; nothing is, where the file stays damaged."""
    done: dict[str, str] = {}
    with suppress(_StillDamaged), examine.mending(path) as conn:
        for check in (inside.INTEGRITY, inside.TABLES, *inside.CHECKS):
            # Mending one thing may bring another to light: rows that a new trigger would have recorded.
            if check.mend is not None and check.look(conn).mendable:
                done[check.name] = check.mend(conn)
            if check is inside.INTEGRITY and check.look(conn).level is Level.PROBLEM:
                raise _StillDamaged
            if check is inside.INTEGRITY and not _known(conn):
                break
        return [replace(finding, mended=done.get(finding.check)) for finding in _looked(conn)]
    return [replace(findings[0], mendable=False, step=RESTORE)]


def _around(path: str, held: Contents | None, log: int, *, fix: bool) -> list[Finding]:
    findings = [around.log_beside(path, log), around.permissions(path)]
    if fix:
        findings = [_mended_around(path, finding) for finding in findings]
    return [*findings, around.backups(path, held), around.disk(path), around.folder(path)]


def _mended_around(path: str, finding: Finding) -> Finding:
    if not finding.mendable:
        return finding
    if finding.check == "permissions":
        done = around.close_to_others(path)
        return replace(around.permissions(path), mended=done)
    if examine.write_back(path):
        return replace(ok("log", "No log is left beside the database."), mended="brought it into the database")
    return finding
