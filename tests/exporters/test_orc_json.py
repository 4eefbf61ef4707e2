"""What is exported as JSON comes back as it was: any history, byte for byte."""

import io
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc_lab.errors import OrcError, UnreadableFile
from orc_lab.exporters import orc_json as written
from orc_lab.exporters.run import export
from orc_lab.importers.own import document as orc_json
from orc_lab.model.entities import KINDS, Todo
from orc_lab.store import load
from orc_lab.store.snapshot import HISTORY, LEFT_OUT, TABLES, Snapshot
from orc_lab.workbench.bench import Workbench
from tests.past import rows_as_of
from tests.store import laws
from tests.store.test_law import ACTS, EDITS, lived, opened

__all__ = ["lived"]  # a fixture

NOW = 1_790_000_000


def exported(wb: Workbench) -> str:
    out = io.StringIO()
    with closing(Snapshot.of(wb.db.file)) as snapshot:
        written.write(snapshot, out, NOW)
    return out.getvalue()


def everything(wb: Workbench) -> dict[str, list[tuple[Any, ...]]]:
    """All tables with the log, values with their types, text as its bytes."""
    found = {}
    for table in (*TABLES, *HISTORY, "identity"):
        names = [name for (name,) in wb.db.rows("SELECT name FROM pragma_table_info(?)", (table,))]
        typed = ", ".join(f'"{name}", typeof("{name}")' for name in names)
        wb.db.conn.text_factory = bytes
        found[table] = wb.db.rows(f"SELECT {typed} FROM {table}")
        wb.db.conn.text_factory = str
    return found


def as_of(wb: Workbench) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
    """Every table at each instant at which something changed, and between two of them."""
    instants = {at for (at,) in wb.db.rows("SELECT DISTINCT coalesce(at, hlc / 1000000) FROM change_log")}
    return {
        (table, at): sorted(rows_as_of(wb.db, kind, at), key=repr)
        for table, kind in KINDS.items()
        for at in sorted(instants)[-6:]
    }


@settings(derandomize=True, max_examples=10)
@given(EDITS)
def test_any_history_comes_back_as_it_was(lived: Path, tmp_path_factory: Any, edits: list[tuple[int, int]]) -> None:
    with opened(lived) as (wb, shell):
        for number, pick in edits:
            with suppress(OrcError, sqlite3.IntegrityError):
                ACTS[number](wb, shell, pick)
        told = exported(wb)
        json.loads(told)
        path = tmp_path_factory.mktemp("empty") / "new.db"
        with Workbench.init(path) as new:
            report = orc_json.bring(new, told.encode())
            assert report.committed
            assert everything(new) == everything(wb)
            assert as_of(new) == as_of(wb)
            assert exported(new) == told
            laws.hold(new.db)
            assert new.edits(1000) == wb.edits(1000)
            with suppress(OrcError):
                assert new.undo() == wb.undo()
            new.add_todo("Life goes on")
            laws.hold(new.db)


def test_every_table_has_its_place(lived: Path) -> None:
    with opened(lived) as (wb, _):
        tables = {name for (name,) in wb.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables - {"sqlite_sequence"} == {*TABLES, *HISTORY, *LEFT_OUT}


def test_what_only_another_tool_writes_survives(lived: Path, tmp_path: Path) -> None:
    with opened(lived) as (wb, shell):
        shell.execute("UPDATE todos SET title = CAST(x'416ff141' AS TEXT) WHERE rowid = 1")
        shell.execute("INSERT INTO activities VALUES ('odd', 't', 's', 'k', x'00ff', 9e999, 1, 1)")
        shell.execute("INSERT INTO activities VALUES ('big', 't', 's', 'k', -9e999, 9223372036854775807, 1, 1)")
        told = exported(wb)
        assert json.loads(told)["tables"]["todos"][0]["title"] == {"text": "QW/xQQ=="}
        with Workbench.init(tmp_path / "new.db") as new:
            orc_json.bring(new, told.encode())
            assert everything(new) == everything(wb)
            assert exported(new) == told


def test_no_secret_leaves(lived: Path) -> None:
    with opened(lived) as (wb, shell):
        shell.execute("INSERT INTO settings VALUES ('s1', 'Sync-Token', '\"hunter2\"', 5)")
        shell.execute("INSERT INTO settings VALUES ('s2', 'api_key', '\"hunter2\"', 5)")
        shell.execute("DELETE FROM settings WHERE id = 's2'")
        shell.execute("INSERT INTO sync_metadata VALUES ('todos', 1, 'hunter2', 0, 0)")
        told = exported(wb)
        assert "hunter2" not in told
        assert "zone" in told


@pytest.mark.parametrize("order", ["as written", "indented", "history first"])
def test_a_document_may_be_laid_out_otherwise(lived: Path, tmp_path: Path, order: str) -> None:
    with opened(lived) as (wb, _):
        told = json.loads(exported(wb))
        if order == "history first":
            told |= {"tables": told.pop("tables")}
        data = json.dumps(told, indent=2 if order == "indented" else None).encode()
        with Workbench.init(tmp_path / "new.db") as new:
            orc_json.bring(new, data)
            assert everything(new) == everything(wb)


def without(told: dict[str, Any], *path: str) -> dict[str, Any]:
    place = told
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return told


DAMAGE: dict[str, Any] = {
    "no version": lambda d: without(d, "version"),
    "a later version": lambda d: d | {"version": 2},
    "a later schema": lambda d: d | {"schema": 999},
    "no schema": lambda d: d | {"schema": 0},
    "no tables": lambda d: without(d, "tables"),
    "no history": lambda d: without(d, "history"),
    "an unknown table": lambda d: d | {"tables": d["tables"] | {"notes": []}},
    "an unknown column": lambda d: (d["tables"]["todos"][0].update(colour="red"), d)[1],
    "a column with SQL": lambda d: (d["tables"]["todos"][0].update({'id") --': "red"}), d)[1],
    "a list as a value": lambda d: (d["tables"]["todos"][0].update(title=["a"]), d)[1],
    "an odd object as a value": lambda d: (d["tables"]["todos"][0].update(title={"a": 1}), d)[1],
    "no base64": lambda d: (d["tables"]["todos"][0].update(title={"text": "%"}), d)[1],
    "a half character": lambda d: (d["tables"]["todos"][0].update(title="\ud800"), d)[1],
    "a wrong type": lambda d: (d["tables"]["todos"][0].update(created_at="yesterday"), d)[1],
    "too large a number": lambda d: (d["tables"]["todos"][0].update(created_at=1 << 70), d)[1],
    "a status that isn't": lambda d: (d["tables"]["todos"][0].update(status="eaten"), d)[1],
    "an id twice": lambda d: (d["tables"]["todos"].append(d["tables"]["todos"][0]), d)[1],
    "a project that isn't there": lambda d: (d["tables"]["todos"][0].update(project_id="nope"), d)[1],
    "a row that is none": lambda d: (d["tables"]["todos"].append(7), d)[1],
    "rows that are none": lambda d: (d["tables"].update(todos={"a": 1}), d)[1],
    "cells that are none": lambda d: (d["history"]["changes"][0].update(cells=[1]), d)[1],
    "a cell that is none": lambda d: (d["history"]["changes"][0].update(cells={"a": [1]}), d)[1],
    "the sample life": lambda d: d | {"sample": True},
}


@pytest.mark.parametrize(("what", "used"), [(what, number % 5 == 0) for number, what in enumerate(DAMAGE)])
def test_what_is_damaged_changes_nothing(lived: Path, tmp_path: Path, what: str, used: bool) -> None:
    with opened(lived) as (wb, _):
        data = json.dumps(DAMAGE[what](json.loads(exported(wb)))).encode()
    with Workbench.init(tmp_path / "new.db") as new:
        if used:
            new.add_todo("Mine")
        before = everything(new)
        with pytest.raises(UnreadableFile) as told:
            orc_json.bring(new, data, name="x.json")
        assert str(told.value).startswith("x.json can't be read: ")
        assert everything(new) == before
        new.add_todo("Still captured")
        laws.hold(new.db)


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.6, 0.9, 0.9999])
def test_half_a_file_changes_nothing(lived: Path, tmp_path: Path, cut: float) -> None:
    with opened(lived) as (wb, _):
        data = exported(wb).rstrip().encode()
    with Workbench.init(tmp_path / "new.db") as new:
        before = everything(new)
        for half in (data[: int(len(data) * cut)], data[: int(len(data) * cut)] + b"\xff", data + b"x"):
            with pytest.raises(UnreadableFile):
                orc_json.bring(new, half)
        assert everything(new) == before


def test_a_dry_run_writes_nothing(lived: Path, tmp_path: Path) -> None:
    with opened(lived) as (wb, _):
        data = exported(wb).encode()
    with Workbench.init(tmp_path / "new.db") as new:
        before = everything(new)
        report = orc_json.bring(new, data, dry_run=True)
        assert not report.committed
        assert report.imported["todos"] == 6
        assert everything(new) == before


def test_an_older_schema_is_brought_up(lived: Path, tmp_path: Path) -> None:
    """What the columns that came later hold by default, they hold for rows of before."""
    later = {"forecasts": ("day", "detail"), "recommendations": ("rule", "day", "snoozed_until", "why")}
    with opened(lived) as (wb, _):
        told = json.loads(exported(wb))
        for table, names in later.items():
            for row in told["tables"][table]:
                for name in names:
                    del row[name]
        with Workbench.init(tmp_path / "new.db") as new:
            orc_json.bring(new, json.dumps(told | {"schema": 1}).encode())
            assert exported(new) == exported(wb)


def test_only_an_unused_workbench_is_replaced(lived: Path, tmp_path: Path) -> None:
    with opened(lived) as (wb, _), Workbench.init(tmp_path / "new.db") as new:
        new.set_setting("zone", "Europe/Berlin")
        assert load.is_unused(new.db)
        mine = new.add_todo("Mine")
        assert not load.is_unused(new.db)
        orc_json.bring(new, exported(wb).encode())
        assert new.get(Todo, mine.id).title == "Mine"
        assert new.count(Todo) == 7


def test_the_file_itself_is_read_in_pieces(lived: Path, tmp_path: Path) -> None:
    with opened(lived) as (wb, _):
        wb.add_todo("x" * 3_000_000)  # larger than what is read at once
        export(wb, to=tmp_path / "all.json", now=NOW)
        seen: list[tuple[int, int]] = []
        with Workbench.init(tmp_path / "new.db") as new:
            assert orc_json.is_one(new, tmp_path / "all.json")
            orc_json.bring(new, tmp_path / "all.json", progress=lambda done, of: seen.append((done, of)))
            assert everything(new) == everything(wb)


WORDS = (
    b"null",
    b"1e999",
    b"-1",
    b"{}",
    b"[]",
    b'""',
    b"9" * 30,
    b"true",
    b"NaN",
    b"\xff",
    b"[" * 60,
    b'{"real":"nan"}',
)
SPOILT = st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 40), st.sampled_from(WORDS)), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def written_once(lived: Path) -> bytes:
    with opened(lived) as (wb, _):
        return exported(wb).encode()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoilt=SPOILT)
def test_whatever_is_spoilt_is_taken_whole_or_not_at_all(
    written_once: bytes, lived: Path, spoilt: list[tuple[float, int, bytes]]
) -> None:
    data = bytearray(written_once)
    for where, length, word in spoilt:
        place = int(where * len(data))
        data[place : place + length] = word
    with opened(lived) as (wb, _):  # the same one: what comes meets what is there
        wb.add_todo("Mine")
        before = everything(wb)
        try:
            report = orc_json.bring(wb, bytes(data))
        except UnreadableFile:
            assert everything(wb) == before
        else:
            assert report.new + report.there + report.changed + report.gone + len(report.left_out) > 0
            laws.hold(wb.db)
