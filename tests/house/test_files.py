"""The repository's files: short, small, clean, and silent about machines."""

import tomllib
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tests.house import checks
from tests.house.checks import PACKAGE, ROOT


def test_each_room_has_a_map() -> None:
    assert checks.unmapped(PACKAGE) == []


def test_room_maps_hold_a_docstring_only() -> None:
    assert [finding for init in checks.rooms(PACKAGE) for finding in checks.more_than_a_docstring(init)] == []


@pytest.mark.parametrize(
    ("text", "findings"),
    [('"""A map."""\n', 0), ("", 1), ('"""A map."""\nfrom a import b\n', 1), ("import a\n", 1), ("7\n", 1)],
)
def test_a_room_map_that_imports_is_found(tmp_path: Path, text: str, findings: int) -> None:
    init = tmp_path / "room" / "__init__.py"
    init.parent.mkdir()
    init.write_text(text, encoding="utf-8")
    (tmp_path / "__init__.py").write_text("import anything\n", encoding="utf-8")
    (tmp_path / "cellar").mkdir()
    (tmp_path / "cellar" / "hidden.py").touch()
    assert checks.unmapped(tmp_path) == [str(tmp_path / "cellar")]
    assert checks.rooms(tmp_path) == [init]
    assert len(checks.more_than_a_docstring(init)) == findings


def test_sql_stands_in_the_store_and_the_mirror_only() -> None:
    assert checks.sql_outside(PACKAGE) == []


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ('rows = run("SELECT 1")', 1),
        ('rows = run(f"""\n  DELETE FROM {table}""")', 1),
        ('QUERY = "PRAGMA integrity_check"', 1),
        ('def f() -> None:\n    """SELECT in a docstring."""', 0),
        ('parser.add_argument("query", help="SELECT title FROM todos")', 0),
        ('print("Select a project, then update it")', 0),
    ],
)
def test_sql_in_another_room_is_found(tmp_path: Path, text: str, findings: int) -> None:
    for room in ("store", "review"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "page.py").write_text(text, encoding="utf-8")
    assert len(checks.sql_outside(tmp_path)) == findings


def test_files_are_short(tracked: list[Path]) -> None:
    assert checks.too_long(tracked) == []


def test_a_long_file_is_found(tmp_path: Path) -> None:
    fits, long = tmp_path / "fits.py", tmp_path / "long.py"
    fits.write_text("pass\n" * checks.LONGEST, encoding="utf-8")
    long.write_text("pass\n" * (checks.LONGEST + 1), encoding="utf-8")
    assert len(checks.too_long([fits, long])) == 1


def test_no_machine_registry_or_secret_is_named(tracked: list[Path]) -> None:
    assert checks.untold(tracked) == []


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("see /" + "work/main/x.py", 1),
        ('HOME = "/' + 'root/x"', 1),
        ("pip install --index-url https://" + "pypi" + ".org/sim" + "ple/", 2),
        ("key = AKIA" + "ABCDEFGHIJKLMNOP", 1),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", 1),
        ("../shared/data and ./work/x and homework/x and a/work/x are fine", 0),
    ],
)
def test_what_must_not_be_told_is_found(tmp_path: Path, text: str, findings: int) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"first\n{text}\n", encoding="utf-8")
    found = checks.untold([page])
    assert len(found) == findings
    assert all(finding.startswith(f"{page}:2 ") for finding in found)


def test_no_database_and_no_large_file(tracked: list[Path]) -> None:
    assert checks.unwanted(tracked) == []


@pytest.mark.parametrize(("name", "size", "findings"), [("a.db-wal", 1, 1), ("a.png", 1_000_001, 1), ("a.py", 9, 0)])
def test_a_database_or_a_large_file_is_found(tmp_path: Path, name: str, size: int, findings: int) -> None:
    (tmp_path / name).write_bytes(b"x" * size)
    assert len(checks.unwanted([tmp_path / name])) == findings


def test_constraints_are_plain_pins() -> None:
    assert checks.not_pins((ROOT / "constraints.txt").read_text(encoding="utf-8")) == []


def test_an_address_or_a_range_is_no_pin() -> None:
    lines = ["a==1.0", "b-c==2.0.1 ; python_full_version < '3.12'", "d>=1", "e @ https://x/e.whl", "--index-url x", ""]
    assert checks.not_pins("\n".join([*lines, "f==1 # why"])) == [*lines[2:], "f==1 # why"]


def test_constraints_pin_every_dependency_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(chain(project["dependencies"], *project["optional-dependencies"].values()))
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {pin.name: pin for pin in map(Requirement, lines) if not pin.marker or pin.marker.evaluate()}
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate(default_environment()):
            assert requirement.name in pins, f"constraints.txt does not pin {requirement.name}: make constraints"
            (pin,) = pins[requirement.name].specifier
            assert requirement.specifier.contains(pin.version), f"constraints.txt: {requirement} but {pin}"


def test_the_command_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["orc"].partition(":")
    assert callable(getattr(import_module(module), function))
