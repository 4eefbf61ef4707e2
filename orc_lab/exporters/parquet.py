"""A Parquet file a table, types kept: instants are timestamps with zone, days dates, hours doubles."""

from collections.abc import Iterator, Sequence

from orc_lab.exporters import leftovers
from orc_lab.exporters.tables_csv import is_instant
from orc_lab.exporters.target import Target
from orc_lab.mirror.load import Table
from orc_lab.mirror.parquet import Writer
from orc_lab.model.change import Value
from orc_lab.store.snapshot import TABLES, Row, Scope, Snapshot, Torn

_DAYS = ("due_date", "snoozed_until", "week_start_date", "day", "starts_on", "ends_on")
_CHANGES = {
    "seq": "INTEGER", "made_at": "INTEGER", "at": "INTEGER", "tx": "INTEGER", "origin": "TEXT", "table": "TEXT",
    "id": "TEXT", "op": "TEXT", "field": "TEXT", "old": "ANY", "new": "ANY",
}  # fmt: skip


def write(snapshot: Snapshot, target: Target, scope: Scope) -> dict[str, int]:
    """Write all files; return how many rows each has."""
    counts = {}
    with Writer(str(target.path), leftovers.ENDING) as writer:
        for name, file in (*((table, table) for table in TABLES), ("change_tx", "edits")):
            table = Table(name=name, columns=snapshot.columns(name), types=snapshot.types(name))
            counts[file] = _written(writer, target, file, table, map(_readable, snapshot.rows(name, scope)))
        changes = Table(name="changes", columns=tuple(_CHANGES), types=tuple(_CHANGES.values()))
        counts["changes"] = _written(writer, target, "changes", changes, _changes(snapshot, scope))
    return counts


def _written(writer: Writer, target: Target, file: str, table: Table, rows: Iterator[Row]) -> int:
    instants = [name for name in table.columns if is_instant(name)]
    days = [name for name in table.columns if name in _DAYS]
    return writer.write(table, rows, str(target.place(f"{file}.parquet")), instants=instants, days=days)


def _readable(row: Row) -> Row:
    return [str(value) if isinstance(value, Torn) else value for value in row] if _has_torn(row) else row


def _has_torn(row: Row) -> bool:
    return any(type(value) is Torn for value in row)


def _changes(snapshot: Snapshot, scope: Scope) -> Iterator[Row]:
    """Yield a row for each cell that a change set, and one without a field for a change that set none."""
    for change in snapshot.changes(scope):
        made = change.hlc // 1_000_000
        head = (change.seq, made, change.effective, change.tx, change.origin, change.table, change.id, change.op)
        cells: Sequence[tuple[str | None, Value, Value]] = change.cells or [(None, None, None)]
        for cell in cells:
            yield _readable((*head, *cell))
