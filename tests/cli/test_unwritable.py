"""On a full disk and on a medium that is read-only, what reads works, and what writes says why it can't."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc
from tests.cli.test_todos import add

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system limits no process.")
READING = (
    "list", "list --as-of now", "show ID", "search Mine", "log", "trash", "settings", "import --dry-run old.csv",
    "export --format markdown --to -", "backup --list", "doctor",
)  # fmt: skip
ELSEWHERE = (
    ["export", "--to", "{}/all.json"], ["export", "--format", "csv", "--to", "{}/tables"], ["backup", "--to", "{}"]
)  # fmt: skip
WRITING = (["add", "More"], ["undo"], ["import", "old.csv"], ["set", "zone", "UTC"], ["backup"])
SCRIPT = """
import json, resource, sys
from orc_lab.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
for words in json.loads(sys.argv[1]):
    print("ran", main(words), *words[:1], flush=True)
"""


@pytest.fixture
def filled(orc: Orc, own: Path, here: Path) -> Path:
    """A database with a todo and its project, and a file to import."""
    add(orc, "Mine +Thesis 2h")
    (here / "old.csv").write_text("id,title,status\n1,Old,done\n", encoding="utf-8")
    return own


def reading(path: Path) -> list[list[str]]:
    """The commands that read, with the todo's id."""
    with Workbench.open(path) as wb:
        (todo,) = wb.find(Todo)
    return [words.replace("ID", todo.id).split() for words in READING]


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Put a small disk in memory in a folder's place, with what the folder holds."""
    aside = folder.with_name("aside")
    shutil.copytree(folder, aside)
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("Only root may mount a disk.")
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def check_all(orc: Orc, words_that_read: Sequence[Sequence[str]], elsewhere: Path, sentence: str) -> None:
    """Assert that what reads works and what writes says the sentence, or that a backup finds no room."""
    elsewhere.mkdir()
    for words in words_that_read:
        ran = orc(*words)
        assert ran.code == (1 if words == ["doctor"] and "PROBLEM" in ran.out else 0), (words, ran)
    assert "Mine" in orc("list").out
    for words in ELSEWHERE:
        ran = orc(*(word.format(elsewhere) for word in words))
        assert ran.code == 0, (words, ran)
    assert len(os.listdir(elsewhere)) == 3
    for words in WRITING:
        ran = orc(*words)
        assert ran.code in (4, 5), (words, ran)
        assert sentence in ran.err or words == ["backup"], (words, ran)
        assert ran.out == ""


def test_a_full_disk(orc: Orc, filled: Path, tmp_path: Path) -> None:
    words = reading(filled)
    with mounted(filled.parent):
        filler = filled.parent / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        check_all(orc, words, tmp_path / "elsewhere", "No room left on the disk of")
        told = orc("doctor").out
        assert "disk         Only 0 bytes free; a backup and a restore want 105 MB." in told
        assert "KB, and 17 MB are kept free beside it; the disk of" in orc("backup").err
        filler.unlink()
        assert orc("add", "More").code == 0


def test_a_medium_that_is_read_only(orc: Orc, filled: Path, tmp_path: Path) -> None:
    words = reading(filled)
    with mounted(filled.parent):
        subprocess.run(["mount", "-o", "remount,ro", filled.parent], check=True)
        check_all(orc, words, tmp_path / "elsewhere", "can't be opened")
        assert "permissions  data/creation-os.db or its folder can't be written." in orc("doctor").out.replace(
            f"{filled.parent.parent}{os.sep}", ""
        )


def test_no_file_of_a_process_can_grow(filled: Path) -> None:
    """As on a full disk, for who may mount none."""
    words = reading(filled)
    command = [sys.executable, "-c", SCRIPT, json.dumps([*words, ["add", "More"], ["undo"]])]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    codes = [line.split()[1:] for line in ran.stdout.splitlines() if line.startswith("ran ")]
    assert codes == [*(["0", word] for word, *_ in words), ["5", "add"], ["5", "undo"]], ran.stderr
    assert ran.stdout.count("Mine") >= 4
    assert ran.stderr.count("No room left on the disk of") == 2
