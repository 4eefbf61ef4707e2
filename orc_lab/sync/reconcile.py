"""Both sides don't hold the same: the server names everything it has, and what it lacks is sent again.

That is after a server was wiped or restored (`lost`), or when a device was away for so long that the server no longer
knows what was deleted meanwhile (`stale`): then what it doesn't name was deleted, unless it was written to here since.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from orc_lab.store import syncing
from orc_lab.store.syncing import Key
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.compose import Outgoing, Standing, standing
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.merge import Arrived, Fields
from orc_lab.sync.shadow import read_shadow, write_shadow

STALE, LOST = "stale", "lost"
_AT_ONCE = 400


def knowledge() -> str:
    """Return a word for the tables and groups that this orc_lab knows: another one knows others."""
    names = (f"{table}.{group}" for table, groups in GROUPS.items() for group in groups)
    return blake2b(" ".join(sorted(names)).encode(), digest_size=6).hexdigest()


def begin(conn: sqlite3.Connection) -> None:
    """Begin to note what the server names."""
    syncing.begin_list(conn)


def note(conn: sqlite3.Connection, arrived: Mapping[Key, Mapping[str, Sequence[Arrived]]]) -> None:
    """Note records that the server named."""
    for (table, id), groups in arrived.items():
        named = read_shadow(syncing.listed(conn, table, id))
        for group, some in groups.items():
            named[group] = cells.heads([*named.get(group, ()), *(one.cell for one in some)])
        syncing.list_cells(conn, table, id, write_shadow(named))


def end(conn: sqlite3.Connection, kind: str, *, after: int) -> tuple[list[Key], list[Key]]:
    """Find out what the server lacks, once it has named everything.

    Return the records that were deleted and forgotten there, and those that go out whole, as new ones.
    """
    owed: list[Key] = []
    gone: list[Key] = []
    anew: list[Key] = []
    for table, id, own, theirs in syncing.differing(conn):
        mine, named = read_shadow(own), read_shadow(theirs)
        if theirs is None and kind == STALE:
            written = table in GROUPS and standing(conn, table, [id], after=after, touched=syncing.touched(conn))
            (anew if written and written.writes(id) else gone).append((table, id))
        elif theirs is None and not cells.alive(mine):
            continue  # deleted on both sides
        elif any(lacking(mine, named).values()):
            owed.append((table, id))
    syncing.owe(conn, owed)
    return gone, anew


def lacking(mine: Mapping[str, Sequence[Cell]], named: Mapping[str, Sequence[Cell]]) -> dict[str, list[Cell]]:
    """Return the cells of a record that the other side neither has nor has replaced."""
    return {
        group: [cell for cell in some if not cells.known(named.get(group, ()), cell.dot)]
        for group, some in mine.items()
    }


def outgoing(conn: sqlite3.Connection, *, after: int) -> Outgoing:
    """Return what to send of what the server lacks: the cells as they were, with the values they still have here.

    A value that was replaced here meanwhile isn't sent: what replaced it will be.
    """
    found: dict[Key, dict[str, list[Arrived]]] = {}
    owed = syncing.owed(conn, limit=_AT_ONCE)
    for table, id in owed:
        named = read_shadow(syncing.listed(conn, table, id))
        mine = read_shadow(syncing.shadows(conn, table, [id]).get(id))
        if table in GROUPS:
            now = standing(conn, table, [id], after=after, touched=syncing.touched(conn))
            known = known_values(now, id, mine)
        else:  # of a newer orc_lab: it goes out again as it came
            held = syncing.held(conn, table, [id]).get(id, {})
            known = {(group, cells.winner(some).dot): held[group] for group, some in mine.items() if group in held}
        groups = {
            group: [Arrived(cell, known[group, cell.dot]) for cell in some if (group, cell.dot) in known]
            for group, some in lacking(mine, named).items()
        }
        if groups := {group: some for group, some in groups.items() if some}:
            found[table, id] = groups
    return Outgoing(records=found, upto=-1, owed=owed)


def known_values(now: Standing, id: str, heads: Mapping[str, Sequence[Cell]]) -> dict[tuple[str, Dot], Fields]:
    """Return those values of what the server held of a record that are known here still, by group and dot."""
    written, rivals = now.writes(id), now.rivals(id)
    values = now.values(id, ())
    found: dict[tuple[str, Dot], Fields] = {}
    for group, some in heads.items():
        best = cells.winner(some).dot
        for cell in some:
            rival = rivals.get(group, {}).get(cell.dot)
            if rival is not None:
                found[group, cell.dot] = rival.value
            elif group in values and cell.dot == best and (group == LIFE or group not in written):
                found[group, cell.dot] = values[group]
    return found
