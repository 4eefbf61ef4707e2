"""Everything as one JSON document, written row by row, to be imported again as it was.

`format` ("orc") and `version` say how to read it; `tables` holds a list of rows a table, `history` every edit ever
made, with the cells that it changed. docs/export.md tells all of it.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, TextIO

from orc_lab.exporters.words import utc
from orc_lab.model.json_text import encoder
from orc_lab.store.snapshot import TABLES, Logged, Snapshot, Torn

FORMAT = "orc"
VERSION = 1

_ENTRY = Logged._fields[:-1]

_encode = encoder(compact=True, allow_nan=False)


def write(snapshot: Snapshot, out: TextIO, now: int) -> dict[str, int]:
    """Write a database; return how many rows each table had."""
    head = {"format": FORMAT, "version": VERSION, "exported_at": utc(now)}
    out.writelines(f"{',' if n else '{'}\n{_encode(k)}: {_encode(v)}" for n, (k, v) in enumerate(_head(head, snapshot)))
    out.write(',\n"tables": {')
    counts = {}
    for number, table in enumerate(TABLES):
        names = snapshot.columns(table)
        rows = (dict(zip(names, row, strict=True)) for row in snapshot.rows(table))
        out.write(("," if number else "") + f"\n{_encode(table)}: ")
        counts[table] = _listed(out, rows)
    out.write('\n},\n"history": {\n"transactions": ')
    names = snapshot.columns("change_tx")
    _listed(out, (dict(zip(names, row, strict=True)) for row in snapshot.rows("change_tx")))
    out.write(',\n"changes": ')
    counts["changes"] = _listed(out, map(_entry, snapshot.changes()))
    out.write("\n}\n}\n")
    return counts


def _head(head: Mapping[str, Any], snapshot: Snapshot) -> Iterable[tuple[str, Any]]:
    return (dict(head) | snapshot.identity()).items()


def _listed(out: TextIO, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as a list, one a line; return how many."""
    count = 0
    out.write("[")
    for row in rows:
        out.write("\n" if count == 0 else ",\n")
        try:
            out.write(_encode(row))
        except (TypeError, ValueError):  # bytes or an infinity, as only another tool writes them
            out.write(_encode(_tagged(row)))
        count += 1
    out.write("]")
    return count


def _entry(change: Logged) -> dict[str, Any]:
    *entry, cells = change
    return dict(zip(_ENTRY, entry, strict=True)) | {"cells": {field: [old, new] for field, old, new in cells}}


def _tagged(value: Any) -> Any:
    """Return a value in which what JSON has no form for stands as an object with one member."""
    if isinstance(value, dict):
        return {name: _tagged(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_tagged(one) for one in value]
    if isinstance(value, bytes):
        return {"text" if isinstance(value, Torn) else "blob": b64encode(value).decode("ascii")}
    return {"real": repr(value)} if isinstance(value, float) and not isfinite(value) else value
