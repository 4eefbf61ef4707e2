"""The activities that tell the lives of rows which are added in bulk, taken from the rows while they wait.

They gather in a temporary table, for they are written in order of their ids, which tell when each happened: a place
has then to be found for none. Whatever is told has an id that follows from what it tells; what stands already, told by
an import that was undone, is not told again.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from orc_lab.model.change import Value
from orc_lab.model.entities import KINDS, Activity, Entity, Intention, Project, Todo, WeeklyGoal
from orc_lab.model.ids import dated_id

KINDS_TOLD: Sequence[type[Entity]] = (Intention, Project, Todo, WeeklyGoal)
_TOLD: Mapping[str, str] = {"status": "status", "estimated_hours": "estimate", "progress": "progress"}
_HAS_STATUS = {kind.table: "status" in kind.__dataclass_fields__ for kind in KINDS.values()}
_CHUNK = 1000


class Telling:
    """Gathers activities inside a transaction of a connection; `close` it before that ends."""

    def __init__(self, conn: sqlite3.Connection, now: int) -> None:
        self._conn = conn
        self._now = now
        self.count = 0
        conn.create_function("told_id", 5, _told_id, deterministic=True)
        conn.execute("CREATE TEMP TABLE told (id, subject, subject_id, kind, old, new, occurred_at)")

    def begin(self, table: str, staged: str) -> None:
        """Tell how the rows of a table began that wait in `staged`."""
        status = "status" if _HAS_STATUS[table] else "NULL"
        what = f"iif({status} IS NULL, 'created', 'status')"
        self._tell(table, staged, "id", what, "NULL", status, "coalesce(began_at, 0)")

    def step(self, table: str, waiting: str, values: Mapping[str, str]) -> None:
        """Tell what a step changes: `waiting` joins rows as they are, s, and what becomes of them, t, at `t.at`;
        `values` says where in it the new value of a field stands."""
        for name in _TOLD.keys() & values.keys():
            changed = f"{waiting} WHERE s.{name} IS NOT {values[name]}"
            self._tell(table, changed, "s.id", f"'{_TOLD[name]}'", f"s.{name}", values[name], "t.at")

    def _tell(self, table: str, rows: str, id: str, what: str, old: str, new: str, at: str) -> None:
        made = self._conn.execute(
            f"""INSERT INTO temp.told SELECT told_id({at}, {id}, {what}, {old}, {new}), '{table}', {id}, {what}, {old},
            {new}, {at} FROM {rows}"""
        )
        self.count += made.rowcount

    def into(self, staged: str) -> Iterator[int]:
        """Let the activities wait in `staged`, as rows that began when they happened; yield how many at a time."""
        self._conn.execute("CREATE INDEX temp.told_by_id ON told (id)")
        sql = f"""INSERT INTO temp.{staged}
            (began_at, id, subject, subject_id, kind, old, new, occurred_at, recorded_at)
            SELECT occurred_at, id, subject, subject_id, kind, old, new, occurred_at, ?2 FROM temp.told AS t
            WHERE id > ?1 AND NOT EXISTS (SELECT 1 FROM activities AS a WHERE a.id = t.id)
            ORDER BY id LIMIT {_CHUNK}"""
        last = ""
        while some := self._conn.execute(sql, (last, self._now)).rowcount:
            (last,) = self._conn.execute(f"SELECT max(id) FROM temp.{staged}").fetchone()
            yield some

    def close(self) -> None:
        """Forget what was gathered."""
        self._conn.execute("DROP TABLE temp.told")
        self._conn.create_function("told_id", 5, None)


def _told_id(at: int, id: str, what: str, old: Value, new: Value) -> str:
    return dated_id(max(at, 0), "import", id, what, str(old), str(new))


assert Activity.table == "activities"
