"""The tools that hold style, types and floors find nothing here, and would find what they are there for."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.house.checks import ROOT

HEAVY = {"IPython", "duckdb", "httpx", "nbconvert", "nbformat", "numpy", "pandas", "papermill", "plotly", "sklearn"}


def run(*command: str, folder: Path = ROOT, given: str | None = None) -> str:
    """What a tool of this environment prints, both streams; the last line is its exit code."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=folder,
        input=given,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return f"{done.stdout}\nexit {done.returncode}"


def passes(output: str) -> bool:
    return output.endswith("\nexit 0")


@pytest.mark.early
def test_types_are_strict() -> None:
    output = run("mypy")
    assert passes(output), output


def test_code_is_formatted() -> None:
    output = run("ruff", "format", "--check", "--output-format=concise")
    assert passes(output), output


def test_code_is_clean() -> None:
    output = run("ruff", "check", "--output-format=concise")
    assert passes(output), output


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("D103", '"""A module."""\n\n\ndef public() -> None:\n    return\n'),
        ("D100", "x = 1\n"),
        ("BLE001", '"""A module."""\n\ntry:\n    x = 1\nexcept Exception:\n    x = 2\n'),
        ("T201", '"""A module."""\n\nprint(1)\n'),
        ("FIX002", '"""A module."""\n\n# TO' + "DO later\n"),
        ("TID251", '"""A module."""\n\nfrom plotly import express\n\nx = express\n'),
        ("DTZ011", '"""A module."""\n\nfrom datetime import date\n\nx = date.today()\n'),
    ],
)
def test_unclean_code_is_found(rule: str, code: str) -> None:
    output = run("ruff", "check", "--output-format=concise", "--stdin-filename", "orc_lab/review/x.py", "-", given=code)
    assert f" {rule} " in output
    assert not passes(output)


def test_rooms_keep_to_their_floors() -> None:
    output = run("lint-imports", "--no-logo", "--no-cache")
    assert passes(output), output


@pytest.mark.parametrize(
    ("contract", "room", "code"),
    [
        ("floors", "store", "import orc_lab.review"),
        ("floors", "importers", "def late() -> None:\n    import orc_lab.mirror"),
        ("floors", "another", "x = 1"),
        ("light", "workbench", "import pandas"),
        ("duckdb", "agents", "import duckdb"),
        ("plotly", "agents", "import plotly.graph_objects"),
        ("widgets", "review", "import anywidget"),
        ("network", "agents", "import httpx"),
        ("listening", "sync", "import starlette"),
        ("server", "server", "import psycopg, psycopg_pool, starlette, uvicorn\nimport orc_lab.store"),
    ],
)
def test_a_room_off_its_floor_is_found(tmp_path: Path, contract: str, room: str, code: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = next(one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["id"] == "floors")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in [name.strip(" ()") for floor in floors for name in floor.split("|")]:
        add_room(tmp_path, name)
    add_room(tmp_path, "mirror", "import duckdb")
    add_room(tmp_path, "charts", "import plotly")
    add_room(tmp_path, "sync", "import httpx, keyring, nacl, tenacity")
    add_room(tmp_path, "server", "import psycopg, psycopg_pool, starlette, uvicorn")
    add_room(tmp_path, "widgets", "import anywidget")
    assert passes(run("lint-imports", "--no-logo", "--no-cache", folder=tmp_path))
    add_room(tmp_path, room, code)
    output = run("lint-imports", "--no-logo", "--no-cache", "--contract", contract, folder=tmp_path)
    assert "BROKEN" in output, output
    assert not passes(output)


def add_room(root: Path, name: str, code: str = "") -> None:
    """A room of one file in a package of the name that the contracts are about."""
    room = root / "orc_lab" / name
    room.mkdir(parents=True, exist_ok=True)
    (root / "orc_lab" / "__init__.py").touch()
    (room / "__init__.py").write_text(code + "\n", encoding="utf-8")


def test_the_command_line_starts_light() -> None:
    script = f"import sys, orc_lab.cli.main\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("\n", "")


def test_a_wheel_carries_notebooks_migrations_and_pages(tmp_path: Path) -> None:
    output = run("hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert passes(output), output
    (wheel,) = tmp_path.glob("*.whl")
    held = set(ZipFile(wheel).namelist())
    wanted = {f"orc_lab/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    for ending in ("sql", "js", "css"):
        found = {str(path.relative_to(ROOT)) for path in (ROOT / "orc_lab").rglob(f"*.{ending}")}
        assert found
        wanted |= found
    assert wanted <= held
    assert {name.partition("/")[0] for name in held} == {"orc_lab", f"{wheel.name.partition('-py3')[0]}.dist-info"}
