"""Both sides don't hold the same: the server names everything it has, and what it lacks is sent again.

That is after a server was wiped or restored (`lost`), or when a device was away for so long that the server no longer
knows what was deleted meanwhile (`stale`): then what it doesn't name was deleted, unless it was written to here since.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import NamedTuple

from orc_lab.store import comparing, losers, syncing
from orc_lab.store.syncing import Key
from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.compose import Outgoing, Standing, standing
from orc_lab.sync.groups import GROUPS
from orc_lab.sync.merge import Arrived, Fields, Heads, added
from orc_lab.sync.shadow import read_shadow, write_shadow
from orc_lab.sync.wire import Refused

STALE, LOST = "stale", "lost"
_AT_ONCE = 400


def knowledge() -> str:
    """Return a word for the tables and groups that this orc_lab knows: another one knows others."""
    names = (f"{table}.{group}" for table, groups in GROUPS.items() for group in groups)
    return blake2b(" ".join(sorted(names)).encode(), digest_size=6).hexdigest()


def begin(conn: sqlite3.Connection) -> None:
    """Begin to note what the server names."""
    comparing.begin_list(conn)


def note(conn: sqlite3.Connection, arrived: Mapping[Key, Mapping[str, Sequence[Arrived]]]) -> None:
    """Note records that the server named."""
    for (table, id), groups in arrived.items():
        with suppress(Refused):  # it was told when it was merged
            named = added(read_shadow(comparing.listed(conn, table, id)), groups)
            comparing.list_cells(conn, table, id, write_shadow(named))


class Ended(NamedTuple):
    """What has to be done once all was compared: with the records that were deleted and forgotten at the server, with
    those that go out whole, as new ones, and with those that it keeps in other words than this device, joint or not."""

    gone: list[Key]
    anew: list[Key]
    reworded: dict[Key, Heads]


def end(conn: sqlite3.Connection, kind: str, *, after: int) -> Ended:
    """Find out what the server lacks, once it has named everything, and return what has to be done."""
    owed: list[Key] = []
    gone: list[Key] = []
    anew: list[Key] = []
    reworded: dict[Key, Heads] = {}
    for table, id, own, theirs in comparing.differing(conn):
        whole, named = read_shadow(own), read_shadow(theirs)
        if (mine := _as_kept(whole, named)) != whole:
            reworded[table, id] = mine
        if theirs is None and kind == STALE:
            written = table in GROUPS and standing(conn, table, [id], after=after, touched=syncing.touched(conn))
            (anew if written and written.writes(id) else gone).append((table, id))
        elif theirs is None and not cells.alive(mine):
            continue  # deleted on both sides
        elif any(lacking(mine, named).values()):
            owed.append((table, id))
    comparing.owe(conn, owed)
    return Ended(gone, anew, reworded)


def _as_kept(mine: Heads, named: Heads) -> Heads:
    """A record's cells as the server keeps those that it has, and the others each by itself.

    A joint cell that it lacks isn't sent as one again: a part of its value may have been replaced here since.
    """
    of = {group for name in (*mine, *named) if cells.JOINT in name for group in name.split(cells.JOINT)}
    if not of:
        return mine
    theirs: dict[str, set[Dot]] = defaultdict(set)  # by group what the server has in joint cells
    for name in named:
        for group in name.split(cells.JOINT) if cells.JOINT in name else ():
            theirs[group] |= _dots(named, name)
    found: dict[str, Collection[Cell]] = {}
    for name, some in mine.items():
        if kept := [cell for cell in some if cell.dot in _dots(named, name)]:
            found[name] = kept
    for group, some in cells.apart(mine).items():
        if lacking := [cell for cell in some if cell.dot not in theirs[group] | _dots(named, group)]:
            found[group] = cells.heads([*found.get(group, ()), *lacking])
    return found


def _dots(heads: Heads, name: str) -> set[Dot]:
    return {cell.dot for cell in heads.get(name, ())}


def lacking(mine: Heads, named: Heads) -> dict[str, list[Cell]]:
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
    owed = comparing.owed(conn, limit=_AT_ONCE)
    for table, id in owed:
        named = read_shadow(comparing.listed(conn, table, id))
        mine = read_shadow(syncing.shadows(conn, table, [id]).get(id))
        if table in GROUPS:
            now = standing(conn, table, [id], after=after, touched=syncing.touched(conn))
            known = _known(now, id, mine, losers.ever(conn, table, id))
        else:  # of a newer orc_lab: it goes out again as it came
            held = syncing.held(conn, table, [id]).get(id, {})
            heads = cells.apart(mine)
            known = {(group, cells.winner(some).dot): held[group] for group, some in heads.items() if group in held}
        groups = {
            group: [Arrived(cell, known[group, cell.dot]) for cell in some if (group, cell.dot) in known]
            for group, some in lacking(mine, named).items()
        }
        if groups := {group: some for group, some in groups.items() if some}:
            found[table, id] = groups
    return Outgoing(records=found, upto=-1, owed=owed)


def _known(
    now: Standing, id: str, heads: Heads, lost: Mapping[tuple[str, int, str], str]
) -> dict[tuple[str, Dot], Fields]:
    """Those values of what the server held of a record that are known here still, by group and dot. What a cell was
    kept with when it `lost` is its value for ever; a row has that of the one that holds, or had when it went."""
    values, written = now.values(id, ()), now.writes(id)
    found: dict[tuple[str, Dot], Fields] = {}
    for group, some in heads.items():
        best = cells.winner(some).dot
        for cell in some:
            if (text := lost.get((group, *cell.dot))) is not None:
                found[group, cell.dot] = json.loads(text)
            elif group in values and cell.dot == best and (group == LIFE or group not in written):
                found[group, cell.dot] = values[group]
    return found
