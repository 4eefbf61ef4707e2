"""One command: help, errors in one sentence, exit codes."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from orc_lab import errors
from orc_lab.cli import main as main_module
from orc_lab.cli import table, todos
from orc_lab.cli.main import EXIT_CODES, exit_code, main
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc

HEAVY = {
    "argparse",
    "dataclasses",
    "duckdb",
    "inspect",
    "json",
    "logging",
    "numpy",
    "pandas",
    "plotly",
    "sqlite3",
    "typing",
}
OURS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.OrcError)]


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_command(orc: Orc, words: list[str]) -> None:
    ran = orc(*words)
    assert (ran.code, ran.err) == (0, "")
    for name in table.COMMANDS:
        assert re.search(rf"^  {name.partition(' ')[0]} ", ran.out, re.MULTILINE), name


def test_help_loads_next_to_nothing() -> None:
    script = "import sys; from orc_lab.cli.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    environment = {**os.environ, "PYTHONPATH": str(Path(main_module.__file__).parents[2])}
    command = [sys.executable, "-S", "-c", script]  # without what site-packages loads into every process
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=environment)
    assert not HEAVY & set(done.stderr.split())


@pytest.mark.parametrize("name", table.COMMANDS)
def test_each_command_is_there_and_tells_what_it_does(orc: Orc, name: str) -> None:
    module = import_module(f"orc_lab.cli.{table.COMMANDS[name][0]}")
    assert callable(getattr(module, f"do_{name.replace(' ', '_')}"))
    for words in (("help", *name.split()), (*name.split(), "--help")):
        ran = orc(*words)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"usage: orc {name} ")
        assert "--db PATH" in ran.out
        assert len(ran.out.splitlines()) > 5


@pytest.mark.parametrize("family", table.FAMILIES)
def test_a_family_lists_its_commands(orc: Orc, family: str) -> None:
    ran = orc("help", family)
    assert ran.code == 0
    assert all(f"orc {name}" in ran.out for name in table.COMMANDS if name.startswith(f"{family} "))
    assert orc(family, "--help").out == ran.out


def test_a_family_alone_lists(orc: Orc, own: Path) -> None:
    orc("project", "add", "Thesis")
    assert orc("project").out == orc("project", "list").out != ""
    assert orc("project", "--json").out == orc("project", "list", "--json").out


def test_version(orc: Orc) -> None:
    from orc_lab import __version__

    assert orc("--version").out == f"orc {__version__}\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["lst"], "`orc list`"),
        (["project", "ad"], "`orc project add`"),
        (["qqqqqq"], "`orc --help`"),
        (["--dbb"], "--dbb"),
    ],
)
def test_an_unknown_command_is_said(orc: Orc, words: list[str], hint: str) -> None:
    ran = orc(*words)
    assert (ran.code, ran.out) == (2, "")
    assert hint in ran.err


@pytest.mark.parametrize("words", [["list", "--nope"], ["done"], ["list", "--limit"], ["undo", "--steps", "x"]])
def test_wrong_usage_is_said(orc: Orc, own: Path, words: list[str]) -> None:
    ran = orc(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


@pytest.mark.parametrize("error", OURS, ids=lambda cls: cls.__name__)
def test_each_error_has_one_exit_code(error: type[errors.OrcError]) -> None:
    named = [code for code, (_, names) in EXIT_CODES.items() if error.__name__ in names.split()]
    assert len(named) == (error is not errors.OrcError)
    assert exit_code(error) == (named[0] if named else 1)


def test_the_exit_codes_are_documented(orc: Orc) -> None:
    ran = orc("help", "exit-codes")
    assert ran.code == 0
    assert {int(line.split()[0]) for line in ran.out.splitlines()} == {0, 1, *EXIT_CODES, 130, 141}


def test_the_table_names_only_errors_that_exist() -> None:
    named = {name for _, names in EXIT_CODES.values() for name in names.split()}
    assert named >= {error.__name__ for error in OURS} - {"OrcError"}
    assert named <= {error.__name__ for error in below(errors.OrcError)}


def below(error: type[errors.OrcError]) -> Iterator[type[errors.OrcError]]:
    """The errors of a kind, once sync has added its own."""
    import_module("orc_lab.sync.syncer")
    for one in error.__subclasses__():
        yield one
        yield from below(one)


def test_ctrl_c_ends_quietly(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Workbench, "capture", interrupt)
    ran = orc("add", "never")
    assert (ran.code, ran.out, ran.err) == (130, "", "")
    assert "There are no todos yet" in orc("list").out


def test_a_mistake_of_ours_keeps_its_traceback(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistake(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(todos, "do_add", mistake)
    with pytest.raises(ZeroDivisionError):
        main(["add", "x"])


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "No room left on the disk of report"), (errno.EROFS, "report can't be written")]
)
def test_the_systems_errors_are_said_in_words(
    orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number), "report")

    monkeypatch.setattr(todos, "do_add", fail)
    ran = orc("add", "x")
    assert (ran.code, ran.out) == (5, "")
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_db_stands_before_or_after_the_command(orc: Orc, own: Path) -> None:
    orc("add", "Mine")
    orc("init", "other")
    other = "other/data/creation-os.db"
    orc("--db", other, "add", "Theirs")
    for words in (("--db", other, "list"), (f"--db={other}", "list"), ("list", "--db", other)):
        assert "Theirs" in orc(*words).out
        assert "Mine" not in orc(*words).out
