"""A restore by the person is an edit like any other: what it changed is told to the other devices as written now.

So what sync knows is that of the database before, not the backup's: which cells the server holds, and what waits. Else
peers would bring back at once what the restore took away, and delete again what it brought back.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from orc_lab.model.entities import KINDS
from orc_lab.store import losers, syncing
from orc_lab.store.database import immediate
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE
from orc_lab.sync.compose import Standing, kept_of, standing, to_tell
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.merge import Fields, Rival
from orc_lab.sync.pending import Row, values_of
from orc_lab.sync.replica import go_on_as, new_replica

_AT_ONCE = 500


def carry(now: sqlite3.Connection, restored: sqlite3.Connection) -> None:
    """Take over what sync knows into a restored database, and have every group that differs sent as written now.

    Rows that the backup lacks are deletions, unless the server never heard of them.
    """
    with immediate(restored):
        syncing.take_over(now, restored)
        state = {key: value for key, value in syncing.state_of(restored).items() if key in ("replica", "sent")}
        if "replica" not in state:
            return
        clock = syncing.next_clock(restored)
        for table in GROUPS:
            for ids in _in_turn({*syncing.ids(now, table), *syncing.ids(restored, table)}):
                _compare(now, restored, table, ids, after=state.get("sent", 0), clock=clock)
            pending = [id for of, id in syncing.window(now, state.get("sent", 0), records=-1, synced=(table,))[0]]
            for ids in _in_turn(pending):
                _tell_again(now, restored, table, ids, after=state.get("sent", 0), clock=clock)
        syncing.remember(restored, {"sent": syncing.head(restored)})
        go_on_as(restored, new_replica(), before=state["replica"])


def _in_turn(ids: Iterable[str]) -> Iterator[list[str]]:
    all = sorted(ids)
    for at in range(0, len(all), _AT_ONCE):
        yield all[at : at + _AT_ONCE]


def _compare(
    now: sqlite3.Connection, restored: sqlite3.Connection, table: str, ids: list[str], *, after: int, clock: int
) -> None:
    """Mark what differs in some rows; of rows that are gone keep what they were, for the log that told it is gone."""
    old, new = syncing.rows(now, KINDS[table], ids), syncing.rows(restored, KINDS[table], ids)
    changed = {id: _changed(table, old.get(id), new[id]) for id in new if old.get(id) != new[id]}
    for id, groups in changed.items():
        syncing.mark_for_sync(restored, [(table, id, group, clock) for group in groups])
    _keep_replaced(restored, standing(now, table, list(changed), after=after, touched=()), changed, at=clock)
    lacking = standing(now, table, [id for id in ids if id not in new], after=after, touched=())
    for id in lacking.shadows:
        if id in old:
            syncing.mark_for_sync(restored, [(table, id, LIFE, clock)])
        for group, value in lacking.values(id, GROUPS[table].keys()).items():
            syncing.hold(restored, table, id, group, value)


def _keep_replaced(
    restored: sqlite3.Connection, before: Standing, changed: Mapping[str, Iterable[str]], *, at: int
) -> None:
    """Keep what the server has of groups that a restore sets anew, until that has replaced it there: of a group that
    stays here it never does, and somebody may ask for the value."""
    for id, groups in changed.items():
        values, heads, written = before.values(id, ()), before.heads(id), before.writes(id)
        for group in groups:
            if group in heads and group in values and group not in written:
                rival = Rival(cells.winner(heads[group]), values[group], open=False, sent=True)
                losers.mark_conflict(restored, kept_of(before.table, id, group, rival), at=at // 1_000_000)


def _changed(table: str, old: Row | None, new: Row) -> list[str]:
    before: Mapping[str, Fields] = {} if old is None else values_of(table, old)
    return [group for group, value in values_of(table, new).items() if before.get(group) != value]


def _tell_again(
    now: sqlite3.Connection, restored: sqlite3.Connection, table: str, ids: list[str], *, after: int, clock: int
) -> None:
    """Mark what was written before the restore and never sent: the log that told of it is gone."""
    before = standing(now, table, ids, after=after, touched=())
    for id in ids:
        if written := before.writes(id):
            groups, _ = to_tell(before, id, before.heads(id), written)
            syncing.mark_for_sync(restored, [(table, id, group, clock) for group in {*written, *groups}])
