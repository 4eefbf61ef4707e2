"""The board's notebook: it runs without a page, names the database, and leaves something where no kernel runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from orc_lab import config
from orc_lab.model.entities import Status, Todo
from orc_lab.model.week import Week
from orc_lab.review import notebooks
from orc_lab.sample.life import make
from orc_lab.widgets.notebook import BoardWidget, open_board
from orc_lab.workbench.bench import Workbench
from tests.widgets.conftest import eventually

NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the sample life only."""
    folder = tmp_path_factory.mktemp("sample")
    (folder / "data").mkdir()
    make(folder / config.SAMPLE, end=Week(2026, 46), weeks=12, todos=120)
    return folder


@pytest.mark.early
def test_it_runs_as_nbval_runs_it(sample: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q",
         str(notebooks.path("board"))],
        cwd=notebooks.folder().parent,
        env={**os.environ, "ORC_DB": str(sample / config.SAMPLE)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.early
def test_papermill_runs_it_and_what_is_kept_says_what_stands_there(sample: Path, tmp_path: Path) -> None:
    (sample / "notebooks").mkdir()
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(notebooks.path("board")), str(out)]
    environment = {name: value for name, value in os.environ.items() if name != "ORC_DB"}
    done = subprocess.run(
        command, cwd=sample / "notebooks", env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    kept = nbformat.read(out, as_version=4)
    shown: list[dict[str, Any]] = [output["data"] for cell in kept.cells for output in cell.get("outputs", [])]
    assert any("application/vnd.jupyter.widget-view+json" in data for data in shown)
    assert any("orc-board-fallback" in data.get("text/html", "") for data in shown)
    assert "committed of" in json.dumps(shown)


def test_the_sample_is_shown_and_edited_only_where_it_is_named(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(sample / config.SAMPLE, tmp_path / config.SAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORC_DB", raising=False)
    shown = open_board()
    assert f"db = {str(tmp_path / config.SAMPLE)!r}" in shown.board.refusal
    shown.close()
    monkeypatch.setenv("ORC_DB", config.SAMPLE)  # as `orc lab` says it to every kernel
    shown = open_board()
    assert "the sample life" in shown.board.refusal
    shown.close()
    named = open_board(config.SAMPLE)
    assert named.board.refusal == ""
    named.close()


@pytest.fixture
def widget(wb: Workbench) -> BoardWidget:
    return BoardWidget(Workbench.open(wb.db.path))


def test_messages_go_both_ways_and_end_with_it(
    widget: BoardWidget, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(widget.board, "_send", sent.append)
    widget._handle_custom_msg({"view": "v", "n": 1, "kind": "show"}, [])
    widget._handle_custom_msg({"view": "v", "n": 2, "kind": "add", "text": NASTY}, [])
    assert [one["kind"] for one in sent] == ["state", "done", "patch", "done"]
    assert wb.find(Todo)[0].title == NASTY
    wb.capture("From elsewhere")
    eventually(lambda: len(sent) == 5)
    widget.close()
    wb.capture("Later")
    assert len(sent) == 5


def test_what_stands_in_is_text(widget: BoardWidget, wb: Workbench) -> None:
    wb.add_todo(NASTY, status=Status.CONFIRMED)
    assert widget.fallback.startswith('<p class="orc-board-fallback">0 dumped · 0 matched · 0 refined · 1 confirmed')
    assert "<script" not in widget.fallback
    widget.close()


def test_the_page_comes_from_the_package_alone(widget: BoardWidget) -> None:
    for text in (str(widget._esm), str(widget._css)):
        assert len(text) > 1000
        assert "http" not in text
        assert "innerHTML" not in text
    widget.close()
