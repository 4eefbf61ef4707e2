"""Which life and which advice: the sample where there is nothing else, and no commands for weeks long over."""

import json
import shutil
from pathlib import Path

import pytest

from orc_lab import config
from orc_lab.model.clock import Clock
from orc_lab.review import notebooks
from orc_lab.review.reading import read_review
from orc_lab.workbench.bench import Workbench
from tests.review.conftest import NOW, WEEK
from tests.review.shown import text_of


@pytest.fixture
def folder(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbench folder that holds a sample only; we are in its notebooks."""
    monkeypatch.delenv("ORC_DB", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "notebooks").mkdir()
    shutil.copy(database, tmp_path / config.SAMPLE)
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_a_review_falls_back_to_the_sample(folder: Path) -> None:
    assert read_review(week=str(WEEK), now=NOW).week == WEEK


def test_the_welcome_notebook_does_so_too(folder: Path) -> None:
    cells = json.loads(notebooks.path("welcome").read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    names: dict[str, object] = {}
    exec(first, names)
    bench = names["wb"]
    assert isinstance(bench, Workbench)
    assert Path(bench.db.path) == folder / config.SAMPLE
    bench.close()


def test_ones_own_comes_before_the_sample(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Workbench.init(folder / config.OWN).close()
    assert Path(config.readable_path()) == folder / config.OWN
    monkeypatch.setenv("ORC_DB", "elsewhere.db")
    assert config.readable_path() == "elsewhere.db"
    assert config.readable_path("named.db") == "named.db"


def test_a_past_before_the_data_names_their_first_day(database: Path) -> None:
    review = read_review(str(database), "2012-W21", NOW)
    assert str(review.answers[0].lead) == "Nothing is known of this week: the data begin on Mon 16 Feb 2026."
    assert "orc commit" not in text_of(review)


def test_only_a_week_long_over_gets_no_command(database: Path) -> None:
    empty = WEEK - 13
    day_after = empty.end(Clock()) + 86_400
    assert "orc commit" not in text_of(read_review(str(database), str(empty), NOW))
    assert "orc commit" in text_of(read_review(str(database), str(empty), day_after))
