"""`make` installs once and says what is missing; a stand-in for Python notes what it is asked."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.checks import ROOT

MAKE = shutil.which("make")
PYTHON = """#!/bin/sh
case "$*" in
  *version_info*) exit "${TOO_OLD:-0}" ;;
  *ensurepip*venv*) exit "${NO_VENV:-0}" ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/orc" ;;
  *) echo "$(basename "$0") $*" >>calls; case "$*" in *" install "*) exit "${NO_INDEX:-0}" ;; esac ;;
esac
"""
Make = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed here.")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run make in a checkout whose path has a space, with a Python that only takes notes (in `calls`)."""
    checkout = tmp_path / "a checkout"
    checkout.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, checkout)
    python = checkout / "stand-in"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (checkout / "calls").unlink(missing_ok=True)
        return subprocess.run(
            [str(MAKE), *words, "PYTHON=./stand-in"],
            cwd=checkout,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


def calls(made: subprocess.CompletedProcess[str], tmp_path: Path) -> list[str]:
    assert made.returncode == 0, made.stderr
    return (tmp_path / "a checkout" / "calls").read_text(encoding="utf-8").splitlines()


def installs(noted: list[str]) -> list[str]:
    return [call for call in noted if " install " in call]


def test_review_installs_once(make: Make, tmp_path: Path) -> None:
    first = calls(make("review", "WEEK=2026-W40", "ARGS=--json"), tmp_path)
    assert [call.partition("-c ")[2] for call in installs(first)] == ["constraints.txt -e ."]
    assert first[-1] == "orc review --week 2026-W40 --json"
    assert calls(make("review"), tmp_path) == ["orc review"]


def test_new_pins_are_installed(make: Make, tmp_path: Path) -> None:
    calls(make("review"), tmp_path)
    stamp = (tmp_path / "a checkout/.venv/installed").stat().st_mtime
    os.utime(tmp_path / "a checkout/constraints.txt", (stamp + 9, stamp + 9))
    assert len(installs(calls(make("review"), tmp_path))) == 1


def test_the_tests_install_covers_the_review(make: Make, tmp_path: Path) -> None:
    first = calls(make("test", "ARGS=tests/store"), tmp_path)
    assert [call.partition("-c ")[2] for call in installs(first)] == ["constraints.txt -e .[test]"]
    assert first[-1].startswith("python -m pytest -n 2 ")
    assert first[-1].endswith(" tests/store")
    assert len(calls(make("test"), tmp_path)) == 1
    assert calls(make("review"), tmp_path) == ["orc review"]


@pytest.mark.parametrize(
    ("lack", "told"),
    [
        ("TOO_OLD", "orc_lab needs Python 3.11 or newer"),
        ("NO_VENV", "apt install python3-venv"),
        ("NO_INDEX", "Run the same make command to try again"),
    ],
)
def test_what_is_missing_is_said(make: Make, tmp_path: Path, lack: str, told: str) -> None:
    failed = make("review", **{lack: "1"})
    assert failed.returncode != 0
    assert told in failed.stderr
    assert calls(make("review"), tmp_path)[-1] == "orc review"


def test_help_lists_each_target(make: Make) -> None:
    listed = {line.split()[1] for line in make("help").stdout.splitlines()}
    assert {"review", "test", "lint", "format", "bench", "constraints", "clean"} <= listed


def test_ci_runs_what_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"
    assert "run: make test" in (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
