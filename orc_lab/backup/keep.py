"""Make a backup, also by itself before something is changed; keep the newest and some of each age.

Kept are the newest five, the last of each of seven days, four weeks and twelve months that have one, and for sixty
days what was made before a migration. So the oldest reach back a year, and there are about twenty.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime

from orc_lab.errors import OrcError
from orc_lab.store import copies, shelf
from orc_lab.store.database import Database
from orc_lab.store.shelf import Backup, Reason

NEWEST = 5
MIGRATION_DAYS = 60
_DAY = 24 * 3600
_SPANS: Sequence[tuple[int, Callable[[date], object]]] = (
    (7, lambda day: day),
    (4, lambda day: day.isocalendar()[:2]),
    (12, lambda day: (day.year, day.month)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was just made and checked, what it holds, and the older ones that went for it."""

    backup: Backup
    contents: copies.Contents
    removed: Sequence[Backup]


def back_up(path: str, reason: Reason = Reason.BY_HAND, *, to: str | None = None, keep: int | None = None) -> Made:
    """Back a database up, into its own folder or another, and let go of older backups by the rule.

    `keep` is how many of the newest stay (default 5). In another folder nothing is removed unless `keep` is given.
    Raises NoRoomForBackup, DiskFull, NotWritable, NotADatabase; then nothing was made and nothing removed.
    """
    backup = shelf.make(path, reason, to)
    with copies.reading(backup.path) as conn:
        held = copies.contents(conn)
    removed: Sequence[Backup] = ()
    if to is None or keep is not None:
        removed = let_go(shelf.listed(path, to), backup, NEWEST if keep is None else keep)
    return Made(backup=backup, contents=held, removed=removed)


def before_import(db: Database) -> Backup | None:
    """Back up what an import is about to add to; None where there is nothing yet to lose, and for the sample life.

    Raises as `back_up`: an import that can't be taken back by a backup doesn't begin.
    """
    _, held = copies.state(db.file)
    if held is None or held.empty or held.sample:
        return None
    return back_up(db.file, Reason.IMPORT).backup


def let_go(backups: Sequence[Backup], newest: Backup, keep: int) -> Sequence[Backup]:
    """Remove the backups that the rule doesn't keep, and return those that are gone."""
    gone = []
    for backup in superfluous(backups, now=newest.made_at, keep=keep):
        if backup.path != newest.path:
            with suppress(OSError):  # it can't be removed: the next backup tries again
                os.remove(backup.path)
                gone.append(backup)
    return gone


def superfluous(backups: Sequence[Backup], *, now: int, keep: int = NEWEST) -> list[Backup]:
    """Return those that the rule doesn't keep; damaged ones are never among them, nor is the newest good one."""
    good = sorted((each for each in backups if each.good), key=lambda each: each.made_at, reverse=True)
    kept = {each.path for each in good[: max(1, keep)]}
    kept |= {each.path for each in good if _before_migration(each) and now - each.made_at < MIGRATION_DAYS * _DAY}
    for many, span_of in _SPANS:
        last: dict[object, Backup] = {}
        for each in good:  # newest first, so the first of a span is its last
            last.setdefault(span_of(datetime.fromtimestamp(each.made_at, UTC).date()), each)
        kept |= {each.path for each in list(last.values())[:many]}
    return [each for each in good if each.path not in kept]


def _before_migration(backup: Backup) -> bool:
    return backup.reason is Reason.MIGRATION


def newest_that_opens(path: str) -> tuple[Backup | None, Sequence[tuple[Backup, str]]]:
    """Return the newest backup that passes its check, and the newer ones that don't, each with the reason."""
    passed_over: list[tuple[Backup, str]] = []
    for backup in shelf.listed(path):
        if backup.good:
            try:
                copies.check(backup.path)
                return backup, passed_over
            except OrcError as error:
                passed_over.append((backup, str(error)))
    return None, passed_over
