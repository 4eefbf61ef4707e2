"""One device of a history: its database file, its clock's error, its key at the server, and what it holds.

A value is named by its table, id and field group, and by its fields as text.
"""

import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from orc_lab.model.entities import KINDS
from orc_lab.store import syncing
from orc_lab.store.database import immediate
from orc_lab.sync import cells, digest
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import LIFE
from orc_lab.sync.exchange import Exchange, Remote, Synced
from orc_lab.sync.groups import EFFECTIVE, GROUPS, WIRE
from orc_lab.sync.pending import shareable, values_of
from orc_lab.sync.replica import new_replica
from orc_lab.sync.shadow import read_shadow
from orc_lab.workbench.bench import Workbench
from tests.sync.clockwork import Clockwork
from tests.sync.plain_server import Clear


class Value(NamedTuple):
    """A value of a field group, as text that is equal where the values are."""

    table: str
    id: str
    group: str
    text: str


class Crashed(BaseException):
    """The process was killed: nothing of it runs any more."""


class Fragile(sqlite3.Connection):
    """A connection that can be told to fail at a statement, and at every one after it, as a killed process would."""

    left: int | None = None

    def _tick(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                raise Crashed

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self._tick()
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self._tick()
        return super().executemany(*args)


class Hiding(Beside):
    """Lets everything out but for some groups."""

    def __init__(self, groups: Collection[str]) -> None:
        self._groups = groups

    def all_leaves(self) -> bool:
        return not self._groups

    def held_back(self, table: str) -> Collection[str]:
        return self._groups


def text_of(value: Mapping[str, Any]) -> str:
    return json.dumps(
        {name: held for name, held in value.items() if name != EFFECTIVE and held is not None}, sort_keys=True
    )


class Replica:
    """A device. `key` is its name at the server, which a cloned file shares with the one it was copied from."""

    def __init__(self, name: str, path: Path, clock: Clockwork, *, key: str, error: float = 0.0) -> None:
        self.name, self.path, self.key, self.error, self._clock = name, path, key, error, clock
        self.wb: Workbench
        self.hides: tuple[str, ...] = ()  # groups that stay here
        self.open()

    def begin(self) -> None:
        """Become a device of its own, as enabling sync makes it."""
        with immediate(self.wb.db.conn):
            syncing.remember(self.wb.db.conn, {"replica": new_replica()})
            syncing.new_device(self.wb.db.conn, f"device-{self.name}")

    def open(self) -> None:
        real = sqlite3.connect
        with mock.patch.object(sqlite3, "connect", lambda *args, **options: real(*args, factory=Fragile, **options)):
            self.wb = Workbench.open(self.path, durability="normal")
        self.wb.db.conn.execute("PRAGMA synchronous = OFF")
        self._clock.rule(self.wb.db.conn)

    def close(self) -> None:
        self.wb.close()

    def sync(self, remote: Remote) -> Synced:
        with self._clock.on(self.error):
            return Exchange(self.wb.db, remote, Clear(), beside=Hiding(self.hides), now=self._clock.time).run()

    def hide(self, *groups: str) -> None:
        """Have some groups stay here from now on, and what stayed before and doesn't any more sent as it is now."""
        free = set(self.hides) - set(groups)
        self.hides = groups
        conn = self.wb.db.conn
        with self._clock.on(self.error), immediate(conn):
            for table in GROUPS:
                ids = [id for (id,) in conn.execute(f"SELECT id FROM {table}")] if free else []
                clock = syncing.next_clock(conn)
                syncing.mark_for_sync(
                    conn, [(table, id, group, clock) for group in free & GROUPS[table].keys() for id in ids]
                )

    # Its file

    def copy(self, to: Path) -> Path:
        """Copy the file as it is at this moment, with its log, as a backup program would."""
        for ending in ("", "-wal"):
            Path(f"{to}{ending}").unlink(missing_ok=True)
            if Path(f"{self.path}{ending}").exists():
                shutil.copyfile(f"{self.path}{ending}", f"{to}{ending}")
        return to

    def put_back(self, copy: Path) -> None:
        """Replace the file by a copy while nobody has it open."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)
            if Path(f"{copy}{ending}").exists():
                shutil.copyfile(f"{copy}{ending}", f"{self.path}{ending}")
        self.open()

    @contextmanager
    def crashing(self, statements: int) -> Iterator[None]:
        """Kill the process at one of the next statements; then it is started again."""
        conn = self.wb.db.conn
        assert isinstance(conn, Fragile)
        conn.left = statements
        with suppress(Crashed):
            yield
        conn.left = None
        self.close()
        self.open()

    # What it holds

    def rows(self) -> dict[tuple[str, str], dict[str, str]]:
        """The values of every row that devices exchange, as text by group."""
        found = {}
        conn = self.wb.db.conn
        for table in GROUPS:
            ids = [id for (id,) in conn.execute(f"SELECT id FROM {table}")]
            for id, row in syncing.rows(conn, KINDS[table], ids).items():
                if shareable(table, row):
                    found[table, id] = {group: text_of(value) for group, value in values_of(table, row).items()}
        return found

    def conflicts(self, *, open: bool) -> set[tuple[Value, str]]:
        """The values that lost and stand still, each with its dot: those that a person has to decide, or the others."""
        rows = self.wb.db.rows(
            """SELECT "table", id, field_group, value, clock || '-' || replica FROM sync_conflicts
            WHERE open = ? AND (open OR settled IS NULL OR settled = 'deleted')""",
            (int(open),),
        )
        return {(Value(*row[:3], text_of(json.loads(row[3]))), row[4]) for row in rows}

    def waiting(self) -> set[Value]:
        """What has no place yet: references to rows that aren't there, and rows that can't be there without."""
        found = set()
        for parent, table, id, name in self.wb.db.rows('SELECT parent, "table", id, field FROM sync_waiting'):
            group = next(group for group, names in GROUPS[table].items() if name in names)
            found.add(Value(table, id, group, text_of({name: parent})))
        for table, id, group, value in self.wb.db.rows('SELECT "table", id, field_group, value FROM sync_held'):
            found.add(Value(table, id, group, text_of(json.loads(value))))
        return found

    def everything(self) -> set[Value]:
        """Every value that it holds in any way."""
        found = {Value(*key, group, text) for key, groups in self.rows().items() for group, text in groups.items()}
        found |= {value for open in (True, False) for value, _ in self.conflicts(open=open)}
        return found | self.waiting()

    def digests(self) -> dict[str, int]:
        """The digest of each table made anew from what it knows of the server."""
        sums: dict[str, int] = defaultdict(int)
        for table, id, text in self.wb.db.rows('SELECT "table", id, cells FROM sync_rows'):
            sums[table] = (sums[table] + digest.of_record(WIRE[table], id, read_shadow(text))) % digest.MODULUS
        return {table: value for table, value in sums.items() if value}

    def undecided(self) -> set[tuple[str, str, str, str]]:
        """What has to be an open conflict, by what it knows of the server alone: table, id, group and dot."""
        found = set()
        for table, id, text in self.wb.db.rows('SELECT "table", id, cells FROM sync_rows'):
            heads = cells.apart(read_shadow(text))
            if cells.alive(heads):
                for group, some in heads.items():
                    best = cells.winner(some)
                    lost = [one for one in some if (one.deletes if group == LIFE else one is not best)]
                    found |= {(table, id, group, f"{one.dot.clock}-{one.dot.replica}") for one in lost}
        return found


def some(wb: Workbench, table: str, pick: int) -> str:
    """The id of one row of a table, or one that isn't there."""
    rows: Sequence[tuple[str]] = wb.db.rows(f"SELECT id FROM {table} ORDER BY id")
    return rows[pick % len(rows)][0] if rows else "missing"
