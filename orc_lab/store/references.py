"""Which rows refer to which, as the tables themselves say it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from orc_lab.model.entities import KINDS, Entity
from orc_lab.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A field by which rows of a kind refer to a parent; they go with it (`goes`), or stay with the field empty.

    A field that is `needed` can't be empty.
    """

    kind: type[Entity]
    field: str
    parent: type[Entity]
    goes: bool
    needed: bool


def references(db: Database) -> list[Reference]:
    """Return every reference from kind to kind, in the order of the kinds."""
    sql = """SELECT f."from", f."table", f.on_delete, c."notnull"
        FROM pragma_foreign_key_list(:table) AS f JOIN pragma_table_info(:table) AS c ON c.name = f."from"
        ORDER BY c.cid"""
    return [
        Reference(kind=kind, field=field, parent=KINDS[parent], goes=on_delete == "CASCADE", needed=bool(needed))
        for kind in KINDS.values()
        for field, parent, on_delete, needed in db.rows(sql, {"table": kind.table})
    ]


def referring(db: Database, reference: Reference, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Return the id of each row that refers to one of the parents, and that parent's."""
    sql = f"""SELECT id, {reference.field} FROM {reference.kind.table}
        WHERE {reference.field} IN (SELECT value FROM json_each(?)) ORDER BY rowid"""
    return [(child, parent) for child, parent in db.rows(sql, (json.dumps(list(ids)),))]
