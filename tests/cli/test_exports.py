"""orc export, and orc import of what it wrote, as a person types them."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orc_lab.cli.main import main
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc


@pytest.fixture
def filled(orc: Orc, own: Path) -> Path:
    orc("add", "Write +Thesis 2h")
    orc("add", "=cmd()")
    return own


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_out_and_in_again(orc: Orc, filled: Path, here: Path) -> None:
    ran = orc("export", "--to", "all.json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("all.json: 1 project, 2 todos")
    orc("init", "other")
    told = orc("--db", "other/data/creation-os.db", "import", "all.json")
    assert (told.code, told.err) == (0, "")
    assert "1 project, 2 todos" in told.out
    assert orc("--db", "other/data/creation-os.db", "list").out == orc("list").out
    assert orc("--db", "other/data/creation-os.db", "log").out == orc("log").out
    again = orc("import", "all.json")
    assert "Imported: nothing" in again.out
    assert again.code == 0


@pytest.mark.parametrize("format", ["json", "csv", "parquet", "ics", "markdown"])
def test_each_format(orc: Orc, filled: Path, here: Path, format: str) -> None:
    ran = orc("export", "--format", format, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["format"]) == (0, format)
    assert all(os.path.getsize(path) for path in told["files"])
    again = orc("export", "--format", format)
    assert (again.code, again.out) == (8, "")
    assert "--force" in again.err
    assert orc("export", "--format", format, "--force").code == 0


@pytest.mark.parametrize(
    ("format", "begin"), [("json", "{"), ("csv", "id,title"), ("ics", "BEGIN:VC"), ("markdown", "# Work")]
)
def test_standard_output_holds_the_export_alone(orc: Orc, filled: Path, here: Path, format: str, begin: str) -> None:
    before = files(here)
    ran = orc("export", "--format", format, "--to", "-")
    assert ran.code == 0
    assert ran.out.startswith(begin)
    assert ran.err.startswith("Written: ")
    assert files(here) == before


def test_a_pipe_from_one_into_another(filled: Path, here: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    orc = [sys.executable, "-m", "orc_lab.cli.main"]
    script = "import sys; from orc_lab.cli.main import main; sys.exit(main())"
    orc = [sys.executable, "-c", script]
    told = subprocess.run([*orc, "export", "--to", "-"], cwd=here, env=environment, capture_output=True, check=True)
    assert (
        subprocess.run([*orc, "init", "other"], cwd=here, env=environment, check=False, capture_output=True).returncode
        == 0
    )
    back = subprocess.run(
        [*orc, "import", "-"], cwd=here / "other", env=environment, input=told.stdout, capture_output=True, check=False
    )
    assert back.returncode == 0, back.stderr
    with Workbench.open(here / "other" / "data" / "creation-os.db") as wb:
        assert {todo.title for todo in wb.find(Todo)} == {"Write", "=cmd()"}


def test_a_reader_that_goes_away(orc: Orc, filled: Path, here: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    script = "import sys; from orc_lab.cli.main import main; sys.exit(main(['export', '--to', '-']))"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        run.stdout.close()
        assert run.stderr is not None
        err = run.stderr.read()
    assert (run.returncode, err) == (141, b"")


def test_a_project_by_its_name_and_since_a_day(orc: Orc, filled: Path) -> None:
    ran = orc("export", "--format", "csv", "--to", "-", "--project", "thesis")
    assert "Write" in ran.out
    assert "cmd" not in ran.out
    assert orc("export", "--format", "csv", "--to", "-", "--since", "today").out.count("\n") == 3
    assert orc("export", "--project", "thesis").code == 2
    assert orc("export", "--format", "csv", "--project", "nothing").code == 3
    assert orc("export", "--format", "csv", "--since", "someday").code == 2


@pytest.mark.parametrize(
    "words", [["--format", "xml"], ["--to", ""], ["--format", "parquet", "--to", "-"], ["--to", "-", "--json"]]
)
def test_a_wrong_option_writes_nothing(orc: Orc, filled: Path, here: Path, words: list[str]) -> None:
    before = files(here)
    ran = orc("export", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert files(here) == before


def test_the_database_is_no_place(orc: Orc, filled: Path) -> None:
    before = filled.read_bytes()
    ran = orc("export", "--to", filled, "--force")
    assert ran.code == 2
    assert filled.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="This system has no /dev/full.")
def test_a_full_output(orc: Orc, filled: Path, here: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    script = "import sys; from orc_lab.cli.main import main; sys.exit(main(['export', '--to', '-']))"
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [sys.executable, "-c", script], cwd=here, env=environment, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert run.returncode == 5
    assert run.stderr.count(b"\n") == 1, run.stderr


@pytest.mark.parametrize(
    "words", [["import", "bad.json"], ["import", "bad.json", "--from", "orc"], ["import", "bad.json", "--dry-run"]]
)
def test_a_damaged_file_changes_nothing(orc: Orc, filled: Path, here: Path, words: list[str]) -> None:
    orc("export", "--to", "all.json")
    (here / "bad.json").write_bytes((here / "all.json").read_bytes()[:2000])
    before = shutil.copy(filled, here / "before.db")
    ran = orc(*words)
    assert (ran.code, ran.out) == (6, "")
    assert ran.err.startswith("orc: bad.json can't be read: ")
    assert filled.read_bytes() == Path(before).read_bytes()


def test_a_missing_file_from_orc(orc: Orc, filled: Path) -> None:
    assert orc("import", "nothing.json", "--from", "orc").code == 6
    assert orc("import", filled, "--from", "orc").code == 6


def test_the_sample_can_be_exported_too(orc: Orc, sample: Path) -> None:
    ran = orc("export", "--format", "markdown", "--to", "-")
    assert ran.code == 0
    assert "This is the sample life" in ran.err


def test_a_terminal_gets_a_bar(orc: Orc, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("export", "--to", "all.json")
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(["import", "all.json"]) == 0
