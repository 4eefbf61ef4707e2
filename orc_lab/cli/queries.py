"""sql: ask the history anything, read-only."""

import csv
import sys
from argparse import ArgumentParser, Namespace
from math import isnan
from typing import TYPE_CHECKING, Any

from orc_lab.cli.output import note, show_json, show_table
from orc_lab.cli.place import reading
from orc_lab.errors import InvalidValue
from orc_lab.model.spreadsheet import guarded

if TYPE_CHECKING:
    from pandas import DataFrame


def do_sql(args: Namespace) -> None:
    """Ask your history anything: orc sql 'SELECT status, count(*) FROM todos GROUP BY status'

    The query is DuckDB's SQL, and can only read. Without one, or with --tables, it lists the tables. Times are seconds
    UTC: to_timestamp(completed_at).
    """
    if args.json and args.csv:
        raise InvalidValue("an output", "--json --csv", "one of the two")
    from orc_lab.mirror.duck import Mirror

    with reading(args) as wb, Mirror(wb.db) as mirror:
        if not args.query or args.tables:
            listed = [{"table": t.name, "rows": t.rows, "columns": ", ".join(t.columns)} for t in mirror.tables()]
            names, rows = ["table", "rows", "columns"], [list(row.values()) for row in listed]
        else:
            names, rows = _plain(mirror.sql(" ".join(args.query)))
    if args.json:
        show_json([dict(zip(names, row, strict=True)) for row in rows])
    elif args.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(map(_safe, names))
        writer.writerows(map(_safe, row) for row in rows)
    else:
        _show(names, rows)


def args_sql(parser: ArgumentParser) -> None:
    """Declare the options of `orc sql`."""
    parser.add_argument("query", nargs="*", metavar="QUERY", help="one SELECT; quote it")
    parser.add_argument("--tables", action="store_true", help="list the tables and their columns")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    parser.add_argument("--csv", action="store_true", help="print CSV; text that a spreadsheet would run gets a '")


def _plain(found: "DataFrame") -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns, and the rows as Python's own values with None for what is empty."""
    columns = [[_value(value) for value in found.iloc[:, i].tolist()] for i in range(found.shape[1])]
    return [str(name) for name in found.columns], [list(row) for row in zip(*columns, strict=True)]


def _value(value: Any) -> Any:
    if value is None or (isinstance(value, float) and isnan(value)) or type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)  # a column of whole numbers with gaps arrives as floats
    return value


def _show(names: list[str], rows: list[list[Any]]) -> None:
    columns = dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))
    numbers = [name for name, values in columns.items() if all(isinstance(v, (int, float, type(None))) for v in values)]
    sizes = {name: max(map(len, map(_text, columns[name])), default=0) for name in names if name not in numbers}
    widest = max(sizes, key=sizes.__getitem__, default=None)
    show_table(names, [list(map(_text, row)) for row in rows], right=numbers, flex=widest, keep_empty=True)
    if not rows:
        note("No rows.")


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _safe(value: Any) -> str:
    return guarded(value) if isinstance(value, str) else _text(value)
