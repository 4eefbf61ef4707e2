"""What arrived and has no place here, nobody has seen: where somebody writes over it, it stays beside, as a conflict.

That is a value that only a newer orc_lab takes, or of a row that can't be there without another one.
"""

import sqlite3
from collections import defaultdict

from orc_lab.store import losers, syncing
from orc_lab.sync import cells
from orc_lab.sync.compose import kept_of, standing
from orc_lab.sync.groups import GROUPS, QUIET
from orc_lab.sync.merge import Rival


def set_beside(conn: sqlite3.Connection, *, after: int, at: int) -> None:
    """Make conflicts of what has no place in rows that were written to here after an entry; inside a transaction.

    What a record had that is deleted at the server is of its earlier life, and no conflict.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for table, id in syncing.written_beside_held(conn, after):
        if table in GROUPS:
            found[table].append(id)
    for table, ids in found.items():
        now = standing(conn, table, ids, after=after, touched=())
        for id in now.rows:
            heads = now.heads(id)
            for group in now.unplaced(id) & now.writes(id).keys() & heads.keys() - QUIET:
                best = cells.winner(heads[group])
                if cells.alive(heads) and not best.auto:
                    rival = Rival(best, now.extras[id][group], open=True, sent=True)
                    losers.mark_conflict(conn, kept_of(table, id, group, rival), at=at)
                    syncing.release(conn, table, id, group)
