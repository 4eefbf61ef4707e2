"""What the house asks of its files: each check takes files and returns one sentence for each that is not so."""

import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "orc_lab"

SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX|TRIGGER|VIEW)|ALTER TABLE|PRAGMA|VACUUM)\b"
)
SQL_ROOMS = {("store",), ("mirror",), ("server", "log_store")}
HELP = {"help", "description", "epilog", "usage"}

LONGEST = 500
LARGEST = 1_000_000
THINNEST = 6
UNTOLD = {  # each is written so that it doesn't find itself
    "a path of one machine": re.compile(r"(^|[^a-zA-Z.])/(work|root|farm)/", re.MULTILINE),
    "the address of a package registry": re.compile(
        r"pypi[.]org|files[.]pythonhosted|registry[.]npmjs|/[s]imple/|conda[.]anaconda"
    ),
    "what looks like a secret": re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abprs]-[0-9A-Za-z-]{10}"
        r"|\bsk-[A-Za-z0-9_-]{32}|\bAIza[0-9A-Za-z_-]{35}"
    ),
}
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+]+( ; [^#@]+)?")


def tracked_files(root: Path = ROOT) -> list[Path]:
    """The files under `root` that git tracks or would track; raises CalledProcessError outside of a checkout."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, check=True, encoding="utf-8").stdout.split("\0")
    return [path for name in sorted(filter(None, names)) if (path := root / name).is_file()]


def rooms(package: Path) -> list[Path]:
    """The `__init__.py` of each room of a package, its own top one left out."""
    return sorted(path for path in package.rglob("__init__.py") if path.parent != package)


def unmapped(package: Path) -> list[str]:
    """Folders of code without an `__init__.py`: imports find them, but the tools that hold floors and types may not."""
    folders = sorted({path.parent for path in package.rglob("*.py")})
    return [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


def more_than_a_docstring(init: Path) -> list[str]:
    """A room's `__init__.py` is a map in words; an import there would load the whole room for whoever needs a part."""
    body = ast.parse(init.read_text(encoding="utf-8")).body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:] if isinstance(body[0].value.value, str) else body
    else:
        return [f"{init} has no docstring"]
    return [f"{init}:{statement.lineno} is more than the docstring" for statement in body]


def sql_outside(package: Path) -> list[str]:
    """SQL stands in the store and the mirror only; docstrings and help texts may show some."""
    return [
        f"{path}:{line} holds SQL: {text.strip().splitlines()[0]}"
        for path in sorted(package.rglob("*.py"))
        if not any(path.relative_to(package).parts[: len(room)] == room for room in SQL_ROOMS)
        for line, text in _strings(ast.parse(path.read_text(encoding="utf-8")))
        if SQL.match(text)
    ]


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and text of each string constant that is neither a statement by itself (a docstring) nor help."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.lineno, tree.value
    told = isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant)
    if told or (isinstance(tree, ast.keyword) and tree.arg in HELP):
        return
    for child in ast.iter_child_nodes(tree):
        yield from _strings(child)


def too_long(files: Iterable[Path]) -> list[str]:
    """A Python file holds one concept, so it is short."""
    lengths = ((path, path.read_bytes().count(b"\n")) for path in files if path.suffix == ".py")
    return [f"{path} has {length} lines, over {LONGEST}" for path, length in lengths if length > LONGEST]


def untold(files: Iterable[Path]) -> list[str]:
    """What the repository must not tell: machines, registries, secrets. Binary files are passed over."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1} names {what}"
        for path in files
        if (text := _text(path)) is not None
        for what, pattern in UNTOLD.items()
        for found in pattern.finditer(text)
    ]


def _text(path: Path) -> str | None:
    content = path.read_bytes()
    return None if b"\0" in content else content.decode("utf-8", errors="replace")


def unwanted(files: Iterable[Path]) -> list[str]:
    """No database, log or large file belongs in a repository."""
    return [
        f"{path} ({path.stat().st_size:,} bytes)"
        for path in files
        if path.stat().st_size > LARGEST or re.search(r"\.(db|sqlite3?|duckdb)(-wal|-shm|-journal)?$", path.name)
    ]


def not_pins(constraints: str) -> list[str]:
    """Each line of constraints.txt is `name==version`, with a marker or without: never an address or a range."""
    return [line for line in constraints.splitlines() if not PIN.fullmatch(line)]


def not_thin(notebook: Path) -> list[str]:
    """A notebook says what is shown and rooms compute it: a parameters cell, short cells, and nothing of a run."""
    content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    findings = [f"cell {number} {finding}" for number, cell in enumerate(cells, 1) for finding in _thick(cell)]
    if len(tagged) != 1 and not (notebook.stem == "welcome" and not tagged):
        findings.append(f"{len(tagged)} cells are tagged parameters, not 1")
    if "widgets" in content["metadata"]:
        findings.append("the state of widgets is saved")
    return [f"{notebook}: {finding}" for finding in findings]


def _thick(cell: dict[str, Any]) -> Iterator[str]:
    if cell["outputs"]:
        yield "keeps its outputs"
    if cell["execution_count"] is not None:
        yield "keeps its execution count"
    lines = [line for line in "".join(cell["source"]).splitlines() if line.strip()]
    if len(lines) > THINNEST and "parameters" not in cell["metadata"].get("tags", []):
        yield f"has {len(lines)} lines, over {THINNEST}"
