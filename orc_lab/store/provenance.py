"""Where rows came from: what an import has brought before, what it gave them, and which ids are taken."""

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass

from orc_lab.model.batched import batched
from orc_lab.model.change import Value
from orc_lab.model.entities import Entity
from orc_lab.store.database import Database

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A record that was seen before: its content then, the row it became if it became one, else why not; and when that
    was (seconds UTC)."""

    content_hash: str
    subject: str | None
    subject_id: str | None
    left_out: str | None
    imported_at: int


def known(db: Database, source: str) -> dict[str, Known]:
    """Return what was imported from a source before, by the id of the import record."""
    rows = db.rows(
        "SELECT id, content_hash, subject, subject_id, left_out, imported_at FROM imports WHERE source = ?", (source,)
    )
    return {
        id: Known(content_hash=content, subject=subject, subject_id=subject_id, left_out=left_out, imported_at=at)
        for id, content, subject, subject_id, left_out, at in rows
    }


def raw(db: Database, import_ids: Iterable[str]) -> dict[str, str]:
    """Return the records as they stood in the file when they were seen last, by the id of the import record."""
    found: dict[str, str] = {}
    for chunk in batched(import_ids, _CHUNK):
        found.update(db.rows(f"SELECT id, raw FROM imports WHERE id IN ({', '.join('?' * len(chunk))})", chunk))
    return found


def is_edited(db: Database, kind: type[Entity], id: str) -> bool:
    """Return whether anything but an import has ever changed a row; what took an edit back is none."""
    sql = """SELECT EXISTS (SELECT 1 FROM change_log AS l LEFT JOIN change_tx AS t ON t.tx = l.tx
        WHERE l."table" = ? AND l.id = ? AND l.origin <> 'import' AND t.undoes IS NULL)"""
    return bool(db.rows(sql, (kind.table, id))[0][0])


def existing(db: Database, kind: type[Entity], ids: Iterable[str]) -> set[str]:
    """Return those of the ids that rows of a kind have."""
    found: set[str] = set()
    for chunk in batched(ids, _CHUNK):
        sql = f"SELECT id FROM {kind.table} WHERE id IN ({', '.join('?' * len(chunk))})"
        found.update(id for (id,) in db.rows(sql, chunk))
    return found


def taken_back(db: Database) -> set[int]:
    """Return the edits that are undone, and not done again since."""
    undone: set[int] = set()
    pairs = db.rows("SELECT tx, undoes FROM change_tx WHERE undoes IS NOT NULL ORDER BY tx DESC")
    for tx, undoes in pairs:  # the newest first: what took something back may have been taken back itself
        if tx not in undone:
            undone.add(undoes)
    return undone


def given(
    db: Database, kind: type[Entity], ids: Iterable[str], taken_back: Container[int]
) -> dict[str, dict[str, Value]]:
    """Return what imports gave the fields of rows last, by id; empty fields that never were filled are missing."""
    sql = """SELECT l.tx, l.id, c.field, c.new FROM change_log AS l JOIN change_cell AS c ON c.seq = l.seq
        WHERE l.id IN (SELECT value FROM json_each(?)) AND l."table" <> 'activities' AND l."table" = ?
        AND l.origin = 'import' ORDER BY l.seq"""
    found: dict[str, dict[str, Value]] = {id: {} for id in ids}
    for tx, id, field, new in db.rows(sql, (json.dumps(list(found)), kind.table)):
        if tx not in taken_back:
            found[id][field] = new
    return found
